"""No secret leaves by any door, however it is spelt."""

import json
from urllib.parse import quote

import pytest
from pydantic import JsonValue

from tests.tools_actions.conftest import make_version
from tests.tools_actions.wire import reply, wire
from tools.redaction import Redactor


def test_the_redactor_masks_what_it_learned():
    redact = Redactor(most=2)
    redact.learn("first-secret", "second-secret", "abc", "third-secret")

    assert redact("first-secret second-secret abc third-secret") == "first-secret ••• abc •••"


@pytest.mark.parametrize("secret", ['quo"ted\\secret', "with space&and=more", "gizli-şifre-İ", "tab\tseparated"])
def test_it_knows_a_secret_in_json_and_in_urls(secret):
    redact = Redactor()
    redact.learn(secret)

    for written in (json.dumps(secret), json.dumps(secret, ensure_ascii=False), quote(secret, safe=""), f"x{secret}y"):
        assert "•••" in redact(written)


def test_a_secret_inside_another_leaves_no_rest():
    redact = Redactor()
    redact.learn("abcdef", "abcdefgh")

    assert redact("abcdefgh abcdef") == "••• •••"


def test_values_are_masked_wherever_they_stand():
    redact = Redactor()
    redact.learn("hidden-one")

    assert redact.value({"a": ["hidden-one", 5, {"hidden-one": None}]}) == {"a": ["•••", 5, {"•••": None}]}


def test_a_project_tells_its_secrets_and_not_its_addresses(tmp_path):
    project = make_version(
        tmp_path,
        auth={
            "a": {"type": "bearer", "token": "${BEARER_X}"},
            "b": {"type": "token_endpoint", "url": "${PLACE_X}/token", "json": {"deep": [{"s": "pre-${INNER_X}"}]}},
        },
        actions={
            "act": {
                "url": "${PLACE_X}/x?key=${QUERY_X}",
                "headers": {"X-Key": "${HEADER_X}"},
                "method": "POST",
                "json": {"k": "${BODY_X}", "not_set": "${NOT_SET_X}"},
            }
        },
        transfer={"desk": {"webhook": "${PLACE_X}/desk", "secret": "${DESK_X}"}},
    ).project
    names = ("BEARER_X", "INNER_X", "QUERY_X", "HEADER_X", "BODY_X", "DESK_X")
    redact = Redactor()
    redact.learn_project(project, "v1", {**{name: f"value-of-{name}" for name in names}, "PLACE_X": "http://place"})

    assert {redact(f"value-of-{name}") for name in names} == {"•••"}
    assert redact("http://place") == "http://place"


async def test_a_credential_that_the_api_echoes_does_not_reach_the_conversation(run):
    answer: JsonValue = {"reference": "Bearer planted-secret-value", "deep": [{"header": "planted-secret-value"}]}
    async with wire(reply(201, answer)) as api:
        receipt = await run(
            api.url,
            auth="key",
            auths={"key": {"type": "bearer", "token": "${API_KEY}"}},
            result={"reference": "reference", "deep": "deep"},
        )

    assert receipt["status"] == "succeeded"
    assert receipt["result"] == {"reference": "Bearer •••", "deep": [{"header": "•••"}]}
    assert receipt["reference"] == "Bearer •••"
