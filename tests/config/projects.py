"""Small projects for tests."""

from pathlib import Path

from config.checks import check
from config.errors import Problem, ProjectError
from config.loading import load

GOOD = """\
name: demo
locales: [en, tr]
timezone: Europe/Istanbul
slots:
  iban:
    type: id
    pattern: "TR[0-9]{24}"
    ask: {en: "Which IBAN?", tr: "Hangi IBAN?"}
intents:
  send_money:
    title: {en: Send money, tr: Para gönderme}
    examples:
      en: ["send [500 lira](amount) please", transfer some money]
      tr: ["[500 lira](amount) gönder", para yollamak istiyorum]
    slots:
      amount: {type: money, currency: TRY, min: 1, max: 50000, title: {en: amount, tr: tutar}}
      iban: {}
    action: send_money
  fees:
    examples: {en: [what does it cost], tr: [ücreti ne kadar]}
    reply: {en: "Nothing.", tr: "Ücretsiz."}
actions:
  send_money:
    effect: write
    method: POST
    url: "${DEMO_API}/transfers"
    json: {amount: "{{ slots.amount }}", iban: "{{ slots.iban }}"}
    result: {reference: data.id}
    reply: {en: "Sent, {{ result.reference }}.", tr: "Gönderildi, {{ result.reference }}."}
"""

ENVIRONMENT = {"DEMO_API": "http://127.0.0.1:1"}


def write_project(folder: Path, text: str = GOOD) -> Path:
    """A project folder with this project.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "project.yaml").write_text(text, "utf-8")
    return folder


def changed(old: str, new: str, text: str = GOOD) -> str:
    """The good project with one thing changed."""
    assert text.count(old) == 1, old
    return text.replace(old, new)


def problems_of(folder: Path, text: str = GOOD) -> list[Problem]:
    """Everything found in a project: by reading it or, where it can be read, by checking it."""
    write_project(folder, text)
    try:
        loaded = load(folder)
    except ProjectError as error:
        return list(error.problems)
    return check(loaded.version, reading=loaded.reading, environment=ENVIRONMENT)


def lines_of(folder: Path, text: str = GOOD) -> list[str]:
    """The same as the lines a person reads."""
    return [str(problem) for problem in problems_of(folder, text)]
