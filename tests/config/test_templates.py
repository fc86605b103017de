import time

import pytest
from pydantic import JsonValue

from config.templates import TemplateError, evaluate, names_in, names_in_expression, render_text, render_value

VALUES = {
    "long": "a" * 60_000,
    "slots": {"amount": {"amount": 500, "currency": "TRY"}, "items": 3, "share": 5.0, "said": "{{ 1 }} ${SECRET}"},
    "channel": "web",
    "open": True,
    "nothing": None,
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("no gaps {at all}", "no gaps {at all}"),
        ("{{ channel }}", "web"),
        ("{{ slots.items }} of {{ slots.share }}", "3 of 5"),
        ("{{ slots.said }}", "{{ 1 }} ${SECRET}"),
        ("{{ open }}{{ nothing }}", "true"),
        ("{{ slots.amount.currency }}", "TRY"),
        ("{% if slots.note is defined %}{{ slots.note }}{% else %}-{% endif %}", "-"),
        ("{% for key in slots %}{{ key }} {% endfor %}", "amount items share said "),
        ("{{ slots.note | default('none') }}", "none"),
        ("{{ channel.upper() }}", "WEB"),
        ("line\n", "line\n"),
    ],
)
def test_a_text_is_filled(template, text):
    assert render_text(template, VALUES) == text


def test_finalize_sees_every_value_and_no_text():
    text = render_text("/a b/{{ channel }}/{{ 'x' }}", VALUES, finalize=lambda value: f"<{value}>")

    assert text == "/a b/<web>/<x>"


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ slots.amount }}", {"amount": 500, "currency": "TRY"}),
        (" {{ slots.items }} ", 3),
        ({"a": ["{{ slots.share }}", "n{{ slots.items }}"], "b": 1}, {"a": [5.0, "n3"], "b": 1}),
        ("{{ nothing }}", None),
        ("{{ slots.said }}", "{{ 1 }} ${SECRET}"),
        (True, True),
    ],
)
def test_a_lone_gap_keeps_its_values_type(template, value):
    assert render_value(template, VALUES) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("slots.customer_id is defined", False),
        ("slots.items > 2 and channel == 'web'", True),
        ("{{ slots.items }}", 3),
    ],
)
def test_an_expression_is_evaluated(expression, value):
    assert evaluate(expression, VALUES) == value


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{{ slots.iban }}", "slots.iban"),
        ("{{ slots.amount.unit.name }}", "slots.amount.unit"),
        ("{{ nobody }}", "nobody"),
        ("{{ slots['iban'] }}", "slots.iban"),
    ],
)
def test_a_missing_value_is_named(template, name):
    with pytest.raises(TemplateError) as caught:
        render_text(template, VALUES)

    assert caught.value.name == name
    with pytest.raises(TemplateError):
        render_value(template, VALUES)


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'a' * 10**9 }}",
        "{{ 'a' * 1000000000 }}",
        "{{ [0] * 1000000000 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ 'a'.ljust(1000000000) }}",
        "{{ 'a'.replace('a', 'b') }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ slots.__class__ }}",
        "{{ slots.pop('items') }}",
        "{{ ('a' | replace('', 'b')) }}",
        "{{ '{:>1000000000}'.format(1) }}",
        "{{ long | join(long) }}",
        "{{ long.split('a') | join(long) }}",
        "{{ [[1]] | tojson(indent=1000000000) }}",
        "{{ 3 | round(-999999999) }}",
        "{% for a in long %}{{ '' if (long | sort)[:0] else '' }}{% endfor %}",
        "{% for a in long %}{% if long | unique | list | length > 5 %}1{% endif %}{% endfor %}",
        "{{ range(1000000000) }}",
        "{{ lipsum() }}",
        "{{ 'x' | attr('y') }}",
        "{{ [1] | map('x') }}",
        "{% set a = 1 %}",
        "{% include 'x' %}",
        "{% macro x() %}{% endmacro %}",
        "{% for a in slots %}{% for b in slots %}{% endfor %}{% endfor %}",
        "{% with a = 1 %}{% endwith %}",
        "{{ 1 / 0 }}",
        "{{ slots() }}",
        "{{ x",
        "{% if %}",
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{{ 1 }}" * 100_000,
        "{% for c in slots.said %}{{ slots }}",
    ],
)
def test_what_could_harm_or_cannot_be_read_is_refused_quickly(template):
    began = time.monotonic()

    with pytest.raises(TemplateError):
        render_text(template, VALUES)
    assert time.monotonic() - began < 20


def test_output_is_bounded():
    with pytest.raises(TemplateError, match="longer than"):
        render_text("{% for x in many %}{{ long }}{% endfor %}", {"many": [0] * 10_000, "long": "x" * 1_000})


@pytest.mark.parametrize("template", ["{{ 1e400 }}", "{{ made }}"])
def test_only_json_values_come_out(template):
    with pytest.raises(TemplateError):
        render_value(template, {"made": object()})


@pytest.mark.parametrize("expression", ["", "a b", "{% if x %}", "x }} {{ y", "x; y"])
def test_a_guard_is_one_expression(expression):
    with pytest.raises(TemplateError):
        evaluate(expression, {"x": 1, "y": 1})


def test_names_are_dotted_and_leave_out_a_loops_own():
    template: JsonValue = {
        "url": "/{{ slots.amount.currency }}/{{ slots['iban'] }}",
        "lines": ["{% for fee in result.fees %}{{ fee.name }} {{ channel }}{% endfor %}"],
        "number": 3,
    }

    assert names_in(template) == {"slots.amount.currency", "slots.iban", "result.fees", "channel"}
    assert names_in_expression("slots.a or variables.b is defined") == {"slots.a", "variables.b"}
