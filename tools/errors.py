"""
What can go wrong between us and a business's API.

* ActionError
  + RequestRefusedError     the values do not fit into the request; nothing was sent
  + EgressRefusedError      the address may not be reached from here; nothing was sent
  + UnreachableError        no connection came about; nothing was sent
  + NoAnswerError           the request may have been sent, an answer did not come (or not whole)
  + UnusableAnswerError     an answer came that cannot be used: too large, not JSON, of another shape
  + AuthUnavailableError    no credentials could be had; nothing was sent
  + LedgerUnavailableError  what was done cannot be written down, so it is not done
  + TakenOverError          another worker carries the action out

Messages name hosts, keys and kinds, never values: they are logged.
"""


class ActionError(Exception):
    """A call that did not come to a usable answer."""

    def __init__(self, message: str, *, timed_out: bool = False) -> None:
        super().__init__(message)
        self.timed_out = timed_out
        """Whether time ran out, which customers are told in other words."""


class RequestRefusedError(ActionError):
    """The values do not fit into the request: a path segment of dots, a line break in a header."""


class EgressRefusedError(ActionError):
    """The host, port or address is not one this project may reach."""


class UnreachableError(ActionError):
    """Refused, unresolved, no TLS, circuit open: nothing was sent."""


class NoAnswerError(ActionError):
    """Sent, at least in part, and then nothing usable came back: the effect is not known."""


class UnusableAnswerError(ActionError):
    """The answer is too large, too deep, of the wrong kind, or not what the project describes."""


class AuthUnavailableError(ActionError):
    """The token endpoint is down, refuses us, or answers without a token."""


class LedgerUnavailableError(ActionError):
    """The ledger cannot be read or written."""


class TakenOverError(ActionError):
    """This worker was slower than its lease, and another one carries the action out."""
