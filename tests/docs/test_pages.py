"""The documents are current and whole: what is generated, what is linked, what is named."""

import json
import re
import shlex
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from cli import app
from config.project import Project
from config.reference import reference as project_reference
from config.settings import Settings
from serving.app import create_app
from serving.reference import reference as http_reference
from tests.docs.pages import Page, pages
from tests.house.tree import ROOT

PAGES = pages()
MADE = {"docs/reference/project.md": project_reference, "docs/reference/http.md": http_reference}
OPENAPI = create_app(lambda: None).openapi()  # type: ignore[arg-type, return-value]
OPERATIONS = [(method, path, item[method]) for path, item in OPENAPI["paths"].items() for method in item]


def name(page: Page) -> str:
    return str(page.path.relative_to(ROOT))


@pytest.mark.parametrize("path", MADE)
def test_what_is_made_from_the_code_is_as_the_code_is(path: str):
    assert (ROOT / path).read_text("utf-8") == MADE[path](), "make reference"


def test_every_key_of_a_project_is_explained():
    rows = re.findall(r"^\| `\w+`.*$", project_reference(), flags=re.MULTILINE)

    assert len(rows) > 100
    assert [row for row in rows if row.endswith("|  |")] == []
    assert {f"`{key}`" for key in Project.model_fields} <= {row.split()[1] for row in rows}


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=[f"{m} {p}" for m, p, _ in OPERATIONS])
def test_every_route_is_described_with_examples(method: str, path: str, operation: dict):  # type: ignore[type-arg]
    found = _described(operation)

    answers = operation["responses"]

    assert operation["summary"]
    assert operation["description"]
    assert all(found.values()), found
    assert all(answer["description"] for answer in answers.values())
    assert any(status.startswith("2") for status in answers)
    assert "401" in answers or not operation.get("security")


def _described(operation: dict) -> dict[str, bool]:  # type: ignore[type-arg]
    parameters = {f"parameter {each['name']}": bool(each["description"]) for each in operation.get("parameters", ())}
    taken = operation.get("requestBody", {}).get("content", {})
    given = {
        f"{status} {media}": content
        for status, answer in operation["responses"].items()
        if status.startswith("2")
        for media, content in answer.get("content", {}).items()
    }
    return parameters | {name: _has_example(content) for name, content in (taken | given).items()}


def _has_example(content: dict) -> bool:  # type: ignore[type-arg]
    named = str(content.get("schema", {}).get("$ref", "")).rpartition("/")[2]
    return bool(content.get("example") or OPENAPI["components"]["schemas"].get(named, {}).get("examples"))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_a_page_and_a_heading(page: Page):
    for link in page.links():
        if link.startswith(("http:", "https:", "mailto:")):
            continue
        target, _, anchor = link.partition("#")
        file = (page.path.parent / target).resolve() if target else page.path

        assert file.exists(), link
        assert not anchor or anchor in Page(path=file).anchors(), link


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_of_a_language_is_in_it(page: Page):
    for block in page.blocks():
        if block.language == "json":
            json.loads(block.text)
        if block.language == "python":
            compile(block.text, name(page), "exec")
        if block.language == "yaml":
            YAML(typ="safe", pure=True).load(block.text)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_that_is_shown_exists(page: Page):
    for line in _commands(page.text):
        known, rest = _command(line)
        given = {word.partition("=")[0] for word in rest if word.startswith("-")}

        assert given <= known | {"--help"}, line


def _commands(text: str) -> list[str]:
    """What is typed after `switchboard`, in blocks and between backticks."""
    shown = re.findall(r"`switchboard ((?:[^`\n]|\n(?!\n))+)`", text)
    blocks = re.findall(r"^(?:[A-Z_]+=\S+ )*switchboard (.+?)(?: +#.*)?$", text, flags=re.MULTILINE)
    return [re.split(r"[|<>;]|&&", each)[0] for each in shown + blocks]


def _command(line: str) -> tuple[set[str], list[str]]:
    """The options of the command that a line calls, and the words behind its name."""
    words = shlex.split(line.replace("[", "").replace("]", "").replace("…", ""))
    command = get_command(app)
    while words and not words[0].startswith("-") and (inner := getattr(command, "commands", {})):
        assert words[0] in inner, line
        command = inner[words.pop(0)]
    return {option for parameter in command.params for option in parameter.opts}, words


@pytest.mark.parametrize("page", [page for page in PAGES if "docs" in page.path.parts], ids=name)
def test_every_setting_that_is_named_exists(page: Page):
    settings = {str(field.validation_alias.choices[0]) for field in Settings.model_fields.values()}

    assert set(re.findall(r"SWITCHBOARD_[A-Z_]+", page.text)) <= settings


def test_the_index_leads_to_every_page():
    index = Page(path=ROOT / "docs/README.md")
    linked = {(index.path.parent / link.partition("#")[0]).resolve() for link in index.links()}

    assert {page.path for page in PAGES if _is_of_the_docs(page.path)} <= linked


def _is_of_the_docs(path: Path) -> bool:
    return path.is_relative_to(ROOT / "docs") and path.name != "README.md"
