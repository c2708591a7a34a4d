"""What the side by side makes of what it has measured."""

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from rich.console import Console

from benchmarks import side_by_side
from benchmarks.peers import protocol
from benchmarks.peers.protocol import Documents, Encoded
from benchmarks.side_by_side import (
    ACCURACY,
    ALONE,
    DETERMINISTIC,
    OUR_FEED,
    OURS,
    PEERS,
    SECONDS,
    SPEED,
    TFOS_FEED,
    Found,
)
from tests.conftest import ShareOf

SLOW = "plain TFoS, 2 executors × 1 core"


@pytest.fixture
def found() -> Found:
    """Two repetitions; the second one on a machine that is twice as slow."""
    one = {SPEED: [1_000.0, 500.0], ACCURACY: [0.82, 0.82], SECONDS: [60.0, 70.0]}
    peers = {name: dict(one) for name in PEERS}
    peers[OURS] = one | {SPEED: [4_000.0, 2_100.0]}
    peers[DETERMINISTIC] = one | {SPEED: [2_500.0, 1_400.0]}
    return Found(peers, {TFOS_FEED: [1_000.0, 500.0], OUR_FEED: [100_000.0, 100_000.0]})


def test_ratios_are_of_what_was_side_by_side() -> None:
    assert side_by_side.ratios([4_000.0, 2_100.0], [1_000.0, 500.0]) == [4.0, 4.2]


def test_a_repetition_is_added_to_those_before() -> None:
    figures = {"a": [1.0]}
    side_by_side.add(figures, {"a": 2.0, "b": 3.0})
    assert figures == {"a": [1.0, 2.0], "b": [3.0]}


def test_a_plain_convolution_takes_two_operations_for_each_weight_and_twice_that_backwards() -> None:
    weights = (3 + 4 + 5) * 128 * 128
    assert side_by_side.operations(tokens=10) == 10 * weights * 2 * 3


@pytest.mark.parametrize(("accuracy", "others"), [(0.829, []), (0.812, []), (0.835, [SLOW]), (0.80, [SLOW])])
def test_a_peer_that_does_not_reach_our_accuracy_is_named(found: Found, accuracy: float, others: list[str]) -> None:
    found.peers[SLOW] = found.peers[SLOW] | {ACCURACY: [accuracy] * 2}
    assert side_by_side.differing(found) == others


def test_the_tables_have_medians_and_spreads(found: Found) -> None:
    peers = {name: cells for name, *cells in side_by_side.trainings(found)}
    assert peers[SLOW] == ["750", "500–1,000", "4.10", "4.00–4.20", "82.00%", "65"]
    assert peers[OURS] == ["3,050", "2,100–4,000", "1.00", "1.00–1.00", "82.00%", "65"]
    # What determinism costs: ours without it is so many times as fast.
    assert peers[DETERMINISTIC] == ["1,950", "1,400–2,500", "1.55", "1.50–1.60", "82.00%", "65"]
    other = {name: cells for name, *cells in side_by_side.rest(found)}
    assert other[OUR_FEED] == ["100,000", "100,000–100,000"]
    assert other["ours / plain TFoS, feed"] == ["150", "100–200"]


def test_a_table_is_shown_in_the_terminal_and_in_the_docs() -> None:
    cells = [["what", "median"], ["a", "1"]]
    console = Console(width=80)
    with console.capture() as printed:
        console.print(side_by_side.shown(cells))
    assert "│ a    │ 1      │" in printed.get()
    assert side_by_side.markdown(cells) == "| what | median |\n|---|---|\n| a | 1 |\n"


def test_what_was_measured_is_written_down(found: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("build").mkdir()
    side_by_side.record(found, {"machine": "a machine", "date": "a day"})
    written = json.loads(side_by_side.RESULT.read_text(encoding="utf-8"))
    assert written["about"] == {"machine": "a machine", "date": "a day"}
    assert written["peers"][OURS][SPEED] == [4_000.0, 2_100.0]
    assert SLOW in side_by_side.PLOT.read_text(encoding="utf-8")
    assert side_by_side.TABLES.read_text(encoding="utf-8").startswith("a machine, a day\n\n| training |")


def test_the_plot_has_a_bar_for_each_peer(found: Found) -> None:
    (axes,) = side_by_side.plot(found).axes
    widths = dict(
        zip(found.peers, (bar.get_width() for bar in axes.patches if isinstance(bar, Rectangle)), strict=True)
    )
    assert widths[SLOW] == widths[ALONE] == 750
    assert widths[OURS] == 3_050
    assert widths[DETERMINISTIC] == 1_950


def test_peers_read_the_documents_that_were_written_for_them(share_of: ShareOf, tmp_path: Path) -> None:
    documents = side_by_side.padded(share_of([([5, 6], 1), ([7], 0)]))
    assert documents.ids.shape == (2, protocol.LENGTH)
    assert documents.ids[:, :3].tolist() == [[5, 6, 0], [7, 0, 0]]
    nothing = Documents(np.empty((0, protocol.LENGTH), np.int32), np.empty(0, np.int32))
    protocol.write(tmp_path, Encoded(8, 2, documents, nothing, nothing))
    read = protocol.read(tmp_path)
    assert (read.tokens, read.classes, len(read.train), len(read.test)) == (8, 2, 2, 0)
    assert read.train.labels.tolist() == [1, 0]
    assert read.train.ids.dtype == np.int32


def test_the_first_epoch_is_not_timed() -> None:
    assert protocol.from_second_epoch(100, [50.0, 1.0, 3.0]) == 50.0
