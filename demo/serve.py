"""Runs the demo business API: `python -m demo.serve --port 8100`."""

import argparse
import os

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
    options = parser.parse_args()
    app = build_app(os.environ, slow_seconds=options.slow_seconds)
    uvicorn.run(app, host=options.host, port=options.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
