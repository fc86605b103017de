"""The console's files: words in every language, and nothing that could run or fetch what it should not."""

import re

import pytest

from serving.page import WEB

LANGUAGES = ("en", "tr", "zh")
SCRIPTS = sorted(WEB.glob("*.js"))
PAGE = (WEB / "index.html").read_text("utf-8")


def words(language: str) -> dict[str, str]:
    text = (WEB / "words" / f"{language}.js").read_text("utf-8")
    found = re.findall(r'(?:"([\w.]+)"|\b(\w+)): "((?:[^"\\]|\\.)*)"', text)
    return {quoted or bare: said for quoted, bare, said in found}


def used() -> set[str]:
    """The keys that page and scripts name; those of a slot's sources are put together."""
    scripts = "".join(path.read_text("utf-8") for path in SCRIPTS if path.name != "widget.js")
    named = re.findall(r'\bt\("([\w.]+)"', scripts)
    written = re.findall(r'data-t(?:-label|-placeholder)?="([\w.]+)"', PAGE)
    return {*named, *written, "you", "bot", "person", *(f"from.{source}" for source in SOURCES)}


SOURCES = ("customer", "api", "default", "profile")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_is_there_and_used(language):
    assert set(words(language)) == used()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_translation_has_the_same_gaps(language):
    def gaps(said):
        return sorted(re.findall(r"\{\w+\}", said))

    english = words("en")

    assert {key: gaps(said) for key, said in words(language).items()} == {key: gaps(english[key]) for key in english}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_elements_of_text_or_runs_it(path):
    text = path.read_text("utf-8")

    assert not re.search(
        r"(inner|outer)HTML\b(?! with)|insertAdjacentHTML|document\.write|\beval\(|new Function", _code(text)
    )


@pytest.mark.parametrize("path", [*SCRIPTS, *WEB.glob("*.css"), WEB / "index.html"], ids=lambda path: path.name)
def test_no_file_names_another_host(path):
    hosts = set(re.findall(r"https?://([\w.]+)", _code(path.read_text("utf-8"))))

    assert hosts <= {"www.w3.org"}


def test_the_page_has_no_script_or_style_of_its_own():
    assert not re.findall(r"<style|<script(?![^>]* src=)|\son\w+=|\sstyle=", PAGE)


def _code(text: str) -> str:
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
