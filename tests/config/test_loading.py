# ruff: noqa: E501 - a case is one row of its table
"""A project that cannot be read names file, line, column, key and what is expected."""

import pytest

from config.errors import ProjectError
from config.loading import load_version
from tests.config.projects import GOOD, changed, lines_of, write_project


def test_the_good_project_has_no_problem(tmp_path):
    assert lines_of(tmp_path / "demo") == []


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("locales: [en, tr]", "locales: []", "project.yaml:2:10: locales: "),
        ("locales: [en, tr]", "locales: [english]", "project.yaml:2:11: locales.0: 'english' is not allowed here; expected a locale"),
        ("Europe/Istanbul", "Mars/Base", "project.yaml:3:11: timezone: unknown time zone 'Mars/Base'; expected an IANA name"),
        ("type: money", "type: moneyy", "project.yaml:16:22: intents.send_money.slots.amount.type: 'moneyy' is unknown; expected one of"),
        ("type: money", "type: moneyy", "(did you mean 'money'?)"),
        ("title: {en: Send", "titel: {en: Send", "project.yaml:11:5: intents.send_money.titel: unknown key 'titel'; expected 'title' (did you mean that?)"),
        ("timezone: Europe/Istanbul", "foo: bar", "project.yaml:3:1: foo: unknown key 'foo'; expected one of name, tenant"),
        ("currency: TRY", "currency: try", "expected an ISO 4217 code such as TRY"),
        ("max: 50000", "max: [1]", "intents.send_money.slots.amount.max: a list stands here; expected a number or text"),
        ("en: Send money", "en: 5", 'intents.send_money.title.en: 5 is read as a number; expected text, in quotes: "5"'),
        ("en: Send money", "en: ", "intents.send_money.title.en: nothing is written here; expected text"),
        ("{en: Send money, tr: Para gönderme}", "[x]", "expected a text, or one text per locale"),
        ("name: demo", "name: Demo Bot", "project.yaml:1:7: name: 'Demo Bot' is not allowed here; expected a name of lower-case"),
        ("name: demo", "tenant: demo", "name: 'name' is missing"),
        ("effect: write", "effect: change", "actions.send_money.effect: 'change' is unknown; expected one of read, write"),
        ("effect: write", "timeout: 0", "actions.send_money.timeout: 0 is not allowed; expected greater than 0"),
        ("effect: write", "errors: {no: x}", "actions.send_money.errors.no: 'no' is text; expected a whole number"),
        ("effect: write", "text: x", "actions.send_money: an action has one body: use only one of json, form, text"),
        ("actions:", "auth: {a: {type: bearer}}\nactions:", "auth.a.token: 'token' is missing"),
        ("actions:", "auth: {a: {type: magic}}\nactions:", "auth.a: 'type' is missing or unknown; expected type: one of token_endpoint, bearer"),
        ("actions:", "confidence: {low: 0.1}\nactions:", "confidence: 'rule' is missing or unknown; expected rule: one of fitted, simple"),
        ("  fees:", "  Fees:", "intents.Fees: 'Fees' is not allowed here; expected a name of lower-case letters"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_place_and_its_remedy(tmp_path, old, new, line):
    lines = lines_of(tmp_path, changed(old, new))

    assert any(line in one for one in lines), lines


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\na: 2\n", "project.yaml:2:1: a: the key stands twice, first in line 1"),
        ("a: {b: 1, c: 2, b: 3}\n", "project.yaml:1:17: a.b: the key stands twice"),
        ("a:\n\t- x\n", "project.yaml:2:1: not YAML: found character '\\t' that cannot start any token"),
        ("a:\n\t- x\n", "expected spaces"),
        ("auth: {api_key: ${KEY}}\n", 'expected references in quotes inside { } and [ ]: "${NAME}"'),
        ("ask: {tr: ? neden}\n", "project.yaml:1:11: not YAML"),
        ("a: what is this: really\n", "expected a text that contains ': ' in quotes"),
        ('a: "open\nb: 1\n', "expected a closing quote"),
        ("a: {{ slots.x }}\n", "project.yaml:1:5: a: a pair of braces is used as a key; expected a template in quotes"),
        ("a: [x, y\n", "not YAML"),
        ("a: *nobody\n", "project.yaml:1:4: not YAML: found undefined alias 'nobody'"),
        ("a: !!python/object:os.system x\n", "the tag"),
        ("<<: {a: 1}\n", "merge keys are not part of YAML 1.2"),
        ("a: @x\n", "expected a text that begins with '@' in quotes"),
        ("a: 1\n---\nb: 2\n", "not YAML: but found another document"),
        ("", "the file is empty"),
        ("# only a comment\n", "the file is empty"),
        ("a: \x00b\n", "project.yaml:1:1: the file holds a control character"),
        ("just words\n", "is text; expected keys with values"),
        ("- a\n- b\n", "a list stands here; expected keys with values"),
        ("a: &a [*a]\n", "too deeply nested"),
        ("a: " + "[" * 400 + "]" * 400 + "\n", "deeply"),
    ],
)
def test_what_is_not_yaml_is_explained(tmp_path, text, line):
    lines = lines_of(tmp_path, text)

    assert any(line in one for one in lines), lines


def test_a_file_of_another_encoding_is_explained(tmp_path):
    (tmp_path / "project.yaml").write_bytes("name: demo\npersona: gönder\n".encode("utf-16"))
    with pytest.raises(ProjectError, match="not UTF-8"):
        load_version(tmp_path)

    (tmp_path / "project.yaml").write_bytes("name: demo\npersona: gönder\n".encode("latin-1"))
    with pytest.raises(ProjectError, match=r"project\.yaml:2:1: the file is not UTF-8"):
        load_version(tmp_path)


def test_an_anchor_may_be_given_anew(tmp_path):
    assert (
        load_version(write_project(tmp_path, changed("name: demo", "name: &a demo\npersona: &a x"))).project.name
        == "demo"
    )


def test_a_byte_order_mark_is_no_problem(tmp_path):
    (tmp_path / "project.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())

    assert load_version(tmp_path).project.name == "demo"


def test_a_folder_without_a_project_is_explained(tmp_path):
    with pytest.raises(ProjectError, match=r"project\.yaml: cannot be read: No such file"):
        load_version(tmp_path)


def test_many_aliases_do_not_fill_the_memory(tmp_path):
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 10))

    assert any("too large" in line for line in lines_of(tmp_path, "l0: &l0 [x, x]\n" + levels))


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path):
    text = changed("type: money", "type: x", changed("effect: write", "effekt: write", changed("tr]", "turkish]")))

    assert [line.split(": ")[1] for line in lines_of(tmp_path, text)] == [
        "locales.1",
        "intents.send_money.slots.amount.type",
        "actions.send_money.effekt",
    ]


@pytest.mark.parametrize(
    ("written", "value"),
    [("no", "no"), ("2026-01-01", "2026-01-01"), ("12:30", "12:30"), ("~x", "~x"), ("1_000", "1_000")],
)
def test_words_stay_words(tmp_path, written, value):
    version = load_version(write_project(tmp_path, changed("name: demo", f"name: demo\npersona: {written}")))

    assert version.project.persona == value


def test_prompt_overrides_are_part_of_the_version(tmp_path):
    folder = write_project(tmp_path)
    before = load_version(folder)
    (folder / "prompts").mkdir()
    (folder / "prompts" / "answer.md").write_text("Be brief.")
    after = load_version(folder)

    assert after.prompts == {"answer": "Be brief."}
    assert before.name != after.name
    assert before.name.startswith("draft-")
    assert len(before.name) == len("draft-") + 12


def test_the_projects_texts_win(tmp_path):
    text = changed("timezone:", "texts: {en: {greeting: Hi there}}\ntimezone:")
    version = load_version(write_project(tmp_path, text))

    assert version.text("greeting", "en") == "Hi there"
    assert version.text("thanks", "tr") == "Rica ederim!"
