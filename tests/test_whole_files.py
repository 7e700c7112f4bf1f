"""A file that cannot take its place, here because a folder stands there, leaves nothing behind."""

from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.figures import Figure, write_json
from experiments.ladder.picture import draw_ladder
from maitred.commands.figures import write_figures
from maitred.training.drift.detector import Detector, save_detector
from maitred.training.gate.gate_file import seal, write_gate
from maitred.training.validation import Difference

SAME = Difference(0.0, -0.1, 0.1)
WRITERS: dict[str, Callable[[Path], object]] = {
    "figures of a command": lambda path: write_figures(path, {"value": 1.0}),
    "figures of a study": lambda path: write_json(path, [Figure("value", 1.0, "s")]),
    "a picture": lambda path: draw_ladder({"bank": {"LWT": SAME, "PPO": SAME}}, path),
    "a report": lambda path: write_gate(path, seal({"verdict": "hold"})),
    "a detector": lambda path: save_detector(Detector(words=(), intents=(), threshold=0.0, false_share=0.0), path),
}


@pytest.mark.parametrize("what", WRITERS)
def test_nothing_is_left_behind(what: str, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    with pytest.raises(OSError, match="place"):
        WRITERS[what](place)
    assert list(tmp_path.iterdir()) == [place]
    WRITERS[what](tmp_path / "free")
    assert {path.name for path in tmp_path.iterdir()} == {"place", "free"}
