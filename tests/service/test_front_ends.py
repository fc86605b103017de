"""Other programs' front ends over the whole real service: OpenAI's own client, and what speaks to Rasa over REST."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from uuid import uuid4

import openai
import pytest
import pytest_asyncio
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageParam
from pydantic import JsonValue

from serving.openapi_examples import ANSWERS
from tests.docs.pages import Page as HowTo
from tests.house.tree import ROOT
from tests.service.house import IBAN, House, open_house
from tests.service.warmth import Warmth

pytestmark = pytest.mark.asyncio(loop_scope="module")

Messages = list[ChatCompletionMessageParam]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_at(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("front-ends")
    async with open_house(folder, Warmth(tmp_path_factory.getbasetemp() / "warmth")) as house:
        yield house


@pytest.fixture
def house(open_at: House) -> House:
    open_at.business.transfers.clear()
    return open_at


@pytest_asyncio.fixture(loop_scope="module")
async def client(house: House) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{house.address}/v1", api_key="none", max_retries=0) as found:
        yield found


class Page:
    """A chat page that sends all that was said with every message, and no name of the conversation."""

    def __init__(self, client: AsyncOpenAI) -> None:
        self.client = client
        self.messages: Messages = [{"role": "system", "content": "You are a pirate."}]

    async def says(self, message: str) -> str:
        """The reply to one more message."""
        self.messages.append({"role": "user", "content": message})
        return await self.regenerates()

    async def regenerates(self) -> str:
        """The reply to the last message."""
        answer = await self.client.chat.completions.create(model="wires", messages=self.messages)
        self.session = str(answer.model_extra["switchboard"]["session_id"])
        reply = answer.choices[0].message.content or ""
        self.messages.append({"role": "assistant", "content": reply})
        return reply


async def test_openai_s_client_lists_the_projects(client: AsyncOpenAI) -> None:
    listed = [(model.id, model.owned_by) async for model in client.models.list()]

    assert listed == [("wires", "acme")]
    assert (await client.models.retrieve("wires")).id == "wires"


async def test_a_page_that_sends_the_whole_conversation_plays_each_turn_once(house: House, client: AsyncOpenAI) -> None:
    page = Page(client)
    await page.says("I want to send 500 lira")
    await page.says(IBAN)
    done = await page.says("yes")

    assert done.startswith("Sent, reference")
    assert len(house.business.transfers) == 1
    said = (await house.http.get(f"/sessions/{page.session}/messages")).json()["messages"]
    assert [line["content"] for line in said if line["role"] == "user"][-1] == "yes"
    assert len(said) == 6


async def test_what_is_sent_again_is_done_once(house: House, client: AsyncOpenAI) -> None:
    page = Page(client)
    await page.says("I want to send 700 lira")
    await page.says(IBAN)
    done = await page.says("yes")
    page.messages.pop()

    assert await page.regenerates() == done
    assert len(house.business.transfers) == 1


async def test_an_earlier_message_that_is_changed_leaves_the_first_conversation_as_it_is(
    house: House, client: AsyncOpenAI
) -> None:
    page = Page(client)
    await page.says("I want to send 900 lira")
    first = await page.says(IBAN)
    session = page.session
    page.messages = page.messages[:-2]
    other = await page.says("cancel that")

    assert "900" in first
    assert "900" not in other
    assert page.session != session
    state = (await house.http.get(f"/sessions/{session}")).json()
    assert state["slots"]["amount"]["amount"] == 900


async def test_two_conversations_that_begin_alike_are_two(house: House, client: AsyncOpenAI) -> None:
    one, other = Page(client), Page(client)
    await one.says("I want to send money")
    await other.says("I want to send money")
    await one.says("100 lira")
    await other.says("200 lira")

    assert one.session != other.session
    amounts = [(await house.http.get(f"/sessions/{page.session}")).json()["slots"] for page in (one, other)]
    assert [each["amount"]["amount"] for each in amounts] == [100, 200]


async def test_the_same_words_in_a_named_conversation_are_said_twice(house: House, client: AsyncOpenAI) -> None:
    user, replies = f"user-{uuid4().hex}", []
    for message in ("I want to send 50 lira", IBAN, "yes", "I want to send 60 lira", IBAN, "yes"):
        answer = await client.chat.completions.create(
            model="wires", messages=[{"role": "user", "content": message}], user=user
        )
        replies.append(answer.choices[0].message.content or "")

    assert [reply.startswith("Sent") for reply in replies] == [False, False, True, False, False, True]
    assert len(house.business.transfers) == 2


async def test_an_attempt_that_openai_s_client_repeats_is_done_once(house: House, client: AsyncOpenAI) -> None:
    user = f"user-{uuid4().hex}"
    for message in ("I want to send 70 lira", IBAN):
        await client.chat.completions.create(model="wires", messages=[{"role": "user", "content": message}], user=user)
    answers = [
        await client.chat.completions.create(
            model="wires",
            messages=[{"role": "user", "content": "yes"}],
            user=user,
            extra_headers={"x-stainless-retry-count": attempt},
        )
        for attempt in ("0", "1")
    ]

    assert answers[0].choices[0].message.content == answers[1].choices[0].message.content
    assert len(house.business.transfers) == 1


async def test_pieces_add_up_to_the_reply_and_end_with_the_tokens(client: AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="wires",
        messages=[{"role": "user", "content": "what does a transfer to another bank cost"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)

    assert "7.50" in said
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-2].model_extra["switchboard"]["reply"] == said
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 0


async def test_what_a_page_asks_a_model_about_a_conversation_is_no_turn(house: House, client: AsyncOpenAI) -> None:
    task = "### Task:\nSuggest a title.\n### Chat History:\n<chat_history>\nUSER: hello\n</chat_history>"
    before = (await house.http.get("/sessions")).json()["total"]
    answer = await client.chat.completions.create(model="wires", messages=[{"role": "user", "content": task}])
    stream = await client.chat.completions.create(
        model="wires", messages=[{"role": "user", "content": task}], stream=True
    )

    assert answer.choices[0].message.content == ""
    assert [chunk.choices[0].finish_reason async for chunk in stream] == [None, "stop"]
    assert (await house.http.get("/sessions")).json()["total"] == before


async def test_a_wrong_model_is_told_as_openai_tells_it(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        await client.chat.completions.create(model="gpt-9", messages=[{"role": "user", "content": "hello"}])

    assert refused.value.code == "model_not_found"
    assert "'gpt-9'" in refused.value.message


@pytest.mark.parametrize(("name", "shown"), [("front-ends", "To which IBAN?"), ("langserve", "To which IBAN? asked")])
async def test_the_python_of_the_how_tos_runs(house: House, name: str, shown: str) -> None:
    """With this bot and this address in it, and words that this bot knows."""
    [code] = [
        block.text for block in HowTo(path=ROOT / f"docs/how-to/{name}.md").blocks() if block.language == "python"
    ]
    own = {
        "http://127.0.0.1:8000": house.address,
        '"bank"': '"wires"',
        "bakiyem ne kadar": "500 lira göndermek istiyorum",
        "500 lira göndermek istiyorum": "send 500 lira",
        "customer-17": house.session,
        "remote-1": house.session,
    }
    for theirs, ours in own.items():
        code = code.replace(theirs, ours)
    program = [sys.executable, "-c", code]
    done = await asyncio.to_thread(subprocess.run, program, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr
    assert shown in done.stdout


async def test_what_speaks_to_rasa_speaks_to_a_bot(house: House) -> None:
    sender = f"sender-{uuid4().hex}"
    replies = []
    for message in ("I want to send 500 lira", IBAN):
        response = await house.http.post("/webhooks/rest/webhook", json={"sender": sender, "message": message})
        assert response.status_code == 200
        replies.append(response.json())
    buttons = replies[1][0]["buttons"]
    done = await house.http.post("/webhooks/rest/webhook", json={"sender": sender, "message": buttons[0]["payload"]})

    assert replies[0] == [{"recipient_id": sender, "text": "To which IBAN?"}]
    assert buttons == [{"title": "yes", "payload": "yes"}, {"title": "no", "payload": "no"}]
    assert done.json()[0]["text"].startswith("Sent, reference")
    assert len(house.business.transfers) == 1


async def test_a_session_that_a_person_has_is_quiet_on_rasa_s_channel_too(house: House) -> None:
    sender = f"sender-{uuid4().hex}"
    first = await house.http.post(
        "/webhooks/rest/webhook", json={"sender": sender, "message": "I want to talk to a person"}
    )
    second = await house.http.post("/webhooks/rest/webhook", json={"sender": sender, "message": "hello?"})

    assert first.json()[0]["recipient_id"] == sender
    assert second.json() == []


async def test_the_examples_of_the_description_have_the_fields_that_answers_have(house: House) -> None:
    """Of the answers whose shape is open, which no schema describes."""
    await house.says("I want to send 500 lira")
    document = await house.http.post("/knowledge/documents", files={"file": ("note.md", b"# Note\nA note.")})
    search = await house.http.post("/knowledge/search", json={"query": "transfer"})
    found = {("post", "/knowledge/documents"): document.json(), ("post", "/knowledge/search"): search.json()}
    for path in ("/sessions", "/sessions/{session_id}", "/sessions/{session_id}/messages", "/knowledge/documents"):
        found["get", path] = (await house.http.get(path.format(session_id=house.session))).json()
    found["get", "/stats"] = (await house.http.get("/stats")).json()

    for route, answer in found.items():
        assert fields(ANSWERS[route]) <= fields(answer), route


def fields(value: JsonValue) -> set[str]:
    """The names of its fields, and of those of the first of each list in it."""
    if not isinstance(value, dict):
        return set()
    lists = [inner[0] for inner in value.values() if isinstance(inner, list) and inner]
    return set(value).union(*(fields(each) for each in lists))
