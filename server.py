"""The service's door, for any ASGI server: `uvicorn --factory server:app`.

Who is asking is decided by keys from the settings; without keys the service trusts its machine, so bind it to loopback
only, as `switchboard serve` does by itself.
"""

import os

# LangGraph reads it when it is first imported: nothing but plain data is revived from a checkpoint.
os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dotenv import load_dotenv
from fastapi import FastAPI

from config.settings import Settings
from config.tracing import hide_content, start_tracing
from graph.services import Services, open_services
from graph.unread import warn_of_unread
from scenarios.gate import ChildGate
from serving.app import create_app
from serving.auth import load_keys
from serving.logs import configure_logs
from tools.redaction import Redactor


def app() -> FastAPI:
    """The app with everything the environment's settings name."""
    load_dotenv(".env", override=False)
    hide_content()
    start_tracing()
    settings = Settings()
    redactor = Redactor()
    configure_logs(settings.log, redactor)
    keys = load_keys(settings.keys.get_secret_value() if settings.keys else None)
    # Whoever starts an ASGI server says where it listens; only keys make it safe to listen to others.
    gate = ChildGate(settings)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Services]:
        async with open_services(settings, redactor=redactor, gate=gate) as services:
            await warn_of_unread(services.versions.all(), services.knowledge_base)
            yield services

    return create_app(
        opened,
        keys=keys,
        debug=settings.debug,
        prices=settings.prices,
    )
