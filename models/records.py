"""What one question to a model cost and came to, over all the requests it took."""

import asyncio

import structlog
from langchain_core.messages.ai import UsageMetadata

from config.tracing import begin, fail
from dialogue.state import ModelUse
from models.budget import estimate_tokens
from models.failures import Trouble
from models.ports import Completion, ToolCall
from models.requests import Messages

_log = structlog.get_logger(__name__)


class Record:
    """Counts time and tokens of one question; what a backend does not count is estimated."""

    def __init__(self, model: str, purpose: str, messages: Messages, until: float) -> None:
        self.until = until
        """`asyncio` loop time at which the answer must be there."""
        self._model = model
        self._purpose = purpose
        self._asked = sum(estimate_tokens(message["content"]) for message in messages)
        self._began = asyncio.get_running_loop().time()
        self._input = 0
        self._output = 0
        asked = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": model}
        self._span = begin(f"chat {model}", {**asked, "switchboard.purpose": purpose})

    def count(self, usage: UsageMetadata | None, answer: str) -> None:
        """Add one answer."""
        self._input += usage["input_tokens"] if usage else self._asked
        self._output += usage["output_tokens"] if usage else estimate_tokens(answer)

    def completion(
        self, mode: str, trouble: Trouble | None, *, calls: tuple[ToolCall, ...] = (), text: str = ""
    ) -> Completion:
        """The outcome, with one line in the log where it failed."""
        ms = round((asyncio.get_running_loop().time() - self._began) * 1000, 1)
        if trouble is not None:
            _log.warning(
                "model_call_failed", model=self._model, purpose=self._purpose, mode=mode, failure=trouble.code, ms=ms
            )
            if trouble.kind in {"timeout", "incomplete", "invalid"} and not self._input:
                self._input = self._asked  # a backend bills what it read, though its answer never came
        self._span.set_attribute("gen_ai.usage.input_tokens", self._input)
        self._span.set_attribute("gen_ai.usage.output_tokens", self._output)
        if trouble is not None:
            fail(self._span, trouble.code)
        self._span.end()
        use = ModelUse(
            purpose=self._purpose,
            model=self._model,
            input_tokens=self._input,
            output_tokens=self._output,
            mode=mode,
            failure=trouble.code if trouble else None,
            ms=ms,
        )
        return Completion(text=text, calls=calls, use=use, failure=trouble.kind if trouble else None)
