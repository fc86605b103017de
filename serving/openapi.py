"""What OpenAPI says beyond what the routes say by themselves."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from serving.problems import Problem

_DESCRIPTION = (
    "Customer-service conversations. Send a customer's message to `POST /chat`; the same turn streams with "
    "`Accept: text/event-stream` and is behind LangServe at `/agent`. Errors are `application/problem+json`."
)
_TEMPLATE = "#/components/schemas/{model}"


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


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template=_TEMPLATE)
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    # FastAPI describes its own shape of validation errors, which this service never sends.
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path in document["paths"].values():
        for operation in path.values():
            _own_validation(operation)
    return document


def _own_validation(operation: dict[str, Any]) -> None:
    said = operation.get("responses", {}).get("422")
    if said and "application/json" in said.get("content", {}):
        said["content"] = {"application/problem+json": {"schema": {"$ref": _TEMPLATE.format(model="Problem")}}}
