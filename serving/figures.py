"""What the service has done, in Prometheus' terms; no tenant, session, text or address is a label.

Where `PROMETHEUS_MULTIPROC_DIR` names a folder, the workers of one service write into it and each of them tells of all.
"""

import os
import time
from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from pydantic import JsonValue

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
_MILLION: Final = 1_000_000

Prices = tuple[float, float]
"""What a million tokens cost: read, written."""


class Figures:
    """The counts of one app."""

    def __init__(self, *, prices: Prices | None = None) -> None:
        self.started = time.time()
        self._prices = prices
        self._registry = registry = CollectorRegistry()
        if _FOLDER not in os.environ:
            ProcessCollector(registry=registry)
            PlatformCollector(registry=registry)

        def counter(name: str, told: str, *labels: str) -> Counter:
            return Counter(f"switchboard_{name}", told, labels, registry=registry)

        def seconds(name: str, told: str, *labels: str) -> Histogram:
            return Histogram(f"switchboard_{name}_seconds", told, labels, buckets=SECONDS, registry=registry)

        def gauge(name: str, told: str, *labels: str) -> Gauge:
            return Gauge(
                f"switchboard_{name}", told, labels, registry=registry, multiprocess_mode="mostrecent"
            )  # of the database: every worker would say the same

        self._requests = counter("requests", "Requests answered.", "route", "method", "status")
        self._request_seconds = seconds("request", "Time spent answering requests.", "route", "method")
        self._turns = counter("turns", "Turns answered.", "outcome")
        self._failed = counter("turns_failed", "Turns that broke or were refused.", "kind")
        self._transfers = counter("transfers", "Transfers to a person.", "reason")
        self._turn_seconds = seconds("turn", "Time of a whole turn, its waiting included.")
        self._step_seconds = seconds("step", "Time of each step of a turn.", "step")
        self._confidence = Histogram(
            "switchboard_confidence",
            "Confidence of answers that were judged.",
            buckets=tuple(tenth / 10 for tenth in range(1, 11)),
            registry=registry,
        )
        self._actions = counter("actions", "Calls of the businesses' APIs.", "status")
        self._model_calls = counter("model_calls", "Calls of a language model.", "model")
        self._model_tokens = counter("model_tokens", "Tokens of a language model.", "model", "direction")
        self._model_cost = counter("model_cost", "What they cost, by SWITCHBOARD_MODEL_PRICE.", "model")
        self._ledger = gauge("ledger_actions", "Actions in the ledger.", "state")
        self._desk = gauge("desk_letters", "What the desk is told.", "state")
        self._tasks = Gauge(
            "switchboard_tasks", "Tasks of the event loops.", registry=registry, multiprocess_mode="livesum"
        )
        self._now = Gauge(
            "switchboard_turns_now",
            "Turns under way and waiting.",
            ("state",),
            registry=registry,
            multiprocess_mode="livesum",
        )

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(route, method, str(status)).inc()
        self._request_seconds.labels(route, method).observe(seconds)

    def refused(self, kind: str) -> None:
        """A turn broke, or was not begun."""
        self._failed.labels(kind).inc()

    def answered(self, answer: Mapping[str, JsonValue]) -> None:
        """A turn ended with an answer."""
        self._turns.labels(str(answer.get("outcome"))).inc()
        if answer.get("should_transfer") and answer.get("transfer_reason"):
            self._transfers.labels(str(answer["transfer_reason"])).inc()
        confidence = _number(answer.get("confidence"))
        if confidence is not None:
            self._confidence.observe(confidence)
        diagnostics = _inner(answer.get("metadata"), "diagnostics")
        self._steps(_inner(diagnostics, "timing_ms"))
        self._model(_inner(diagnostics, "llm"))
        done = diagnostics.get("actions")
        for action in done if isinstance(done, list) else ():
            if isinstance(action, dict):
                self._actions.labels(str(action.get("status"))).inc()

    def tasks(self, count: int) -> None:
        """How many tasks this process has: what grows for ever is a leak."""
        self._tasks.set(count)

    def backlog(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        """How much of each kind there is at this moment, by state."""
        for gauge, name in ((self._ledger, "ledger"), (self._desk, "desk"), (self._now, "turns")):
            for state, count in counts.get(name, {}).items():
                gauge.labels(state).set(count)

    def text(self) -> bytes:
        """All of it, in Prometheus' text format."""
        if _FOLDER not in os.environ:
            return generate_latest(self._registry)
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]  # the library's own
        return generate_latest(shared)

    def _steps(self, timing: Mapping[str, JsonValue]) -> None:
        taken = {step: ms / 1000 for step, value in timing.items() if (ms := _number(value)) is not None}
        for step, seconds in taken.items():
            self._step_seconds.labels(step).observe(seconds)
        if taken:
            self._turn_seconds.observe(sum(taken.values()))

    def _model(self, llm: Mapping[str, JsonValue]) -> None:
        calls = _number(llm.get("calls"))
        if not calls:
            return
        model = str(llm.get("model") or "unknown")
        read, written = _number(llm.get("input_tokens")) or 0, _number(llm.get("output_tokens")) or 0
        self._model_calls.labels(model).inc(calls)
        self._model_tokens.labels(model, "input").inc(read)
        self._model_tokens.labels(model, "output").inc(written)
        if self._prices is not None:
            self._model_cost.labels(model).inc((read * self._prices[0] + written * self._prices[1]) / _MILLION)


def _inner(value: JsonValue | Mapping[str, JsonValue], name: str) -> Mapping[str, JsonValue]:
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, dict) else {}


def _number(value: JsonValue) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
