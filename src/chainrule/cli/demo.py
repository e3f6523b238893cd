"""`chainrule demo`: the main job on pictures drawn on the spot."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from chainrule.cli.messages import say
from chainrule.cli.texts import count as counted
from chainrule.cli.train import carry_out, tell
from chainrule.training.defaults import DEFAULTS

COUNT = 2000
SIZE = DEFAULTS.picture_size
# Fewer leave too little to judge by.
LEAST = 20

DRAWN = (
    "These pictures are not photographs: chainrule drew them, cartoon dogs and other things, to show what it does."
)


def demo(
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="Decides what is drawn, and all that `train --seed` does.")
    ] = DEFAULTS.seed,
    out: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="A new folder for all of it.  [default: runs/demo-<n>]")
    ] = None,
    count: Annotated[int, typer.Option(min=LEAST, metavar="N", help="How many pictures to draw.")] = COUNT,
) -> None:
    """Train a model on pictures drawn on the spot.

    It is `chainrule train` on a folder of cartoon dogs and other things, needs no data, and takes less than a
    minute.
    """
    from chainrule.runs.folder import make_run_folder
    from chainrule.runs.settings import RunSettings

    folder = make_run_folder(out, "demo")
    pictures = folder / "pictures"
    say(f"drawing {counted(count, 'picture')} into {pictures}: cartoon dogs and other things, no photographs")
    _draw(pictures, count, seed)
    run = carry_out(
        RunSettings(pictures=str(pictures), size=SIZE, seed=seed, out=str(folder / "run")), notes=(DRAWN,)
    )
    tell(run, json=False)


def _draw(pictures: Path, count: int, seed: int) -> None:
    from chainrule.sample.write import write_sample

    try:
        write_sample(pictures, count=count, size=SIZE, seed=seed)
    except BaseException:
        # Nothing was drawn or all of it was taken back: no empty folders stay behind.
        with suppress(OSError):
            pictures.rmdir()
        with suppress(OSError):
            pictures.parent.rmdir()
        raise
