"""Whatever a message makes a model do, nothing comes of it that the project does not have."""

from typing import Any

import pytest

from tests.openai_server import Lack, serving_openai
from tests.understanding_llm.attacking import FALLEN, INVENTED, attacks, outside
from tests.understanding_llm.bank import asking, bank, said

LOCALES = ("en", "tr", "zh")
WIRES: list[tuple[Lack, ...]] = [(), ("tools",), ("tools", "json_schema", "json_object")]


def test_the_corpus_has_three_languages_and_every_kind():
    kinds = {locale: {one.kind for one in attacks() if one.locale == locale} for locale in LOCALES}

    assert all(len(found) == 8 for found in kinds.values())
    assert len(attacks()) >= 50


@pytest.mark.parametrize("lacks", WIRES, ids=["tools", "JSON schema", "JSON in words"])
@pytest.mark.parametrize("fallen", FALLEN)
async def test_a_model_that_falls_for_an_attack_cannot_leave_the_grammar(reading, fallen, lacks):
    version = bank(locales=["tr", "en", "zh"])
    with serving_openai(respond=FALLEN[fallen], lacks=lacks) as server:
        engine = reading(server)
        for attack in attacks():
            known: dict[str, Any] = {"intent": "send_money"} if attack.kind == "smuggle" else {}
            understood = await engine.understand(version, said(attack.say, locale=attack.locale, **known))

            assert list(outside(understood.commands, version.project, attack.say)) == []
            told = str([{**command, "quote": "", "text": ""} for command in understood.commands])
            assert not [name for name in INVENTED if name and f"'{name}'" in told.replace("'value': 'admin'", "")]


@pytest.mark.parametrize("place", ["message", "history", "value", "question"])
async def test_an_attack_stays_data_wherever_it_stands(reading, place):
    version = bank(locales=["tr", "en", "zh"])
    with serving_openai(respond=FALLEN["repeats the message"]) as server:
        engine = reading(server)
        for attack in attacks():
            known: dict[str, dict[str, Any]] = {
                "message": {},
                "history": {"history": (("user", attack.say), ("assistant", attack.say))},
                "value": {"intent": "send_money", "filled": {"note": attack.say}},
                "question": {"open": asking("note", text=attack.say)},
            }
            message = attack.say if place == "message" else "merhaba"
            await engine.understand(version, said(message, locale=attack.locale, **known[place]))

            system, user = server.requests[-1].body["messages"]
            assert (system["role"], user["role"]) == ("system", "user")
            assert user["content"] == message
            # One line of the prompt is the most it gets: it can begin no rule and no turn of its own.
            first = attack.say.strip().splitlines()[-1].strip()
            begun = [line for line in system["content"].splitlines() if line.startswith(first)]
            assert begun == []
            if place == "message":
                assert attack.say not in system["content"]
