"""A document is a stranger's: it may be too large, endless or malicious, and never gets its way."""

import json

import pytest

from config.errors import ProjectError
from config.loading import load
from importing.notes import ImportRefusedError
from importing.openapi import import_openapi
from importing.saving import save

OK = {"responses": {"200": {"description": "ok"}}}


def document(tmp_path, *, paths=None, name="api.json", **parts):
    path = tmp_path / name
    whole = {"openapi": "3.1.0", "info": {"title": "T"}, "paths": paths or {"/x": {"get": OK}}, **parts}
    path.write_text(json.dumps(whole))
    return path


def body(schema, **operation):
    content = {"application/json": {"schema": schema}}
    return {"/x": {"post": {**OK, "requestBody": {"required": True, "content": content}, **operation}}}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"just words",
        b'{"openapi": "3.1.0"}',
        b'{"swagger": "2.0", "paths": {}}',
        b'{"openapi": "4.0.0", "paths": {}}',
        b'{"openapi": "3.1.0", "paths": {}}',
        b'{"openapi": 3.1, "paths": {}}',
        b'{"openapi": "3.1.0", "paths": []}',
        b'{"a":' * 5000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b"a: &a [1,1]\nb: &b [*a,*a]\nc: *d\n",
        b"\xff\xfe\x00",
        b"openapi: !!python/object/apply:os.system ['true']\n",
        b"- " * 3000,
    ],
)
def test_what_is_no_document_is_refused_in_a_sentence(tmp_path, content):
    path = tmp_path / "api.json"
    path.write_bytes(content)

    with pytest.raises(ImportRefusedError) as refused:
        import_openapi(path)
    assert 0 < len(str(refused.value)) < 600


def test_a_billion_laughs_are_not_laughed(tmp_path):
    lines = ["openapi: 3.1.0", "paths: {}", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (tmp_path / "api.yaml").write_text("\n".join(lines))

    with pytest.raises(ImportRefusedError, match="large"):
        import_openapi(tmp_path / "api.yaml")


def test_a_file_that_is_too_large_or_not_there_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("importing.documents.MAX_BYTES", 100)

    with pytest.raises(ImportRefusedError, match="larger than 100"):
        import_openapi(document(tmp_path))
    with pytest.raises(ImportRefusedError, match="cannot be read"):
        import_openapi(tmp_path / "none.json")


@pytest.mark.parametrize(
    "reference",
    ["http://169.254.169.254/latest", "file:///etc/passwd", "other.yaml#/A", "//host/x", "../../secret.json"],
)
def test_references_out_of_the_document_are_not_followed(tmp_path, reference):
    path = document(tmp_path, paths={"/y": {"get": OK}, **body({"$ref": reference})})
    found = import_openapi(path)

    assert any("leads out of the document" in note for note in found.notes)


@pytest.mark.parametrize(
    "schemas",
    [
        {"A": {"$ref": "#/components/schemas/A"}},
        {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}},
        {"A": {"allOf": [{"$ref": "#/components/schemas/A"}]}},
        {"A": {"oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/A"}]}},
        {"A": {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/components/schemas/A"}}}},
        {"A": {"type": "array", "items": {"$ref": "#/components/schemas/A"}}},
        {"A": {"anyOf": [{"allOf": [{"$ref": "#/components/schemas/A"}] * 3}] * 3}},
    ],
)
def test_a_schema_that_holds_itself_ends(tmp_path, schemas):
    path = document(
        tmp_path,
        paths={**body({"$ref": "#/components/schemas/A"}), "/y": {"get": OK}},
        components={"schemas": schemas},
    )

    assert "get_y" in import_openapi(path).actions


@pytest.mark.parametrize("text", ["${HOME}", "{{ secrets }}", "{% for x in range(10**9) %}", "a${PATH}b", "{# x #}"])
def test_nothing_of_a_document_is_taken_for_a_template_or_a_secret(tmp_path, text):
    paths = {
        f"/{text}": {"get": OK},
        "/titled": {"get": {**OK, "summary": f"Look {text}", "description": text, "operationId": f"a {text}"}},
        "/fixed": {
            "post": {
                **OK,
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {"type": "object", "required": ["k"], "properties": {"k": {"const": text}}}
                        }
                    },
                },
            }
        },
        "/named": {
            "post": {
                "responses": {"200": {"description": "ok"}, "404": {"description": f"No {text}"}},
                "parameters": [
                    {"name": text, "in": "query", "required": True, "schema": {"type": "string", "title": text}},
                    {"name": "d", "in": "query", "required": True, "schema": {"type": "string", "default": text}},
                    {
                        "name": "e",
                        "in": "query",
                        "required": True,
                        "schema": {"type": "string", "pattern": f"^{text}$"},
                    },
                ],
            }
        },
    }
    security = {"k": {"type": "apiKey", "in": "header", "name": text}}
    found = import_openapi(
        document(tmp_path, paths=paths, components={"securitySchemes": security}, security=[{"k": []}])
    )
    written = json.dumps([found.intents, found.actions, found.slots, found.auth], default=str)
    ours = written.replace("${T_API}", "").replace("{{ slots.", "")
    save(found, tmp_path / "bot")

    assert "${" not in ours.replace(json.dumps({text: 0})[2:-5], "")
    assert "{%" not in ours.replace(json.dumps({text: 0})[2:-5], "")
    assert len(found.actions) == 2


@pytest.mark.parametrize(
    "path",
    ["/../../admin", "/a/./b", "//evil.example/x", "/a?b=c", "/a#b", "/a b", "/a\r\nX: y", "x", "/{a}{b", "/\\x"],
)
def test_a_strange_path_is_dropped_or_stays_under_the_base(tmp_path, path):
    found = import_openapi(document(tmp_path, paths={path: {"get": OK}, "/ok": {"get": OK}}))
    urls = [str(action["url"]) for action in found.actions.values()]

    assert "${T_API}/ok" in urls
    assert all(url.startswith("${T_API}/") and ".." not in url and "?" not in url for url in urls)


@pytest.mark.parametrize(
    "name", ["Host", "Authorization", "Cookie", "Content-Length", "Idempotency-Key", "X Y", "X\r\nY"]
)
def test_a_header_is_never_one_that_is_ours(tmp_path, name):
    parameters = [{"name": name, "in": "header", "required": True, "schema": {"type": "string"}}]
    paths = {"/x": {"post": {**OK, "parameters": parameters}}, "/y": {"get": OK}}
    found = import_openapi(document(tmp_path, paths=paths))

    assert not any(action.get("headers") for action in found.actions.values())


def test_a_document_never_chooses_where_requests_go(tmp_path):
    servers = [{"url": "http://169.254.169.254/"}, {"url": "${AWS_SECRET}"}]
    found = import_openapi(document(tmp_path, servers=servers))

    assert [action["url"] for action in found.actions.values()] == ["${T_API}/x"]


def test_thousands_of_operations_and_values_are_bounded(tmp_path):
    many = {f"field_{number}": {"type": "string"} for number in range(3000)}
    paths = {f"/p{number}": {"get": OK} for number in range(1000)}
    paths |= body({"type": "object", "properties": many})
    found = import_openapi(document(tmp_path, paths={**body({"properties": many}), **paths}))
    slots = found.intents["post_x"]["slots"]

    assert len(found.actions) == 150
    assert isinstance(slots, dict)
    assert len(slots) <= 20
    assert any("850 operations dropped" in note or "851 operations dropped" in note for note in found.notes)
    assert all(len(note) <= 300 for note in found.notes)


def test_an_intent_that_would_ask_for_ever_is_dropped(tmp_path):
    many = {f"field_{number}": {"type": "string"} for number in range(40)}
    paths = {**body({"type": "object", "required": list(many), "properties": many}), "/y": {"get": OK}}
    found = import_openapi(document(tmp_path, paths=paths))

    assert "post_x" not in found.actions
    assert any("more than 20 values" in note for note in found.notes)


@pytest.mark.parametrize(
    "junk", [None, 5, "x", [], [1], {"$ref": 7}, {"$ref": "#/nowhere"}, {"type": ["null"]}, {"type": 5, "enum": 3}]
)
def test_junk_anywhere_is_no_crash(tmp_path, junk):
    places = {
        "parameters": junk,
        "requestBody": junk,
        "responses": junk,
        "security": junk,
        "tags": junk,
        "summary": junk,
        "operationId": junk,
    }
    paths = {f"/{name}": {"post": {**OK, name: value}} for name, value in places.items()}
    paths |= {"/item": junk, "/schema": body(junk)["/x"], "/ok": {"get": OK}}
    paths["/parameter"] = {
        "get": {**OK, "parameters": [{"name": "q", "in": "query", "required": True, "schema": junk}]}
    }
    paths["/answer"] = {"get": {"responses": {"200": {"content": {"application/json": {"schema": junk}}}}}}
    found = import_openapi(document(tmp_path, paths=paths, servers=junk, components=junk, info=junk, webhooks=junk))

    assert "get_ok" in found.actions


def test_nothing_is_written_where_the_result_would_not_check(tmp_path):
    (tmp_path / "bot").mkdir()
    written = "name: bot\nlocales: [en]\nintents:\n  broken: {action: none}\n"
    (tmp_path / "bot" / "project.yaml").write_text(written)

    with pytest.raises(ProjectError):
        save(import_openapi(document(tmp_path)), tmp_path / "bot")
    assert (tmp_path / "bot" / "project.yaml").read_text() == written
    with pytest.raises(ImportRefusedError):
        save(import_openapi(document(tmp_path)), tmp_path / "Not A Name")


def test_words_of_every_script_become_names(tmp_path):
    paths = {"/ödeme-yap": {"post": {**OK, "operationId": "ÖdemeYap"}}, "/转账": {"post": {**OK, "summary": "转账"}}}
    paths["/123"] = {"get": {**OK, "operationId": "123 go"}}
    found = import_openapi(document(tmp_path, paths=paths))
    save(found, tmp_path / "bot")

    assert load(tmp_path / "bot").version.project.actions.keys() == found.actions.keys()
    assert "get_123_go" in found.actions
