"""YAML 1.2 into plain data that remembers where every key and value stands.

Knows nothing of projects: scenarios and other data files are read by it too. Text stays text unless YAML 1.2 says
otherwise: `no` is a word, `2026-01-01` is a text, and duplicate keys, tags and merge keys are problems.
"""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, cast

from pydantic import JsonValue
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from config.errors import Problem

MAX_BYTES: Final = 4_000_000
MAX_NODES: Final = 200_000
MAX_DEPTH: Final = 40

KeyPath = tuple[str | int, ...]
"""Keys and indexes from the top of a document."""

_QUOTE_TEMPLATE: Final = 'a template in quotes: "{{ … }}"'
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_PREFIXED: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")


class _Mark(Protocol):
    line: int
    column: int


@dataclass(frozen=True)
class Place:
    """A line and a column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A YAML file as plain data, its places, and what could not be read."""

    file: str
    data: JsonValue = None
    values: Mapping[KeyPath, Place] = field(default_factory=dict)
    keys: Mapping[KeyPath, Place] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def place(self, path: KeyPath) -> Place:
        """Where the value of `path` stands, or the nearest thing above it that is in the file."""
        while path and path not in self.values and path not in self.keys:
            path = path[:-1]
        return self.keys.get(path) or self.values.get(path) or Place(1, 1)

    def value_place(self, path: KeyPath) -> Place:
        """Where the value itself begins."""
        return self.values.get(path) or self.place(path)


def dotted(path: KeyPath) -> str:
    """A path as it is written in messages."""
    return ".".join(str(part) for part in path)


def _place(mark: _Mark) -> Place:
    return Place(mark.line + 1, mark.column + 1)


@dataclass
class _Builder:
    file: str
    values: dict[KeyPath, Place] = field(default_factory=dict)
    keys: dict[KeyPath, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    nodes: int = 0

    def problem(self, place: Place, path: KeyPath, message: str, expected: str = "") -> None:
        self.problems.append(
            Problem(
                file=self.file,
                line=place.line,
                column=place.column,
                key=dotted(path),
                message=message,
                expected=expected,
            )
        )

    def build(self, node: Node, path: KeyPath) -> JsonValue:
        """The node's plain value; what cannot be built is None and noted."""
        place = _place(node.start_mark)
        self.values[path] = place
        self.nodes += 1
        if self.nodes > MAX_NODES or len(path) > MAX_DEPTH:
            if self.nodes <= MAX_NODES + 1:
                self.problem(place, path, "the file is too large or too deeply nested")
            self.nodes = MAX_NODES + 1
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.build(inner, (*path, position)) for position, inner in enumerate(node.value)]
        return self._scalar(cast("ScalarNode", node), path)

    def _mapping(self, node: MappingNode, path: KeyPath) -> JsonValue:
        built: dict[str | int, JsonValue] = {}
        for key_node, value_node in node.value:
            if self.nodes > MAX_NODES:
                break
            place = _place(key_node.start_mark)
            key = self._key(key_node, path)
            if key is None:
                continue
            if key in built:
                first = self.keys[*path, key]
                self.problem(
                    place, (*path, key), f"the key stands twice, first in line {first.line}", "every key only once"
                )
                continue
            self.keys[*path, key] = place
            built[key] = self.build(value_node, (*path, key))
        # JSON has text keys only; whole numbers are kept so that `404:` under `errors` reads as written.
        return cast("JsonValue", built)

    def _key(self, node: Node, path: KeyPath) -> str | int | None:
        place = _place(node.start_mark)
        if not isinstance(node, ScalarNode):
            self.problem(place, path, "a pair of braces is used as a key", _QUOTE_TEMPLATE)
            return None
        if node.tag == "tag:yaml.org,2002:merge" or node.value == "<<":
            self.problem(place, path, "merge keys are not part of YAML 1.2", "the keys written out")
            return None
        value = self._scalar(node, path)
        return value if isinstance(value, int) and not isinstance(value, bool) else str(node.value)

    def _scalar(self, node: ScalarNode, path: KeyPath) -> JsonValue:
        kind, text = str(node.tag).removeprefix("tag:yaml.org,2002:"), str(node.value)
        match kind:
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int" if _INTEGER.fullmatch(text):
                return int(text) if len(text) < 40 else text
            case "int" if _PREFIXED.fullmatch(text):
                return int(text, 0)
            case "float" if "_" not in text:
                return float(text.replace(".inf", "inf").replace(".nan", "nan"))
            case "str" | "int" | "float" | "timestamp" | "merge":
                return text
        self.problem(_place(node.start_mark), path, f"the tag {node.tag!r} is not supported", "a plain value")
        return None


_STARTS: Final = {"@": "@", "`": "`", "%": "%", "&": "&", "*": "*", "!": "!", "?": "?", "|": "|", ">": ">"}


def _hint(line: str, column: int, problem: str) -> str:
    """What to write instead, judged from the line in which YAML gave up."""
    if "\t" in line[: column + 1]:
        return "spaces; YAML does not allow tabs for indentation"
    if "${" in line:
        return 'references in quotes inside { } and [ ]: "${NAME}"'
    if "{{" in line or "{%" in line:
        return _QUOTE_TEMPLATE
    if "mapping values are not allowed" in problem:
        return "a text that contains ': ' in quotes"
    if "quoted scalar" in problem or "end of stream" in problem:
        return "a closing quote"
    if line[column : column + 1] in _STARTS or "alias" in problem:
        return f"a text that begins with {line[column : column + 1]!r} in quotes"
    if "flow" in problem:
        return "items separated by commas, and texts with , : ? { } [ ] in quotes"
    return "valid YAML 1.2"


def _syntax_problem(file: str, text: str, error: YAMLError) -> Problem:
    if isinstance(error, ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return Problem(
            file=file, line=line, column=1, message="the file holds a control character", expected="plain text"
        )
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    if not isinstance(error, MarkedYAMLError) or mark is None:
        return Problem(file=file, line=1, column=1, message=f"not YAML: {error}")
    told = "; ".join(str(part) for part in (error.problem, error.context) if part)
    lines = text.splitlines() or [""]
    hint = _hint(lines[min(mark.line, len(lines) - 1)], mark.column, told)
    return Problem(file=file, line=mark.line + 1, column=mark.column + 1, message=f"not YAML: {told}", expected=hint)


def read_text(text: str, file: str) -> Reading:
    """YAML text as plain data with its places."""
    yaml = YAML(typ="safe", pure=True)
    # An anchor may be given anew in YAML 1.2; a warning on the operator's terminal helps no author.
    yaml.composer.warn_double_anchors = False
    try:
        node = yaml.compose(io.StringIO(text))
    except YAMLError as error:
        return Reading(file=file, problems=(_syntax_problem(file, text, error),))
    except RecursionError:
        return Reading(file=file, problems=(Problem(file=file, line=1, column=1, message="nested too deeply"),))
    if node is None:
        return Reading(file=file, problems=(Problem(file=file, line=1, column=1, message="the file is empty"),))
    builder = _Builder(file)
    data = builder.build(node, ())
    return Reading(
        file=file, data=data, values=builder.values, keys=builder.keys, problems=tuple(sorted(builder.problems))
    )


def read_file(path: Path, file: str | None = None) -> Reading:
    """A YAML file as plain data with its places; `file` is how messages call it."""
    name = file or path.name
    try:
        raw = path.read_bytes()
    except OSError as error:
        return Reading(file=name, problems=(Problem(file=name, message=f"cannot be read: {error.strerror}"),))
    if len(raw) > MAX_BYTES:
        return Reading(file=name, problems=(Problem(file=name, message=f"larger than {MAX_BYTES} bytes"),))
    try:
        return read_text(raw.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = Problem(
            file=name, line=line, column=1, message="the file is not UTF-8", expected="a file saved as UTF-8"
        )
        return Reading(file=name, problems=(problem,))
