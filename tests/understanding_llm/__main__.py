"""Prints what comes of every fault of a model, and of every attack: python -m tests.understanding_llm."""

import asyncio
import logging
import sys

import structlog

from models.chat import open_language_model
from tests.openai_server import Lack, serving_openai
from tests.understanding_llm.attacking import FALLEN, attacks, outside
from tests.understanding_llm.bank import bank, said
from tests.understanding_llm.faults import FAULTS, come
from understanding.llm import LLMUnderstanding


async def _faults() -> int:
    wrong = 0
    sys.stdout.write(f"{'fault':<40} {'comes to':<60} {'failure':<24} requests  again    ms\n")
    for fault in FAULTS:
        came = await come(fault)
        right = (came.comes, came.failure) == (fault.comes, fault.failure)
        wrong += not right
        again = "" if came.again is None else str(came.again)
        line = (
            f"{fault.name:<40} {came.comes:<60} {came.failure or '':<24} {came.requests:>8}  {again:>5} {came.ms:>5.0f}"
        )
        sys.stdout.write(line + ("\n" if right else f"  EXPECTED {fault.comes} {fault.failure or ''}\n"))
    return wrong


async def _attacks() -> int:
    version, tried, left = bank(locales=["tr", "en", "zh"]), 0, 0
    wires: list[tuple[Lack, ...]] = [(), ("tools",), ("tools", "json_schema", "json_object")]
    for fallen, respond in FALLEN.items():
        for lacks in wires:
            with serving_openai(respond=respond, lacks=lacks) as server:
                model = open_language_model(model="m", base_url=server.url)
                assert model is not None
                for attack in attacks():
                    read = await LLMUnderstanding(model).understand(version, said(attack.say, locale=attack.locale))
                    found = list(outside(read.commands, version.project, attack.say))
                    tried, left = tried + 1, left + bool(found)
                    if found:
                        sys.stdout.write(f"{fallen}: {attack.say!r} left the grammar: {found}\n")
                await model.aclose()
    sys.stdout.write(
        f"\n{len(attacks())} attacks in 3 languages x {len(FALLEN)} models that fall for them x {len(wires)} wires: "
        f"{tried} readings, {left} outside the grammar\n"
    )
    return left


async def main() -> int:
    """Both, and the exit status."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    wrong = await _faults()
    sys.stdout.write(f"{len(FAULTS)} faults, {wrong} came to something else\n")
    return 1 if wrong + await _attacks() else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
