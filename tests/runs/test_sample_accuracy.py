"""What the built-in sample promises: networks learn it, one neuron does not, colours and sizes tell nothing."""

import csv
from pathlib import Path

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from chainrule.data.pictures import read_pictures
from chainrule.runs.settings import RunSettings
from chainrule.runs.train import Run, train_on_pictures
from chainrule.sample.write import write_sample


def accuracy_of_a_tree(run: Run, pictures: Path) -> float:
    """Return the test accuracy of a shallow decision tree on mean colour and file size, on the run's own parts."""
    data = read_pictures(pictures)
    colors = data.X.reshape(len(data), -1, 3).mean(axis=1)
    sizes = [[Path(path).stat().st_size] for path in data.paths]
    features = np.hstack([colors, sizes])
    with open(run.folder / "splits.csv", encoding="utf-8", newline="") as file:
        part_of = {row["path"]: row["split"] for row in csv.DictReader(file)}
    parts = np.array([part_of[path] for path in data.paths])
    tree = DecisionTreeClassifier(max_depth=2, random_state=0)
    tree.fit(features[parts == "train"], data.y[parts == "train"])
    return float(tree.score(features[parts == "test"], data.y[parts == "test"]))


@pytest.mark.parametrize("seed", range(3))
def test_a_network_learns_what_one_neuron_and_colors_cannot_tell(seed: int, tmp_path: Path) -> None:
    pictures = tmp_path / "sample"
    write_sample(pictures, count=2000, seed=seed)
    settings = RunSettings(pictures=str(pictures), seed=seed, out=str(tmp_path / "run"))
    run = train_on_pictures(settings, say=lambda _: None)
    assert run.evaluation.count == 300
    assert run.evaluation.accuracy >= 0.9
    assert run.evaluation.accuracy >= run.one_neuron.accuracy + 0.1
    assert accuracy_of_a_tree(run, pictures) < 0.6
