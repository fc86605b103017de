import json

import pytest
from jsonschema import Draft7Validator

from config.json_schema import project_schema
from config.reading import read_text
from tests.config.projects import GOOD, changed


def data_of(text):
    """The project as JSON, whose keys are texts."""
    return json.loads(json.dumps(read_text(text, "project.yaml").data))


def test_the_schema_is_a_valid_draft_07_schema_without_newer_words():
    schema = project_schema()
    Draft7Validator.check_schema(schema)

    assert not {"prefixItems", "$defs", "unevaluatedProperties", "discriminator"} & set(json.dumps(schema).split('"'))


def test_a_good_project_fits_the_schema():
    assert list(Draft7Validator(project_schema()).iter_errors(data_of(GOOD))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("type: money", "type: moneyy"),
        ("title: {en: Send", "titel: {en: Send"),
        ("name: demo", "tenant: demo"),
        ("  fees:", "  Fees:"),
        ("effect: write", "effect: change"),
        ("locales: [en, tr]", "locales: []"),
        ("timezone:", "confidence: {rule: magic}\ntimezone:"),
    ],
)
def test_the_schema_refuses_what_the_models_refuse(old, new):
    assert list(Draft7Validator(project_schema()).iter_errors(data_of(changed(old, new))))


def test_the_keys_explain_themselves():
    slot = project_schema()["definitions"]["Slot"]["properties"]

    assert "regular expression" in slot["pattern"]["description"]
