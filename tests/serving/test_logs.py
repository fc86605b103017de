"""What an error leaves in the log: its cause and its place, never what the code held at that moment."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BREAKS = """
import sys
from serving.logs import configure_logs
from serving.problems import internal

def read(customer_said):
    if customer_said:
        raise ValueError("cannot be read")

configure_logs(sys.argv[1])
try:
    read("-".join(["4111"] * 4))
except ValueError as error:
    print(internal(error, where="/chat").error_id)
"""


def logged_by(style: str) -> tuple[str, str]:
    """The error's id and what a process of its own logged: logging is set up once a process."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", BREAKS, style], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip(), done.stderr


@pytest.mark.parametrize("style", ["json", "text"])
def test_an_error_is_logged_with_its_id_and_place_and_no_local_variable(style: str) -> None:
    error_id, written = logged_by(style)

    assert error_id in written
    assert "ValueError" in written
    assert "in read" in written or '"read"' in written
    assert "4111-4111" not in written


SAYS = """
import logging
import sys

import structlog

from serving.logs import configure_logs

configure_logs(sys.argv[1])
evil = "\\x1b[2Jcleared\\x9b31m\\x07\\r\\u202e" + "\\nINFO a line of its own"
structlog.get_logger("x").info("said", text=evil, deep=[{"k": evil}])
logging.getLogger("other").warning("heard %s", evil)
try:
    raise ValueError(evil)
except ValueError as error:
    structlog.get_logger("x").error("broke", exc_info=error)
"""


@pytest.mark.parametrize("style", ["json", "text"])
def test_nothing_that_is_logged_acts_on_a_terminal_or_passes_for_another_line(style: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", SAYS, style], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )

    assert "cleared" in done.stderr
    assert not any(char in done.stderr for char in "\x1b\x9b\x07\r\u202e")
    said = [line for line in done.stderr.splitlines() if "said" in line or "heard" in line]
    assert len(said) == 2
    assert all("a line of its own" in line for line in said)


QUOTES = """
import logging
import sys

import structlog

from serving.logs import configure_logs

configure_logs(sys.argv[1])
said = "4111 1111 1111 1111, TR15 0006 1000 0000 0000 0001 01, 10000000146, +90 532 123 45 67, a@example.com"
said += ", order 10042"
structlog.get_logger("x").info("said", cause=said, deep=[{said: said}], seconds=0.685262509440645)
logging.getLogger("other").warning("heard %s in 0.685262509440645 s", said)
try:
    raise ValueError(said)
except ValueError as error:
    structlog.get_logger("x").error("broke", exc_info=error)
"""


@pytest.mark.parametrize("style", ["json", "text"])
def test_no_line_has_a_persons_number_whoever_quoted_it(style: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", QUOTES, style], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )

    planted = ("4111 1111", "0006 1000", "10000000146", "532", "@example")
    assert [number for number in planted if number in done.stderr] == []
    assert done.stderr.count("order 10042") >= 5
    assert done.stderr.count("0.685262509440645") == 2


def test_json_is_one_line_with_the_cause() -> None:
    error_id, written = logged_by("json")

    lines = written.splitlines()
    assert len(lines) == 1
    line = json.loads(lines[0])
    assert (line["error_id"], line["cause"], line["where"]) == (error_id, "ValueError", "/chat")
    assert line["exception"][0]["exc_value"] == "cannot be read"
