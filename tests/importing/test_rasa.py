"""A Rasa assistant's examples, slots, forms and replies become a project that checks."""

import pytest

from config.loading import load
from importing.notes import ImportRefusedError
from importing.rasa import import_rasa
from importing.saving import save

NLU = """
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hey
    - good morning
- intent: book_trip
  examples: |
    - I want to go to [Berlin](city)
    - from [Rome]{"entity": "city", "role": "from"} to [Paris]{"entity":"city","value":"paris"}
    - two [big](size:large) rooms
    - hey
- intent: faq/ask-hours
  examples:
    - text: when are you open
    - text: "opening hours?"
- synonym: credit
  examples: |
    - credit card account
"""
DOMAIN = """
intents: [greet, book_trip, faq]
entities: [city, size]
slots:
  city: {type: text, mappings: [{type: from_entity, entity: city}]}
  size: {type: categorical, values: [small, large]}
  nights: {type: float}
forms:
  trip_form: {required_slots: [city, nights]}
responses:
  utter_greet:
  - text: "Hello {name}! {{ secrets }}"
  - text: Hi!
    buttons: [{title: a, payload: /b}]
  utter_faq/ask-hours:
  - text: We are open from 9 to 5.
  utter_ask_trip_form_nights:
  - text: How many nights?
"""
RULES = """
language: en
rules:
- rule: greeting
  steps:
  - intent: greet
  - action: utter_greet
- rule: trip
  steps:
  - intent: book_trip
  - action: trip_form
stories:
- story: code
  steps:
  - intent: faq/ask-hours
  - action: action_look_up
"""


@pytest.fixture
def folder(tmp_path):
    source = tmp_path / "assistant"
    (source / "data").mkdir(parents=True)
    (source / "data" / "nlu.yml").write_text(NLU)
    (source / "domain.yml").write_text(DOMAIN)
    (source / "rules.yml").write_text(RULES)
    return source


def test_an_assistant_becomes_a_project(folder, tmp_path):
    imported, language = import_rasa(folder)
    save(imported, tmp_path / "bot", locale=language)
    project = load(tmp_path / "bot").version.project
    trip = project.intents["book_trip"]

    assert project.intents.keys() == {"greet", "book_trip", "faq_ask_hours"}
    assert trip.examples["en"] == [
        "I want to go to [Berlin](city)",
        "from [Rome](city_from) to [Paris](city)",
        "two [big](size) rooms",
    ]
    assert {name: (slot.type, slot.required) for name, slot in trip.slots.items()} == {
        "city": ("text", True),
        "city_from": ("text", False),
        "size": ("choice", False),
        "nights": ("number", True),
    }
    assert trip.slots["nights"].ask == "How many nights?"
    assert project.intents["faq_ask_hours"].reply == {"en": "We are open from 9 to 5."}
    assert "{" not in str(project.intents["greet"].reply["en"])


def test_what_is_left_out_is_said(folder):
    notes = "\n".join(import_rasa(folder)[0].notes)

    for said in ("belongs to greet too", "synonym credit: dropped", "of 2 variants", "action_look_up is code", "name"):
        assert said in notes


def test_a_folder_without_examples_is_refused(tmp_path):
    with pytest.raises(ImportRefusedError):
        import_rasa(tmp_path)
    with pytest.raises(ImportRefusedError):
        import_rasa(tmp_path / "none")
