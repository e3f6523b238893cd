import shlex
from pathlib import Path

import pytest

from chainrule.cli import demo
from tests.cli.conftest import Command


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo of smaller pictures, which takes less time."""
    monkeypatch.setattr(demo, "SIZE", 16)


@pytest.mark.usefixtures("small")
def test_the_demo_draws_trains_and_says_what_to_type_next(run: Command) -> None:
    done = run("demo", "--count", 60)
    assert done.exit_code == 0
    assert "drawing 60 pictures into runs/demo-1/pictures" in done.stderr
    assert "no photographs" in done.stderr
    assert len([*Path("runs/demo-1/pictures").rglob("*.jpg")]) == 60
    assert "chainrule drew them" in Path("runs/demo-1/run/report.html").read_text(encoding="utf-8")
    command = shlex.split(done.stdout.splitlines()[-1].removeprefix("next"))
    assert command[-1].startswith("runs/demo-1/pictures/")
    assert run(*command[1:]).exit_code == 0


@pytest.mark.usefixtures("small")
def test_the_seed_decides_what_is_drawn_and_out_where(run: Command) -> None:
    for seed, folder in ((1, "a"), (1, "b"), (2, "c")):
        assert run("demo", "--count", 20, "--seed", seed, "--out", folder).exit_code == 0
    a, b, c = (Path(folder, "pictures/dog/00000.jpg").read_bytes() for folder in "abc")
    assert a == b != c


def test_an_existing_folder_is_left_alone(run: Command) -> None:
    Path("here").mkdir()
    assert run("demo", "--out", "here").exit_code == 2
    assert [*Path("here").iterdir()] == []


def test_too_few_pictures_are_refused(run: Command) -> None:
    done = run("demo", "--count", 3)
    assert done.exit_code == 2
    assert "--count" in done.stderr


def test_an_interrupted_drawing_leaves_nothing(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("chainrule.sample.write.picture", interrupt)
    done = run("demo", "--out", "here")
    assert done.exit_code == 130
    assert done.stderr.splitlines()[-1] == "interrupted"
    assert not Path("here").exists()
