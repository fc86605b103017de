"""Names and texts of a foreign document as a project may hold them: plain, short, and never a template."""

import re
import unicodedata
from collections.abc import Container
from typing import Final

MAX_NAME: Final = 64

_STANDARDS: Final = re.compile(r"OAuth|OpenID|OpenAPI")
"""One word each, though their spelling says otherwise."""
_SAYS_NOTHING: Final = frozenset(
    {"a", "an", "and", "api", "apis", "definition", "description", "documentation", "for", "http", "of", "official"}
    | {"openapi", "public", "reference", "rest", "restful", "spec", "specification", "swagger", "the", "v1", "v2", "v3"}
)
"""Words of a document's title that every document could have."""
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TEMPLATE: Final = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}|\$\{")
_MARKUP: Final = re.compile(r"<[^<>]{0,200}>|!?\[([^\[\]]{0,200})\]\([^()]{0,500}\)|[`*]+|(?m:^#+\s*)")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s|\n\s*\n")


def snake(text: str, fallback: str) -> str:
    """A name of a project: lower case, digits and _, beginning with a letter."""
    whole = _STANDARDS.sub(lambda match: match[0].capitalize(), text[:400])
    name = re.sub(r"[^a-z0-9]+", "_", _plain(_CAMEL.sub("_", whole))).strip("_") or fallback
    return (name if name[0].isalpha() else f"{fallback}_{name}")[:MAX_NAME].rstrip("_")


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text)
    return "".join(c for c in apart if not unicodedata.combining(c)).replace("ı", "i").lower()


def brand(title: str, fallback: str) -> str:
    """What a document is about, in three words at most: `GitHub's official API spec` → `github`."""
    words_of = re.findall(r"[a-z0-9]+", re.sub(r"['’]s\b", "", _plain(title[:400])))
    telling = [word for word in words_of if word not in _SAYS_NOTHING][:3]
    return snake("_".join(telling), fallback)


def unique(name: str, taken: Container[str]) -> str:
    """The name, with a number where it is taken."""
    number, tried = 1, name
    while tried in taken:
        number += 1
        tail = f"_{number}"
        tried = name[: MAX_NAME - len(tail)] + tail
    return tried


def words(name: str) -> str:
    """A name as words: `petId` → `pet id`."""
    return snake(name, "value").replace("_", " ")


def clean(text: object, most: int) -> str:
    """A text without markup, control characters and anything that would be a template or a reference; one line."""
    if not isinstance(text, str):
        return ""
    plain = _MARKUP.sub(lambda match: match[1] or "", text[:5000])
    plain = "".join(c if c.isprintable() else " " for c in plain)
    plain = " ".join(_TEMPLATE.sub(" ", plain).replace("{", "(").replace("}", ")").split())
    if len(plain) <= most:
        return plain
    return plain[: most - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def sentence(text: object, most: int) -> str:
    """The first sentence of a text, cleaned."""
    return clean(_SENTENCE_END.split(text.strip(), maxsplit=1)[0], most) if isinstance(text, str) else ""


def inert(text: str) -> bool:
    """Whether a text can stand in a template as it is: nothing in it would be filled or looked up."""
    return not re.search(r"[{}]|\$\{", text)
