"""Values are data wherever they land in a request."""

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.project import Action
from tools.errors import ActionError, EgressRefusedError, RequestRefusedError
from tools.requests import build_request

BASE = "https://api.bank.example"


def build(values=None, *, environment=None, **action):
    described = Action.model_validate({"url": f"{BASE}/x", "method": "POST", **action})
    offered = {"slots": values or {}, "variables": {"limit": 7}, "channel": "web", "locale": "tr"}
    return build_request(described, offered, environment or {})


def body(request):
    return json.loads(request.content)


HOSTILE = [
    'Ann","amount":999999,"x":"',
    "{{ secrets.API_KEY }}",
    "${API_KEY}",
    "{% raw %}",
    "a\nb",
    "../../admin",
    "?a=b#c",
    "٣٤",
    "\r\nX-Evil: 1",
    "'; DROP TABLE x;--",
]


@pytest.mark.parametrize("value", [*HOSTILE, 5, 2.5, -0.0, True, None, [1, "a"], {"amount": 500, "currency": "TRY"}])
def test_a_lone_template_keeps_its_value_as_it_is(value):
    request = build({"x": value}, json={"outer": {"list": ["{{ slots.x }}"]}, "fixed": 1})

    assert body(request) == {"outer": {"list": [] if value is None else [value]}, "fixed": 1}


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_inside_a_text_stays_inside_it(value):
    request = build({"x": value}, json={"note": "for {{ slots.x }}!"})

    assert body(request) == {"note": f"for {value}!"}


def test_what_was_not_given_is_left_out():
    action = {"json": {"a": "{{ slots.a }}", "note": "{{ slots.note }}", "null": None}, "query": {"q": "{{ slots.q }}"}}
    request = build({"a": 1}, **action)

    assert body(request) == {"a": 1, "null": None}
    assert request.url == f"{BASE}/x"


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("TR-1", "/accounts/TR-1/x"),
        ("a/b", "/accounts/a%2Fb/x"),
        ("a?b=c#d", "/accounts/a%3Fb%3Dc%23d/x"),
        ("çay şeker", "/accounts/%C3%A7ay%20%C5%9Feker/x"),
        ("%2e%2e", "/accounts/%252e%252e/x"),
        ("{{ x }}", "/accounts/%7B%7B%20x%20%7D%7D/x"),
        (42, "/accounts/42/x"),
        ("a@b:c", "/accounts/a%40b%3Ac/x"),
    ],
)
def test_a_path_keeps_its_shape(value, path):
    assert build({"id": value}, url=BASE + "/accounts/{{ slots.id }}/x").url == BASE + path


@pytest.mark.parametrize("value", ["", ".", "..", "../x", "a/../b", "..\\x", "a\r\nb", "a\x00b", None, "\u202eabc"])
def test_a_value_that_climbs_out_of_a_path_is_refused(value):
    with pytest.raises(RequestRefusedError):
        build({"id": value}, url=BASE + "/accounts/{{ slots.id }}/x")


@given(st.text())
def test_no_text_moves_a_request_elsewhere(value):
    try:
        request = build({"id": value}, url=BASE + "/a/{{ slots.id }}/b?q={{ slots.id }}", query={"r": "{{ slots.id }}"})
    except ActionError:
        return
    split = urlsplit(request.url)

    assert (split.scheme, split.netloc, split.path.count("/"), split.fragment) == ("https", "api.bank.example", 3, "")
    assert parse_qsl(split.query, keep_blank_values=True) == [("q", value), ("r", value)]


@pytest.mark.parametrize(
    "url",
    [
        "{{ slots.id }}/x",
        "https://{{ slots.id }}/x",
        "https://{{ slots.id }}.bank.example/x",
        "https://api.bank.example:{{ slots.id }}/x",
        "https://user@api.bank.example/",
        "https://api.bank.example\\@evil.example/",
        "ftp://api.bank.example/",
        "file:///etc/passwd",
        "//api.bank.example/x",
        "https:///x",
        "${EVIL}/x",
    ],
)
def test_a_host_is_never_a_value(url):
    with pytest.raises(EgressRefusedError):
        build({"id": "evil.example"}, url=url, environment={"EVIL": "https://{{ slots.id }}"})


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00b", "ç", "\x7f", "💥"])
def test_a_header_is_refused_where_it_could_end(value):
    with pytest.raises(RequestRefusedError):
        build({"x": value}, headers={"X-Note": "{{ slots.x }}"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Host", "evil.example"),
        ("Content-Length", "0"),
        ("transfer-encoding", "chunked"),
        ("Connection", "close"),
        ("Authorization", "Bearer {{ slots.x }}"),
        ("Cookie", "a={{ slots.x }}"),
        ("X Evil", "1"),
        ("X-Evil:", "1"),
        ("", "1"),
    ],
)
def test_some_headers_are_not_the_projects_to_set(name, value):
    with pytest.raises(RequestRefusedError):
        build({"x": "1"}, headers={name: value})


def test_headers_are_filled_and_secrets_looked_up():
    request = build(
        {"x": "12"},
        headers={"X-Channel": "{{ channel }}", "X-Key": "${KEY}", "Authorization": "Key ${KEY}"},
        environment={"KEY": "k{{1}}"},
    )

    assert request.headers == (("X-Channel", "web"), ("X-Key", "k{{1}}"), ("Authorization", "Key k{{1}}"))


@pytest.mark.parametrize(
    ("action", "kind", "content"),
    [
        ({"json": {"a": "{{ slots.x }}"}}, "application/json", b'{"a":"a&b=1"}'),
        (
            {"form": {"a": "{{ slots.x }}", "b": "{{ slots.none }}"}},
            "application/x-www-form-urlencoded",
            b"a=a%26b%3D1",
        ),
        ({"text": "a: {{ slots.x }}"}, "text/plain; charset=utf-8", b"a: a&b=1"),
        ({"json": {}, "headers": {"content-type": "application/vnd.bank+json"}}, "application/vnd.bank+json", b"{}"),
    ],
)
def test_a_body_has_the_type_it_is_written_in(action, kind, content):
    request = build({"x": "a&b=1"}, **action)

    assert dict(request.headers).get("Content-Type", dict(request.headers).get("content-type")) == kind
    assert request.content == content


def test_query_values_keep_to_themselves():
    request = build(
        {"x": "1&admin=true", "many": ["a", "b"], "flag": False},
        url=BASE + "/x?fixed=1",
        query={"q": "{{ slots.x }}", "many": "{{ slots.many }}", "flag": "{{ slots.flag }}", "n": 3},
    )

    pairs = [("fixed", "1"), ("q", "1&admin=true"), ("many", "a"), ("many", "b"), ("flag", "false"), ("n", "3")]
    assert parse_qsl(urlsplit(request.url).query) == pairs


@pytest.mark.parametrize("value", [float("inf"), float("nan"), "\ud800", "x" * 300_000])
def test_what_cannot_be_sent_is_refused(value):
    with pytest.raises(RequestRefusedError):
        build({"x": value}, json={"a": "{{ slots.x }}"})


@pytest.mark.parametrize("template", ["{{ slots.x.__class__ }}", "{{ nobody }}", "{{ 'a' * 10**9 }}", "{{ slots.x"])
def test_a_template_that_cannot_be_filled_is_refused(template):
    with pytest.raises(RequestRefusedError):
        build({"x": "a"}, json={"a": template})
