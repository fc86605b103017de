"""What a customer can be asked for and told is imported; what only programs use is not."""

import json
from typing import Any

import pytest

from importing.naming import brand
from importing.openapi import import_openapi


def answer(**properties):
    return {"200": {"description": "ok", "content": {"application/json": {"schema": {"properties": properties}}}}}


def imported(tmp_path, paths, **parts):
    path = tmp_path / "api.json"
    path.write_text(json.dumps({"openapi": "3.1.0", "info": {"title": "Shop"}, "paths": paths, **parts}))
    return import_openapi(path)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("GitHub's official OpenAPI spec + Octokit extension", "github_octokit_extension"),
        ("Swagger Petstore", "petstore"),
        ("Airflow API (Stable)", "airflow_stable"),
        ("LangSmith Deployment", "langsmith_deployment"),
        ("The API", "api"),
        ("支付", "api"),
        ("Kargo Takip Servisi", "kargo_takip_servisi"),
    ],
)
def test_a_document_gives_its_variables_a_short_name(title, name):
    assert brand(title, "api") == name


@pytest.mark.parametrize("name", ["limit", "offset", "per_page", "pageSize", "cursor", "sort_by", "fields", "expand"])
def test_what_pages_and_sorts_is_no_slot_unless_it_must_be_given(tmp_path, name):
    asked = {"name": name, "in": "query", "schema": {"type": "string"}}
    body = {"content": {"application/json": {"schema": {"properties": {name: {"type": "integer"}, "note": {}}}}}}
    paths = {
        "/orders": {"get": {"parameters": [asked], "responses": {}}},
        "/must": {"get": {"parameters": [{**asked, "required": True}], "responses": {}}},
        "/add": {"post": {"requestBody": body, "responses": {}}},
    }
    found = imported(tmp_path, paths)

    assert "slots" not in found.intents["get_orders"]
    assert len(found.intents["get_must"]["slots"]) == 1
    assert list(found.intents["post_add"]["slots"]) == ["note"]
    assert any(f"optional values left out: {name}" in note for note in found.notes)


@pytest.mark.parametrize(
    ("path", "summary", "effect"),
    [
        ("/orders/search", "Search orders", "read"),
        ("/orders/~/list", "Get orders in one request", "read"),
        ("/orders/count", "Count Orders", "read"),
        ("/items/list", "List an item", "write"),
        ("/orders/search", "Start a search party", "write"),
        ("/orders", "Search orders", "write"),
        ("/search/{id}", "Search", "write"),
    ],
)
def test_a_post_that_only_looks_something_up_is_a_read(tmp_path, path, summary, effect):
    [action] = imported(tmp_path, {path: {"post": {"summary": summary, "responses": {}}}}).actions.values()

    assert action["effect"] == effect


def test_names_that_a_framework_made_up_are_shortened(tmp_path):
    made = "read_order_api_orders__order_id__get"
    paths = {
        "/api/orders/{order_id}": {"get": {"operationId": made, "responses": {}}},
        "/b": {"get": {"operationId": "_b_get", "responses": {}}},
    }

    assert list(imported(tmp_path, paths).actions) == ["read_order", "b_get"]


@pytest.mark.parametrize("text", ["Not Found", "Not found.", "Validation Error", "Conflict", "Resource not found"])
def test_the_phrase_of_a_status_is_no_text_for_a_customer(tmp_path, text):
    responses = {"404": {"description": text}, "409": {"description": "This order is shipped already"}}
    found = imported(tmp_path, {"/x": {"get": {"responses": responses}}})

    assert found.actions["get_x"]["errors"] == {409: {"en": "This order is shipped already."}}


def test_addresses_and_constants_of_an_answer_come_last_or_never(tmp_path):
    kept = {f"f{number}": {"type": "string"} for number in range(6)}
    ours = {"object": {"enum": ["order"]}, "html_url": {"type": "string"}}
    told = answer(**ours, **kept, id={"type": "integer"}, total={"type": "number"})
    result = imported(tmp_path, {"/x": {"get": {"responses": told}}}).actions["get_x"]["result"]

    assert list(result) == ["id", *kept, "total"]


def test_what_is_so_everywhere_is_noted_once_and_what_is_to_be_done_comes_last(tmp_path):
    listed = [{"name": "tags", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}]
    paths: dict[str, Any] = {f"/p{number}": {"get": {"parameters": listed, "responses": {}}} for number in range(200)}
    notes = imported(tmp_path, paths).notes

    assert notes == [
        "GET /p0, GET /p1, GET /p2 and 147 more: tags is a list; one item is asked for",
        "paths: 50 operations dropped: more than 150; choose with --only",
        "auth: the document asks for no credentials that are known; add auth where the API wants some",
        "servers: set SHOP_API to the API's base address; the document names no host",
    ]


def test_endless_notes_do_not_hide_what_is_to_be_done(tmp_path):
    paths = {}
    for number in range(150):
        lists = [
            {"name": f"n{number}_{one}", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}
            for one in range(5)
        ]
        paths[f"/p{number}"] = {"get": {"parameters": lists, "responses": {}}}
    notes = imported(tmp_path, paths).notes

    assert len(notes) == 403
    assert "more notes" in notes[400]
    assert notes[-1].startswith("servers:")


def test_a_bearer_token_of_oauth_keeps_its_name(tmp_path):
    flow = {"password": {"tokenUrl": "/token", "scopes": {}}}
    schemes = {"OAuth2PasswordBearer": {"type": "oauth2", "flows": flow}}
    paths: dict[str, Any] = {f"/p{number}": {"get": {"responses": {}}} for number in range(5)}
    found = imported(tmp_path, paths, components={"securitySchemes": schemes}, security=[{"OAuth2PasswordBearer": []}])

    assert found.auth == {"oauth2_password_bearer": {"type": "bearer", "token": "${SHOP_OAUTH2_PASSWORD_BEARER_TOKEN}"}}
    assert sum("OAuth 2.0 without client credentials" in note for note in found.notes) == 1
