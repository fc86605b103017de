"""No key, prompt or answer leaves by the wrong door, and nothing of the operator's environment goes to a backend."""

import traceback

import pytest
import structlog

from models.chat import open_language_model
from tests.models_chat.asking import ask
from tests.openai_server import calls, says, serving_openai, status

KEY = "sk-canary-4242"


@pytest.fixture
def operator(monkeypatch):
    """An operator's environment full of things a backend must not get."""
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_ORGANIZATION", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "operators-canary")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Operator: operators-canary\nAuthorization: Bearer operators-canary")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/operators-canary")
    monkeypatch.setenv("OPENAI_API_BASE", "http://127.0.0.1:9/operators-canary")


@pytest.mark.usefixtures("operator")
async def test_only_what_was_given_is_sent(open_model):
    with serving_openai(says("hello"), says("hello"), calls(("balance", {}))) as server:
        model = open_model(server, api_key=KEY)
        for way in ("complete", "stream", "decide"):
            await ask(model, way)

    for request in server.requests:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert "canary" not in str({**request.headers, "authorization": ""}) + request.raw


@pytest.mark.usefixtures("operator")
async def test_without_a_key_nobody_elses_is_sent():
    with serving_openai(says("hello")) as server:
        model = open_language_model(model="small", base_url=server.url)
        assert model is not None
        await ask(model, "complete")
        await model.aclose()

    assert server.requests[0].headers["authorization"] == "Bearer none"


@pytest.mark.parametrize("way", ["decide", "complete", "stream"])
async def test_a_failure_is_logged_without_key_prompt_or_answer(open_model, way, capsys):
    echo = f"Incorrect API key {KEY}; you said: What is my balance?"
    with serving_openai(status(401, echo)) as server, structlog.testing.capture_logs() as logs:
        completion = await ask(open_model(server, api_key=KEY), way)

    written = f"{logs}{completion}{capsys.readouterr()}"
    assert [entry["event"] for entry in logs] == ["model_call_failed"]
    assert KEY not in written
    assert "balance" not in written


async def test_a_model_shows_its_name_only(open_model):
    model = open_model("http://user:secret-canary@127.0.0.1:9/v1", api_key=KEY)

    shown = f"{model!r}{model}"
    assert "canary" not in shown
    assert "small" in shown


async def test_a_cancelled_or_broken_call_leaves_no_key_in_a_traceback(open_model):
    model = open_model("http://127.0.0.1:9/v1", api_key=KEY)

    with pytest.raises(KeyError) as raised:
        await model.complete([{"role": "user"}], purpose="test", deadline=None)

    assert KEY not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("url", ["ftp://host/v1", "file:///etc/passwd", "localhost:8080/v1"])
def test_a_base_url_that_is_none_is_refused(url):
    with pytest.raises(ValueError, match="http://"):
        open_language_model(model="small", api_key=KEY, base_url=url)


@pytest.mark.parametrize(
    "given", [{"model": None, "api_key": KEY}, {"model": "", "base_url": "http://x/v1"}, {"model": "m"}]
)
def test_no_model_is_opened_where_none_is_configured(given):
    assert open_language_model(**given) is None
