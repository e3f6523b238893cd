"""The search: trials until there are enough, then one run with the best settings."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from chainrule.errors import WorkFailed
from chainrule.evaluation.wording import duration, figure, percent
from chainrule.files import read_json
from chainrule.model import Model
from chainrule.runs.again import resume
from chainrule.runs.folder import REPORT, locked, new_run_folder, remove_remains
from chainrule.runs.prepare import Prepared, Say, prepare
from chainrule.runs.record import Record
from chainrule.runs.settings import RunSettings, program, shell_command, to_resume_search
from chainrule.runs.train import check, train_on_pictures, trained
from chainrule.training.checkpoint import Interrupted
from chainrule.training.loop import Callback
from chainrule.training.stops import terminated_as_by_hand
from chainrule.tuning.page import write_page
from chainrule.tuning.search import Search, same_run
from chainrule.tuning.space import Space
from chainrule.tuning.study import opened, require_optuna
from chainrule.tuning.trials import Trial, best_first, best_of, write_trials

# The files and the folder of a search, beside its record.
STUDY, TABLE, BEST = "study.sqlite", "trials.csv", "best"


@dataclass(frozen=True, eq=False)
class Tuned:
    """A finished search.

    Attributes:
        folder: where its files are.
        trials: all that there are, the best first.
        run: the run with the settings of the best, as plain values.
    """

    folder: Path
    trials: tuple[Trial, ...]
    run: Mapping[str, Any]

    @property
    def best(self) -> Trial:
        """The best trial."""
        return self.trials[0]

    @property
    def page(self) -> Path:
        """The page that shows the search."""
        return self.folder / REPORT

    def to_dict(self) -> dict[str, Any]:
        """The search as plain values."""
        return {
            "folder": str(self.folder),
            "report": str(self.page),
            "trials": [one.to_dict() for one in self.trials],
            "best": self.best.to_dict(),
            "run": dict(self.run),
            "predict_command": self.run["predict_command"],
        }


def tune(space: Space, *, trials: int, say: Say, progress: bool | None = None) -> Tuned:
    """Search settings, and train a model with the best, in a new folder.

    Args:
        space: what is searched, and the settings of a run that are not.
        trials: how many trials there are to be.
        say: told of each decision and each trial, a line at a time.
        progress: show bars while pictures are read and the best is trained; None shows them on a terminal.

    Raises:
        UserError: Optuna is not installed, or settings or pictures cannot be used; no folder is left then.
        WorkFailed: files cannot be written, or no trial came to an end.
        Interrupted: Ctrl-C or SIGTERM; `go_on` goes on.
    """
    require_optuna()
    settings = space.settings
    check(settings)
    search = Search(Record(settings), space.searched, trials)
    with new_run_folder(settings.out, f"{settings.name}-tune", apart_from=settings.sources) as folder:
        prepared = prepare(settings, say=say, progress=progress)
        search = search.of_pictures(prepared)
        search.write(folder)
        return _carry_out(search, folder, prepared, say, progress)


def go_on(
    folder: Path,
    *,
    trials: int | None = None,
    pictures: str | None = None,
    threads: int | None = None,
    say: Say,
    progress: bool | None = None,
) -> Tuned:
    """Go on with a search until there are enough trials; it ends as if it had not been interrupted.

    Args:
        folder: of the search.
        trials: how many there are to be in all; None for as many as the search was told.
        pictures: where the pictures are; None for where they were. They must be the same.
        threads: how many threads to use; None for as many as the search was told.
        say, progress: as for `tune`.

    Raises:
        UserError: it is no search's folder, another program works on it, Optuna is not installed, or the pictures
            are others.
        WorkFailed, Interrupted: as for `tune`.
    """
    require_optuna()
    search = Search.read(folder)
    settings = search.record.here()
    settings = replace(
        settings,
        pictures=settings.pictures if pictures is None else pictures,
        threads=settings.threads if threads is None else threads,
    )
    with locked(folder):
        remove_remains(folder)
        prepared = prepare(settings, say=say, progress=progress)
        search = replace(
            search,
            record=replace(Record(settings), hashes=search.record.hashes),
            trials=search.trials if trials is None else trials,
        )
        search.check_pictures(prepared)
        search.write(folder)
        return _carry_out(search, folder, prepared, say, progress)


def _carry_out(search: Search, folder: Path, prepared: Prepared, say: Say, progress: bool | None) -> Tuned:
    """Do the search, or what is left of it, in its folder, which must be locked."""
    trials = _tried(search, folder, prepared, say)
    write_trials(folder / TABLE, trials)
    best = best_of(trials)
    if best is None:
        raise WorkFailed(
            f"the cost of each of {len(trials)} trials overflowed, so that there is no best one; give a smaller "
            "--learning-rate, or --preprocess standardize"
        )
    settings = replace(search.space.with_drawn(best.drawn), out=str(folder / BEST))
    with _saying_how_to_go_on(folder, lambda: "while the best was being trained"):
        _refit(settings, len(trials), prepared, say, progress)
    tuned = Tuned(folder, tuple(best_first(trials)), _best_run(folder / BEST, prepared))
    write_page(tuned.page, search, tuned.trials, tuned.run)
    return tuned


@contextmanager
def _saying_how_to_go_on(folder: Path, when: Callable[[], str]) -> Iterator[None]:
    try:
        with terminated_as_by_hand():
            yield
    except KeyboardInterrupt as reason:
        number = getattr(reason, "signal", signal.SIGINT)
        raise Interrupted(
            f"stopped {when()}; to go on: {to_resume_search(folder)}", number, folder / STUDY
        ) from None


def _tried(search: Search, folder: Path, prepared: Prepared, say: Say) -> list[Trial]:
    """Do trials until there are as many as there are to be."""
    trials: list[Trial] = []
    with (
        _saying_how_to_go_on(folder, lambda: f"after {len(trials)} of {search.trials} trials"),
        opened(folder / STUDY, search.space) as study,
    ):
        trials += study.ended()
        if trials:
            say(f"going on after {len(trials)} of {search.trials} trials")
        while len(trials) < search.trials:
            trials.append(study.next(partial(_train, prepared)))
            say(_told(trials, search.trials))
    return trials


def _train(prepared: Prepared, settings: RunSettings, callback: Callback) -> Model:
    return trained(settings, prepared, progress=False, callbacks=[callback])


def _told(trials: list[Trial], of: int) -> str:
    """Say in a line how the last trial ended."""
    last = trials[-1]
    epochs = f"{last.epochs} epoch{'' if last.epochs == 1 else 's'} in {duration(last.seconds)}"
    if last.ending == "overflowed":
        figures = "the cost overflowed"
    else:
        assert last.validation_cost is not None
        figures = f"validation cost {figure(last.validation_cost)}"
        if last.validation_accuracy is not None:
            figures += f", accuracy {percent(last.validation_accuracy)}"
        figures += ", pruned" if last.ending == "pruned" else ""
        figures += ", the best so far" if best_of(trials) is last else ""
    return f"trial {last.number} of {of}: {figures}; {epochs}; {last.words()}"


def _refit(settings: RunSettings, trials: int, prepared: Prepared, say: Say, progress: bool | None) -> None:
    """Train the model of the best trial in a run's folder, unless it is there."""
    folder = Path(str(settings.out))
    with suppress(OSError):
        # Where a search was killed before the run in it began, there is a folder with nothing in it.
        folder.rmdir()
    if folder.exists():
        if same_run(Record.read(folder).settings, settings):
            if not (folder / REPORT).exists():
                resume(folder, threads=settings.threads, say=say, progress=progress, prepared=prepared)
            return
        kept = _moved_away(folder)
        say(f"the model that was the best before is in {kept}")
    note = (
        f"These settings are the best of {trials} trials, by the cost of the validation pictures. Such a choice "
        "makes the validation figures a little too good. The test pictures had no part in it."
    )
    say(f"training a model with the best settings in {folder}")
    train_on_pictures(settings, say=say, progress=progress, notes=(note,), prepared=prepared)


def _best_run(folder: Path, prepared: Prepared) -> dict[str, Any]:
    """Return a run as plain values, with the places that hold now: folders of searches may have been moved."""
    picture = prepared.dataset.paths[prepared.parts.test[0]]
    command = shell_command([program(), "predict"], [str(folder), picture])
    places = {"folder": str(folder), "report": str(folder / REPORT), "predict_command": command}
    return {**read_json(folder / "metrics.json"), **places}


def _moved_away(folder: Path) -> Path:
    """Give a folder the first free name with a number."""
    number = 1
    while (place := folder.with_name(f"{folder.name}-{number}")).exists():
        number += 1
    folder.rename(place)
    return place
