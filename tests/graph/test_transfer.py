"""Transfers as customers and desks meet them."""

import asyncio

import pytest

from dialogue.state import ModelUse
from graph.calls import Delta, Final, TurnRefusedError
from tests.dialogue.talking import bank, fill, start
from tests.graph.conftest import IBAN, MEANINGS
from tests.graph.fakes import Room, Script, said_in


async def test_a_person_is_called_on_request_and_the_bot_falls_silent(room):
    await room.says("send 500")
    answer = await room.says("a person please")

    assert (answer["outcome"], answer["should_transfer"], answer["transfer_reason"]) == (
        "transferred",
        True,
        "requested",
    )
    packet = room.desk.packets[0]
    assert packet.open_flow == "send_money"
    assert packet.slots == {"amount": {"amount": 500, "currency": "TRY"}}

    muted = await room.says("are you there?")
    assert (muted["outcome"], muted["reply"]) == ("muted", "")
    assert room.desk.forwarded == ["are you there?"]
    assert len(room.desk.packets) == 1


async def test_the_desks_words_enter_the_history_and_release_gives_the_bot_its_voice_back(room):
    await room.says("balance")
    await room.says("a person please")
    assert await room.turns.desk_message("default", "bank", "s", text="I am Ayşe, how can I help?", agent="ayse")
    assert await room.turns.desk_release("default", "bank", "s")

    answer = await room.says("12345678")

    assert answer["outcome"] == "acted"
    transcript = await said_in(room.turns, "default", "bank", "s")
    assert {"role": "human", "content": "I am Ayşe, how can I help?"} in transcript


async def test_a_long_conversation_carries_what_a_turn_may_read_and_all_that_a_person_said(tmp_path):
    async with Room(bank(limits={"history_tokens": 100}), Script(MEANINGS), tmp_path).open() as room:
        await room.says("balance")
        await room.says("a person please")
        await room.turns.desk_message("default", "bank", "s", text="I am Ayşe", agent="ayse")
        await room.turns.desk_release("default", "bank", "s")
        for _ in range(60):
            await room.says("what is the fee")
        found = await room.turns.transcript("default", "bank", "s")
        turns = await room.turns.turns("default", "bank", "s")

    assert found is not None
    lines, earlier = found
    assert len(lines) < 70
    assert len(lines) + earlier == 2 * 62 + 2
    assert [line["role"] for line in lines[:2]] == ["human", "system"]
    assert [turn.message for turn in turns] == ["balance", "a person please", *["what is the fee"] * 60]


async def test_repeated_failures_of_any_kind_call_a_person(room):
    await room.says("balance")
    outcomes = [(await room.says(text))["outcome"] for text in ("?", "??", "???")]

    assert outcomes == ["asked", "asked", "transferred"]
    assert room.desk.packets[0].reason == "repeated_failures"


async def test_progress_forgives_failures(room):
    await room.says("balance")
    await room.says("?")
    await room.says("??")
    await room.says("12345678")
    answer = await room.says("???")

    assert answer["outcome"] != "transferred"


async def test_a_weak_answer_is_not_given_and_a_person_is_called(room):
    room.library.margin = 0.0
    answer = await room.says("what is the fee")

    assert (answer["transfer_reason"], answer["citations"]) == ("low_confidence", [])
    assert "5 TL" not in str(answer["reply"])
    assert answer["confidence"] < 0.3


async def test_an_answer_that_is_not_sure_offers_a_person_and_yes_takes_it(room):
    room.library.margin = 0.028
    answer = await room.says("what is the fee")

    assert 0.3 <= answer["confidence"] < 0.6
    assert answer["citations"]
    assert not answer["should_transfer"]
    assert (await room.says("yes"))["transfer_reason"] == "requested"


async def test_a_question_about_which_nothing_is_known_calls_a_person(room):
    room.library.knows = False
    answer = await room.says("what is the fee")

    assert (answer["transfer_reason"], answer["confidence"]) == ("no_evidence", 0.0)
    assert answer["reply"].endswith(room.versions.version.text("transfer.done", "en"))


@pytest.mark.parametrize("certainty", [0.9, 0.4], ids=["sure", "guessed to be a question"])
async def test_a_dead_knowledge_base_is_a_service_error(room, certainty):
    room.library.failure = "it is gone"
    room.script.certainty = certainty
    answer = await room.says("what is the fee")

    assert answer["transfer_reason"] == "service_error"
    assert answer["reply"] == room.versions.version.text("transfer.done", "en")
    assert any("it is gone" in notice for notice in answer["metadata"]["diagnostics"]["notices"])


async def test_a_dead_knowledge_base_in_mid_flow_is_told_and_the_flow_goes_on(room):
    await room.says("balance")
    room.library.failure = "it is gone"
    answer = await room.says("what is the fee")

    assert str(answer["reply"]).startswith(room.versions.version.text("model_unavailable.none", "en"))
    assert str(answer["reply"]).endswith("Your customer number?")
    assert not answer["should_transfer"]


async def test_an_unanswered_question_in_mid_flow_does_not_end_the_flow(room):
    room.library.margin = 0.0
    await room.says("balance")
    answer = await room.says("what is the fee")

    assert not answer["should_transfer"]
    assert answer["asks"] == ["customer"]


@pytest.mark.parametrize(("status", "reason"), [("failed", "action_failed"), ("unknown", "outcome_unknown")])
async def test_an_action_that_fails_calls_a_person(room, status, reason):
    await room.says("send 500")
    await room.says(IBAN)
    room.business.status, room.business.http_status = status, 503
    answer = await room.says("yes")

    assert answer["transfer_reason"] == reason
    assert "T-1" not in str(answer["reply"])


async def test_a_refusal_the_author_has_words_for_is_said_and_calls_nobody(tmp_path):
    actions = bank().model_dump(by_alias=True)["actions"]
    actions["send_money"]["errors"] = {409: "Not enough money."}
    async with Room(bank(actions=actions), Script(MEANINGS), tmp_path).open() as room:
        await room.says("send 500")
        await room.says(IBAN)
        room.business.status, room.business.http_status = "failed", 409
        answer = await room.says("yes")

    assert (answer["reply"], answer["outcome"], answer["should_transfer"]) == ("Not enough money.", "failed", False)


async def test_outside_its_hours_the_desk_is_announced_as_such(tmp_path):
    async with Room(bank(transfer={"hours": "Mon-Fri 09:00-18:00"}), Script(MEANINGS), tmp_path).open() as room:
        inside = await room.says("a person please", "one")
        room.later(60 * 12)
        outside = await room.says("a person please", "two")

    assert "Friday" not in str(inside["reply"])
    assert "Monday to Friday" in str(outside["reply"])


async def test_sensitive_values_are_masked_for_the_desk(tmp_path):
    intents = bank().model_dump(by_alias=True)["intents"]
    intents["send_money"]["slots"]["iban"]["sensitive"] = True
    async with Room(bank(intents=intents), Script(MEANINGS), tmp_path).open() as room:
        await room.says("send 500")
        await room.says(IBAN)
        await room.says("a person please")

    packet = room.desk.packets[0]
    assert packet.slots["iban"] == "••••1326"
    assert IBAN not in packet.summary + "".join(line["content"] for line in packet.transcript)


CARD, PERSON, PHONE, MAIL = "4111 1111 1111 1111", "10000000146", "+90 532 123 45 67", "ayse@example.com"


async def test_the_desk_reads_no_card_and_no_identity_number_and_can_call_back(room):
    said = f"my card {CARD}, id {PERSON}, iban {IBAN}, call {PHONE} or write to {MAIL}, order 10042"
    await room.says(said)
    room.script.meanings[said + "!"] = MEANINGS["a person please"]
    await room.says(said + "!")

    packet = room.desk.packets[0]
    read = [packet.summary, *(line["content"] for line in packet.transcript if line["role"] == "user")]
    assert len(read) == 3
    for text in read:
        assert not [number for number in (CARD, PERSON, IBAN) if number in text]
        assert all(known in text for known in (PHONE, MAIL, "order 10042"))


async def test_the_desk_reads_no_sensitive_value_in_the_customers_own_words(tmp_path):
    intents = bank().model_dump(by_alias=True)["intents"]
    intents["send_money"]["slots"]["note"] = {"type": "text", "sensitive": True, "required": False}
    first, second = "the secret is AB-1 2", "no it is CD 34"
    heard = {
        first: (start("send_money"), fill("note", "ab12", first)),
        second: (fill("note", "cd34", second),),
        "a person please": MEANINGS["a person please"],
    }
    async with Room(bank(intents=intents), Script(heard), tmp_path).open() as room:
        for message in (first, second, "a person please"):
            await room.says(message)

    packet = room.desk.packets[0]
    everything = packet.summary + "".join(line["content"] for line in packet.transcript)
    assert "the secret is •••" in everything
    assert not [value for value in ("AB-1", "CD 34", "ab12", "cd34") if value in everything]


async def test_what_was_only_guessed_to_be_a_question_is_asked_about_first(room):
    room.library.margin = 0.0
    room.script.certainty = 0.5
    answers = [await room.says("what is the fee") for _ in range(3)]

    assert [answer["outcome"] for answer in answers] == ["clarifying", "clarifying", "transferred"]
    assert answers[2]["transfer_reason"] == "repeated_failures"


async def test_a_doubtful_answer_of_a_broken_model_names_the_model(room):
    room.library.margin = 0.0
    room.script.models = (
        ModelUse(purpose="u", model="m", input_tokens=0, output_tokens=0, mode="tools", failure="timeout:", ms=1.0),
    )
    answer = await room.says("what is the fee")

    assert answer["transfer_reason"] == "model_unavailable"
    assert answer["metadata"]["diagnostics"]["llm"]["status"] == "model_unavailable"


@pytest.fixture
async def impatient(tmp_path):
    """A bank whose customers wait ten minutes for a person."""
    async with Room(bank(transfer={"wait_minutes": 10}), Script(MEANINGS), tmp_path).open() as room:
        yield room


async def test_where_nobody_takes_a_transfer_in_time_the_bot_says_so_and_answers_again(impatient):
    room = impatient
    await room.says("a person please")
    room.later(9)
    muted = await room.says("are you there?")
    room.later(2)
    back = await room.says("balance")

    assert muted["outcome"] == "muted"
    assert (back["outcome"], back["asks"]) == ("asked", ["customer"])
    assert str(back["reply"]).startswith(room.versions.version.text("transfer.nobody", "en"))
    assert (await room.turns.session("default", "bank", "s"))["owner"] == "bot"
    after = await room.says("12345678")
    assert after["outcome"] == "acted"
    assert "nobody" not in str(after["reply"])


async def test_after_nobody_came_a_person_can_be_asked_for_anew(impatient):
    room = impatient
    await room.says("a person please")
    room.later(11)
    again = await room.says("a person please")

    assert again["outcome"] == "transferred"
    assert len({packet.transfer_id for packet in room.desk.packets}) == 2
    assert (await room.says("hello"))["outcome"] == "muted"


@pytest.mark.parametrize("taken", ["spoken", "taken"])
async def test_a_session_that_a_person_took_is_not_taken_back(impatient, taken):
    room = impatient
    await room.says("a person please")
    if taken == "spoken":
        await room.turns.desk_message("default", "bank", "s", text="Hello", agent="ayse")
    else:
        await room.turns.desk_take("default", "bank", "s")
    room.later(600)

    assert (await room.says("balance"))["outcome"] == "muted"


async def test_without_a_limit_a_transfer_waits_for_ever(room):
    await room.says("a person please")
    room.later(60 * 24 * 30)

    assert (await room.says("balance"))["outcome"] == "muted"


async def test_a_desk_message_that_comes_twice_is_entered_once(room):
    await room.says("a person please")
    for _ in range(2):
        assert await room.turns.desk_message("default", "bank", "s", text="Hello", agent="a", message_id="7")
    with pytest.raises(TurnRefusedError) as refused:
        await room.turns.desk_message("default", "bank", "s", text="Other words", agent="a", message_id="7")

    transcript = await said_in(room.turns, "default", "bank", "s")
    assert [line["content"] for line in transcript if line["role"] == "human"] == ["Hello"]
    assert refused.value.status == 409


async def test_a_release_that_comes_twice_at_once_leaves_one_marker_and_no_loop(room):
    await room.says("balance")
    await room.says("a person please")
    done = await asyncio.gather(*(room.turns.desk_release("default", "bank", "s") for _ in range(3)))

    transcript = await said_in(room.turns, "default", "bank", "s")
    assert done == [True, True, True]
    assert sum("gave the conversation back" in line["content"] for line in transcript) == 1
    assert (await room.says("12345678"))["outcome"] == "acted"
    assert len(room.desk.packets) == 1


async def test_a_turn_under_way_says_nothing_more_once_a_person_speaks(room):
    room.script.pause = 0.2
    turn = asyncio.create_task(room.says("balance"))
    await asyncio.sleep(0.05)
    await room.turns.desk_message("default", "bank", "s", text="I have it", agent="ayse")
    first = await turn
    room.script.pause = 0.0
    answer = await room.says("12345678")

    assert first["reply"] == ""
    assert (first["outcome"], answer["outcome"]) == ("muted", "muted")
    assert room.desk.forwarded == ["balance", "12345678"]
    transcript = await said_in(room.turns, "default", "bank", "s")
    assert [line["role"] for line in transcript] == ["user", "human", "user"]


async def test_what_was_streamed_before_a_person_spoke_stays_and_nothing_follows(room):
    room.writer.pause = 0.2
    heard = asyncio.Event()
    pieces: list[str] = []
    final: Final | None = None

    async def listen() -> None:
        nonlocal final
        async for event in room.turns.stream(room.call("what is the fee")):
            if isinstance(event, Delta):
                pieces.append(event.text)
                heard.set()
            elif isinstance(event, Final):
                final = event

    turn = asyncio.create_task(listen())
    await heard.wait()
    await room.turns.desk_message("default", "bank", "s", text="I have it", agent="ayse")
    await turn

    assert pieces == ["A transfer "]
    assert final is not None
    assert (final.answer["reply"], final.answer["outcome"]) == ("A transfer ", "muted")
