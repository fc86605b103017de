"""`switchboard chat`: a conversation in the terminal, also through a pipe."""

import os

import pytest

from tests.cli.conftest import Run, Workshop

TALK = "where is my order\n/slots\n/trace\n/reset\n/slots\nhello\n/nonsense\n"


def test_a_conversation_may_come_through_a_pipe(workshop: Workshop) -> None:
    result = workshop.run("chat", "corner-shop", text=TALK)

    assert result.returncode == 0, result.stderr
    assert "What is your five-digit order number?" in result.stdout
    assert '"intent_ranking"' in result.stdout
    assert "A new session." in result.stdout
    assert "Hello! I can look up your order or change its delivery day. What can I do for you?" in result.stdout
    assert "Commands: /trace" in result.stdout.rpartition("Hello!")[2]
    assert "Traceback" not in result.stderr


def test_slots_are_shown_and_forgotten_with_the_session(run: Run) -> None:
    result = run(
        "chat", "corner-shop", text="move the delivery of 10042 to Monday\n/slots\n/reset\n/slots\n/quit\nhi\n"
    )
    before, _, after = result.stdout.partition("A new session.")

    assert result.exit_code == 0
    assert "order_number" in before
    assert '"10042"' in before
    assert "Nothing was said yet." in after


def test_the_language_may_be_chosen(run: Run) -> None:
    result = run("chat", "corner-shop", "--locale", "tr", text="selam\n")

    assert "Merhaba!" in result.stdout


@pytest.mark.parametrize("text", ["", "\n", "/quit\n"])
def test_an_end_is_no_error(run: Run, text: str) -> None:
    assert run("chat", "corner-shop", text=text).exit_code == 0


def test_a_project_with_mistakes_is_not_talked_to(workshop: Workshop) -> None:
    file = workshop.project / "project.yaml"
    file.write_text(file.read_text("utf-8").replace("type: date", "type: day"), encoding="utf-8")
    result = workshop.run("chat", "corner-shop", text="hi\n")

    assert result.returncode == 1
    assert "project.yaml:" in result.stderr
    assert "'day'" in result.stderr
    assert "Traceback" not in result.stderr


def test_nothing_that_is_said_acts_on_the_terminal(workshop: Workshop) -> None:
    evil = "change the delivery day of \x1b[31m 10042 \x9b0m to Monday \x07\u202e"
    result = workshop.run("chat", "corner-shop", text=f"{evil}\n/slots\n/trace\n")

    assert "10042" in result.stdout
    assert not any(char in result.stdout + result.stderr for char in "\x1b\x9b\x07\u202e")


def test_the_demo_bots_businesses_may_be_started_too(run: Run, workshop: Workshop) -> None:
    file = workshop.project / "project.yaml"
    file.write_text(file.read_text("utf-8").replace("${ORDERS_API}", "${TELECOM_API}"), encoding="utf-8")
    result = run("chat", "corner-shop", "--demo", text="where is my order 10042\n/trace\n")

    assert result.exit_code == 0
    assert '"http_status": 404' in result.stdout  # it was reached, and knows no such address
    assert "TELECOM_API" not in os.environ
