"""Which answer an Accept header asks for."""

import pytest

from serving.chat import wants_stream


@pytest.mark.parametrize(
    ("accept", "streams"),
    [
        ("text/event-stream", True),
        ("TEXT/EVENT-STREAM", True),
        ("text/event-stream, */*", True),
        ("text/event-stream, application/json;q=0.5", True),
        ("text/event-stream, application/json", True),
        ("application/json, text/event-stream", False),
        ("application/json", False),
        ("*/*", False),
        ("", False),
        ("text/event-stream;q=0", False),
        ("text/event-stream;q=x", False),
        ("application/json;q=0.2, text/event-stream;q=0.9", True),
    ],
)
def test_the_accept_header_chooses(accept: str, streams: bool) -> None:
    assert wants_stream(accept) is streams
