"""The shipped examples of dialogue acts: `acts.yaml` of every locale, and their vectors made beforehand.

A new locale needs only its `acts.yaml`; without `acts.npz` beside it its vectors are computed when they are first
needed. `python -m understanding.act_examples` writes the vectors of the shipped locales anew.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from ruamel.yaml import YAML

from models.embeddings import open_encoder
from models.ports import Encoder, Vectors
from understanding.folding import fold

QUESTION = "question"
OTHER = "other"
_LISTS: Final = (
    "question_words",
    "conjunctions",
    "leading_yes",
    "contrasts",
    "assents",
    "fillers",
    "person_words",
    "meant",
    "amends",
    "unknowing",
    "apologies",
    "openers",
    "pauses",
    "why_words",
    "wanted_of_me",
    "needed",
    "nothing_more",
    "had_back",
    "vague",
    "about",
    "own_names",
    "speaking",
    "as_before",
    "not_after_all",
)
"""Keys whose value is a list of phrases."""


@dataclass(frozen=True)
class ActExamples:
    """What the act classifier learns from, of one locale."""

    locale: str
    exact: Mapping[str, str]
    """Folded whole message → act."""
    labelled: tuple[tuple[str, str], ...]
    """(text, act); `question` and `other` among them."""
    question_words: tuple[str, ...]
    conjunctions: tuple[str, ...]
    """What joins two wishes in one message."""
    ordinals: tuple[frozenset[str], ...]
    """Folded ways to say the first, the second, the third."""
    last: frozenset[str]
    leading_yes: tuple[str, ...] = ()
    """What makes a message a yes when it stands first, unless what follows takes it back."""
    contrasts: tuple[str, ...] = ()
    """Words that take a yes back or put a condition to it; `*` stands for letters."""
    assents: tuple[str, ...] = ()
    """What takes no yes back though it holds a word that does: "no objections"; `*` stands for letters."""
    fillers: tuple[str, ...] = ()
    """What may stand beside any whole message and says nothing: "please", 呢."""
    person_words: tuple[str, ...] = ()
    """One of them is in every request for a person; `*` stands for letters."""
    meant: tuple[str, ...] = ()
    """What says that a value that was given should have been another."""
    amends: tuple[str, ...] = ()
    """With the name of a value, one of them says that it is to be another; `*` stands for letters."""
    partings: frozenset[str] = frozenset()
    """What is said on coming and on leaving alike."""
    unknowing: tuple[str, ...] = ()
    """Words of who cannot give what is asked for; `*` stands for letters."""
    apologies: tuple[str, ...] = ()
    """What is said before a matter, or before a value that replaces another: "sorry, 600"."""
    openers: tuple[str, ...] = ()
    """What is said before a matter and says nothing of it."""
    pauses: tuple[str, ...] = ()
    """What asks to wait before a matter: no part of what is looked up."""
    why_words: tuple[str, ...] = ()
    """One of them is in every question for a reason."""
    wanted_of_me: tuple[str, ...] = ()
    """With one of those, a question why what was asked for is asked for; `*` stands for letters."""
    needed: tuple[str, ...] = ()
    """So too, where what was asked for is named or little else is said."""
    nothing_more: tuple[str, ...] = ()
    """What is said before a goodbye: that was all."""
    had_back: tuple[str, ...] = ()
    """What says, after something was done, that it is to be as before; `*` stands for letters."""
    vague: tuple[str, ...] = ()
    """What says that a message is about something, and not what."""
    about: tuple[str, ...] = ()
    """What says so expressly."""
    own_names: tuple[str, ...] = ()
    """What this language is called, in whichever language; `*` stands for letters."""
    speaking: tuple[str, ...] = ()
    """What may stand beside a language's name where it is asked for and nothing else; `*` stands for letters."""
    as_before: tuple[str, ...] = ()
    """What says of a value that it is to be again what it was; `*` stands for letters."""
    not_after_all: tuple[str, ...] = ()
    """What says, with what was done last named, that it is not wanted after all; `*` stands for letters."""
    same: Mapping[str, str] = field(default_factory=dict)
    """Character → the one the examples write it with."""


def load_examples() -> tuple[ActExamples, ...]:
    """The examples of every locale that has some, by locale."""
    return _load()


def examples_in(locales: Sequence[str]) -> tuple[ActExamples, ...]:
    """The examples of the languages of `locales`; of every language where none of them has any."""
    languages = {locale.split("-", maxsplit=1)[0].lower() for locale in locales}
    return tuple(each for each in load_examples() if each.locale in languages) or load_examples()


@cache
def _load() -> tuple[ActExamples, ...]:
    return tuple(_parse(folder.name, (folder / "acts.yaml").read_text(encoding="utf-8")) for folder in _folders())


def _folders() -> list[Traversable]:
    locales = files("config") / "locales"
    folders = [folder for folder in locales.iterdir() if folder.is_dir() and (folder / "acts.yaml").is_file()]
    return sorted(folders, key=lambda folder: folder.name)


def _parse(locale: str, text: str) -> ActExamples:
    data = YAML(typ="safe").load(text)
    exact: dict[str, str] = {}
    labelled: list[tuple[str, str]] = []
    for act, said in data.items():
        if isinstance(said, Mapping) and "exact" in said:
            exact |= {fold(phrase): act for phrase in said["exact"]}
            labelled += [(phrase, act) for phrase in (*said["exact"], *said["examples"])]
        elif act in (QUESTION, OTHER):
            labelled += [(phrase, act) for phrase in said]
    return ActExamples(
        locale,
        exact,
        tuple(labelled),
        ordinals=tuple(frozenset(map(fold, ways)) for ways in data.get("ordinals", ())),
        last=frozenset(map(fold, data.get("last", ()))),
        partings=frozenset(map(fold, data.get("partings", ()))),
        same=dict(data.get("same", {})),
        **{name: tuple(data.get(name, ())) for name in _LISTS},
    )


@lru_cache(maxsize=128)  # one list after another compares the same few pieces of a message
def folded(text: str) -> str:
    """A message in the one spelling that the examples are compared in."""
    return fold(text.translate(_variants()))


@cache
def _variants() -> dict[int, str]:
    return {ord(written): usual for each in load_examples() for written, usual in each.same.items()}


def vectors_of(texts: Sequence[str], encoder: Encoder) -> Vectors:
    """Vectors of example texts: the shipped ones where the encoder is the one they were made with."""
    shipped = _shipped(encoder.name)
    missing = [text for text in texts if _key(text) not in shipped.places]
    computed = dict(zip(missing, encoder.encode_now(missing, "query"), strict=True)) if missing else {}
    rows = [computed[text] if text in computed else shipped.row(_key(text)) for text in texts]
    return np.stack(rows).astype(np.float32)


@dataclass(frozen=True)
class _Shipped:
    """Vectors as they are shipped, a byte a number: written out, they would be most of what is held."""

    places: Mapping[bytes, tuple[int, int]]
    """Key → which file, and which row of it."""
    tables: Sequence[tuple[npt.NDArray[np.int8], Vectors]]
    """Rows, and what each is to be multiplied with."""

    def row(self, key: bytes) -> Vectors:
        """One vector."""
        table, place = self.places[key]
        rows, scales = self.tables[table]
        vector: Vectors = rows[place].astype(np.float32) * scales[place]
        return vector


@cache
def _shipped(name: str) -> _Shipped:
    places: dict[bytes, tuple[int, int]] = {}
    tables: list[tuple[npt.NDArray[np.int8], Vectors]] = []
    for folder in _folders():
        made = folder / "acts.npz"
        if not made.is_file():
            continue
        with np.load(BytesIO(made.read_bytes())) as arrays:
            if str(arrays["encoder"]) != name:
                continue
            places |= {bytes(key): (len(tables), place) for place, key in enumerate(arrays["keys"])}
            tables.append((arrays["vectors"], arrays["scales"].astype(np.float32)))
    return _Shipped(places, tables)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:12]


def write_vectors(encoder: Encoder, locale: str, target: Path) -> None:
    """Store the vectors of a locale's examples, eight bits a number."""
    texts = sorted({text for each in load_examples() if each.locale == locale for text, _ in each.labelled})
    vectors = encoder.encode_now(texts, "query")
    scales = np.abs(vectors).max(axis=1) / 127
    np.savez_compressed(
        target,
        encoder=np.array(encoder.name),
        keys=np.frombuffer(b"".join(map(_key, texts)), dtype=np.uint8).reshape(len(texts), -1),
        scales=scales.astype(np.float32),
        vectors=np.round(vectors / scales[:, None]).astype(np.int8),
    )


def main() -> None:
    """Write the vectors of every shipped locale beside its examples."""
    encoder = open_encoder()
    for folder in _folders():
        write_vectors(encoder, folder.name, Path(str(folder)) / "acts.npz")


if __name__ == "__main__":
    main()
