# ruff: noqa: E501 - a case is one row of its table
import re
import time

import pytest

from config.checking.patterns import pattern_fault


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+", "(a*)*b", "([a-z]+)*", "(a|a)*", "(a|ab)*c", "(.*)*", r"(\w+\s?)*", "(x+x+)+y", ".*.*.*x", "(?:[0-9]+)+$",
        "(a{1,10}){1,10}", r"^(([a-z])+.)+[A-Z]([a-z])+$", "(a?){30}a{30}", "((a+)b?)+",
        r"([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+", "(?=(a+)+$)a",
    ],
)  # fmt: skip
def test_a_pattern_that_may_run_for_ever_is_found(pattern):
    assert "catastrophic" in (pattern_fault(pattern) or "")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("TR[0-9]{24}", "TR" + "1" * 500),
        ("(?:[A-Z]{2}[0-9]{2} ?)([0-9]{4} ?){5}", "TR12 " + "1234 " * 100),
        (r"\d+(\.\d+)*", "1." * 250 + "x"),
        ("[a-z]+(-[a-z]+)*", "a-" * 250 + "1"),
        ("(foo|bar)+", "foo" * 160 + "x"),
        (r"[^@\s]+@[^@\s]+\.[a-z]+", "a@" + "b." * 250 + "1"),
        ("([A-Z][0-9])+", "A1" * 250 + "x"),
        ("(a|b)*", "ab" * 250 + "x"),
        (r"\s*[0-9]+\s*", " " * 250 + "1" * 250 + "x"),
        (r"(\d+,)*\d+", "1," * 250),
        (r"[0-9]{2}([/-][0-9]{2}){2}", "01-02-03"),
    ],
)
def test_a_harmless_pattern_passes_and_is_quick(pattern, text):
    assert pattern_fault(pattern) is None
    began = time.monotonic()
    re.fullmatch(pattern, text)

    assert time.monotonic() - began < 20


@pytest.mark.parametrize("pattern", ["TR[0-9", "(", "*a", "a{2,1}", "(?P<x>a)(?P<x>b)", "(?<=a+)b", r"\p{L}"])
def test_what_is_no_pattern_is_explained(pattern):
    assert (pattern_fault(pattern) or "").startswith("not a regular expression: ")


def test_a_pattern_has_a_bounded_length():
    assert "longer than" in (pattern_fault("a" * 2000) or "")
