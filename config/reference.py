"""The reference of project.yaml as a page, from the models it is read with: `python -m config.reference`."""

import sys
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from config.json_schema import project_schema

_HEAD: Final = """# The reference of project.yaml

<!-- Made by `make reference` from the models the file is read with. Change `config/project.py`, not this page. -->

Every key that `project.yaml` may have. A key that is not here is refused, with its line. *A text* is one string for
every language, or one for each: `{en: "…", tr: "…"}`. `{{ … }}` is a template over `slots`, `result` and what else is
known; `${NAME}` comes from the environment when it is used. `switchboard schema` prints the same for editors.
"""
_TEXT: Final = {"string", "object"}

Schema = Mapping[str, JsonValue]


def reference() -> str:
    """The whole page."""
    whole = project_schema()
    models = _mapping(whole.get("definitions"))
    parts = [_HEAD.strip(), _section("The file", whole, models)]
    order = _reached(whole, models)
    parts += [_section(name, _mapping(models[name]), models) for name in order if _properties(models[name])]
    return "\n\n".join(parts) + "\n"


def _reached(whole: Schema, models: Schema) -> list[str]:
    """The models in the order in which a reader meets them."""
    found: list[str] = []
    waiting = _named(whole)
    while waiting:
        name = waiting.pop(0)
        if name in models and name not in found:
            found.append(name)
            waiting += _named(_mapping(models[name]))
    return found


def _named(node: JsonValue | Schema) -> list[str]:
    if isinstance(node, list):
        return [name for inner in node for name in _named(inner)]
    if not isinstance(node, Mapping):
        return []
    own = [_name(str(node["$ref"]))] if "$ref" in node else []
    return own + [name for key, inner in node.items() if key != "definitions" for name in _named(inner)]


def _section(title: str, model: Schema, models: Schema) -> str:
    required = model.get("required")
    needed = required if isinstance(required, list) else []
    rows = [
        f"| `{key}`{' **required**' if key in needed else ''} | {_type(_mapping(spec), models)} "
        f"| {_default(_mapping(spec))} | {_cell(str(_mapping(spec).get('description', '')))} |"
        for key, spec in _properties(model).items()
    ]
    told = str(model.get("description", "")).strip()
    return "\n".join(
        [f"## {title}\n", *([told, ""] if told else []), "| key | value | default | |\n|---|---|---|---|", *rows]
    )


def _type(spec: Schema, models: Schema) -> str:
    choices = [_mapping(each) for each in _list(spec.get("anyOf")) + _list(spec.get("oneOf"))]
    choices = [each for each in choices if each.get("type") != "null"] or [spec]
    if {str(each.get("type")) for each in choices} == _TEXT and not any("$ref" in each for each in choices):
        return "a text"
    return " or ".join(dict.fromkeys(_one(each, models) for each in choices)) + _bounds(choices[0])


def _one(spec: Schema, models: Schema) -> str:
    for each in _list(spec.get("allOf")):
        return _one(_mapping(each), models)
    if "$ref" in spec:
        name = _name(str(spec["$ref"]))
        return f"[{name}](#{name.lower()})" if _properties(models.get(name)) else name
    if "const" in spec:
        return f"`{spec['const']}`"
    if "enum" in spec:
        return ", ".join(f"`{each}`" for each in _list(spec["enum"]))
    return _plain(spec, models)


def _plain(spec: Schema, models: Schema) -> str:
    kind = str(spec.get("type", "anything"))
    if kind == "array":
        return f"a list of: {_type(_mapping(spec.get('items')), models)}"
    if kind != "object":
        return {"string": "text", "boolean": "true or false"}.get(kind, kind)
    inner = [*_mapping(spec.get("patternProperties")).values(), spec.get("additionalProperties")]
    values = [_mapping(each) for each in inner if isinstance(each, dict) and each]
    return f"by name: {_type(values[0], models)}" if values else "names and values"


def _bounds(spec: Schema) -> str:
    told = [
        f"{word} {spec[key]}"
        for key, word in (("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "to"))
        if key in spec
    ]
    return f", {' '.join(told)}" if told else ""


def _default(spec: Schema) -> str:
    value = spec.get("default")
    if value is None or value in ("", [], {}) or isinstance(value, dict):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _properties(model: JsonValue | Schema) -> Schema:
    return _mapping(_mapping(model).get("properties"))


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]


def _mapping(value: JsonValue | Schema) -> Schema:
    return value if isinstance(value, Mapping) else {}


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(reference())
