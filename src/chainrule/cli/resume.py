"""`chainrule resume`: go on with a run that was interrupted or killed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chainrule.cli.messages import say
from chainrule.cli.options import Json, Threads
from chainrule.cli.train import every_warning_of_training, tell


def resume(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The folder of the run, such as runs/dogs-1.")],
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Go on with a training that was interrupted or killed.

    It ends in the model that it would have ended in, to the byte, with any number of threads. The pictures must be
    where they were.
    """
    from chainrule.runs.again import resume as go_on

    with every_warning_of_training():
        finished = go_on(Path(run), threads=threads, say=say)
    tell(finished, json=json)
