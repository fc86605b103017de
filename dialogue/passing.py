"""What of the state is over with its turn."""

from typing import Final

PASSING: Final = frozenset({
    "message", "message_id", "asked_locale", "history", "metadata", "event", "request", "expired", "commands",
    "pending", "ranking", "engine", "certainty", "readings", "notices", "models", "verdict", "parts", "reprise",
    "retrieval", "grounded", "fallback", "citations", "untold", "evidence", "confidence", "should_transfer",
    "transfer_reason", "outcome", "reply", "streamed", "intent", "asks", "history_counts", "context_history", "timings",
    "path",
})  # fmt: skip
"""Keys that `open_turn` sets anew before anybody reads them: checkpoints do without them. What a turn did, `receipts`,
is not among them: the next turn tells it where this one broke."""
