"""What is read back from a checkpoint is data: proved at every start, on the serializer that is used.

LangGraph's default revives any class or function that a payload names, so whoever could write into the database could
run code here. The proof is one payload of each kind of call, all naming a harmless function of this module.
"""

import json
import logging
import os
from collections.abc import Iterator
from typing import Final

import ormsgpack
from langgraph.checkpoint.serde.base import SerializerProtocol

from config.errors import ConfigError

_CODES: Final = range(8)
"""LangGraph's msgpack extensions: constructors, methods, models, arrays."""
_ran: list[str] = []


class UnsafeRevivalError(ConfigError):
    """A checkpoint could run code in this process: it must not start."""


def canary(*marks: str, **named: str) -> str:
    """Remember that a payload called it."""
    _ran.extend([*marks, *named.values()])
    return "ran"


class Nest:
    """A class with a method, for payloads that name one."""

    __init__ = canary  # whatever it is made of, it is noticed
    construct = model_construct = staticmethod(canary)


def payloads() -> Iterator[tuple[str, bytes]]:
    """Typed payloads that call `canary` where calling is possible."""
    place = __name__
    for code in _CODES:
        for name in ("canary", "Nest"):
            for given in ("msgpack", ["msgpack"], {"mark": "msgpack"}):
                inner = ormsgpack.packb([place, name, given, "construct"])
                yield "msgpack", ormsgpack.packb({"value": ormsgpack.Ext(code, inner)})
    path = [*place.split("."), "canary"]
    for version in (1, 2):
        body: dict[str, object] = {"lc": version, "type": "constructor", "id": path, "args": ["json"], "kwargs": {}}
        yield "json", json.dumps({"value": body}).encode()
    yield "json", json.dumps({"value": {"lc": 1, "type": "secret", "id": ["PATH"]}}).encode()
    # What pickle.dumps makes of an object whose __reduce__ is (canary, ("pickle",)).
    yield "pickle", b"\x80\x04c" + place.encode() + b"\ncanary\n\x8c\x06pickle\x85R."


def prove_plain(serializer: SerializerProtocol) -> None:
    """Raise UnsafeRevivalError where a stored payload would run code or read the environment."""
    _ran.clear()
    library = logging.getLogger("langgraph.checkpoint.serde.jsonplus")
    library.disabled = True  # it would warn of each payload that it refuses
    try:
        found = next((kind for kind, payload in payloads() if _acts(serializer, kind, payload)), None)
    finally:
        library.disabled = False
    if found is not None:
        raise UnsafeRevivalError(
            f"a stored checkpoint ({found}) could act in this process; install the locked langgraph-checkpoint,"
            " and let nothing set LANGGRAPH_STRICT_MSGPACK=false"
        )


def _acts(serializer: SerializerProtocol, kind: str, payload: bytes) -> bool:
    try:
        revived = serializer.loads_typed((kind, payload))
    except Exception:  # noqa: BLE001  # a refusal, whatever its class, is what is hoped for
        revived = None
    return bool(_ran) or (isinstance(revived, dict) and revived.get("value") == os.environ.get("PATH", ""))
