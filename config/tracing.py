"""OpenTelemetry spans of turns, models and actions, by the conventions for generative AI; never what anybody wrote.

Without an exporter that the environment names, nothing is recorded. LangSmith's own tracing, too, hides inputs and
outputs unless the operator asks for them.
"""

import os
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

Attributes = Mapping[str, str | int | float | bool]

_HIDDEN: Final = ("HIDE_INPUTS", "HIDE_OUTPUTS")
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def hide_content(environment: MutableMapping[str, str] | None = None) -> None:
    """Let LangSmith's traces be without what customers write, unless the operator said otherwise; call it first."""
    known = os.environ if environment is None else environment
    for name in _HIDDEN:
        if not any(f"{prefix}_{name}" in known for prefix in ("LANGSMITH", "LANGCHAIN")):
            known[f"LANGSMITH_{name}"] = "true"


def start_tracing(environment: Mapping[str, str] | None = None) -> Callable[[], None]:
    """Export spans where OpenTelemetry's usual variables say; what is returned sends the last of them."""
    known = os.environ if environment is None else environment
    off = known.get("OTEL_SDK_DISABLED", "").lower() == "true" or known.get("OTEL_TRACES_EXPORTER") == "none"
    if off or not any(known.get(name) for name in _ENDPOINTS):
        return lambda: None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = {} if known.get("OTEL_SERVICE_NAME") else {"service.name": "switchboard"}
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider.shutdown


def _tracer() -> Tracer:
    return trace.get_tracer("switchboard")


@contextmanager
def span(name: str, attributes: Attributes, *, kind: SpanKind = SpanKind.INTERNAL) -> Iterator[Span]:
    """A span around a piece of work; an error is told by its class alone, for its text may quote anything."""
    with _tracer().start_as_current_span(
        name, kind=kind, attributes=dict(attributes), record_exception=False, set_status_on_exception=False
    ) as opened:
        try:
            yield opened
        except BaseException as error:  # told and raised again
            fail(opened, type(error).__name__)
            raise


def begin(name: str, attributes: Attributes) -> Span:
    """A span of a call to another service, ended by whoever knows its end."""
    return _tracer().start_span(name, kind=SpanKind.CLIENT, attributes=dict(attributes))


def fail(opened: Span, kind: str) -> None:
    """Mark a span as failed."""
    opened.set_attribute("error.type", kind)
    opened.set_status(Status(StatusCode.ERROR))
