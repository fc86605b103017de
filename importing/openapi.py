"""OpenAPI 3.0 and 3.1 → actions, slots, intents and auth of a project, ready for examples.

Every operation becomes an action and an intent of the same name. What cannot be carried over is left out and noted.
Nothing of the document is taken for a template or a reference to the environment, and it never chooses where requests
go: the base address and token addresses are variables that the operator sets.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from importing.answers import errors_of, result_of
from importing.asking import Asked
from importing.documents import NOTHING, Document, Object, read_document
from importing.naming import brand, clean, sentence, snake, unique, words
from importing.notes import ImportRefusedError, Notes, UnsupportedError
from importing.requests import parameters_of, request_of, takes_key
from importing.schemas import Schemas
from importing.security import Security

MAX_OPERATIONS: Final = 150
METHODS: Final = ("get", "post", "put", "patch", "delete", "head")
_LOOKUPS: Final = frozenset({"search", "query", "count", "list", "find", "lookup"})
_LOOKING: Final = _LOOKUPS | {"get", "fetch", "look", "retrieve", "read"}

Part = dict[str, JsonValue]


@dataclass(frozen=True, kw_only=True)
class Imported:
    """The parts of a project that a document gives, and what there is to say about them."""

    name: str
    slots: dict[str, Part] = field(default_factory=dict)
    intents: dict[str, Part] = field(default_factory=dict)
    actions: dict[str, Part] = field(default_factory=dict)
    auth: dict[str, Part] = field(default_factory=dict)
    notes: Sequence[str] = ()


def import_openapi(path: Path, *, locales: Sequence[str] = ("en",), only: str | None = None) -> Imported:
    """Read a document; raises ImportRefusedError. `only` is words of path, operationId or tags."""
    notes = Notes()
    document = read_document(path, notes)
    info = document.resolve(document.root.get("info"), "info")
    name = brand(clean(info.get("title"), 60) or path.stem, "api")[:40].strip("_")
    reader = _Reader(document, name.removesuffix("_api").upper(), tuple(locales))
    reader.read(only)
    if not reader.security.used:
        notes.conclude("auth", "the document asks for no credentials that are known; add auth where the API wants some")
    for line in _servers(document, reader.base):
        notes.conclude("servers", line)
    if not reader.actions:
        chosen = f" with {only!r} in its path, operationId or tags" if only is not None else ""
        refusal = f"{path.name} has no operation that can be imported{chosen}"
        raise ImportRefusedError("\n".join([refusal, *notes.lines[:20]]))
    return Imported(
        name=name,
        slots=reader.shared(),
        intents=reader.intents,
        actions=reader.actions,
        auth={name: dict(auth) for name, auth in reader.security.used.items()},
        notes=notes.lines,
    )


@dataclass
class _Reader:
    document: Document
    prefix: str
    locales: tuple[str, ...]
    intents: dict[str, Part] = field(default_factory=dict)
    actions: dict[str, Part] = field(default_factory=dict)
    _paths: dict[str, set[str]] = field(default_factory=dict)
    _said: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.security = Security(self.document, self.prefix)
        self.base = f"${{{self.prefix}_API}}"

    def read(self, only: str | None) -> None:
        """Every operation that is chosen."""
        notes, surplus = self.document.notes, 0
        for method, path, path_item, operation in _operations(self.document):
            if only is not None and not _chosen(only, path, operation):
                continue
            if len(self.actions) >= MAX_OPERATIONS:
                surplus += 1
                continue
            where = f"{method.upper()} {path[:80]}"
            try:
                self._operation(method, path, path_item, operation, where)
            except UnsupportedError as error:
                notes.add(where, f"dropped: {error}")
        if surplus:
            notes.conclude("paths", f"{surplus} operations dropped: more than {MAX_OPERATIONS}; choose with --only")
        if self.document.root.get("webhooks"):
            notes.add("webhooks", "dropped: they call us, not we them")

    def _operation(self, method: str, path: str, path_item: Object, operation: Object, where: str) -> None:
        if operation.get("deprecated") is True:
            raise UnsupportedError("deprecated")
        asked = Asked(Schemas(self.document), self.document.notes, where)
        parameters = parameters_of(self.document, path_item, operation, where)
        body = self.document.resolve(operation.get("requestBody"), where) if method not in ("get", "head") else NOTHING
        request = request_of(path, parameters, body, base=self.base, asked=asked)
        asked.tell()
        name = unique(self._name(method, path, operation), self.actions)
        title = _title(operation, name)
        action: Part = {"title": title, "effect": "read" if method in ("get", "head") else "write"}
        if method == "post" and _only_reads(path, title):
            action["effect"] = "read"
            self.document.notes.add(where, "only reads, as its name says; set effect: write where it changes something")
        action |= {"method": method.upper(), **request}
        auth = self.security.auth_of(operation, where)
        action |= {"auth": auth} if auth else {}
        action |= {"idempotency": True, "retries": 2} if takes_key(parameters) and action["effect"] == "write" else {}
        action |= {"retries": 2} if method == "get" else {}
        result = result_of(self.document, operation, where)
        errors = {int(status): self._localized(text) for status, text in self._errors(operation, where).items()}
        action |= {"result": result} if result else {}
        # JSON has text keys only; in a project a status is a number.
        self.actions[name] = {**action, **({"errors": errors} if errors else {})}  # type: ignore[dict-item]
        self.intents[name] = self._intent(name, title, operation, asked, path)

    def _errors(self, operation: Object, where: str) -> dict[str, str]:
        return errors_of(self.document, operation, where)

    def _localized(self, text: str) -> JsonValue:
        return dict.fromkeys(self.locales, text)

    def _name(self, method: str, path: str, operation: Object) -> str:
        given = operation.get("operationId")
        if isinstance(given, str) and re.search(r"[A-Za-z]", given):
            # FastAPI appends path and method to the name of the function.
            appended = re.sub(r"\W", "_", path) + f"_{method}"
            return snake(given.removesuffix(appended) or given, method)
        return snake(f"{method} {re.sub(r'[{}]', '', path)}", method)

    def _intent(self, name: str, title: str, operation: Object, asked: Asked, path: str) -> Part:
        described = sentence(operation.get("description"), 200) or sentence(operation.get("summary"), 200)
        intent: Part = {"description": described or title, "title": title}
        intent["examples"] = {locale: [self._example(title, name)] for locale in self.locales}
        if asked.slots:
            intent["slots"] = dict(asked.slots)
            for slot in asked.slots:
                self._paths.setdefault(slot, set()).add(path)
        intent["action"] = name
        return intent

    def _example(self, title: str, name: str) -> str:
        """One sentence of this intent's own, to begin with."""
        text = (title[0].lower() + title[1:]) if len(title) > 1 and title[1].islower() else title
        if _folded(text) in self._said:
            text = words(name)
        while _folded(text) in self._said:
            text += " please"
        self._said.add(_folded(text))
        return text

    def shared(self) -> dict[str, Part]:
        """Slots that name one thing in several intents, taken out of them: `order_id`, not `id` or `name`."""
        found: dict[str, list[Part]] = {}
        for intent in self.intents.values():
            for name, spec in _slots(intent).items():
                found.setdefault(name, []).append(spec)
        shared = {
            name: specs[0]
            for name, specs in found.items()
            if len(specs) > 1 and re.search(r"._(id|number|code|reference)$", name) and _alike(specs)
        }
        for intent in self.intents.values():
            slots = _slots(intent)
            if slots:
                intent["slots"] = {name: {} if name in shared else spec for name, spec in slots.items()}
        return shared


def _slots(intent: Part) -> dict[str, Part]:
    slots = intent.get("slots")
    return {name: spec for name, spec in slots.items() if isinstance(spec, dict)} if isinstance(slots, dict) else {}


def _alike(specs: list[Part]) -> bool:
    return all({**spec, "hint": ""} == {**specs[0], "hint": ""} for spec in specs)


def _folded(text: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", text).casefold().split())


def _operations(document: Document) -> Iterator[tuple[str, str, Object, Object]]:
    for path, value in document.resolve(document.root.get("paths"), "paths").items():
        path_item = document.resolve(value, path)
        for method in METHODS:
            operation = path_item.get(method)
            if isinstance(operation, dict):
                yield method, path, path_item, operation
        for method in ("options", "trace"):
            if method in path_item:
                document.notes.add(f"{method.upper()} {path[:80]}", "dropped: nothing a customer asks for")


def _chosen(only: str, path: str, operation: Object) -> bool:
    tags = operation.get("tags")
    words_of = [path, str(operation.get("operationId")), *(map(str, tags) if isinstance(tags, list) else ())]
    return all(any(word in one.casefold() for one in words_of) for word in only.casefold().split())


def _only_reads(path: str, title: str) -> bool:
    """Whether a POST looks something up by a body, such as `POST /orders/search`: path and title both say so."""
    last = path.rstrip("/").rpartition("/")[2].lower().strip("_")
    first, *rest = title.lower().split()
    is_order = bool(rest) and rest[0] in ("a", "an", "the", "this")  # `List an item for sale`
    return last in _LOOKUPS and first in _LOOKING and not (is_order and last == "list")


def _title(operation: Object, name: str) -> str:
    title = clean(operation.get("summary"), 80).rstrip(".") or words(name)
    return title[0].upper() + title[1:]


def _servers(document: Document, base: str) -> Iterator[str]:
    servers = document.root.get("servers")
    variable = base.strip("${}")
    first = next(iter(document.objects(servers, "servers")), NOTHING)
    url = str(first.get("url", ""))
    variables = first.get("variables")
    for name, spec in variables.items() if isinstance(variables, dict) else ():
        default = spec.get("default") if isinstance(spec, dict) else None
        url = url.replace(f"{{{name}}}", str(default))
    told = f"the document says {url[:150]}" if url.startswith(("http://", "https://")) else "the document names no host"
    yield f"set {variable} to the API's base address; {told}"
    if isinstance(servers, list) and len(servers) > 1:
        yield f"{len(servers) - 1} more servers are not used"
