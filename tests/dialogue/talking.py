"""A conversation with the policy alone: commands in, the decided scene out."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from config.catalog import build_catalog
from config.project import Project
from config.versions import Version
from dialogue.commands import Act, Chat, Command, CommandName, Fill, Question, Skip, Start, Unclear, Why
from dialogue.policy import advance
from dialogue.results import after_action
from dialogue.scene import Scene
from dialogue.state import Counters, DialogueState, Receipt
from dialogue.tidy import tidy

NOW = datetime(2026, 3, 11, 10, 0, tzinfo=UTC)
"""A Wednesday."""


def bank(**changes: object) -> Project:
    """A small bank: a write with a confirmation, a read without, a fixed reply, a guarded intent."""
    base: dict[str, object] = {
        "name": "bank",
        "locales": ["en", "tr"],
        "slots": {"customer": {"type": "id", "pattern": "[0-9]{8}", "ask": "Your customer number?", "title": "number"}},
        "intents": {
            "send_money": {
                "title": "Send money",
                "slots": {
                    "amount": {
                        "type": "money",
                        "currency": "TRY",
                        "min": 1,
                        "max": 50000,
                        "ask": "How much?",
                        "title": "amount",
                    },
                    "iban": {"type": "id", "ask": "To which IBAN?", "title": "IBAN", "why": "It names the account."},
                    "note": {"type": "text", "required": False, "title": "note"},
                },
                "action": "send_money",
            },
            "balance": {"title": "Balance", "slots": {"customer": {}}, "action": "balance"},
            "fees": {"title": "Fees", "reply": "A transfer costs 5 TL."},
            "appointment": {
                "title": "Appointment",
                "slots": {
                    "branch": {"type": "choice", "values": ["kadikoy", "besiktas"], "ask": "Which branch?"},
                    "date": {"type": "date", "min": "today", "max": "today+30d", "ask": "Which day?"},
                    "time": {"type": "time", "ask": "What time?", "depends_on": ["branch", "date"], "title": "time"},
                },
                "action": "book",
                "digressions": "ask",
            },
            "block_card": {
                "title": "Block a card",
                "slots": {"card": {"type": "text", "ask": "Which card?"}},
                "action": "block",
                "digressions": "block",
            },
            "loan": {"title": "Loan", "when": "slots.customer is defined", "reply": "You can have one."},
            "complaint": {"title": "Complaint", "slots": {"what": {"type": "text", "ask": "What?"}}, "transfer": True},
        },
        "actions": {
            "send_money": {"effect": "write", "method": "POST", "url": "https://bank.example/transfers"},
            "balance": {"url": "https://bank.example/balance"},
            "book": {"effect": "write", "method": "POST", "url": "https://bank.example/appointments"},
            "block": {"effect": "write", "method": "POST", "url": "https://bank.example/blocks"},
        },
    }
    return Project.model_validate({**base, **changes})


def version_of(project: Project) -> Version:
    """A version of a project made in code."""
    catalog = build_catalog(project.texts)
    return Version(name="draft-test", project=project, folder=Path(), catalog=catalog, prompts={})


class Talk:
    """One conversation; the message defaults to the quotes of its values."""

    def __init__(self, project: Project | None = None, *, locale: str = "en") -> None:
        self.scene = Scene(
            version=version_of(project or bank()),
            locale=locale,
            now=NOW,
            turn=0,
            failures=0,
            stack=(),
            open=None,
            finished=(),
            changes=(),
            variables={},
            pending=(),
        )

    def hears(self, *commands: Command, message: str | None = None, expired: bool = False) -> Scene:
        """One turn; an action that is due is not done, so that the test can look at it."""
        fresh = replace(
            self.scene,
            turn=self.scene.turn + 1,
            parts=(),
            verdict=None,
            question=None,
            touched=frozenset(),
            outcome=None,
            progress="neutral",
            started=(),
            resumed=False,
            reprise=None,
        )
        words = message if message is not None else " ".join(c["quote"] for c in commands if c["command"] == "fill")
        self.scene = advance(replace(fresh, pending=tidy(commands, fresh, words)), expired=expired)
        return self.scene

    def acted(self, status: str = "succeeded", **result: JsonValue) -> Scene:
        """The due action came to this; the turn goes on."""
        top = self.scene.stack[-1]
        receipt = Receipt(
            action=top["plan"]["action"] if top["plan"] else "",
            flow_id=top["flow_id"],
            status="succeeded" if status == "succeeded" else "failed",
            http_status=200,
            result=dict(result),
            reference=None,
            key="k",
            error=None,
            ms=1.0,
            replayed=False,
        )
        state = DialogueState(
            stack=list(self.scene.stack),
            finished=list(self.scene.finished),
            variables=dict(self.scene.variables),
            counters=Counters(turns=self.scene.turn, failures=0),
        )
        update = after_action(state, self.scene.version, receipt)
        after = replace(
            self.scene,
            stack=tuple(update["stack"]),
            finished=tuple(update["finished"]),
            variables=update["variables"],
            open=None,
            verdict=None,
            question=None,
            outcome="acted",
            resumed=bool(update["stack"]),
        )
        self.scene = advance(after)
        return self.scene


def said(scene: Scene) -> str:
    """All that the bot says of its own in this turn, the open question last."""
    texts = [part["text"] for part in scene.parts]
    verdict = scene.verdict
    if verdict is not None and verdict["next"] == "ask" and scene.open is not None:
        texts.append(scene.open["text"])
    return " ".join(texts)


def values(scene: Scene) -> Mapping[str, JsonValue]:
    """The values of the top flow."""
    return {name: known["value"] for name, known in scene.stack[-1]["slots"].items()} if scene.stack else {}


def step(scene: Scene) -> str:
    """What the policy decided."""
    return scene.verdict["next"] if scene.verdict else ""


def outcome(scene: Scene) -> str:
    """What the turn came to."""
    return scene.verdict["outcome"] if scene.verdict else ""


def asks(scene: Scene) -> list[str]:
    """The slots asked for."""
    return scene.verdict["asks"] if scene.verdict else []


def start(intent: str) -> Start:
    return {"command": "start", "intent": intent}


def fill(slot: str, value: JsonValue, quote: str | None = None) -> Fill:
    return {"command": "fill", "slot": slot, "value": value, "quote": quote if quote is not None else f"<{value}>"}


def lira(amount: float) -> JsonValue:
    return {"amount": amount, "currency": "TRY"}


def act(name: CommandName) -> Act:
    return {"command": name}  # type: ignore[typeddict-item]  # the tests name only acts


def question(text: str) -> Question:
    return {"command": "question", "text": text}


def unclear() -> Unclear:
    return {"command": "unclear", "reason": "no_match"}


def skip(slot: str) -> Skip:
    return {"command": "skip", "slot": slot}


def why(slot: str | None = None) -> Why:
    return {"command": "why", "slot": slot}


def thanks() -> Chat:
    return {"command": "chat", "topic": "thanks"}
