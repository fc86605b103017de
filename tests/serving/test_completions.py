"""`/v1` and Rasa's REST channel as their clients see them: shapes, errors, keys."""

from collections.abc import AsyncIterator

import httpx
import openai
import pytest
import pytest_asyncio
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageParam
from pydantic import JsonValue

from graph.calls import Delta, Failed, Final, TurnRefusedError
from tests.serving.conftest import Service, StartService, make_key
from tests.serving.fakes import answer, make_version

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEYS = [make_key("acme-chat", "acme", "chat"), make_key("globex-chat", "globex", "chat")]
VERSIONS = [make_version("bank", "acme"), make_version("shop", "acme"), make_version("vault", "globex")]
HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "merhaba"}]


def client_of(service: Service, key: str = "none") -> AsyncOpenAI:
    """OpenAI's own client, which tries once."""
    return AsyncOpenAI(base_url=f"{service.address}/v1", api_key=key, max_retries=0)


@pytest_asyncio.fixture(loop_scope="module")
async def client(service: Service) -> AsyncIterator[AsyncOpenAI]:
    async with client_of(service) as found:
        yield found


async def post(service: Service, **body: object) -> httpx.Response:
    return await service.http.post("/v1/chat/completions", json={"model": "bank", "messages": HELLO, **body})


async def test_a_completion_has_what_clients_read(service: Service) -> None:
    found = (await post(service, user="u1", temperature=0.7, tools=[{"type": "function"}])).json()

    assert found["object"] == "chat.completion"
    assert found["model"] == "bank"
    assert found["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "merhaba"},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ]
    assert found["usage"] == {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    assert found["switchboard"]["session_id"] == "u1"


async def test_the_tokens_of_the_model_are_the_usage(start: StartService) -> None:
    metadata: JsonValue = {"diagnostics": {"llm": {"calls": 1, "input_tokens": 120, "output_tokens": 9}}}
    service = await start(lambda call: [Final(answer(call, "a", metadata=metadata))])

    usage = (await post(service)).json()["usage"]
    assert usage == {"prompt_tokens": 120, "completion_tokens": 9, "total_tokens": 129}


@pytest.mark.parametrize(
    ("body", "headers", "session"),
    [
        ({"user": "u1"}, {}, "u1"),
        ({"user": "u1"}, {"X-Session-Id": "h1"}, "h1"),
        ({"user": "u1"}, {"X-OpenWebUI-Chat-Id": "c1"}, "c1"),
        ({"user": "u1", "metadata": {"session_id": "m1"}}, {"X-Session-Id": "h1"}, "m1"),
    ],
)
async def test_the_conversation_may_be_named(
    service: Service, body: dict[str, object], headers: dict[str, str], session: str
) -> None:
    await service.http.post("/v1/chat/completions", json={"model": "bank", "messages": HELLO, **body}, headers=headers)

    assert service.services.turns.calls[0].session_id == session


async def test_only_the_last_message_is_the_turn(service: Service) -> None:
    parts = [{"type": "text", "text": "iki"}, {"type": "image_url", "image_url": {"url": "x"}}]
    messages = [
        {"role": "system", "content": "Be rude."},
        {"role": "user", "content": "bir"},
        {"role": "assistant", "content": None},
        {"role": "user", "content": parts},
    ]
    await post(service, messages=messages, user="u1", metadata={"locale": "en", "labels": ["gold"]})
    [call] = service.services.turns.calls

    assert (call.message, call.locale, call.channel) == ("iki", "en", "openai")
    assert [dict(line) for line in call.history] == [
        {"role": "user", "content": "bir"},
        {"role": "assistant", "content": ""},
    ]
    assert call.metadata == {"labels": ["gold"]}


async def test_an_idempotency_key_is_the_message_s_id(service: Service) -> None:
    headers = {"Idempotency-Key": "once-1"}
    body = {"model": "bank", "messages": HELLO, "user": "u1"}
    for _ in range(2):
        await service.http.post("/v1/chat/completions", json=body, headers=headers)

    assert [call.message_id for call in service.services.turns.calls] == ["once-1"]


async def test_a_conversation_without_a_name_is_nobody_else_s(service: Service) -> None:
    sessions = {(await post(service)).json()["switchboard"]["session_id"] for _ in range(3)}

    assert len(sessions) == 3


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "assistant", "content": "merhaba"}]}, "messages"),
        ({"n": 2}, "n"),
        ({"model": ""}, "model"),
        ({"user": "a\nb"}, "user"),
        ({"metadata": {"session_id": ""}}, "metadata.session_id"),
    ],
)
async def test_what_is_wrong_is_named(service: Service, body: dict[str, object], param: str) -> None:
    response = await post(service, **body)
    told = response.json()

    assert response.status_code == told["status"] == 400
    assert told["kind"] == "validation"
    assert (told["error"]["type"], told["error"]["param"]) == ("invalid_request_error", param)
    assert told["error"]["message"].startswith(param)


async def test_openai_s_client_understands_what_is_refused(start: StartService) -> None:
    service = await start(versions=VERSIONS, keys=KEYS)
    async with client_of(service, "wrong") as stranger:
        with pytest.raises(openai.AuthenticationError) as wrong:
            await stranger.models.list()
    async with client_of(service, "acme-chat") as client:
        with pytest.raises(openai.NotFoundError) as foreign:
            await client.chat.completions.create(model="vault", messages=HELLO)
        with pytest.raises(openai.APIStatusError) as long:
            await client.chat.completions.create(model="bank", messages=[{"role": "user", "content": "x" * 5000}])

        assert [model.id async for model in client.models.list()] == ["bank", "shop"]
    assert wrong.value.code == "invalid_api_key"
    assert foreign.value.code == "model_not_found"
    assert (long.value.status_code, long.value.code) == (413, "too_large")
    assert "4000" in long.value.message or "4.000" in long.value.message


async def test_a_rate_limit_is_one_to_openai_s_client_too(start: StartService) -> None:
    refusal = TurnRefusedError("rate_limit", "Too many.", status=429, retry_after=7, reply="Bir dakika lütfen.")
    service = await start(lambda call: [refusal])
    for stream in (False, True):
        async with client_of(service) as client:
            with pytest.raises(openai.RateLimitError) as refused:
                await client.chat.completions.create(model="bank", messages=HELLO, stream=stream)

        assert refused.value.response.headers["retry-after"] == "7"
        assert "Bir dakika lütfen." in refused.value.message


async def test_a_turn_that_breaks_before_its_first_word_has_its_status(start: StartService) -> None:
    service = await start(lambda call: [Failed(kind="llm_error", message="Özür dileriz.", error_id="e1")])
    for stream in (False, True):
        response = await post(service, stream=stream)

        assert response.status_code == 500
        assert response.json()["error"]["message"] == "Özür dileriz."
        assert response.json()["error_id"] == "e1"


async def test_a_turn_that_breaks_in_the_middle_is_told_in_the_stream(start: StartService) -> None:
    service = await start(lambda call: [Delta("yarım"), Failed(kind="llm_error", message="Özür.", error_id="e1")])
    async with client_of(service) as client:
        stream = await client.chat.completions.create(model="bank", messages=HELLO, stream=True)
        heard = [(await anext(stream)).choices[0].delta.content for _ in range(2)]
        with pytest.raises(openai.APIError, match="Özür"):
            await anext(stream)

    assert heard == ["", "yarım"]


async def test_a_slow_stream_is_kept_open_and_ends_once(start: StartService) -> None:
    service = await start(lambda call: [0.2, Final(answer(call, "bütün"))], heartbeat=0.05)
    text = (await post(service, stream=True)).text

    assert text.count(": waiting\n") >= 2
    assert text.endswith("data: [DONE]\n\n")
    assert text.count("[DONE]") == 1
    assert '"content":"bütün"' in text


async def test_a_rest_message_of_rasa_s_clients_is_a_turn(service: Service) -> None:
    body = {"sender": "u1", "message": "merhaba", "metadata": {"labels": ["gold"]}, "input_channel": "x"}
    response = await service.http.post("/webhooks/rest/webhook?stream=false", json=body)
    [call] = service.services.turns.calls

    assert response.json() == [{"recipient_id": "u1", "text": "merhaba"}]
    assert (call.session_id, call.channel, call.metadata) == ("u1", "rest", {"labels": ["gold"]})


@pytest.mark.parametrize("project", ["", "a" * 65])
async def test_a_rest_message_for_a_bot_that_cannot_be_is_refused_by_name(service: Service, project: str) -> None:
    body = {"sender": "u1", "message": "merhaba"}
    refused = await service.http.post(f"/webhooks/rest/webhook?project={project}", json=body)

    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["project"]


async def test_choices_are_buttons_and_silence_is_an_empty_list(start: StartService) -> None:
    offered: JsonValue = [{"title": "Evet", "message": "evet"}]
    service = await start(
        lambda call: [Final(answer(call, "" if call.message == "x" else "Tamam mı?", quick_replies=offered))]
    )
    asked = await service.http.post("/webhooks/rest/webhook", json={"sender": "u1", "message": "y"})
    muted = await service.http.post("/webhooks/rest/webhook", json={"sender": "u1", "message": "x"})

    assert asked.json()[0]["buttons"] == [{"title": "Evet", "payload": "evet"}]
    assert muted.json() == []


async def test_where_a_tenant_has_several_bots_the_address_names_one(start: StartService) -> None:
    service = await start(versions=VERSIONS, keys=KEYS)
    headers = {"Authorization": "Bearer acme-chat"}
    body = {"sender": "u1", "message": "merhaba"}
    unnamed = await service.http.post("/webhooks/rest/webhook", json=body, headers=headers)
    named = await service.http.post("/webhooks/rest/webhook?project=shop", json=body, headers=headers)
    foreign = await service.http.post("/webhooks/rest/webhook?project=vault", json=body, headers=headers)

    assert (unnamed.status_code, unnamed.json()["choices"]) == (422, ["bank", "shop"])
    assert named.json()[0]["text"] == "merhaba"
    assert foreign.status_code == 404
