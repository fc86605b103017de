"""Words answers from evidence: a model's, cited and checked sentence by sentence, else the evidence's own sentences."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from babel import Locale, UnknownLocaleError
from pydantic import JsonValue

from config.templates import TemplateError, render_text
from config.versions import Version
from dialogue.citations import Citation
from dialogue.privacy import Veil, hide_identifiers
from dialogue.state import ModelUse, Passage
from models.ports import Completion, LanguageModel
from tools.answer_stream import REFUSAL, CheckedStream
from tools.extracts import Extract, extract
from tools.figures import names, strange_figures
from tools.ports import Draft, Emit
from tools.retrieval import same_language

_PROMPTS = Path(__file__).parent / "prompts"
_CITED_CHARS = 600
_REWORD_TOKENS = 300
_ANSWER_TOKENS = 600
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.\w[\w.-]*", re.IGNORECASE)


class Answers:
    """Answers with a model where there is one and it may be asked, and without where not."""

    def __init__(self, model: LanguageModel | None = None) -> None:
        self._model = model

    async def write(
        self,
        version: Version,
        question: str,
        passages: Sequence[Passage],
        *,
        history: Sequence[Mapping[str, str]],
        locale: str,
        emit: Emit,
        deadline: float | None,
        model_allowed: bool,
    ) -> Draft:
        """Answer `question` from `passages` only; what is emitted joins to a beginning of the draft's text."""
        if not passages:
            return _say(Draft(text=version.text("answer.none", locale), fallback=True), emit)
        if self._model is None or not model_allowed:
            notices = ("model not asked: the budget is used up",) if self._model else ()
            return _say(extractive(version, question, passages, locale=locale, notices=notices), emit)
        messages = _messages(version, question, passages, history, locale)
        stream = CheckedStream(
            evidence=[_evidence(passage) for passage in passages],
            question=question,
            same_language=all(same_language(passage.get("locale") or locale, locale) for passage in passages),
            emit=emit,
        )
        asked = _Asked(version=version, question=question, passages=passages, locale=locale, stream=stream)
        draft = asked.settle(*await self._stream(self._model, messages, stream, deadline))
        return draft if stream.shown else _say(draft, emit)

    async def reword(
        self,
        version: Version,
        prompt: str,
        values: Mapping[str, JsonValue],
        *,
        locale: str,
        deadline: float | None,
        model_allowed: bool,
    ) -> Draft | None:
        """See tools.ports.AnswerWriter."""
        if self._model is None or not model_allowed:
            return None
        try:
            request = render_text(prompt, {**values, "locale": locale})
        except TemplateError:
            return None
        system = _render_prompt(version, "reword", locale, {})
        messages = [{"role": "system", "content": system}, {"role": "user", "content": request}]
        done = await self._model.complete(messages, purpose="reword", deadline=deadline, max_tokens=_REWORD_TOKENS)
        if done.failure or not _faithful(done.text, values, request, locale):
            why = f"did not answer: {done.failure}" if done.failure else "said what is not in the receipt"
            return Draft(text="", fallback=True, models=(done.use,), notices=(f"not worded by the model: it {why}",))
        return Draft(text=done.text.strip(), models=(done.use,))

    async def _stream(
        self,
        model: LanguageModel,
        messages: Sequence[Mapping[str, str]],
        stream: CheckedStream,
        deadline: float | None,
    ) -> tuple[ModelUse | None, str | None]:
        """Feed the model's words through the check; its usage, and what failed."""
        done: Completion | None = None
        async for piece in model.stream(messages, purpose="answer", deadline=deadline, max_tokens=_ANSWER_TOKENS):
            if isinstance(piece, str):
                stream.feed(piece)
            else:
                done = piece
        failure = "incomplete" if done is None else done.failure
        stream.finish(complete=failure is None)
        return (done.use if done else None), failure


def extractive(
    version: Version,
    question: str,
    passages: Sequence[Passage],
    *,
    locale: str,
    notices: tuple[str, ...] = (),
    models: tuple[ModelUse, ...] = (),
    apologise: bool = False,
) -> Draft:
    """The evidence's own words with their source; with `apologise` after a model that failed."""
    found = extract(question, passages, locale=locale)
    if found is None:
        text = version.text("answer.none", locale)
        return Draft(text=text, fallback=True, notices=notices, models=models)
    text = version.text("model_unavailable.evidence", locale, text=found.text) if apologise else found.text
    return Draft(
        text=text + _source_line(version, found, locale),
        citations=tuple(_citation(passage) for passage in found.passages),
        notices=notices,
        models=models,
    )


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One question on its way through a model."""

    version: Version
    question: str
    passages: Sequence[Passage]
    locale: str
    stream: CheckedStream

    def settle(self, use: ModelUse | None, failure: str | None) -> Draft:
        """The draft after the model ended: what was shown stays, else the evidence's own words."""
        models = (use,) if use else ()
        if self.stream.shown:
            return self._shown(models, failure)
        if self.stream.refused and not failure:
            text = self.version.text("answer.none", self.locale)
            notices = ("the model found no answer in the evidence",)
            return Draft(text=text, fallback=True, models=models, notices=notices)
        return extractive(
            self.version,
            self.question,
            self.passages,
            locale=self.locale,
            notices=(self._why_nothing(failure),),
            models=models,
            apologise=failure is not None,
        )

    def _shown(self, models: tuple[ModelUse, ...], failure: str | None) -> Draft:
        withheld = len(self.stream.withheld)
        notices = [f"{withheld} sentence(s) of the model withheld: not in the evidence"] if withheld else []
        if failure:
            notices.append(f"the model's answer broke off: {failure}")
        return Draft(
            text=self.stream.shown,
            citations=tuple(_citation(self.passages[at]) for at in self.stream.used or [0]),
            grounded=not withheld,
            models=models,
            notices=tuple(notices),
        )

    def _why_nothing(self, failure: str | None) -> str:
        if failure:
            return f"the model did not answer: {failure}"
        if self.stream.withheld:
            return "the model's answer was not used: it was not in the evidence"
        return "the model's answer was empty"


def _messages(
    version: Version, question: str, passages: Sequence[Passage], history: Sequence[Mapping[str, str]], locale: str
) -> list[dict[str, str]]:
    numbered = "\n\n".join(_numbered(at, passage) for at, passage in enumerate(passages, 1))
    # Documents answer nobody's account: no number of a person's is needed for it.
    veil, asked = Veil(version.project, []), hide_identifiers(question)
    system = _render_prompt(version, "answer", locale, {"passages": numbered, "refusal": REFUSAL, "question": asked})
    before = [{"role": entry["role"], "content": veil(hide_identifiers(entry["content"]))} for entry in history]
    return [{"role": "system", "content": system}, *before, {"role": "user", "content": asked}]


def _render_prompt(version: Version, name: str, locale: str, values: Mapping[str, object]) -> str:
    persona = version.project.say(version.project.persona, locale) or ""
    offered = {"persona": persona, "language": _language(locale), "locale": locale, **values}
    own = version.prompts.get(name)
    if own is not None:
        try:
            return render_text(own, offered).strip()
        except TemplateError:
            # `check` has told the author; a customer is still answered, by the shipped prompt.
            pass
    return render_text(_shipped(name), offered).strip()


@cache
def _shipped(name: str) -> str:
    return (_PROMPTS / f"{name}.md").read_text(encoding="utf-8")


def _language(locale: str) -> str:
    try:
        return Locale.parse(locale, sep="-").get_display_name("en") or locale
    except (UnknownLocaleError, ValueError):
        return locale


def _numbered(number: int, passage: Passage) -> str:
    # The title of a FAQ row is its question, with which its text begins.
    title = "" if "answer" in passage else passage["title"]
    where = " › ".join(part for part in (title, passage["heading"]) if part)
    return f"[{number}]{where and ' '}{where} (score {passage['score']:.2f})\n{passage['text']}"


def _evidence(passage: Passage) -> str:
    return f"{passage['title']}\n{passage['heading']}\n{passage['text']}"


def _citation(passage: Passage) -> Citation:
    return Citation(
        source=passage["source"],
        title=passage["title"],
        score=round(passage.get("relevance", min(max(passage["score"], 0.0), 1.0)), 4),
        text=passage["text"][:_CITED_CHARS],
    )


def _source_line(version: Version, found: Extract, locale: str) -> str:
    if found.faq:
        return ""
    titles = dict.fromkeys(passage["title"] for passage in found.passages)
    return "\n" + version.text("answer.source", locale, title=", ".join(titles))


def _faithful(text: str, values: Mapping[str, JsonValue], request: str, locale: str) -> bool:
    """An action's answer in other words keeps its reference and brings no figure, currency or address of its own."""
    if not text.strip():
        return False
    reference = values.get("reference")
    if reference is not None and not names(text, str(reference)):
        return False
    # What the session knows besides may be of another deed; what the author wants said of it is in the request.
    receipt = {name: value for name, value in values.items() if name != "variables"}
    known = f"{json.dumps(receipt, ensure_ascii=False, default=str)}\n{request}"
    return not _strange_addresses(text, known) and not strange_figures(text, known, locale)


def _strange_addresses(text: str, known: str) -> bool:
    """Whether a link or an e-mail address is named that the receipt does not have: an API's text may ask for one."""
    return any(found.rstrip(".,;:!?)") not in known for found in _ADDRESS.findall(text))


def _say(draft: Draft, emit: Emit) -> Draft:
    emit(draft.text)
    return draft
