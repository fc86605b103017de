"""The documents as their readers have them: pages, their fenced blocks, headings and links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.house.tree import ROOT

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block: its language, what stands behind that, and its text."""

    language: str
    rest: str
    text: str

    @property
    def file(self) -> str:
        """The file that it is, or belongs to; empty where it is none."""
        return self.rest.partition("=")[2]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A document."""

    path: Path

    @property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text("utf-8")

    def blocks(self) -> Iterator[Block]:
        """Its fenced blocks, in order."""
        for found in _FENCE.finditer(self.text):
            language, _, rest = found["info"].strip().partition(" ")
            yield Block(language=language, rest=rest, text=found["text"])

    def prose(self) -> str:
        """The page without its blocks."""
        return _FENCE.sub("", self.text)

    def anchors(self) -> set[str]:
        """What a link may name behind `#`."""
        return {_anchor(heading) for heading in re.findall(r"^#+ (.+)$", self.prose(), flags=re.MULTILINE)}

    def links(self) -> list[str]:
        """Where its links lead."""
        return _LINK.findall(re.sub(r"`[^`]*`", "", self.prose()))


def _anchor(heading: str) -> str:
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")


def pages() -> list[Page]:
    """Every document of the repository."""
    others = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "demo/README.md", "evals/README.md")
    return [Page(path=ROOT / name) for name in others] + [
        Page(path=path) for path in sorted((ROOT / "docs").rglob("*.md"))
    ]
