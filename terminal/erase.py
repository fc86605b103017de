"""`switchboard erase`: all of a tenant, a project or a session, from every store of these settings."""

import asyncio

from config.settings import Settings
from graph.erasing import Erased, Scope, open_erasing


def erase_scope(scope: Scope, settings: Settings) -> Erased:
    """Erase it; raises ConfigError, LedgerUnavailableError or KnowledgeError, and can be asked again then."""

    async def work() -> Erased:
        async with open_erasing(settings, documents=scope.session_id is None) as erasing:
            return await erasing.erase(scope)

    return asyncio.run(work())
