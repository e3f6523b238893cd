"""Photographs of dogs, where they are at hand: harder than drawings, but a network learns something."""

from pathlib import Path

import pytest

from chainrule.runs.settings import RunSettings
from chainrule.runs.train import train_on_pictures

PHOTOGRAPHS = Path(__file__).parents[2] / ".." / "shared" / "data" / "dogs" / "train"


@pytest.mark.skipif(not PHOTOGRAPHS.is_dir(), reason=f"there are no photographs in {PHOTOGRAPHS}")
def test_a_network_tells_dogs_better_than_the_most_frequent_class_in_under_two_minutes(tmp_path: Path) -> None:
    settings = RunSettings(pictures=str(PHOTOGRAPHS), out=str(tmp_path / "run"))
    run = train_on_pictures(settings, say=lambda _: None)
    assert run.found > 4900
    assert run.evaluation.accuracy_interval[0] > run.majority
    assert run.seconds < 120
