"""Runs the demo business API: `python -m demo.serve --port 8100`."""

import argparse
import os
import signal
import sys
import threading

import uvicorn

from demo.business_api import CREDENTIALS, build_app


def demo_environment(base_url: str) -> dict[str, str]:
    """The environment in which the demo projects find the API at `base_url`."""
    base = base_url.rstrip("/")
    places = {"BANK_API": "bank", "SHOP_API": "shop", "TELECOM_API": "telecom", "DESK_URL": "desk"}
    return {**{name: f"{base}/{path}" for name, path in places.items()}, **CREDENTIALS}


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description="The demo business API.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--slow-seconds", type=float, default=8.0, help="how long the slow endpoints take")
    parser.add_argument("--until-hangup", action="store_true", help="end when standard input does")
    options = parser.parse_args()
    if options.until_hangup:
        threading.Thread(target=_end_with_input, daemon=True).start()
    app = build_app(os.environ, slow_seconds=options.slow_seconds)
    uvicorn.run(
        app,
        host=options.host,
        port=options.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )


def _end_with_input() -> None:
    """Whoever started this process holds the other end; however it dies, the end of the input tells."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
