"""The businesses behind the demo bots, for a command that serves or talks to them."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from demo.serve import demo_environment

START_SECONDS = 30.0
_END_SECONDS = 5.0


@contextlib.contextmanager
def demo_businesses() -> Iterator[None]:
    """Run them on a free loopback port; meanwhile the environment says where they are, as far as it says nothing else.

    They live in a process of their own, which ends with this one however this one ends: its standard input is a pipe
    that only this process holds. A Ctrl-C of the terminal does not reach them, so that turns under way can end.
    """
    port = _free_port()
    process = subprocess.Popen(  # noqa: S603  # our own module, in this interpreter
        [sys.executable, "-m", "demo.serve", "--port", str(port), "--until-hangup"],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    places = demo_environment(f"http://127.0.0.1:{port}")
    missing = {name: value for name, value in places.items() if name not in os.environ}
    try:
        _wait_for(port, process)
        os.environ.update(missing)
        yield
    finally:
        _end(process)
        for name in missing:
            os.environ.pop(name, None)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(timeout=_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise OSError("the demo business API did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
