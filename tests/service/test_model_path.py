"""Whole turns with a language model behind them, which answers over real HTTP, fails, or is not to be trusted."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.llama_server import serving_llama
from tests.openai_server import (
    Seen,
    Step,
    answers,
    calls,
    closed_port,
    dribbles,
    events,
    hangs_up,
    keeps_alive,
    never_answers,
    resets,
    says,
    serving_openai,
    status,
)
from tests.service.house import IBAN, SECRETS, House, open_house
from tests.service.warmth import Warmth

UNSURE = "could you get 300 lira over to my landlord"
"""What the embedded engine does not dare to read alone."""
FEE = "what does a transfer to another bank cost"
CAPPED = 0.45
"""The most a turn is given whose model failed: between `low` and `high`."""

IN_TIME = 15.0
"""What a turn of two seconds may take on a busy machine; the service itself stops it after seven."""

OpenBot = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def bot(tmp_path: Path, warmth: Warmth) -> OpenBot:
    """Opens the small bot over a model."""

    @asynccontextmanager
    async def opening(model_url: str | None, **changed: Any) -> AsyncIterator[House]:
        async with open_house(tmp_path, warmth, changes=[changed], model_url=model_url) as house:
            yield house

    return opening


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """The diagnostics."""
    found: dict[str, Any] = answer["metadata"]["diagnostics"]
    return found


# --- understanding --------------------------------------------------------------------------------------------------


async def test_the_model_reads_what_the_embedded_engine_is_unsure_of_and_nothing_else(bot: OpenBot) -> None:
    step = calls(("send_money", {"amount": {"value": 300, "quote": "300 lira"}}))
    with serving_openai(step) as model:
        async with bot(model.url) as house:
            asked = await house.says(UNSURE)
            confirming = await house.says(IBAN)
            acted = await house.says("yes")

    assert (asked["outcome"], asked["intent"], asked["asks"]) == ("asked", "send_money", ["iban"])
    assert asked["slots"] == {"amount": {"amount": 300, "currency": "TRY"}}
    assert told(asked)["engine"] == "hybrid:llm"
    assert [(one["engine"], one["served"]) for one in told(asked)["readings"]] == [("embedded", False), ("llm", True)]
    assert told(asked)["readings"][0]["certainty"] < house.services.versions.all()[0].project.sure
    assert [(one["engine"], one["served"]) for one in told(confirming)["readings"]] == [("embedded", True)]
    assert told(asked)["llm"] | {"failures": []} == told(asked)["llm"]
    assert told(asked)["llm"] | {"calls": 1, "model": "m", "input_tokens": 50, "output_tokens": 9} == told(asked)["llm"]
    assert confirming["outcome"] == "confirming"
    assert told(confirming)["llm"]["calls"] == 0
    assert (acted["outcome"], acted["reply"].splitlines()[0]) == ("acted", "Sent, reference T-1.")
    assert [letter.body for letter in house.business.transfers] == [{"amount": 300, "iban": IBAN}]
    assert house.business.transfers[0].headers["idempotency-key"] == told(acted)["actions"][0]["receipt"]["key"]


async def test_a_conversation_that_only_the_model_reads_ends_in_the_action(bot: OpenBot) -> None:
    script = [
        calls(("send_money", {"amount": {"value": 500, "quote": "500 lira"}})),
        calls(("fill", {"iban": {"value": IBAN, "quote": IBAN}})),
        calls(("affirm", {})),
    ]
    with serving_openai(*script) as model:
        async with bot(model.url, understanding="llm") as house:
            outcomes = [(await house.says(words))["outcome"] for words in ("send 500 lira", IBAN, "yes")]

    assert outcomes == ["asked", "confirming", "acted"]
    assert [letter.body for letter in house.business.transfers] == [{"amount": 500, "iban": IBAN}]


async def test_a_value_that_the_customer_did_not_write_is_not_filled(bot: OpenBot) -> None:
    invented = calls(("send_money", {"amount": {"value": 9000, "quote": "9000 lira"}, "iban": {"value": IBAN}}))
    with serving_openai(invented) as model:
        async with bot(model.url, understanding="llm") as house:
            answer = await house.says("send money")

    assert (answer["outcome"], answer["slots"]) == ("asked", {})


async def test_the_prompt_holds_no_secret_and_no_sensitive_value_that_it_does_not_need(bot: OpenBot) -> None:
    script = [
        calls(("send_money", {"amount": {"value": 500, "quote": "500 lira"}})),
        calls(("fill", {"iban": {"value": IBAN, "quote": IBAN}})),
        calls(("fill", {"amount": {"value": 600, "quote": "600"}})),
    ]
    with serving_openai(*script) as model:
        async with bot(model.url, understanding="llm") as house:
            await house.says("send 500 lira")
            await house.says(IBAN)
            answer = await house.says("make it 600")

    assert answer["slots"] == {"amount": {"amount": 600, "currency": "TRY"}, "iban": IBAN}
    first, second, third = model.requests
    assert IBAN in second.raw  # it is what has to be read
    assert IBAN[4:] not in first.raw + third.raw
    sent = "".join(seen.raw for seen in model.requests)
    assert not [name for name, secret in SECRETS.items() if secret in sent]
    assert "sk-model-1234" not in sent
    assert str(house.services.settings.data) not in sent
    assert {seen.headers["authorization"] for seen in model.requests} == {"Bearer sk-model-1234"}


# --- answers --------------------------------------------------------------------------------------------------------

WORDED = "A transfer to another bank costs 7.50 lira [1]. It arrives the next morning [1]."


async def test_an_answer_is_streamed_with_its_source(bot: OpenBot) -> None:
    with serving_openai(says(WORDED)) as model:
        async with bot(model.url, understanding="embedded") as house:
            streamed = await house.streams(FEE)

    final = streamed.final
    assert len(streamed.deltas) >= 2
    assert (final["outcome"], final["reply"]) == ("answered", WORDED)
    assert [citation["source"] for citation in final["citations"]] == ["knowledge/fees.md"]
    assert final["confidence"] >= 0.6
    assert not final["should_transfer"]
    assert told(final)["llm"] | {"calls": 1, "mode": "stream", "failures": []} == told(final)["llm"]
    assert "7.50" in model.requests[0].prompt


async def test_the_same_answer_comes_as_json(bot: OpenBot) -> None:
    with serving_openai(says(WORDED)) as model:
        async with bot(model.url, understanding="embedded") as house:
            answer = await house.says(FEE)

    assert (answer["outcome"], answer["reply"]) == ("answered", WORDED)


async def test_a_sentence_with_a_figure_of_its_own_is_not_sent(bot: OpenBot) -> None:
    with serving_openai(says("A transfer costs 7.50 lira [1]. Above that it is 99 lira.")) as model:
        async with bot(model.url, understanding="embedded") as house:
            streamed = await house.streams(FEE)

    final = streamed.final
    assert "7.50" in final["reply"]
    assert "99" not in final["reply"]
    assert final["confidence"] < 0.3


async def test_the_model_words_what_the_api_answered(bot: OpenBot) -> None:
    words = "Good news: order 10042 is shipped and comes on 2030-03-15."
    with serving_openai(says(words)) as model:
        async with bot(model.url, understanding="embedded") as house:
            await house.says("where is my order")
            answer = await house.says("10042")

    assert answer["outcome"] == "acted"
    assert answer["reply"].startswith(words)
    assert "shipped" in model.requests[0].prompt


@pytest.mark.parametrize(
    "step",
    [says("Order 10042 arrives on 2031-12-31."), says(""), status(500), resets()],
    ids=["another day than the API's", "nothing", "500", "reset"],
)
async def test_the_authors_words_stand_where_the_models_cannot(bot: OpenBot, step: Step) -> None:
    with serving_openai(respond=lambda seen: step) as model:
        async with bot(model.url) as house:
            await house.says("where is my order")
            answer = await house.says("10042")

    assert answer["outcome"] == "acted"
    assert answer["reply"].startswith("Your order is shipped, it comes on Friday, March 15, 2030.")
    assert "2031" not in answer["reply"]


# --- faults ---------------------------------------------------------------------------------------------------------

FAULTS: dict[str, Step] = {
    "401": status(401, "Incorrect API key provided: sk-model-1234"),
    "404": status(404),
    "429": status(429),
    "429 with Retry-After": status(429, retry_after="120"),
    "500": status(500),
    "503": status(503),
    "reset": resets(),
    "hangs up": hangs_up(),
    "never answers": never_answers(),
    "a byte a second": dribbles(every=1.0),
    "only comments": keeps_alive(every=0.3),
    "not JSON": answers("<html>oops</html>", content_type="text/html"),
    "empty": answers(""),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_question_is_answered_from_the_evidence_where_the_model_fails(bot: OpenBot, name: str) -> None:
    with serving_openai(respond=lambda seen: FAULTS[name]) as model:
        async with bot(model.url, limits={"turn_seconds": 2}) as house:
            begun = time.monotonic()
            streamed = await house.streams(FEE)
            took = time.monotonic() - begun
            # The session goes on.
            after = await house.says("thanks")

    final = streamed.final
    assert took < IN_TIME
    assert model.requests
    assert "7.50" in final["reply"]
    assert final["citations"][0]["source"] == "knowledge/fees.md"
    assert final["confidence"] <= CAPPED
    assert told(final)["llm"]["failures"]
    assert any("model" in notice for notice in told(final)["notices"])
    assert "sk-model" not in str(streamed.events)
    assert after["outcome"] == "chatted"


@pytest.mark.parametrize("name", FAULTS)
async def test_a_message_is_read_by_the_embedded_engine_where_the_model_fails(bot: OpenBot, name: str) -> None:
    with serving_openai(respond=lambda seen: FAULTS[name]) as model:
        async with bot(model.url, understanding="llm", limits={"turn_seconds": 2}) as house:
            begun = time.monotonic()
            streamed = await house.streams("send 500 lira")
            took = time.monotonic() - begun

    final = streamed.final
    assert took < IN_TIME
    assert model.requests
    assert (final["outcome"], final["intent"], final["asks"]) == ("asked", "send_money", ["iban"])
    assert final["slots"] == {"amount": {"amount": 500, "currency": "TRY"}}
    assert final["confidence"] <= CAPPED
    assert told(final)["engine"] == "hybrid:embedded"
    assert told(final)["llm"]["failures"]
    assert any("model" in notice for notice in told(final)["notices"])


@pytest.mark.parametrize("ends", ["reset", "cut", "without_done"])
async def test_what_was_sent_stays_when_the_stream_breaks_and_there_is_one_end(bot: OpenBot, ends: Any) -> None:
    text = "A transfer to another bank costs 7.50 lira [1]. It arrives the next mor"
    with serving_openai(says(text, ends=ends, finish=None)) as model:
        async with bot(model.url, understanding="embedded") as house:
            streamed = await house.streams(FEE)
            transcript = (await house.http.get(f"/sessions/{house.session}/messages")).json()["messages"]

    final = streamed.final
    assert final["reply"].startswith("A transfer to another bank costs 7.50 lira [1].")
    assert "next mor" not in final["reply"]
    assert final["confidence"] <= CAPPED
    assert told(final)["llm"]["failures"]
    assert transcript[-1]["content"] == final["reply"]


async def test_a_stream_that_stalls_after_its_first_words_ends_in_time(bot: OpenBot) -> None:
    with serving_openai(says("A transfer costs 7.50 lira [1]. It arrives", ends="never", finish=None)) as model:
        async with bot(model.url, understanding="embedded", limits={"turn_seconds": 2}) as house:
            begun = time.monotonic()
            streamed = await house.streams(FEE)

    assert time.monotonic() - begun < IN_TIME
    assert "7.50" in streamed.final["reply"]


async def test_a_stream_that_fails_at_once_has_one_end(bot: OpenBot) -> None:
    broken = events("{broken", ends="without_done")
    with serving_openai(respond=lambda seen: broken) as model:
        async with bot(model.url, understanding="embedded") as house:
            streamed = await house.streams(FEE)

    assert "7.50" in streamed.final["reply"]


@pytest.mark.parametrize(
    "url",
    [f"http://127.0.0.1:{closed_port()}/v1", "http://no-such-host.invalid/v1", "https://127.0.0.1:{port}/v1"],
    ids=["refused", "DNS", "TLS"],
)
async def test_a_model_that_cannot_be_reached_costs_no_answer(bot: OpenBot, url: str) -> None:
    def unused(seen: Seen) -> Step:
        raise AssertionError(seen.path)

    with serving_openai(respond=unused) as model:
        port = model.url.rpartition(":")[2].removesuffix("/v1")
        async with bot(url.format(port=port), limits={"turn_seconds": 5}) as house:
            streamed = await house.streams(FEE)

    assert "7.50" in streamed.final["reply"]
    assert streamed.final["confidence"] <= CAPPED
    assert told(streamed.final)["llm"]["failures"]


async def test_without_a_model_a_bot_that_wants_one_says_so_and_answers(bot: OpenBot) -> None:
    async with bot(None, understanding="llm") as house:
        asked = await house.says("send 500 lira")
        answered = await house.says(FEE, session_id="other")

    assert (asked["outcome"], asked["asks"]) == ("asked", ["iban"])
    assert any("no model" in notice for notice in told(asked)["notices"])
    assert "7.50" in answered["reply"]
    assert told(answered)["llm"]["calls"] == 0


async def test_a_budget_that_is_used_up_allows_no_call_and_says_so(bot: OpenBot) -> None:
    step = calls(("send_money", {"amount": {"value": 300, "quote": "300 lira"}}))
    with serving_openai(step) as model:
        async with bot(model.url, limits={"llm_tokens_per_day": 59}) as house:
            first = await house.says(UNSURE)
            unread = await house.says(UNSURE, session_id="second")
            answered = await house.says(FEE, session_id="third")

    assert told(first)["llm"]["calls"] == 1
    assert told(unread)["llm"]["calls"] == told(answered)["llm"]["calls"] == 0
    assert any("budget" in notice for notice in told(unread)["notices"])
    assert any("budget" in notice for notice in told(answered)["notices"])
    assert "7.50" in answered["reply"]


# --- a real backend -------------------------------------------------------------------------------------------------


async def test_llama_cpps_server_takes_part_in_a_turn(bot: OpenBot) -> None:
    with serving_llama() as url:
        async with bot(url, understanding="llm", limits={"turn_seconds": 20}) as house:
            begun = time.monotonic()
            answer = await house.says("send 500 lira")
            took = time.monotonic() - begun

    assert took < 25
    assert told(answer)["llm"]["calls"] == 1
    assert answer["outcome"] in {"asked", "clarifying", "answered", "chatted", "confirming"}
    assert answer["reply"]
