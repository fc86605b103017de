"""Headers that two readers could understand in two ways, or that are larger than any need, are refused."""

import re
from collections import Counter
from typing import Final

from starlette.datastructures import Headers

from serving.problems import ProblemError

MOST: Final = 100
LONGEST: Final = 8 * 1024
_ALL: Final = 32 * 1024
_ONCE: Final = frozenset(
    {
        "authorization",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
        "x-api-key",
        "x-chatwoot-signature",
        "x-chatwoot-timestamp",
    }
)
"""Who sees two of them picks one, and not everybody the same."""
_HOST: Final = re.compile(r"[A-Za-z0-9._-]*(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_BROKEN: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f]")


def refuse_headers(headers: Headers) -> None:
    """Raise a problem for the first thing that is wrong with them; what they hold is not repeated."""
    found = headers.items()
    if len(found) > MOST:
        raise _problem(f"at most {MOST} headers")
    if any(len(name) + len(value) > LONGEST for name, value in found):
        raise _problem(f"a header may have at most {LONGEST} bytes")
    if sum(len(name) + len(value) for name, value in found) > _ALL:
        raise _problem(f"the headers may have at most {_ALL} bytes together")
    doubled = sorted(name for name, count in Counter(name for name, _ in found).items() if count > 1 and name in _ONCE)
    if doubled:
        raise _problem(f"send {doubled[0]} once")
    if "content-length" in headers and "transfer-encoding" in headers:
        raise _problem("send either content-length or transfer-encoding")
    if not _HOST.fullmatch(headers.get("host", "")):
        raise _problem("host is no name of a host")
    if any(_BROKEN.search(value) for _, value in found):
        raise _problem("a header has a control character")


def _problem(what: str) -> ProblemError:
    return ProblemError(400, "validation", f"The headers cannot be read: {what}.", headers={"Connection": "close"})
