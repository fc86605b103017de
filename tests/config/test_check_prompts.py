"""Prompts that a project words itself, checked before a customer finds out."""

from pathlib import Path

import pytest

from config.checking.prompts import FUNCTIONS
from config.checks import check
from config.loading import load
from config.prompts import PROMPTS
from understanding.llm_wording import built_in_words

PROJECT = """name: bot
locales: [en]
intents:
  hours:
    examples: {en: [when are you open, opening hours]}
    reply: {en: At nine.}
"""


def problems(folder: Path, name: str, text: str) -> list[str]:
    """What is said of one prompt."""
    root = folder / "bot"
    (root / "prompts").mkdir(parents=True)
    (root / "project.yaml").write_text(PROJECT, "utf-8")
    (root / "prompts" / f"{name}.md").write_text(text, "utf-8")
    loaded = load(root)
    return [str(each) for each in check(loaded.version, reading=loaded.reading) if each.file.startswith("prompts/")]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("understand", "Read. {{ date }} {{ open }}", None),
        ("answer", "{{ persona }} {{ passages }} {{ refusal }}", None),
        ("functions", "Ours:\n\n- person: Wants one of our agents.\n- form.money: liras\n", None),
        ("json", 'Say {"calls": [{"arguments": {}}]} of\n{{ functions }}', None),
        ("json", "Answer in JSON.", "prompts/json.md: a model is not told its functions"),
        ("tagged", "Answer in one line.", "prompts/tagged.md: a model is not told its functions"),
        ("understnad", "Read.", "prompts/understnad.md: warning: no prompt is called so"),
        ("understand", "{{ dat }}", "prompts/understand.md"),
        ("answer", "{{ date }}", "prompts/answer.md"),
        ("reword", "{% for", "prompts/reword.md"),
        ("functions", "remark\n- perso: x", "prompts/functions.md:2:1: 'perso' is no function's part"),
        ("functions", "nothing", "prompts/functions.md: warning: no line of it words anything"),
    ],
)  # fmt: skip
def test_a_prompt_that_cannot_be_used_is_told_with_its_remedy(tmp_path, name, text, said):
    found = problems(tmp_path, name, text)

    assert (found == []) if said is None else (len(found) == 1 and found[0].startswith(said))


def test_an_unknown_value_is_named(tmp_path):
    (told,) = problems(tmp_path, "understand", "It is {{ dat }}.")

    assert "dat" in told
    assert "conversation, date, filled" in told


def test_what_may_be_worded_is_what_there_is():
    root = Path(__file__).parents[2]
    shipped = {
        path.stem
        for package in ("understanding", "models", "tools")
        for path in (root / package / "prompts").glob("*.md")
    }

    assert set(PROMPTS) == shipped
    assert set(built_in_words()) == FUNCTIONS
