"""Requests made from the app's own description: every route, with somebody else's id in every place that takes one."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI

Schema = Mapping[str, Any]
Resolve = Callable[[Schema], Schema]

QUERIES = ("project", "tenant", "tenant_id", "session_id", "thread_id", "version", "document_id", "user_id")
"""Parameters that are tried whether a route declares them or not."""
EXTRA_FIELDS = ("tenant", "tenant_id", "tenantId", "thread_id", "owner", "version", "config")
HEADERS = (
    "X-Tenant",
    "X-Tenant-Id",
    "X-Project",
    "X-Session-Id",
    "X-Thread-Id",
    "X-OpenWebUI-Chat-Id",
    "X-User",
    "X-Forwarded-User",
    "Cookie",
)
REWRITES = ("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix")
CONFIGURABLE = (
    "thread_id",
    "tenant",
    "session_id",
    "project",
    "checkpoint_id",
    "checkpoint_ns",
    "checkpoint_map",
    "user_id",
)


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One request."""

    method: str
    route: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    identifier: str = ""
    """The foreign id."""
    place: str = ""
    """Where it stands."""

    def __str__(self) -> str:
        return f"{self.method} {self.route} {self.place}"

    @property
    def text(self) -> str:
        """All that is sent, to tell what an answer only repeats."""
        return json.dumps([self.path, dict(self.query), dict(self.headers), self.body], ensure_ascii=False)


@dataclass(frozen=True)
class Described:
    """A route as OpenAPI has it."""

    method: str
    path: str
    parameters: Sequence[Schema]
    body: Schema | None
    form: bool
    schemas: Schema

    def fields(self) -> Mapping[str, Schema]:
        """The body's fields."""
        return self._resolved(self.body).get("properties", {}) if self.body else {}

    def _resolved(self, schema: Schema) -> Schema:
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        return self.schemas[name] if name else schema

    def base(self, own: Mapping[str, str]) -> Any:
        """A body that is right, with the prober's own ids."""
        return self._made(self.body, own) if self.body else None

    def _made(self, schema: Schema, own: Mapping[str, str]) -> Any:
        schema = self._resolved(schema)
        if "properties" not in schema:
            each = self._resolved(schema.get("items", {}))
            return [self._made(each, own)] if "properties" in each else _example(schema)
        wanted = set(schema.get("required", ())) | (set(schema["properties"]) & set(own))
        return {
            name: own.get(name) or self._made(inner, own)
            for name, inner in schema["properties"].items()
            if name in wanted
        }

    def places(self, body: Any) -> Iterator[tuple[str, Any]]:
        """The body with a mark for the foreign id in each place that takes a text, and in places that should not be."""
        yield from _marked(body, self.fields() or {}, self._resolved)


MARK = "\x00mark\x00"


def _example(schema: Schema) -> Any:
    for choice in schema.get("anyOf", ()):
        return _example(choice)
    return {"integer": 1, "number": 1.0, "boolean": False, "array": [], "object": {}}.get(
        str(schema.get("type")), "hello"
    )


def _marked(body: Any, fields: Mapping[str, Schema], resolved: Resolve) -> Iterator[tuple[str, Any]]:
    if not isinstance(body, dict):
        return
    for name, schema in fields.items():
        for place, value in _marked_field(name, body.get(name), resolved(schema), resolved):
            yield place, {**body, name: value}
    for name in EXTRA_FIELDS:
        if name not in fields:
            yield f"+{name}", {**body, name: MARK}


def _marked_field(name: str, value: Any, schema: Schema, resolved: Resolve) -> Iterator[tuple[str, Any]]:
    kinds = {str(each.get("type")) for each in schema.get("anyOf", [schema])}
    if "string" in kinds or isinstance(value, str):
        yield name, MARK
    item = resolved(schema.get("items", {}))
    if "array" in kinds and item.get("type", "string") == "string":
        yield f"{name}[]", [MARK]
    if isinstance(value, list) and value:
        for place, changed in _marked(value[0], item.get("properties", {}), resolved):
            yield f"{name}[].{place}", [changed]
    if isinstance(value, dict) and schema.get("properties"):
        for place, changed in _marked(value, schema["properties"], resolved):
            yield f"{name}.{place}", changed
    if "object" in kinds and "properties" not in schema:
        yield from _marked_keys(name)


def _marked_keys(name: str) -> Iterator[tuple[str, Any]]:
    for key in CONFIGURABLE if name == "config" else ("tenant",):
        yield f"{name}.{key}", {"configurable": {key: MARK}} if name == "config" else {key: MARK}


def described(app: FastAPI) -> list[Described]:
    """Every route that OpenAPI tells of."""
    document = app.openapi()
    found = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", content.get("multipart/form-data", {})).get("schema")
            found.append(
                Described(
                    method.upper(),
                    path,
                    operation.get("parameters", ()),
                    schema,
                    "multipart/form-data" in content,
                    document["components"]["schemas"],
                )
            )
    return found


def walked(app: FastAPI) -> set[tuple[str, str]]:
    """Every method and path the app answers, described or not."""
    found: set[tuple[str, str]] = set()
    for route in app.routes:
        router = getattr(route, "original_router", None)
        for each in router.routes if router is not None else [route]:
            path = each.path.replace(":path", "")
            found |= {(method, path) for method in getattr(each, "methods", None) or {"GET"} if method != "HEAD"}
    return found


def usual(route: Described, own: Mapping[str, str]) -> Probe:
    """A right request of the prober's own."""
    return Probe(method=route.method, route=route.path, path=_filled(route.path, own), body=route.base(own))


def _filled(path: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    return path


def probes(route: Described, own: Mapping[str, str], foreign: Sequence[str]) -> Iterator[Probe]:
    """The route with each foreign id in each place; places that nothing reads are tried with fewer ids."""
    for number, identifier in enumerate(foreign):
        base = replace(usual(route, own), identifier=identifier)
        yield from _in_path_and_body(route, own, base)
        if number < 3:
            yield from _in_query(route, base)
        if number < 1:
            yield from _in_headers(base)


def _in_path_and_body(route: Described, own: Mapping[str, str], base: Probe) -> Iterator[Probe]:
    for name in (str(each["name"]) for each in route.parameters if each["in"] == "path"):
        yield replace(base, path=_filled(route.path, {**own, name: base.identifier}), place=f"path {name}")
    for place, marked in route.places(base.body):
        text = json.dumps(marked).replace(json.dumps(MARK)[1:-1], json.dumps(base.identifier)[1:-1])
        yield replace(base, body=json.loads(text), place=f"body {place}")


def _in_query(route: Described, base: Probe) -> Iterator[Probe]:
    for name in dict.fromkeys([*QUERIES, *(str(each["name"]) for each in route.parameters if each["in"] == "query")]):
        yield replace(base, query={name: base.identifier}, place=f"query {name}")


def _in_headers(base: Probe) -> Iterator[Probe]:
    for name in HEADERS:
        value = f"session={base.identifier}" if name == "Cookie" else base.identifier
        yield replace(base, headers={name: value}, place=f"header {name}")
    for name in REWRITES:
        yield replace(base, headers={name: f"/sessions/{base.identifier}"}, place=f"header {name}")
