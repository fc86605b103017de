"""Known weaknesses of what this service is built from, and the versions that mended them.

The locks and an installation are compared with it without a network; `make audit` asks the advisory databases.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from packaging.version import Version


@dataclass(frozen=True)
class Advisory:
    """A weakness and the first version without it."""

    package: str
    fixed: str
    name: str
    what: str

    def concerns(self, installed: str) -> bool:
        """Whether a version is older than the one that mended it."""
        return Version(installed) < Version(self.fixed)

    def __str__(self) -> str:
        return f"{self.package} before {self.fixed}: {self.name}, {self.what}"


ADVISORIES: Final = (
    Advisory("h11", "0.16.0", "CVE-2025-43859", "lenient chunked bodies, request smuggling"),
    Advisory("langchain-core", "1.0.7", "CVE-2025-65106", "attributes read through prompt templates"),
    Advisory("langchain-core", "1.2.5", "CVE-2025-68664", "serialisation injection through `lc` keys"),
    Advisory("langchain-core", "1.2.11", "CVE-2026-26013", "requests to internal addresses by image_url"),
    Advisory("langchain-core", "1.2.22", "CVE-2026-34070", "path traversal in load_prompt"),
    Advisory("langchain-core", "1.3.3", "CVE-2026-44843", "unsafe load in stream_log and stream_events v1"),
    Advisory("langchain-openai", "1.1.14", "CVE-2026-41488", "DNS rebinding while counting image tokens"),
    Advisory("langgraph", "1.0.10", "CVE-2026-28277", "constructors run from stored checkpoints"),
    Advisory("langgraph-checkpoint", "3.0.0", "CVE-2025-64439", "code run from stored JSON"),
    Advisory("langgraph-checkpoint", "4.0.0", "CVE-2026-27794", "pickle in caches"),
    Advisory("langgraph-checkpoint-sqlite", "2.0.11", "CVE-2025-8709", "SQL injection through filters"),
    Advisory("langgraph-checkpoint-sqlite", "3.0.1", "CVE-2025-67644", "SQL injection through filter keys"),
    Advisory("jinja2", "3.1.6", "CVE-2025-27516", "sandbox breakout through |attr"),
    Advisory("python-multipart", "0.0.27", "CVE-2026-42561", "unbounded work on multipart headers"),
    Advisory("starlette", "0.47.2", "CVE-2025-54121", "event loop blocked by large uploads"),
    Advisory("starlette", "0.49.1", "CVE-2025-62727", "quadratic work on Range headers"),
    Advisory("starlette", "1.0.1", "CVE-2026-48710", "a malformed Host header changes request.url.path"),
)

ACCEPTED: Final = {
    "chromadb": "CVE-2026-45829, CVE-2026-45833: its server runs code before login; no release mends it. We embed it,"
    " pass our own vectors, and a server of it belongs on a private network only.",
    "langsmith": "CVE-2026-45134: prompts pulled from a hub run code; none are pulled.",
}
"""Weaknesses without a mended release, or in what is not used, and why that is borne."""


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def outdated(find: Callable[[str], str | None] = _installed) -> Iterator[Advisory]:
    """The advisories that concern what is installed."""
    for advisory in ADVISORIES:
        found = find(advisory.package)
        if found is not None and advisory.concerns(found):
            yield advisory
