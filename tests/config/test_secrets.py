import pytest

from config.secrets import MissingVariableError, names_in_environment, resolve, resolve_template
from config.templates import render_text

ENVIRONMENT = {"BANK_API": "http://127.0.0.1:9", "ODD": "a{{ b }}"}


def test_references_are_resolved():
    assert resolve("${BANK_API}/x/$NOT/{{ y }}", ENVIRONMENT) == "http://127.0.0.1:9/x/$NOT/{{ y }}"


def test_a_missing_variable_is_named():
    with pytest.raises(MissingVariableError, match="NOBODY_SET_ME") as caught:
        resolve("${NOBODY_SET_ME}", ENVIRONMENT)

    assert caught.value.name == "NOBODY_SET_ME"


def test_the_process_environment_is_the_default(monkeypatch):
    monkeypatch.setenv("SWITCHBOARD_TEST_VALUE", "v")

    assert resolve("${SWITCHBOARD_TEST_VALUE}") == "v"


def test_references_of_a_text_are_listed():
    assert names_in_environment("${A}/${B_2}/$C/${}/${A}") == {"A", "B_2"}


def test_a_resolved_value_with_braces_stays_text():
    template = resolve_template("${BANK_API}/${ODD}/{{ said }}", ENVIRONMENT)

    assert render_text(template, {"said": "${BANK_API}"}) == "http://127.0.0.1:9/a{{ b }}/${BANK_API}"
