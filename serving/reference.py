"""The HTTP reference as a page, from the app's own description: `python -m serving.reference`."""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from pydantic import JsonValue

from serving.app import OpenServices, create_app

_TITLES: Final[Mapping[str, str]] = {
    "chat": "Chat",
    "openai": "OpenAI's API",
    "rasa": "Rasa's REST channel",
    "agent": "LangServe",
    "channels": "Chatwoot",
    "sessions": "Sessions",
    "desk": "The desk",
    "knowledge": "Knowledge",
    "projects": "Projects and versions",
    "operation": "Operation",
}
_HEAD: Final = """# The HTTP reference

<!-- Made by `make reference` from the service's own description. Change the routes, not this page. -->

A running service tells the same at `/openapi.json`, for tools. What the fields of an answer mean stands in
[What an answer says](../../README.md#what-an-answer-says), which key reaches what in
[Call it](../../README.md#call-it).

Every error is `application/problem+json`: `{type, title, status, detail, kind, error_id}`, with `errors` field by
field where something is not valid.
"""

Document = Mapping[str, Any]


def reference() -> str:
    """The whole page."""
    document = create_app(cast(OpenServices, None)).openapi()
    found: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            tag = operation.get("tags", ["operation"])[0]
            lines = _operation(method, path, operation, document["components"]["schemas"])
            found.setdefault(tag, []).append("\n".join(lines))
    order = [*(tag for tag in _TITLES if tag in found), *sorted(set(found) - set(_TITLES))]
    parts = [f"## {_TITLES.get(tag, tag.capitalize())}\n\n" + "\n\n".join(found[tag]) for tag in order]
    return "\n\n".join([_HEAD.strip(), *parts]) + "\n"


def _operation(method: str, path: str, operation: Document, schemas: Document) -> Iterator[str]:
    yield f"### `{method.upper()} {path}`\n"
    yield str(operation["description"]).strip()
    parameters = operation.get("parameters", [])
    if parameters:
        yield "\n| parameter | in | |\n|---|---|---|"
        for each in parameters:
            yield f"| `{each['name']}` | {each['in']} | {_cell(each['description'])} |"
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"\nTakes `{media}`:\n"
        yield from _fields(content.get("schema", {}), schemas)
        yield _example(_shown(content, schemas))
    for status, answer in operation["responses"].items():
        for media, content in answer.get("content", {}).items() if status.startswith("2") else ():
            yield f"\nGives {status} `{media}`:\n"
            yield _example(_shown(content, schemas))
    errors = ", ".join(status for status in sorted(operation["responses"]) if status >= "400")
    if errors:
        yield f"\nErrors: {errors}."


def _fields(schema: Document, schemas: Document) -> Iterator[str]:
    resolved = _resolved(schema, schemas)
    required = resolved.get("required", ())
    told = {name: _resolved(each, schemas) | dict(each) for name, each in resolved.get("properties", {}).items()}
    if any(each.get("description") for each in told.values()):
        yield "| field | |\n|---|---|"
        for name, each in told.items():
            mark = " **required**" if name in required else ""
            yield f"| `{name}`{mark} | {_cell(str(each.get('description', '')))} |"
        yield ""


def _resolved(schema: Document, schemas: Document) -> dict[str, Any]:
    while "$ref" in schema:
        schema = schemas[str(schema["$ref"]).rpartition("/")[2]]
    return dict(schema)


def _shown(content: Document, schemas: Document) -> JsonValue:
    if "example" in content:
        return cast(JsonValue, content["example"])
    examples = _resolved(content.get("schema", {}), schemas).get("examples", [None])
    return cast(JsonValue, examples[0])


def _example(value: JsonValue) -> str:
    if isinstance(value, str):
        return f"```text\n{value.rstrip()}\n```"
    return f"```json\n{json.dumps(value, ensure_ascii=False, indent=1)}\n```"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(reference())
