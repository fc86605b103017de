"""What holds for every test: strict checkpoints, and no network beyond this machine."""

import os
import sys
from ipaddress import ip_address

# LangGraph reads it when it is imported, so it cannot be a fixture.
os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"


class NetworkUsedError(RuntimeError):
    """A test tried to reach another machine."""


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse_other_machines(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    address = arguments[1]
    if isinstance(address, tuple) and not _is_local(str(address[0])):
        raise NetworkUsedError(f"a test tried to connect to {address[0]!r}")


sys.addaudithook(_refuse_other_machines)
