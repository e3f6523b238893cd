"""The trials of a search in a file, and the choice of the next one; the only part that knows Optuna."""

from __future__ import annotations

import functools
import math
import sqlite3
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import UserError, WorkFailed
from chainrule.fitting import TrainingWarning
from chainrule.model import Model
from chainrule.runs.settings import RunSettings
from chainrule.training.history import Epoch, History
from chainrule.training.loop import Callback
from chainrule.tuning.space import Space
from chainrule.tuning.trials import Ending, Trial

if TYPE_CHECKING:
    import optuna

# What trains one trial: told of its settings, and of what wants to know of each epoch.
Train = Callable[[RunSettings, Callback], Model]

_NAME = "chainrule"
_ENDED = "ended"
# So many trials come to their own end before any is pruned, so many of them must have reached an epoch to be
# compared there, and none is compared before so many epochs, or a third of all where that is less.
_BEFORE_PRUNING, _TO_COMPARE, _FIRST_EPOCHS = 5, 3, 5
# For another program to let go of the file.
_SECONDS_TO_WAIT = 30.0
# Sets this use of the seed apart from every other one.
_STREAM = 0x5455_4E45


def require_optuna() -> None:
    """Check that what searches is installed.

    Raises:
        UserError: it is not.
    """
    try:
        import optuna  # noqa: F401
    except ImportError:
        raise UserError(
            "chainrule tune needs Optuna, which is not installed: pip install 'chainrule[tune]'"
        ) from None


class Study:
    """The trials of a search.

    Which settings a trial has depends on the seed and on the trials that are over, on nothing else: a search that
    was interrupted goes on as if it had not been.

    Args:
        study: Optuna's.
        space: what is searched.
    """

    def __init__(self, study: optuna.Study, space: Space) -> None:
        self._study = study
        self._space = space

    def ended(self) -> list[Trial]:
        """The trials that are over, in their order."""
        from optuna.trial import TrialState

        found = self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        return [Trial.from_dict(one.user_attrs[_ENDED]) for one in found]

    def next(self, train: Train) -> Trial:
        """Do the next trial.

        Args:
            train: what trains a model with the settings of the trial.

        Raises:
            KeyboardInterrupt: Ctrl-C or SIGTERM; the trial will be done again.
            WorkFailed: the file cannot be written.
        """
        from optuna.trial import TrialState

        number = len(self.ended()) + 1
        asked = self._ask(number)
        drawn = self._space.draw(asked)
        watch = _Watch(asked)
        started = time.perf_counter()
        with warnings.catch_warnings():
            # That the cost of a trial overflows is one of its figures.
            warnings.simplefilter("ignore", TrainingWarning)
            history = train(self._space.with_drawn(drawn), watch).history
        ending = _ending(history, pruned=watch.pruned)
        trial = _trial(number, ending, history, time.perf_counter() - started, drawn)
        asked.set_user_attr(_ENDED, trial.to_dict())
        if ending == "complete":
            self._study.tell(asked, trial.validation_cost)
        else:
            self._study.tell(asked, state=TrialState.PRUNED)
        return trial

    def _ask(self, number: int) -> optuna.Trial:
        """Begin a trial; a sampler of its own makes it the same in a search that goes on later."""
        import optuna

        seed = np.random.SeedSequence([_STREAM, self._space.settings.seed, number]).generate_state(1)
        self._study.sampler = optuna.samplers.TPESampler(seed=int(seed[0]))
        waiting = self._study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.WAITING,))
        if number == 1 and not waiting:
            self._study.enqueue_trial(self._space.usual())
        return self._study.ask()


class _Watch:
    """Tells the study of each epoch's validation cost, and ends a trial that is not worth going on."""

    def __init__(self, asked: optuna.Trial) -> None:
        self._asked = asked
        self.pruned = False

    def __call__(self, record: Epoch) -> bool:
        cost = math.nan if record.validation_cost is None else record.validation_cost
        self._asked.report(cost, record.epoch)
        self.pruned = self._asked.should_prune()
        return self.pruned


def _ending(history: History, *, pruned: bool) -> Ending:
    # Where no epoch has a cost that is a number there is no best one.
    if history.diverged or history.best_epoch is None:
        return "overflowed"
    return "pruned" if pruned else "complete"


def _trial(number: int, ending: Ending, history: History, seconds: float, drawn: dict[str, Any]) -> Trial:
    best = None if history.best_epoch is None else history[history.best_epoch - 1]
    return Trial(
        number=number,
        ending=ending,
        validation_cost=None if best is None else best.validation_cost,
        validation_accuracy=None if best is None else best.validation_accuracy,
        epoch=None if best is None else best.epoch,
        epochs=len(history),
        seconds=seconds,
        drawn=drawn,
    )


@contextmanager
def opened(path: Path, space: Space) -> Iterator[Study]:
    """Open the study in a file, or begin one; a trial that was interrupted is given up, so that it is done again.

    Args:
        path: the SQLite file.
        space: what is searched.

    Raises:
        UserError: Optuna is not installed, or the file is damaged.
        WorkFailed: the file cannot be written.
    """
    require_optuna()
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        _check(path)
        storage = optuna.storages.RDBStorage("sqlite://", {"creator": functools.partial(_connected, path)})
        try:
            yield Study(_loaded(storage, space), space)
        finally:
            storage.remove_session()
            storage.engine.dispose()
    except (SQLAlchemyError, sqlite3.Error, optuna.exceptions.StorageInternalError) as reason:
        raise WorkFailed(f"{path} could not be read or written: {_first_line(reason)}") from None


def _connected(path: Path) -> sqlite3.Connection:
    """Open a file, whatever its path; in an address some characters would mean something."""
    connection = sqlite3.connect(path, timeout=_SECONDS_TO_WAIT)
    # What is written waits for the disk now and then, not each time; the file is whole after a power cut too.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


def _loaded(storage: optuna.storages.BaseStorage, space: Space) -> optuna.Study:
    import optuna

    first = max(1, min(_FIRST_EPOCHS, space.settings.epochs // 3))
    pruner = optuna.pruners.MedianPruner(_BEFORE_PRUNING, first, n_min_trials=_TO_COMPARE)
    study = optuna.create_study(storage=storage, study_name=_NAME, pruner=pruner, load_if_exists=True)
    for one in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(one.number, state=optuna.trial.TrialState.FAIL)
    return study


def _check(path: Path) -> None:
    """Find out whether a file that is there is a whole SQLite file."""
    if not path.exists():
        return
    with closing(sqlite3.connect(path, timeout=_SECONDS_TO_WAIT)) as connection:
        try:
            whole = connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            whole = False
    if not whole:
        raise UserError(f"{path}: is damaged; begin a new search with chainrule tune")


def _first_line(reason: Exception) -> str:
    cause = getattr(reason, "orig", None) or reason.__cause__ or reason
    return (str(cause).splitlines() or [type(cause).__name__])[0]
