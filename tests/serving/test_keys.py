"""Configured keys, and where a service without any may listen."""

import json
from pathlib import Path

import pytest

from serving.auth import Key, Keys, KeysError, OpenBindError, key_hash, load_keys, refuse_open_bind

ENTRY = {"hash": key_hash("k"), "tenant": "acme", "role": "chat", "name": "web"}


def test_keys_are_read_from_json_or_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(json.dumps([ENTRY]))

    for setting in (json.dumps([ENTRY]), str(tmp_path / "keys.json")):
        found = load_keys(setting).find("k")
        assert found is not None
        assert (found.tenant, found.role, found.name) == ("acme", "chat", "web")
        assert load_keys(setting).find("other") is None
    assert not load_keys(None)
    assert not load_keys("  ")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("[{", "not JSON, line 1"),
        ('[{"hash": "plain", "tenant": "a", "role": "chat"}]', "entry 0.hash"),
        (json.dumps([{**ENTRY, "role": "root"}]), "entry 0.role"),
        (json.dumps([{**ENTRY, "tenant": "A b"}]), "entry 0.tenant"),
        (json.dumps([{**ENTRY, "key": "secret-value"}]), "entry 0.key"),
        (json.dumps([ENTRY, ENTRY]), "twice"),
        ("/nowhere/keys.json", "cannot read"),
    ],
)
def test_keys_that_cannot_be_read_are_named_and_not_shown(setting: str, message: str) -> None:
    with pytest.raises(KeysError, match=message) as raised:
        load_keys(setting)

    assert "secret-value" not in str(raised.value)
    assert key_hash("k") not in str(raised.value)


def test_a_key_does_not_show_its_hash() -> None:
    assert key_hash("k") not in repr(Key.model_validate(ENTRY))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.8.8.8"])
def test_without_keys_loopback_is_fine(host: str) -> None:
    refuse_open_bind(host, Keys())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.5", "example.com", "localhost.example.com"])
def test_without_keys_nothing_else_is(host: str) -> None:
    with pytest.raises(OpenBindError, match="SWITCHBOARD_KEYS"):
        refuse_open_bind(host, Keys())
    refuse_open_bind(host, Keys([Key.model_validate(ENTRY)]))


def entry(secret: str, role: str = "chat") -> dict[str, str]:
    return {"hash": key_hash(secret), "tenant": "acme", "role": role}


def test_a_key_taken_out_of_the_file_is_revoked_and_a_new_one_taken_up(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps([entry("one"), entry("two")]))
    keys = load_keys(str(file))
    assert keys.find("one")

    file.write_text(json.dumps([entry("two", "admin"), entry("number three")]))

    assert keys.find("one") is None
    assert [found.role for secret in ("two", "number three") if (found := keys.find(secret))] == ["admin", "chat"]


@pytest.mark.parametrize("broken", ["[{", "[]", '[{"hash": "x"}]', None])
def test_a_file_that_is_broken_opens_nothing_and_keeps_the_keys(tmp_path: Path, broken: str | None) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps([entry("one")]))
    keys = load_keys(str(file))
    if broken is None:
        file.unlink()
    else:
        file.write_text(broken)

    assert keys.find("one")
    assert keys
    assert keys.find("two") is None


@pytest.mark.parametrize("origin", ["shop.example", "https://shop.example/", "*", "https://*.shop.example"])
def test_an_origin_is_written_as_browsers_send_it(origin: str) -> None:
    written = {**entry("k"), "origins": [origin]}

    with pytest.raises(KeysError, match=r"entry 0\.origins\.0"):
        load_keys(json.dumps([written]))


def test_a_key_of_public_pages_can_only_chat() -> None:
    written = {**entry("k", "admin"), "origins": ["https://shop.example"]}

    with pytest.raises(KeysError, match="its role must be chat"):
        load_keys(json.dumps([written]))
