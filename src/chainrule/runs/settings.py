"""Everything that decides a run."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from chainrule.arguments import from_zero, whole
from chainrule.augment import Augmentation
from chainrule.compiler.machine import engine_of
from chainrule.data.containers.names import stem
from chainrule.errors import UserError
from chainrule.training.batches import rows_in_batch
from chainrule.training.defaults import DEFAULTS


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What `chainrule train` was told; one field for each option.

    Attributes:
        pictures: the folder, archive, table or list of labelled pictures.
        negative: a folder or an archive of other pictures, where `pictures` holds one class alone.
        label_from: a regular expression whose first group, found in a file's name, is its class.
        positive: the class to tell from the rest.
        strict: whether an unreadable picture is an error.
        size, color, fit: how a picture becomes a row, see `PictureSettings`.
        preprocess: "standardize" each pixel over the training pictures, or only "scale" it to 0..1.
        hidden: neurons of each hidden layer; none for a single neuron (or one a class).
        activation: of all hidden layers, or one for each.
        learning_rate: None takes the default for pictures with the default optimizer, else the usual one of the
            optimizer; "auto" finds one by a range test.
        optimizer, epochs, batch_size, l1, l2, dropout, class_weight, patience: see `cr.fit`.
        augment: how pictures are changed at random in each epoch, by name; None takes the default for pictures, or
            nothing with L-BFGS.
        validation, test: shares of the pictures to choose and to judge by.
        seed: decides the split, the first parameters, the order and dropout.
        group_by: a regular expression; pictures in whose paths it finds the same stay on one side of the split.
        threads: how many threads to use; None takes what the machine offers.
        engine: what computes: "engine", or "reference", which is NumPy.
        no_cache: whether the rows of many pictures are not kept for the next run.
        checkpoint_every: seconds between two checkpoints within an epoch.
        out: the run's folder; None makes runs/<folder>-<n>.

    Raises:
        UserError: a value without sense.
    """

    pictures: str
    negative: str | None = None
    label_from: str | None = None
    positive: str | None = None
    strict: bool = False
    size: int = DEFAULTS.picture_size
    color: str = "rgb"
    fit: str = "squash"
    preprocess: str = DEFAULTS.picture_preprocess
    hidden: tuple[int, ...] = DEFAULTS.hidden
    activation: tuple[str, ...] = (DEFAULTS.activation,)
    optimizer: str = DEFAULTS.optimizer
    learning_rate: float | str | None = None
    epochs: int = DEFAULTS.epochs
    batch_size: int | str = DEFAULTS.batch_size
    l1: float = 0.0
    l2: float = DEFAULTS.l2
    dropout: float = DEFAULTS.dropout
    class_weight: str | None = None
    augment: tuple[str, ...] | None = None
    patience: int = DEFAULTS.patience
    validation: float = DEFAULTS.validation
    test: float = DEFAULTS.test
    seed: int = DEFAULTS.seed
    group_by: str | None = None
    threads: int | None = None
    engine: str = DEFAULTS.engine
    no_cache: bool = False
    checkpoint_every: float = DEFAULTS.checkpoint_every
    out: str | None = None

    def __post_init__(self) -> None:
        for name in ("validation", "test"):
            share = getattr(self, name)
            if not 0 < share < 1:
                raise UserError(f"--{name}: a run needs a share of the pictures above 0 and below 1, not {share}")
        if self.validation + self.test >= 1:
            raise UserError(
                f"--validation and --test together take {self.validation + self.test:g} of the pictures, which "
                "leaves none to train on; they must stay below 1"
            )
        for name, least in (("seed", 0), ("epochs", 0), ("patience", 1)):
            whole(getattr(self, name), f"--{name}", least=least)
        for name in ("l1", "l2", "checkpoint_every"):
            from_zero(getattr(self, name), f"--{name.replace('_', '-')}")
        from_zero(self.dropout, "--dropout", below=1)
        rows_in_batch(self.batch_size, 1)
        if self.optimizer == "lbfgs" and (self.batch_size != "all" or self.dropout):
            raise UserError(
                "--optimizer: lbfgs compares costs along a line, so a step takes all pictures and leaves nothing "
                "to chance: add --batch-size all --dropout 0"
            )
        Augmentation.of(self.augment)
        engine_of(self.engine)
        for name, known in (("preprocess", ("standardize", "scale")), ("class_weight", (None, "balanced"))):
            if getattr(self, name) not in known:
                words = " or ".join(str(word) for word in known if word)
                raise UserError(f"--{name.replace('_', '-')} is {words}, not {getattr(self, name)!r}")

    @property
    def rate(self) -> float | str | None:
        """The learning rate to use, or "auto"; None for the optimizer's usual one."""
        if self.learning_rate is None and self.optimizer == DEFAULTS.optimizer:
            return DEFAULTS.picture_learning_rate
        return self.learning_rate

    @property
    def name(self) -> str:
        """What the pictures are called: the name of their folder, or of their file without its ending."""
        place = os.path.realpath(self.pictures)
        return stem(place) if os.path.isfile(place) else os.path.basename(place)

    @property
    def sources(self) -> tuple[str, ...]:
        """The places that pictures come from."""
        return (self.pictures, self.negative) if self.negative else (self.pictures,)

    @property
    def changes(self) -> tuple[str, ...]:
        """How pictures are changed, by name."""
        if self.augment is None:
            return () if self.optimizer == "lbfgs" else DEFAULTS.augment
        return self.augment

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values, for run.json and the report."""
        return {one.name: plain(getattr(self, one.name)) for one in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RunSettings:
        """Read what `to_dict` gave; the key `recorded` is passed over.

        Raises:
            UserError: settings that this version does not know, or without sense.
        """
        given = from_plain(values)
        given.pop("recorded", None)
        try:
            return cls(**given)
        except UserError:
            raise
        except (TypeError, ValueError, AttributeError) as reason:
            raise UserError(f"the settings are not those of a run of this chainrule: {reason}") from None

    def command(self) -> str:
        """Return the shell command that repeats the run.

        Example:
            >>> RunSettings(pictures="my dogs", seed=3, hidden=()).command()
            "chainrule train 'my dogs' --hidden none --seed 3"
        """
        changed = {one.name for one in fields(self) if getattr(self, one.name) != one.default}
        return shell_command(["chainrule", "train"], [self.pictures], self.options(changed - {"pictures", "out"}))

    def options(self, names: Collection[str]) -> list[str]:
        """Return settings as one types them, in the order of the fields.

        >>> RunSettings(pictures="my dogs", hidden=()).options({"seed", "hidden"})
        ['--hidden', 'none', '--seed', '0']
        """
        words = []
        for one in fields(self):
            if one.name in names:
                value = getattr(self, one.name)
                words.append(f"--{one.name.replace('_', '-')}")
                words += [] if value is True else [as_typed(value)]
        return words


def shell_command(words: Sequence[str], paths: Sequence[str], options: Sequence[str] = ()) -> str:
    """Return a command as one types it; paths that look like options stand behind `--`.

    >>> shell_command(["chainrule", "train"], ["my dogs"], ["--seed", "3"])
    "chainrule train 'my dogs' --seed 3"
    >>> shell_command(["chainrule", "train"], ["-dogs"], ["--seed", "3"])
    'chainrule train --seed 3 -- -dogs'
    """
    dashed = any(path.startswith("-") for path in paths)
    parts = [*words, *options, "--", *paths] if dashed else [*words, *paths, *options]
    return shlex.join(parts)


def to_resume(folder: Path) -> str:
    """Return the shell command that goes on with the run in a folder.

    >>> to_resume(Path("runs/my dogs-1"))
    "chainrule resume 'runs/my dogs-1'"
    """
    return shell_command([program(), "resume"], [str(folder)])


def to_resume_search(folder: Path) -> str:
    """Return the shell command that goes on with the search in a folder."""
    return shell_command([program(), "tune", "--resume"], [str(folder)])


def program() -> str:
    """Return what one types to start this program: its path where its name alone would not find it.

    >>> program()
    'chainrule'
    """
    started = Path(sys.argv[0])
    if started.stem != "chainrule" or not started.is_file():
        return "chainrule"
    found = shutil.which("chainrule")
    return "chainrule" if found and os.path.samefile(found, started) else sys.argv[0]


def described(settings: RunSettings) -> dict[str, Any]:
    """Return the settings that a reader of the report wants: those in force, with the learning rate used."""
    values = settings.to_dict() | {"learning_rate": settings.rate, "augment": list(settings.changes) or None}
    return {name: value for name, value in values.items() if value is not None and value is not False}


def plain(value: Any) -> Any:
    """Return a setting as JSON knows it."""
    return list(value) if isinstance(value, tuple) else value


def from_plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings by name as they were before `plain`."""
    return {name: tuple(one) if isinstance(one, list) else one for name, one in values.items()}


def as_typed(value: Any) -> str:
    """Return a setting as its option takes it.

    >>> as_typed((64, 16)), as_typed(()), as_typed(0.3)
    ('64,16', 'none', '0.3')
    """
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    return str(value)
