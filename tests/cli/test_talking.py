"""`switchboard chat`: a conversation in the terminal, also through a pipe."""

import contextlib
import os
import pty
import select
import sys
import time

import pytest

from tests.cli.conftest import Run, Workshop

TALK = "where is my order\n/slots\n/trace\n/json\n/reset\n/slots\nhello\n/nonsense\n"


def test_a_conversation_may_come_through_a_pipe(workshop: Workshop) -> None:
    result = workshop.run("chat", "corner-shop", text=TALK)

    assert result.returncode == 0, result.stderr
    assert "What is your five-digit order number?" in result.stdout
    assert "understood start order_status (embedded, " in result.stdout
    assert "open_turn → detect_intent → fill_slots → ask_slot" in result.stdout
    assert '"intent_ranking"' in result.stdout
    assert "A new session." in result.stdout
    assert "Hello! I can look up your order or change its delivery day. What can I do for you?" in result.stdout
    assert "There is no /nonsense. Commands: /trace" in result.stdout.rpartition("Hello!")[2]
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


def test_a_language_that_the_bot_does_not_speak_is_refused(run: Run) -> None:
    result = run("chat", "corner-shop", "--locale", "fr")

    assert result.exit_code == 1
    assert result.stderr == "--locale fr: corner-shop speaks en, tr\n"


def test_a_project_that_is_not_there_is_told_with_those_that_are(run: Run) -> None:
    result = run("chat", "corner")

    assert result.exit_code == 1
    assert "there are: corner-shop" in result.stderr


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
    result = workshop.run("chat", "corner-shop", text=f"{evil}\n/slots\n/trace\n/json\n/{evil}\n")

    assert "10042" in result.stdout
    assert not any(char in result.stdout + result.stderr for char in "\x1b\x9b\x07\u202e")


def test_the_demo_bots_businesses_may_be_started_too(run: Run, workshop: Workshop) -> None:
    file = workshop.project / "project.yaml"
    file.write_text(file.read_text("utf-8").replace("${ORDERS_API}", "${TELECOM_API}"), encoding="utf-8")
    result = run("chat", "corner-shop", "--demo", text="where is my order 10042\n/trace\n")

    assert result.exit_code == 0
    assert "get_order: failed, HTTP 404" in result.stdout  # it was reached, and knows no such address
    assert "TELECOM_API" not in os.environ


def test_scenarios_answer_for_the_apis(run: Run) -> None:
    talk = "where is my order 10042\nmove the delivery of 10042 to tomorrow\nyes\n/undo\n"
    result = run("chat", "corner-shop", "--stubs", text=talk)

    assert "Nothing real is called" in result.stdout
    assert "Your order is shipped; delivery is on Friday, March 15, 2030." in result.stdout
    assert "[yes] [no]" in result.stdout
    assert "Your reference is D-7." in result.stdout
    assert "Taken back: yes\nWhat was done stays done: change_delivery" in result.stdout


def test_an_action_that_no_scenario_answers_for_is_named(run: Run, workshop: Workshop) -> None:
    (workshop.project / "scenarios" / "first.yaml").unlink()
    result = run("chat", "corner-shop", "--stubs", text="where is my order 10042\nhello\n/release\nhello\n")
    transferred, _, released = result.stdout.partition("The bot has the conversation.")

    assert "No scenario answers for get_order" in transferred
    assert "the bot is silent until /release" in transferred
    assert "muted" in transferred
    assert "Hello! I can look up your order" in released


def test_a_message_is_taken_back_with_all_that_came_of_it(run: Run) -> None:
    talk = [
        "/undo",
        "where is my order",
        "change the delivery of 10042 to tomorrow",
        "/stack",
        "/undo",
        "/stack",
        "10042",
    ]
    result = run("chat", "corner-shop", "--stubs", text="\n".join([*talk, "/undo", "/undo", "/undo", "/slots"]))
    before, _, after = result.stdout.partition("Taken back: change the delivery of 10042 to tomorrow")

    assert "Nothing was said yet." in before
    assert "change_delivery" in before
    assert "change_delivery" not in after
    assert "Your order is shipped" in after
    assert "Taken back: 10042\n" in after
    assert "stays done" not in after
    assert "Taken back: where is my order" in after
    assert after.count("Nothing was said yet.") == 2


def test_what_a_turn_did_is_traced_in_words(run: Run) -> None:
    result = run("chat", "corner-shop", text="do you deliver on Saturdays\n/trace\n/slots\n/stack\n/help\n")

    assert "cites knowledge/faq.en.csv" in result.stdout
    assert "knowledge/faq.en.csv: Do you deliver on Saturdays? Yes, from 09:00 to 14:00." in result.stdout
    assert "not asked" in result.stdout
    assert "Nothing is known yet." in result.stdout
    assert "Nothing is under way." in result.stdout
    assert "/undo     take the last message back" in result.stdout


def test_ctrl_c_ends_the_conversation(workshop: Workshop) -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(workshop.folder)
        os.execve(sys.executable, workshop.command("chat", "corner-shop"), workshop.environment)  # noqa: S606
    shown = heard(terminal, "you ")
    ended = status = 0
    while not ended:
        # Python misses one that comes just as its reader begins to wait: whoever presses it presses again.
        with contextlib.suppress(OSError):
            os.write(terminal, b"\x03")
        heard(terminal, patience=5)
        ended, status = os.waitpid(child, os.WNOHANG)

    assert "\x1b[" in shown  # colours, on a terminal
    assert os.waitstatus_to_exitcode(status) == 0


def heard(terminal: int, until: str | None = None, *, patience: float = 90) -> str:
    """What the terminal shows, until it shows that or its program has ended."""
    text, last = "", time.monotonic() + patience
    while time.monotonic() < last and (until is None or until not in text):
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                text += os.read(terminal, 65536).decode(errors="replace")
            except OSError:
                break
    return text


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("switchboard pub", ["publish"]),
        ("switchboard chat corn", ["corner-shop"]),
        ("switchboard check projects/c", ["projects/corner-shop"]),
        ("switchboard chat corner-shop --st", ["--stubs"]),
        ("switchboard chat nothing-like-that", []),
    ],
)
def test_the_shell_completes_commands_options_and_projects(
    workshop: Workshop, typed: str, completed: list[str]
) -> None:
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    workshop.environment.update(words, _SWITCHBOARD_COMPLETE="complete_bash")

    assert workshop.run().stdout.split() == completed
