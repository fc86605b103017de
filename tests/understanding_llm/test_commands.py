"""What a model calls becomes commands of the closed grammar, or nothing."""

import pytest

from dialogue.commands import Command
from tests.openai_server import answers, calls, decides, never_answers, says, serving_openai, status
from tests.understanding_llm.bank import asking, bank, said


async def commands(reading, message: str, *wanted, **known) -> list[Command]:
    with serving_openai(calls(*wanted)) as server:
        understood = await reading(server).understand(bank(), said(message, **known))
    return list(understood.commands)


def start(intent: str) -> Command:
    return {"command": "start", "intent": intent}


def fill(slot: str, value, quote: str) -> Command:
    return {"command": "fill", "slot": slot, "value": value, "quote": quote}


IBAN = "TR33 0006 1005 1978 6457 8413 26"
LIRA_500 = {"amount": 500, "currency": "TRY"}


async def test_one_call_may_ask_for_several_things(reading):
    read = await commands(
        reading,
        "500 lira göndermek istiyorum, bir de altın kart. Ücreti ne?",
        ("send_money", {"amount": {"value": 500, "quote": "500 lira"}}),
        ("card", {"kind": {"value": "gold", "quote": "altın kart"}}),
        ("question", {"text": "Para göndermenin ücreti ne kadar?"}),
    )

    assert read == [
        start("send_money"),
        fill("amount", LIRA_500, "500 lira"),
        start("card"),
        fill("kind", "gold", "altın"),
        {"command": "question", "text": "Para göndermenin ücreti ne kadar?"},
    ]


@pytest.mark.parametrize(
    ("message", "argument", "expected"),
    [
        ("500 lira gönder", {"value": 500, "quote": "500 lira"}, (LIRA_500, "500 lira")),
        ("500 lira gönder", 500, (LIRA_500, "500")),
        ("500 lira gönder", "500", (LIRA_500, "500")),
        ("500 LİRA gönder", {"value": 500, "quote": "500 lira"}, (LIRA_500, "500 LİRA")),
        ("500 lira gönder", {"quote": "500"}, (LIRA_500, "500")),
        ("500 lira gönder", {"value": 500, "quote": "beş yüz"}, (LIRA_500, "500")),
        ("para gönder", {"value": 500, "quote": "500 lira"}, None),
        ("para gönder", 500, None),
        ("beş yüz lira gönder", {"value": 500, "quote": "beş yüz lira"}, (LIRA_500, "beş yüz lira")),
        ("beş yüz lira gönder", 500, (LIRA_500, "beş yüz lira")),
        ("hemen 500 lira gönder", {"value": 500, "quote": "hemen 500 lira gönder"}, (LIRA_500, "500 lira")),
        ("500 lira gönder", {"value": 900, "quote": "500 lira"}, (LIRA_500, "500 lira")),
        ("500 lira gönder", {"value": float("nan"), "quote": "500 lira"}, (LIRA_500, "500 lira")),
        ("500 lira gönder", {"value": {"a": {"b": 5}}, "quote": "500 lira"}, (LIRA_500, "500 lira")),
        ("1500 lira gönder", {"value": 500, "quote": "500"}, None),
        ("5.000 lira gönder", {"value": 5, "quote": "5"}, None),
        ("500 lira gönder", {"value": None, "quote": ""}, None),
        ("None gönder", "None", None),
        ("para gönder", {"value": True, "quote": "para"}, None),
        ("500 lira gönder", ["500"], None),
    ],
)
async def test_no_quote_no_fill(reading, message, argument, expected):
    read = await commands(reading, message, ("send_money", {"amount": argument}))

    assert read == [start("send_money"), *([fill("amount", *expected)] if expected else [])]


@pytest.mark.parametrize(
    ("slot", "message", "argument", "expected"),
    [
        ("day", "yarın gönder", {"value": "2026-03-16", "quote": "yarın"}, "2026-03-16"),
        ("day", "yarın gönder", {"value": "2026-13-99", "quote": "yarın"}, "2026-03-16"),
        ("day", "maaş günü gönder", {"value": "2026-04-01", "quote": "maaş günü"}, "2026-04-01"),
        ("day", "maaş günü gönder", {"value": "ay başı", "quote": "maaş günü"}, None),
        ("day", "maaş günü gönder", {"value": "2026-13-99", "quote": "maaş günü"}, None),
        ("day", "gönder", {"value": "2026-03-16", "quote": "yarın"}, None),
        ("note", "notu kira olsun", {"value": "kira bedeli", "quote": "kira"}, "kira"),
        ("note", "notu kira olsun", "maaş", None),
        ("iban", f"{IBAN} IBAN'ına", {"value": IBAN.replace(" ", ""), "quote": IBAN}, IBAN.replace(" ", "")),
        ("iban", f"{IBAN} IBAN'ına", {"value": "TR99", "quote": IBAN}, IBAN.replace(" ", "")),
        ("iban", "ona gönder", {"value": IBAN, "quote": "ona"}, None),
    ],
)
async def test_values_are_of_their_slots_type(reading, slot, message, argument, expected):
    read = await commands(reading, message, ("send_money", {slot: argument}))

    assert [command["value"] for command in read if command["command"] == "fill"] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("slot", "value", "quote", "expected"),
    [
        ("amount", 500, "500 lira", LIRA_500),
        ("amount", 900, "500 lira", None),
        ("amount", float("nan"), "500 lira", None),
        ("amount", float("inf"), "500 lira", None),
        ("amount", True, "500 lira", None),
        ("amount", "500", "500 lira", LIRA_500),
        ("amount", {"amount": 500, "currency": "EUR"}, "500 lira", {"amount": 500, "currency": "EUR"}),
        ("day", "2026-03-16", "yarın", "2026-03-16"),
        ("day", "16.03.2026", "yarın", None),
        ("iban", "tr99", "yarın", None),
        ("note", "uydurma", "500 lira", "500 lira"),
    ],
)
async def test_a_model_is_believed_only_as_far_as_the_words_go(reading, slot, value, quote, expected):
    """Where the typed reading finds nothing, as in a language it does not know."""

    def finds_nothing(text, slots, *, locale, locales, now, requested=()):
        return []

    wanted = ("send_money", {slot: {"value": value, "quote": quote}})
    with serving_openai(calls(wanted)) as server:
        engine = reading(server, extract=finds_nothing)
        understood = await engine.understand(bank(), said("yarın 500 lira gönder"))

    assert [c["value"] for c in understood.commands if c["command"] == "fill"] == ([expected] if expected else [])


async def test_several_readings_stay_several(reading):
    version = bank(intents={"visit": {"slots": {"hour": {"type": "time"}}}})
    with serving_openai(calls(("visit", {"hour": {"value": "20:00", "quote": "8'de"}}))) as server:
        understood = await reading(server).understand(version, said("8'de gelsin"))

    assert understood.commands[1].get("candidates") == ["08:00", "20:00"]


async def test_what_the_project_does_not_know_is_dropped(reading):
    with serving_openai(
        calls(
            ("steal_money", {"amount": 1}),
            ("send_money", {"kind": {"value": "gold", "quote": "altın"}, "password": "altın"}),
            ("card", {"kind": {"value": "platinum", "quote": "gönder"}}),
        )
    ) as server:
        understood = await reading(server).understand(bank(), said("altın gönder"))

    assert list(understood.commands) == [start("send_money"), start("card")]
    assert understood.notices == ("model_dropped: 4",)


async def test_repeats_and_floods_are_bounded(reading):
    flood: list[tuple[str, dict[str, str]]] = [("balance", {}) for _ in range(10)]
    flood += [(name, {}) for name in ("send_money", "card", "person", "repeat", "undo", "chat")]
    read = await commands(reading, "hepsi", *flood, intent="card")

    assert [command["command"] for command in read] == ["start", "start", "start", "person", "repeat"]


async def test_one_span_fills_one_slot_unless_it_means_two(reading):
    trip = {
        "adults": {"type": "count"},
        "rooms": {"type": "count"},
        "from_city": {"type": "text"},
        "to_city": {"type": "text"},
    }
    version = bank(intents={"book": {"slots": trip}})
    with serving_openai(
        calls(
            (
                "book",
                {
                    "adults": {"value": 2, "quote": "2 kişi"},
                    "rooms": {"value": 2, "quote": "2 kişi"},
                    "from_city": "İzmir",
                    "to_city": "Bursa",
                },
            )
        )
    ) as server:
        understood = await reading(server).understand(version, said("izmirden bursaya 2 kişi"))

    assert [(c["slot"], c["value"]) for c in understood.commands if c["command"] == "fill"] == [
        ("adults", 2),
        ("from_city", "izmir"),
        ("to_city", "bursa"),
    ]


@pytest.mark.parametrize(
    ("called", "expected"),
    [
        (("fill", {"amount": {"value": 600, "quote": "600"}}), [("amount", 600)]),
        (("send_money", {"amount": {"value": 600, "quote": "600"}}), [("amount", 600)]),
    ],
)
async def test_a_flow_under_way_is_filled_and_not_begun_again(reading, called, expected):
    read = await commands(reading, "evet ama 600", called, intent="send_money", open=asking(kind="confirm"))

    assert [(c["slot"], c["value"]["amount"]) for c in read if c["command"] == "fill"] == expected
    assert not [c for c in read if c["command"] == "start"]


@pytest.mark.parametrize(
    ("called", "expected"),
    [
        (("affirm", {}), {"command": "affirm"}),
        (("deny", {}), {"command": "deny"}),
        (("cancel", {}), {"command": "cancel"}),
        (("intent_cancel", {}), {"command": "start", "intent": "cancel"}),
        (("undo", {}), {"command": "undo"}),
        (("restart", {}), {"command": "restart"}),
        (("repeat", {}), {"command": "repeat"}),
        (("person", {}), {"command": "person"}),
        (("skip", {"slot": "note"}), {"command": "skip", "slot": "note"}),
        (("skip", {}), {"command": "skip", "slot": "amount"}),
        (("skip", {"slot": "nothing"}), {"command": "skip", "slot": "amount"}),
        (("forget", {"slot": "nothing"}), {"command": "undo"}),
        (("forget", {}), {"command": "undo"}),
        (("why", {"slot": "iban"}), {"command": "why", "slot": "iban"}),
        (("why", {}), {"command": "why", "slot": "amount"}),
        (("question", {}), {"command": "question", "text": "hm"}),
        (("question", {"text": "x" * 9000}), {"command": "question", "text": "x" * 500}),
        (("chat", {"topic": "thanks"}), {"command": "chat", "topic": "thanks"}),
        (("chat", {"topic": "DROP TABLE"}), {"command": "chat", "topic": "smalltalk"}),
        (
            ("clarify", {"intents": ["card", "steal", "intent_cancel", 5]}),
            {"command": "clarify", "intents": ["card", "cancel"]},
        ),
        (("clarify", {"intents": "card"}), {"command": "unclear", "reason": "unreadable"}),
    ],
)
async def test_acts_become_commands(reading, called, expected):
    assert await commands(reading, "hm", called, intent="send_money", open=asking("amount")) == [expected]


@pytest.mark.parametrize(
    ("step", "message", "expected"),
    [
        (says("Kredi kartı 5 TL."), "kart ne kadar?", {"command": "question", "text": "kart ne kadar?"}),
        (says("我们九点开门。"), "几点开门？", {"command": "question", "text": "几点开门？"}),
        (says('{"calls": []}'), "asdf", {"command": "unclear", "reason": "no_match"}),
        (calls(("steal", {})), "çal", {"command": "unclear", "reason": "unreadable"}),
        (calls(("fill", {"amount": "9"})), "çok", {"command": "unclear", "reason": "unreadable"}),
    ],
)
async def test_without_a_usable_call_the_words_decide(reading, step, message, expected):
    with serving_openai(calls(("balance", {})), step) as server:
        engine = reading(server)
        await engine.understand(bank(), said("bakiye"))  # tools have worked once
        understood = await engine.understand(bank(), said(message, intent="send_money"))

    assert list(understood.commands) == [expected]


async def test_talk_of_a_model_that_can_call_is_small_talk(reading):
    with serving_openai(calls(("balance", {})), says("Ben de iyiyim!")) as server:
        engine = reading(server)
        await engine.understand(bank(), said("bakiye"))
        understood = await engine.understand(bank(), said("nasılsın"))

    assert list(understood.commands) == [{"command": "chat", "topic": "smalltalk"}]


@pytest.mark.parametrize(
    ("steps", "notice"),
    [
        ([status(401)], "model_refused: refused:http_401"),
        ([status(500)] * 2, "model_unavailable: unavailable:http_500"),
        ([answers("<html>")] * 2, "model_invalid: invalid:unreadable"),
        ([calls(("send_money", '{"amount": 10'), finish="length")], "model_incomplete: incomplete:length"),
        ([never_answers()], "model_timeout: timeout:deadline"),
    ],
)
async def test_a_fault_is_unclear_and_said(reading, steps, notice):
    with serving_openai(*steps) as server:
        understood = await reading(server, seconds=1).understand(bank(), said("500 lira gönder"))

    assert list(understood.commands) == [{"command": "unclear", "reason": "unreadable"}]
    assert understood.notices == (notice,)
    assert understood.models[0]["failure"]
    assert understood.models[0]["purpose"] == "understand"


@pytest.mark.parametrize(("message", "reason"), [("", "empty"), ("  \n ", "empty")])
async def test_nothing_said_asks_no_model(reading, message, reason):
    with serving_openai() as server:
        understood = await reading(server).understand(bank(), said(message))

    assert list(understood.commands) == [{"command": "unclear", "reason": reason}]
    assert understood.models == ()


async def test_a_used_up_budget_asks_no_model(reading):
    with serving_openai() as server:
        understood = await reading(server).understand(bank(), said("bakiye", model_allowed=False))

    assert understood.notices == ("model_budget: no further call allowed",)


@pytest.mark.parametrize("lacks", [(), ("tools",), ("tools", "json_schema"), ("tools", "json_schema", "json_object")])
async def test_every_backend_comes_to_the_same_commands(reading, lacks):
    with serving_openai(
        decides(("send_money", {"amount": {"value": 500, "quote": "500 lira"}})), lacks=lacks
    ) as server:
        understood = await reading(server).understand(bank(), said("500 lira gönder"))

    assert list(understood.commands) == [start("send_money"), fill("amount", LIRA_500, "500 lira")]


async def test_a_value_that_is_wrong_is_forgotten_by_its_name(reading):
    known = {"intent": "send_money", "filled": {"amount": LIRA_500}, "open": asking("iban")}
    read = await commands(reading, "tutar yanlış", ("forget", {"slot": "amount"}), **known)

    assert read == [{"command": "fill", "slot": "amount", "value": None, "quote": "tutar yanlış"}]


async def test_a_value_for_a_flow_that_waits_does_not_bring_it_back(reading):
    called = ("send_money", {"amount": {"value": 500, "quote": "500 lira"}})
    read = await commands(reading, "500 lira olsun", called, intent="card", waiting=("send_money",))

    assert read == [fill("amount", LIRA_500, "500 lira")]
