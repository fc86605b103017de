"""`switchboard test`: plays a project's conversations and says which went wrong, to people and to machines."""

from xml.etree.ElementTree import parse

import pytest

from tests.cli.conftest import Run, Workshop

WRONG = """
- name: expects the wrong number
  locale: en
  turns:
    - user: where is my order
      expect: {outcome: asked, asks: [order_number]}
    - user: "10042"
      expect:
        outcome: acted
        reply_contains: lost at sea
        slots: {order_number: "10043"}
        actions: [{name: get_order, times: 2}]
    - user: thanks
  api:
    get_order: {status: 200, json: {status: shipped, delivery_day: "2030-03-15"}}
"""


def test_a_new_project_is_checked_and_tested_offline(workshop: Workshop) -> None:
    begun = workshop.run("init", "bakery")
    checked = workshop.run("check", "bakery", "--strict")
    tested = workshop.run("test", "bakery")

    assert (begun.returncode, checked.returncode) == (0, 0), begun.stderr + checked.stderr
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert tested.stdout.splitlines()[-1] == "2 passed, 0 failed"


def test_a_conversation_that_goes_wrong_is_shown_up_to_where_it_did(run: Run, workshop: Workshop) -> None:
    (workshop.project / "scenarios" / "wrong.yaml").write_text(WRONG, encoding="utf-8")
    result = run("test", "corner-shop", "--junit", "out/report.xml")
    lines = result.stdout.splitlines()

    assert result.exit_code == 1
    assert lines[-1] == "2 passed, 1 failed"
    failed = next(at for at, line in enumerate(lines) if line.startswith("FAIL"))
    assert "corner-shop/wrong.yaml: expects the wrong number" in lines[failed]
    assert lines[failed + 1].split() == ["user", "where", "is", "my", "order"]
    shown = [line.strip() for line in lines[failed:] if line.strip().startswith("!")]
    assert [line[2:].split(":")[0] for line in shown] == ["slots.order_number", "reply", "actions.get_order"]
    assert 'expected "10043", got "10042"' in shown[0]
    assert '"lost at sea"' in shown[1]
    assert "Your order is shipped" in shown[1]  # on one line, however long
    assert "thanks" not in result.stdout  # what follows would only repeat it
    suite = parse(workshop.folder / "out" / "report.xml").getroot()  # noqa: S314
    assert suite.attrib | {"tests": "3", "failures": "1", "errors": "0"} == suite.attrib
    cases = {case.attrib["name"]: case for case in suite}
    failure = cases["expects the wrong number"].find("failure")
    assert failure is not None
    assert "slots.order_number" in failure.attrib["message"]
    assert "lost at sea" in (failure.text or "")
    assert cases["tells the status of an order"].find("failure") is None


def test_one_may_choose_by_name_and_by_file(run: Run, workshop: Workshop) -> None:
    other = workshop.folder / "only.yaml"
    other.write_text("- name: says hello\n  turns: [{user: hello, expect: {outcome: chatted}}]\n", encoding="utf-8")

    assert run("test", "corner-shop", "-k", "STATUS").stdout.splitlines()[-1] == "1 passed, 0 failed"
    assert run("test", "corner-shop", other).stdout.splitlines()[-1] == "1 passed, 0 failed"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("- name: a\n  turns: [{user: hi, expect: {outcom: asked}}]\n", "outcom"),
        ("- name: a\n  turns: []\n", "turns"),
        ("- name: [\n", "broken.yaml:"),
    ],
    ids=["unknown key", "no turns", "not YAML"],
)
def test_a_scenario_that_cannot_be_read_is_named(workshop: Workshop, content: str, told: str) -> None:
    (workshop.project / "scenarios" / "broken.yaml").write_text(content, encoding="utf-8")
    result = workshop.run("test", "corner-shop")

    assert result.returncode == 1
    assert "broken.yaml" in result.stderr
    assert told in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


TOMORROW = """
- name: in summer
  locale: en
  now: {summer}
  turns:
    - user: move the delivery of 10042 to tomorrow
      expect: {{outcome: confirming, slots: {{day: "{day}"}}}}
- name: today
  locale: en
  turns: [{{user: hello, expect: {{outcome: chatted}}}}]
- name: returns the day after
  locale: en
  now: 2031-01-31T23:30:00+03:00
  turns:
    - user: move the delivery of 10042 to tomorrow
      expect: {{slots: {{day: "2031-02-01"}}}}
    - user: "yes"
      wait_minutes: 120
      expect: {{outcome: asked, reply_contains: Welcome back}}
    - user: move the delivery of 10043 to tomorrow
      expect: {{slots: {{day: "2031-02-02"}}}}
"""


def test_an_author_says_which_day_it_is(run: Run, workshop: Workshop) -> None:
    kept = workshop.folder / "tomorrow.yaml"
    kept.write_text(TOMORROW.format(summer="2030-07-01", day="2030-07-02"), encoding="utf-8")
    result = run("test", "corner-shop", kept)

    assert result.stdout.splitlines()[-1] == "3 passed, 0 failed", result.stdout

    kept.write_text(TOMORROW.format(summer="7", day="2030-07-02"), encoding="utf-8")
    refused = run("test", "corner-shop", kept)
    assert refused.exit_code == 1
    assert "tomorrow.yaml: 0.now: a day or a moment is written as 2026-03-11" in str(refused.exception)


def test_no_scenario_at_all_is_an_error(run: Run) -> None:
    result = run("test", "corner-shop", "-k", "no such name")

    assert result.exit_code == 1
    assert result.stderr.startswith("corner-shop: no scenario")


def test_words_choose_by_name_tags_and_file_and_what_was_said_can_be_shown_and_counted(
    run: Run, workshop: Workshop
) -> None:
    other = workshop.folder / "tagged.yaml"
    other.write_text(
        "- {name: says hello, tags: [greeting, first words], locale: en,\n"
        "   turns: [{user: hello, expect: {outcome: chatted}}]}\n"
        "- {name: says thanks, tags: [thanks], locale: en, turns: [{user: thanks, expect: {outcome: asked}}]}\n",
        encoding="utf-8",
    )
    result = run("test", "corner-shop", other, "-k", "tagged says", "--verbose", "--counts")
    lines = [line.split() for line in result.stdout.splitlines()]

    assert ["user", "hello"] in lines
    assert any(line[:2] == ["bot", "Hello!"] and line[-1] == "[chatted]" for line in lines)
    assert lines[-5:-1] == [
        ["first", "words", "1/1"],
        ["greeting", "1/1"],
        ["thanks", "0/1"],
        ["scenarios", "1/2"],
    ]
    assert run("test", "corner-shop", other, "-k", "first greeting").stdout.splitlines()[-1] == "1 passed, 0 failed"
