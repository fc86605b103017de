"""The one place where the real services are built, opened and closed."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from config.clock import Clock, utc_now
from config.leaning import leaning_words
from config.served import ServedVersions
from config.settings import Settings
from config.store import FolderVersions
from config.versions import Version, Versions
from graph.admission import Admission
from graph.build import build_graph
from graph.documents import Documents
from graph.expiry import Expiry
from graph.following import Following
from graph.forking import PastTurns
from graph.mailbox import Mailbox
from graph.parts import Parts
from graph.published import PublishedVersions
from graph.publishing import ProjectKnowledge, Publishing
from graph.releases import Gate, Releases
from graph.reloading import Reloading
from graph.storage import Storage, open_storage, written_folders
from graph.training import Training
from graph.turn_log import DatabaseTurnLog
from graph.turns import Probe, Turns
from models.budget import TokenBudget
from models.chat import ChatModel, open_language_model
from models.embeddings import open_encoder
from models.memory import WireMemory
from models.ports import Encoder
from tools.actions import HttpActions
from tools.answers import Answers
from tools.auth import Authenticator
from tools.chatwoot import ChatwootLine
from tools.counters import Counters, CounterStorage
from tools.desk import WebhookDesk
from tools.disk import WriteProbe
from tools.http import open_line
from tools.knowledge import ChromaKnowledge, open_knowledge
from tools.ledger import ActionLedger
from tools.outbox import Outbox
from tools.redaction import Redactor
from understanding.act_examples import load_examples
from understanding.backstops import open_dates
from understanding.embedded import EmbeddedUnderstanding
from understanding.hybrid import HybridUnderstanding
from understanding.llm import LLMUnderstanding
from understanding.port import Understanding
from understanding.slots import extract

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything a process of the service needs, open."""

    settings: Settings
    versions: Versions
    turns: Turns
    knowledge: Documents
    knowledge_base: ChromaKnowledge
    understanding: Understanding
    training: Training
    chatwoot: ChatwootLine
    past: PastTurns
    publishing: Publishing


@dataclass(frozen=True, kw_only=True)
class OpenParts:
    """What a turn needs, open, with what else the service wants of it."""

    parts: Parts
    storage: Storage
    knowledge: ChromaKnowledge
    ledger: ActionLedger
    outbox: Outbox
    chatwoot: ChatwootLine
    learn: Callable[[Version], Awaitable[None]]
    """Makes a version ready that came after the start."""
    published: PublishedVersions
    following: Following | None
    """Keeps the versions in step with what is published; None where they are fixed."""


@asynccontextmanager
async def open_parts(
    settings: Settings,
    *,
    versions: Versions | None = None,
    environment: Mapping[str, str] | None = None,
    vectors: Path | None = None,
    clock: Clock = utc_now,
    redactor: Redactor | None = None,
) -> AsyncIterator[OpenParts]:
    """Open what the graph is built from; closed in reverse.

    `versions` and `environment` replace the project folders and the process's own; `vectors` the file of embeddings;
    `redactor` learns every secret that is used.
    """
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(open_storage(settings))
        # Read from files once, and here: in a turn it would hold up the event loop.
        await asyncio.to_thread(leaning_words)
        await asyncio.to_thread(load_examples)
        known = os.environ if environment is None else environment
        published = PublishedVersions(storage.versions)
        ledger, outbox = ActionLedger(storage.ledger, storage.owner), Outbox(storage.desk, storage.owner)
        encoder = encoder_of(settings, vectors)
        base = await asyncio.to_thread(open_base, settings, encoder)
        stack.callback(base.close)
        following = None
        if versions is None:
            versions = await asyncio.to_thread(_served, settings)
            following = Following(published, versions, base.calibrations)
            stack.push_async_callback(following.stop)
            await following.look()
        model = await _model(settings, stack)
        line = await stack.enter_async_context(open_line())
        authenticator = Authenticator(line, known, redactor or Redactor())
        authenticator.redactor.learn(*storage.secrets)
        if settings.openai_api_key:
            authenticator.redactor.learn(settings.openai_api_key.get_secret_value())
        for version in versions.all():
            authenticator.redactor.learn_project(version.project, version.name, known)
        desk = WebhookDesk(line, outbox, versions.current, environment=known)
        parts = Parts(
            versions=versions,
            understanding=await asyncio.to_thread(_understanding, settings, encoder, model),
            actions=HttpActions(line, ledger, environment=known, authenticator=authenticator),
            knowledge=base,
            writer=Answers(model),
            desk=await stack.enter_async_context(desk),
            clock=clock,
        )
        chatwoot = ChatwootLine(line, environment=known)

        async def learn(version: Version) -> None:
            authenticator.redactor.learn_project(version.project, version.name, known)
            await parts.understanding.prepare(version)

        yield OpenParts(
            parts=parts,
            storage=storage,
            knowledge=base,
            ledger=ledger,
            outbox=outbox,
            chatwoot=chatwoot,
            learn=learn,
            published=published,
            following=following,
        )


@asynccontextmanager
async def open_services(
    settings: Settings,
    *,
    versions: Versions | None = None,
    environment: Mapping[str, str] | None = None,
    vectors: Path | None = None,
    clock: Clock = utc_now,
    redactor: Redactor | None = None,
    gate: Gate | None = None,
) -> AsyncIterator[Services]:
    """Open everything a process of the service needs; the projects are trained in the background from then on.

    `gate` plays the scenarios of a project that is to be published.
    """
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(
            open_parts(
                settings, versions=versions, environment=environment, vectors=vectors, clock=clock, redactor=redactor
            )
        )
        parts = opened.parts
        saver = await stack.enter_async_context(opened.storage.saver())
        turn_log = DatabaseTurnLog(opened.storage.log)
        counters = Counters(opened.storage.usage)
        training = Training(parts.understanding, parts.versions.all())
        stack.push_async_callback(training.stop)
        following = _follow(opened, stack)
        publishing = Publishing(
            versions=parts.versions,
            releases=Releases(opened.published, turn_log, ProjectKnowledge(opened.knowledge)),
            gate=gate,
            look=opened.following.look if opened.following else _nothing,
        )
        graph = build_graph(parts, saver)
        turns = Turns(
            graph=graph,
            turn_log=turn_log,
            mailbox=Mailbox(opened.storage.log),
            locks=opened.storage.locks,
            records=[opened.ledger, opened.outbox],
            deeds=opened.ledger,
            versions=parts.versions,
            look=opened.following.look_again if opened.following else None,
            scrub=opened.storage.scrub,
            takeovers=parts.takeovers,
            interruptions=parts.interruptions,
            departures=parts.departures,
            # Without a model nothing is spent, and nothing need be looked up.
            budget=TokenBudget(counters if settings.model else None),
            admission=Admission(
                CounterStorage(counters),
                at_once=settings.tenant_turns,
                tenant_per_minute=settings.tenant_turns_per_minute,
            ),
            clock=clock,
            counts={"ledger": opened.ledger.counts, "desk": opened.outbox.counts},
            probes={
                "disk": WriteProbe(written_folders(settings)).check,
                "database": turn_log.check,
                "ledger": opened.ledger.check,
                "knowledge": opened.knowledge.check,
                "training": training.check,
                **following,
            },
        )
        if settings.keep_days is not None:
            expiry = Expiry(turns, turn_log, opened.storage.locks, clock, days=settings.keep_days)
            stack.push_async_callback(expiry.stop)
        yield Services(
            settings=settings,
            versions=parts.versions,
            turns=turns,
            past=PastTurns(graph, turn_log, clock),
            knowledge=Documents(parts.versions, opened.knowledge),
            knowledge_base=opened.knowledge,
            understanding=parts.understanding,
            training=training,
            chatwoot=opened.chatwoot,
            publishing=publishing,
        )


def _served(settings: Settings) -> ServedVersions:
    copies = settings.data / "versions"
    drafts = FolderVersions(settings.projects, copies=copies)
    return ServedVersions(drafts, copies, prefer_drafts=settings.drafts)


def _follow(opened: OpenParts, stack: AsyncExitStack) -> Mapping[str, Probe]:
    """Take up what is published or edited from now on; what readiness asks about it."""
    versions = opened.parts.versions
    if opened.following is None or not isinstance(versions, ServedVersions):
        return {}

    async def learn(version: Version) -> None:
        if versions.serves_draft(version):
            await opened.learn(version)

    opened.following.begin(opened.learn)
    reloading = Reloading(versions.drafts, learn)
    stack.push_async_callback(reloading.stop)
    return {"versions": opened.following.check, "reloading": reloading.check}


async def _nothing() -> None:
    """Versions that are fixed need not be looked for."""


def encoder_of(settings: Settings, vectors: Path | None = None) -> Encoder:
    """The embeddings these settings name, remembered in `vectors` or in the data folder."""
    key = settings.openai_api_key
    return open_encoder(
        vectors or settings.data / "vectors.db",
        embeddings=settings.embeddings,
        api_key=key.get_secret_value() if key else None,
        base_url=settings.openai_base_url,
    )


def open_base(settings: Settings, encoder: Encoder) -> ChromaKnowledge:
    """The knowledge base these settings name; blocking."""
    return open_knowledge(
        settings.knowledge_index,
        tables=settings.data / "knowledge.db",
        encoder=encoder,
        calibrations=settings.data / "calibrations",
        database=settings.database_url if settings.uses_postgres else None,
    )


def _understanding(settings: Settings, encoder: Encoder, model: ChatModel | None) -> Understanding:
    read = open_dates(extract) if settings.backstops == "dates" else extract
    embedded = EmbeddedUnderstanding(encoder, settings.data / "training", extract=read)
    if model is None:
        return HybridUnderstanding(embedded, None)
    return HybridUnderstanding(embedded, LLMUnderstanding(model, embedded.shortlist, extract=read))


async def _model(settings: Settings, stack: AsyncExitStack) -> ChatModel | None:
    if not settings.model:
        return None
    key = settings.openai_api_key
    model = await asyncio.to_thread(
        open_language_model,
        model=settings.model,
        api_key=key.get_secret_value() if key else None,
        base_url=settings.openai_base_url,
        memory=WireMemory(settings.data / "models.json"),
    )
    if model is not None:
        stack.push_async_callback(model.aclose)
    return model
