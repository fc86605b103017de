"""What one operation must be told, as slots, and the templates that carry their values."""

from dataclasses import dataclass, field
from typing import Final

from pydantic import JsonValue

from importing.documents import Object
from importing.naming import inert, snake, unique
from importing.notes import Notes, UnsupportedError
from importing.schemas import Schemas, constant_of, kind_of, required_of
from importing.slots import Spec, slot_of

MAX_OPTIONAL: Final = 8
"""Optional values of one operation that a customer may mention; an intent of fifty slots helps nobody."""
MAX_SLOTS: Final = 20
_OF_PROGRAMS: Final = frozenset(
    {"limit", "offset", "page", "per_page", "page_size", "page_number", "page_token", "next_token", "cursor"}
    | {"starting_after", "ending_before", "sort", "sort_by", "sort_order", "order_by", "select", "fields", "expand"}
    | {"embed", "continue", "pretty", "dry_run", "update_mask"}
)
"""Optional values that page through, sort and shape an answer: a program's business, no customer's."""
MAX_DEPTH: Final = 5


@dataclass
class Asked:
    """The slots of one operation, filled as its parameters and body are read."""

    schemas: Schemas
    notes: Notes
    where: str
    slots: dict[str, Spec] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    _written: dict[str, Object] = field(default_factory=dict)
    _optional: int = 0
    _levels: int = 0

    def value(self, value: JsonValue, path: tuple[str, ...], *, required: bool) -> JsonValue:
        """The template of a schema's value; None where it is left out. Raises UnsupportedError."""
        schema = self.schemas.flat(value if isinstance(value, dict) else {}, f"{self.where} {'.'.join(path)}")
        if schema.get("readOnly") is True:
            return None
        constant = constant_of(schema)
        if constant is not None:
            return self._constant(constant, path) if required else None
        if kind_of(schema) == "null":
            return None
        if kind_of(schema) not in ("object", "array"):
            return self._scalar(schema, path, required=required)
        if self._levels > MAX_DEPTH:
            raise UnsupportedError(f"its body nests deeper than {MAX_DEPTH} levels")
        self._levels += 1
        inner = self._object if kind_of(schema) == "object" else self._array
        found = inner(schema, path, required=required)
        self._levels -= 1
        return found

    def scalar(self, schema: Object, name: str, *, required: bool) -> str | None:
        """The template of one value; None where an optional one is one too many."""
        if not required and self._needless(name, schema):
            self.left_out.append(name)
            return None
        if len(self.slots) >= MAX_SLOTS:
            raise UnsupportedError(f"it asks for more than {MAX_SLOTS} values")
        slot = self._name(name, schema)
        if slot not in self.slots:
            self._optional += not required
            self.slots[slot] = slot_of(slot, schema, required=required, where=self.where, notes=self.notes)
            self._written[slot] = schema
        return f"{{{{ slots.{slot} }}}}"

    def _needless(self, name: str, schema: Object) -> bool:
        full = self._optional >= MAX_OPTIONAL and snake(name, "value") not in self.slots
        return full or schema.get("deprecated") is True or snake(name, "value") in _OF_PROGRAMS

    def _name(self, name: str, schema: Object) -> str:
        """One slot for a value that stands in two places; two for two values of one name."""
        wanted = snake(name, "value")
        if wanted in self.slots and kind_of(self._written[wanted]) != kind_of(schema):
            return unique(wanted, self.slots)
        return wanted

    def _scalar(self, schema: Object, path: tuple[str, ...], *, required: bool) -> JsonValue:
        if schema.get("format") in ("binary", "byte", "base64") or "contentEncoding" in schema:
            if required:
                raise UnsupportedError(f"it needs a file ({'.'.join(path)})")
            self.left_out.append(".".join(path))
            return None
        return self.scalar(schema, "_".join(path), required=required)

    def _constant(self, constant: JsonValue, path: tuple[str, ...]) -> JsonValue:
        if isinstance(constant, str) and not inert(constant):
            raise UnsupportedError(f"the value of {'.'.join(path)} would be taken for a template")
        if isinstance(constant, dict | list):
            raise UnsupportedError(f"{'.'.join(path)} is a fixed structure")
        return constant

    def _object(self, schema: Object, path: tuple[str, ...], *, required: bool) -> JsonValue:
        if not required and path:
            self.left_out.append(".".join(path))
            return None
        needed, found = required_of(schema), dict[str, JsonValue]()
        properties = self.schemas.properties(schema)
        # Those that must be given come first: there is a limit for the others.
        for name in sorted(properties, key=lambda one: one not in needed):
            value = self.value(properties[name], (*path, name), required=name in needed)
            if value is not None:
                found[name] = value
        if not properties:
            self.notes.add(self.where, f"{'.'.join(path) or 'the body'} has no described properties and is sent empty")
        return found

    def _array(self, schema: Object, path: tuple[str, ...], *, required: bool) -> JsonValue:
        items = schema.get("items")
        inner = self.schemas.flat(items if isinstance(items, dict) else {}, self.where)
        if not required and kind_of(inner) in ("object", "array"):
            self.left_out.append(".".join(path))
            return None
        item = self.value(items, path or ("item",), required=required)
        if item is None:
            return None
        self.notes.add(self.where, f"{'.'.join(path) or 'the body'} is a list; one item is asked for")
        if required or not isinstance(item, str):
            return [item]
        name = item.removeprefix("{{ ").removesuffix(" }}")
        return f"{{{{ [{name}] if {name} is not none else none }}}}"

    def tell(self) -> None:
        """Note what was left out."""
        if self.left_out:
            names = ", ".join(dict.fromkeys(self.left_out[:12])) + (", …" if len(self.left_out) > 12 else "")
            self.notes.add(self.where, f"{len(self.left_out)} optional values left out: {names}")
