"""Every built-in text that the program names exists, and is given the values it needs."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.catalog import canonical_key, text_keys

ROOT = Path(__file__).parents[2]
PACKAGES = ("dialogue", "graph", "ingest", "nodes", "serving", "tools", "understanding")
SAYING = ("note", "text")


def calls(path: Path) -> Iterator[tuple[int, str, set[str] | None]]:
    """Line, key and value names of each text said; None where the values are passed on as a mapping."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in SAYING:
            continue
        key = node.args[0] if node.args else None
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            names = {keyword.arg for keyword in node.keywords if keyword.arg}
            yield node.lineno, key.value, None if any(k.arg is None for k in node.keywords) else names


@pytest.mark.parametrize("package", PACKAGES)
def test_every_text_that_is_said_exists_and_gets_its_values(package):
    wrong = []
    for path in sorted((ROOT / package).rglob("*.py")):
        for line, key, given in calls(path):
            known = text_keys().get(canonical_key(key))
            if known is None:
                wrong.append(f"{path.name}:{line} no text {key!r}")
            elif given is not None and not known.required <= given:
                wrong.append(f"{path.name}:{line} {key!r} lacks {sorted(known.required - given)}")

    assert wrong == []


def words_in(path: Path) -> Iterator[str]:
    """Every constant text of a module; of one that is put together its beginning with a star."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
            yield f"{node.values[0].value!s}*"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_built_in_text_is_said_somewhere():
    named = {
        word for package in ("config", *PACKAGES) for path in (ROOT / package).rglob("*.py") for word in words_in(path)
    }
    begun = tuple(word[:-1] for word in named if word.endswith(".*"))
    silent = [key for key in text_keys() if key not in named and not key.startswith(begun)]

    assert silent == []
