"""Documents in the style of well-known APIs become projects that check and that build the right requests."""

import json
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from config.checks import check
from config.loading import load
from importing.notes import ImportRefusedError
from importing.openapi import import_openapi
from importing.saving import save
from tools.requests import build_request

DOCUMENTS = Path(__file__).parent / "documents"
ALL = sorted(path.name for path in DOCUMENTS.iterdir())


def imported(name, **more):
    return import_openapi(DOCUMENTS / name, **more)


@pytest.fixture
def project_of(tmp_path):
    """The project that a document becomes, loaded."""

    def load_saved(name):
        save(imported(name), tmp_path / "bot")
        return load(tmp_path / "bot").version.project

    return load_saved


@pytest.mark.parametrize("name", ALL)
def test_what_comes_of_a_document_passes_its_check(tmp_path, name):
    saved = save(imported(name), tmp_path / "bot")
    loaded = load(tmp_path / "bot")
    problems = check(loaded.version, reading=loaded.reading)

    assert [str(one) for one in problems if one.severity == "error"] == []
    assert len(saved.warnings) == len(problems)
    assert loaded.version.project.intents.keys() == loaded.version.project.actions.keys()
    assert all(intent.title and intent.description for intent in loaded.version.project.intents.values())


@pytest.mark.parametrize(
    ("name", "actions"),
    [
        ("clinic.yaml", {"list_pets": "read", "register_pet": "write", "get_pet": "read", "remove_pet": "write"}),
        ("payments.json", {"post_charges": "write", "get_charges_charge": "read", "post_refunds": "write"}),
        (
            "hosting.yaml",
            {
                "issues_list_for_repo": "read",
                "issues_create": "write",
                "issues_lock": "write",
                "issues_unlock": "write",
                "markdown_render_raw": "write",
            },
        ),
        (
            "cluster.json",
            {"list_namespaced_pod": "read", "create_namespaced_pod": "write", "delete_namespaced_pod": "write"},
        ),
        (
            "cloud.yaml",
            {
                "droplets_create": "write",
                "droplet_actions_post": "write",
                "delete_v2_droplets_droplet_id": "write",
                "get_forecast_date": "read",
            },
        ),
    ],
)
def test_an_operation_becomes_an_action_with_its_effect(name, actions):
    assert {key: action["effect"] for key, action in imported(name).actions.items()} == actions


@pytest.mark.parametrize(
    ("document", "action", "slots", "expected"),
    [
        (
            "clinic.yaml",
            "register_pet",
            {"name": "Rex", "species": "dog", "owner_id": 7, "address_city": "Bursa", "tags": "old"},
            {"name": "Rex", "species": "dog", "owner_id": 7, "address": {"city": "Bursa"}, "tags": ["old"]},
        ),
        (
            "clinic.yaml",
            "register_pet",
            {"name": "Rex", "species": "dog", "owner_id": 7, "address_city": "Bursa", "address_post_code": "16000"},
            {"name": "Rex", "species": "dog", "owner_id": 7, "address": {"city": "Bursa", "post-code": "16000"}},
        ),
        (
            "cluster.json",
            "create_namespaced_pod",
            {"namespace": "a", "spec_containers_name": "web"},
            {"metadata": {}, "spec": {"containers": [{"name": "web"}]}},
        ),
        ("cloud.yaml", "droplet_actions_post", {"droplet_id": 5, "type": "reboot"}, {"type": "reboot"}),
        (
            "hosting.yaml",
            "issues_create",
            {"owner": "o", "repo": "r", "title": "Broken", "milestone": 3},
            {"title": "Broken", "milestone": 3},
        ),
    ],
)
def test_a_body_is_built_by_the_schemas_structure(project_of, document, action, slots, expected):
    project = project_of(document)
    base = f"{project.actions[action].url.partition('}')[0].removeprefix('${')}"
    request = build_request(project.actions[action], {"slots": slots}, {base: "https://api.example/x"})

    assert json.loads(request.content) == expected


def test_a_form_writes_what_is_nested_in_brackets(project_of):
    actions = project_of("payments.json").actions
    charge = {"amount": 900, "currency": "eur", "card_token": "tok", "capture": False}
    refund = {"charge": "ch_1", "items": "a"}
    sent = [
        parse_qsl(
            build_request(actions[name], {"slots": slots}, {"PAYMENTS_API": "https://p.example"}).content.decode()
        )
        for name, slots in (("post_charges", charge), ("post_refunds", refund), ("post_refunds", {"charge": "ch_1"}))
    ]

    assert sent[0] == [("amount", "900"), ("currency", "eur"), ("card[token]", "tok"), ("capture", "false")]
    assert sent[1] == [("charge", "ch_1"), ("kind", "refund"), ("items[0]", "a")]
    assert sent[2] == [("charge", "ch_1"), ("kind", "refund")]
    assert actions["post_charges"].idempotency


def test_parameters_land_in_the_path_the_query_and_the_headers(project_of):
    action = project_of("cloud.yaml").actions["get_forecast_date"]
    slots = {"date": "2026-03-15", "lat": 41.01}
    request = build_request(action, {"slots": slots}, {"CLOUD_WEATHER_BETA_API": "https://w.example/v2"})

    assert urlsplit(request.url).path == "/v2/forecast/2026-03-15"
    assert parse_qsl(urlsplit(request.url).query) == [("lat", "41.01")]
    assert ("X-Api-Version", "2026-01") in request.headers


@pytest.mark.parametrize(
    ("document", "intent", "slot", "expected"),
    [
        ("clinic.yaml", "list_pets", "owner_id", {"type": "integer", "min": 1}),
        ("clinic.yaml", "list_pets", "species", {"type": "choice", "required": False}),
        ("clinic.yaml", "list_pets", "age", {"type": "integer", "min": 1, "max": 100, "required": False}),
        ("clinic.yaml", "get_pet", "pet_id", {"type": "id", "pattern": "P-[0-9]{5}", "title": "pet id"}),
        ("clinic.yaml", "register_pet", "born", {"type": "date", "required": False}),
        ("clinic.yaml", "register_pet", "weight", {"type": "number", "min": 0.1, "max": 120, "required": False}),
        ("payments.json", "post_charges", "card_token", {"type": "text", "sensitive": True, "required": True}),
        ("payments.json", "post_charges", "capture", {"type": "boolean", "required": False}),
        ("hosting.yaml", "issues_list_for_repo", "since", {"type": "datetime", "required": False}),
        ("hosting.yaml", "issues_create", "milestone", {"type": "integer", "min": 1, "required": False}),
        ("cloud.yaml", "droplets_create", "region", {"type": "choice", "required": True}),
        ("cloud.yaml", "droplet_actions_post", "droplet_id", {"type": "integer", "min": 1}),
        ("cloud.yaml", "get_forecast_date", "contact_email", {"type": "email", "required": False}),
    ],
)
def test_a_schema_becomes_a_slot(project_of, document, intent, slot, expected):
    found = project_of(document).slots_of(intent)[slot]

    assert {key: getattr(found, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("document", "auth"),
    [
        ("clinic.yaml", {"clinic_key": "api_key"}),
        ("payments.json", {"bearer_auth": "bearer", "basic_auth": "basic"}),
        ("hosting.yaml", {"oauth": "bearer"}),
        ("cluster.json", {}),
        ("cloud.yaml", {"machine": "oauth2_client_credentials", "appid": "api_key"}),
    ],
)
def test_security_schemes_become_auth_without_any_secret(document, auth):
    found = imported(document).auth

    assert {name: one["type"] for name, one in found.items()} == auth
    assert "169.254" not in json.dumps(found)


@pytest.mark.parametrize(
    ("document", "action", "result"),
    [
        ("clinic.yaml", "list_pets", {"count": "length(@)"}),
        ("payments.json", "get_charges_charge", {"id": "id", "balance_due": '"balance-due"'}),
        ("payments.json", "post_refunds", {"id": "data.id", "status": "data.status"}),
        ("cluster.json", "list_namespaced_pod", {"count": "length(items)"}),
        ("cloud.yaml", "droplets_create", {"id": "droplet.id"}),
        ("hosting.yaml", "issues_create", {"number": "number"}),
    ],
)
def test_simple_answers_become_results(document, action, result):
    assert result.items() <= imported(document).actions[action]["result"].items()


def test_documented_refusals_become_texts_and_our_own_troubles_do_not():
    actions = imported("clinic.yaml", locales=("tr", "en")).actions

    assert actions["register_pet"]["errors"] == {
        409: {"tr": "This pet is registered already.", "en": "This pet is registered already."}
    }


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ("clinic.yaml", "PUT /pets/{petId}/photo: dropped: its body is image/png"),
        ("clinic.yaml", "GET /legacy/pets: dropped: deprecated"),
        ("clinic.yaml", "POST /pets: tags is a list; one item is asked for"),
        ("clinic.yaml", "servers: set PET_CLINIC_API to the API's base address; the document says https://eu.clinic"),
        ("payments.json", "webhooks: dropped"),
        ("payments.json", "POST /v1/charges: 1 optional values left out: metadata"),
        ("hosting.yaml", "OAuth 2.0 without client credentials is taken as a fixed bearer token"),
        ("cluster.json", "OPTIONS /api/v1/namespaces/{namespace}/pods/{name}: dropped"),
        ("cloud.yaml", "POST /upload: dropped: its body is multipart/form-data"),
        ("cloud.yaml", "the cookie session is not sent"),
        ("cloud.yaml", "of 2 variants the first object is taken"),
        (
            "cloud.yaml",
            "auth: set CLOUD_WEATHER_BETA_MACHINE_TOKEN_URL; the document says https://169.254.169.254/token",
        ),
    ],
)
def test_what_is_left_out_is_said(document, line):
    assert any(line in note for note in imported(document).notes)


def test_operations_are_chosen_by_path_id_or_tag():
    assert set(imported("clinic.yaml", only="getpet").actions) == {"get_pet"}
    assert set(imported("hosting.yaml", only="ISSUES").actions) >= {"issues_create", "issues_lock"}
    assert set(imported("hosting.yaml", only="/markdown").actions) == {"markdown_render_raw"}
    assert set(imported("hosting.yaml", only="issues unlock").actions) == {"issues_unlock"}
    with pytest.raises(ImportRefusedError, match="no operation that can be imported with 'weather' in its path"):
        imported("hosting.yaml", only="weather")


def test_two_operations_of_one_summary_have_examples_of_their_own():
    examples = [intent["examples"]["en"] for intent in imported("hosting.yaml").intents.values()]

    assert len({json.dumps(one) for one in examples}) == len(examples)


def test_it_adds_to_a_project_that_is_there_and_keeps_what_the_author_wrote(tmp_path):
    written = (
        "# ours\nname: bot\ntenant: acme\nlocales: [tr, en]\nintents:\n  get_pet:  # mine\n"
        "    examples: {tr: [hayvan bul], en: [find my animal]}\n    reply: {tr: yok, en: none}\n"
        "knowledge: {enabled: false}\n"
    )
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "project.yaml").write_text(written)
    saved = save(imported("clinic.yaml", locales=("tr", "en")), tmp_path / "bot")
    text = (tmp_path / "bot" / "project.yaml").read_text()
    again = save(imported("clinic.yaml", locales=("tr", "en")), tmp_path / "bot")

    assert text.startswith("# ours\nname: bot\n")
    assert "get_pet:  # mine" in text
    assert (saved.skipped, saved.added["intents"]) == (("get_pet",), 3)
    assert again.added == {"slots": 0, "intents": 0, "actions": 0, "auth": 0}
    assert (tmp_path / "bot" / "project.yaml").read_text() == text
