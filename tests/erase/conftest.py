"""What need not be computed twice in a run."""

from tests.service.conftest import warmth

__all__ = ["warmth"]
