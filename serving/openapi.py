"""What OpenAPI says beyond what the routes say by themselves: every route with a description and examples."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import JsonValue

from serving.chat import EVENTS, problems
from serving.openapi_examples import ANSWERS, BODIES, DESCRIPTIONS, PARAMETERS
from serving.problems import Problem

_DESCRIPTION = (
    "Customer-service conversations. Send a customer's message to `POST /chat`; the same turn streams with "
    "`Accept: text/event-stream` and is behind LangServe at `/agent`, OpenAI's API at `/v1` and Rasa's REST channel at "
    "`/webhooks/rest/webhook`. Errors are `application/problem+json`."
)
_TEMPLATE = "#/components/schemas/{model}"
_ANY: Final = (400,)
_WITH_A_KEY: Final = (401, 403)
_WITH_A_BODY: Final = (408, 413, 415)
_AS_A_TURN: Final = (404, 409, 429, 500, 503)

Document = dict[str, Any]


def describe(app: FastAPI) -> None:
    """Give the app a complete OpenAPI document, made once when first asked for."""

    # FastAPI's own signature, hence its Any.
    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(
                get_openapi(title=app.title, version="1", description=_DESCRIPTION, routes=app.routes)
            )
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI documents this as the way to extend OpenAPI


def _complete(document: Document) -> Document:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template=_TEMPLATE)
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    # FastAPI describes its own shape of validation errors, which this service never sends.
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            _own_validation(operation)
            _refusals(operation, path)
            _explained(operation, (method, path), schemas)
    return document


def _own_validation(operation: Document) -> None:
    said = operation.get("responses", {}).get("422")
    if said and "application/json" in said.get("content", {}):
        said["content"] = {"application/problem+json": {"schema": {"$ref": _TEMPLATE.format(model="Problem")}}}


def _refusals(operation: Document, path: str) -> None:
    """Say what any request may be refused with, whatever its route: headers, keys and bodies are looked at before it.

    LangServe's routes say nothing of what a turn comes to, and nothing of the stream.
    """
    body = "requestBody" in operation
    turn = path.startswith("/agent/") and body
    several = (_ANY, _WITH_A_KEY if "security" in operation else (), _WITH_A_BODY if body else ())
    answers = operation.setdefault("responses", {})
    for status, told in problems(
        *(status for some in several for status in some), *(_AS_A_TURN if turn else ())
    ).items():
        answers.setdefault(str(status), told)
    if path == "/agent/stream":
        answers["200"]["content"] = {"text/event-stream": dict(EVENTS)}
    operation["responses"] = dict(sorted(answers.items()))


def _explained(operation: Document, route: tuple[str, str], schemas: Mapping[str, Document]) -> None:
    """Say of every parameter, body and answer what it is, by an example."""
    operation["description"] = DESCRIPTIONS.get(route) or operation.get("description", "")
    for parameter in operation.get("parameters", ()):
        parameter.setdefault("description", PARAMETERS.get(parameter["name"], ""))
    for content in operation.get("requestBody", {}).get("content", {}).values():
        _exemplify(content, BODIES.get(route), schemas)
    for media, content in _answers(operation):
        _exemplify(content, ANSWERS.get(route), schemas, of_its_schema=media.endswith("json"))


def _answers(operation: Document) -> Iterator[tuple[str, Document]]:
    for status, answer in operation.get("responses", {}).items():
        if status.startswith("2"):
            yield from answer.get("content", {}).items()


def _exemplify(
    content: Document, given: JsonValue, schemas: Mapping[str, Document], *, of_its_schema: bool = True
) -> None:
    if "example" in content or "examples" in content:
        return
    made = example_of(content.get("schema", {}), schemas) if given is None and of_its_schema else given
    if made not in (None, {}, []):
        content["example"] = made


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Document]) -> JsonValue:
    """A value of a schema, from the examples, defaults and constants in it."""
    while "$ref" in schema:
        schema = schemas[str(schema["$ref"]).rpartition("/")[2]]
    said = [*schema.get("examples", []), *(schema[key] for key in ("const", "default") if key in schema)]
    if said:
        return cast(JsonValue, said[0])
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas)
    return _made(schema, schemas)


def _made(schema: Mapping[str, Any], schemas: Mapping[str, Document]) -> JsonValue:
    match schema.get("type"):
        case "array":
            each = example_of(schema.get("items", {}), schemas)
            return [] if each is None else [each]
        case "object":
            return {name: example_of(inner, schemas) for name, inner in schema.get("properties", {}).items()}
        case kind:
            usual: Mapping[str, JsonValue] = {"string": "…", "integer": 1, "number": 1.0, "boolean": True}
            return schema.get("enum", [usual.get(str(kind))])[0]  # type: ignore[no-any-return]
