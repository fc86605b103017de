"""The benchmarks' arithmetic and wording, and one tiny round through the layers that need no service."""

import socket
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from evals.bench_conversations import Conversation, Mix, load_mix
from evals.bench_figures import Report, Sample, mean, percentile, ratio, times
from evals.bench_layers import ENGINE, Layer, opening_summary, play_round, summary
from evals.bench_processes import BenchError, clean_environment, run_business
from evals.bench_profile import package
from evals.bench_turns import disk_bytes, enough

SMALL = Mix(
    openers={"en": ["", "Hello, "]},
    endings={"en": ["", " please"]},
    conversations=(
        Conversation(project="bank", locale="en", turns=("{hi}send {n}{end}", "yes")),
        Conversation(project="shop", locale="en", turns=("{hi}where is my order{end}",)),
    ),
)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([], 50, 0.0),
        ([7.0], 99, 7.0),
        ([1.0, 2.0, 3.0], 50, 2.0),
        ([4.0, 1.0, 3.0, 2.0], 50, 2.5),
        ([float(n) for n in range(1, 102)], 99, 100.0),
        ([0.0, 100.0], 99, 99.0),
    ],
)
def test_a_percentile_lies_between_its_neighbours(values, percent, expected):
    assert percentile(values, percent) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "base", "shown"), [(3.0, 2.0, "1.50×"), (0.0, 2.0, "0.00×"), (1.0, 0.0, "–"), (1.0, -1.0, "–")]
)
def test_a_ratio_without_a_base_is_a_dash(value, base, shown):
    assert times(ratio(value, base)) == shown


def test_a_sample_gives_its_turns_and_the_cpu_of_each():
    sample = Sample([10.0, 20.0, 30.0, 40.0], cpu_ms=60.0)

    assert sample.figures() == {"turns": 4, "p50_ms": 25.0, "p99_ms": 39.7, "mean_ms": 25.0, "cpu_ms": 15.0}
    assert Sample().cpu_per_turn == 0.0
    assert mean([]) == 0.0


def test_every_session_words_its_messages_anew():
    mix = load_mix()
    opening = mix.conversations[0]
    said = {mix.worded(opening, variant)[0] for variant in range(48)}

    assert len(said) == 48


def test_the_mix_fills_every_gap_of_every_conversation():
    mix = load_mix()
    messages = [message for conversation in mix.conversations for message in mix.worded(conversation, 13)]

    assert len(messages) == mix.turns
    assert not [message for message in messages if "{" in message or not message.strip()]
    assert {conversation.project for conversation in mix.conversations} == {"bank", "shop", "telecom"}


def test_conversations_are_played_whole_until_there_are_enough_turns():
    played = list(enough(SMALL, turns=4, first=5))

    assert [(conversation.project, variant) for conversation, variant in played] == [
        ("bank", 5),
        ("shop", 5),
        ("bank", 6),
    ]


async def test_a_round_plays_every_turn_and_a_layer_without_memory_only_the_first():
    said: list[tuple[int, str]] = []
    ticks = iter(range(100))

    async def listen(conversation, number, message, session):
        said.append((number, message))

    whole, first = (
        Layer("all", listen, lambda: float(next(ticks))),
        Layer("first", listen, lambda: float(next(ticks)), only_first=True),
    )
    for layer in (whole, first):
        await play_round(SMALL, layer, variant=1)

    assert said == [
        (0, "Hello, send 17"),
        (1, "yes"),
        (0, "Hello, where is my order"),
        (0, "Hello, send 17"),
        (0, "Hello, where is my order"),
    ]
    assert (whole.sample.turns, len(whole.opening), first.sample.turns) == (3, 2, 2)
    assert whole.sample.cpu_ms == 3.0
    assert whole.opening_cpu == 2.0


async def _nothing(conversation, number, message, session):
    return None


def _layer(name: str, wall: list[float], cpu: float, *, only_first: bool = False) -> Layer:
    layer = Layer(name, _nothing, lambda: 0.0, only_first=only_first, sample=Sample(wall, cpu_ms=cpu))
    layer.opening, layer.opening_cpu = wall[:1], cpu / len(wall)
    return layer


def test_layers_are_compared_with_the_engine_and_embedding_is_taken_off():
    layers = [
        _layer("embedding alone", [8.0, 8.0], 16.0),
        _layer(ENGINE, [10.0, 10.0], 20.0),
        _layer("graph without checkpoints", [12.0], 12.0, only_first=True),
        _layer("POST /chat", [15.0, 25.0], 30.0),
    ]

    report = summary(layers)
    rows = {row[0]: row[1:] for row in report.rows}

    assert list(rows) == ["embedding alone", ENGINE, "POST /chat"]
    assert rows["POST /chat"] == ["20.00", "24.90", "20.00", "15.00", "7.00", "2.00×", "1.50×"]
    assert report.figures["POST /chat"]["cpu_beside_embedding_ms"] == 7.0

    first = {row[0]: row[1:] for row in opening_summary(layers).rows}

    assert first["graph without checkpoints"] == ("12.00", "12.00", "12.00", "1.20×", "1.20×")


def test_a_report_is_a_table_with_its_remarks():
    report = Report(
        title="T", columns=("", "ms"), rows=[("alone", "1.0")], figures={"alone": 1.0}, remarks=["Loopback."]
    )
    console = Console(width=60, record=True, file=StringIO())
    console.print(report.table())

    shown = console.export_text()

    assert "alone" in shown
    assert "Loopback." in shown


def test_settings_and_tracing_of_the_machine_take_no_part():
    given = {"PATH": "/bin", "SWITCHBOARD_MODEL": "m", "OPENAI_API_KEY": "k", "LANGSMITH_TRACING": "true"}

    assert clean_environment(given) == {"PATH": "/bin"}


def test_disk_bytes_count_databases_and_their_unfinished_writes(tmp_path: Path):
    (tmp_path / "switchboard.db").write_bytes(b"12345")
    (tmp_path / "ledger.db-wal").write_bytes(b"123")
    (tmp_path / "vectors.db").write_bytes(b"not of turns")

    assert disk_bytes(tmp_path) == 8


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("~", "built-in functions"),
        ("<string>", "built-in functions"),
        ("/x/site-packages/langgraph/pregel/main.py", "langgraph"),
        (str(Path(__file__).parents[2] / "graph" / "turns.py"), "ours: graph"),
        ("/usr/lib/python3.11/asyncio/tasks.py", "python: tasks"),
    ],
)
def test_a_profile_says_whose_code_it_is(file, expected):
    assert package(file) == expected


def test_a_process_is_ready_measured_and_gone_afterwards(tmp_path: Path):
    with run_business(tmp_path) as running:
        assert running.seconds > 0
        assert running.resident_mb() > 1
        assert running.cpu_ms() > 0

    assert not running.process.is_running()


def test_a_process_that_ends_at_once_says_what_it_printed(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))

        with pytest.raises(BenchError, match="it said"), run_business(tmp_path, port=taken.getsockname()[1]):
            pass
