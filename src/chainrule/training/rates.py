"""Which learning rate a fit takes: the one that was given, the usual one, or one that is to be found."""

from __future__ import annotations

from chainrule.errors import UserError
from chainrule.training.defaults import DEFAULTS
from chainrule.training.optimizers import LBFGS, NAMES, Optimizer, optimizer_of
from chainrule.training.schedules import Cosine, Schedule

# Leaves the rate to a range test.
AUTO = "auto"


def fit_optimizer(
    choice: str | Optimizer, learning_rate: float | str | Schedule | None, clip_norm: float | None
) -> Optimizer:
    """Return the optimizer of a fit; where its rate is to be found, with its usual one for now.

    Args:
        choice: by name, or an object that has its rate.
        learning_rate: None takes the usual one, which falls to 0 for the default optimizer.
        clip_norm: for an optimizer given by name.

    Raises:
        UserError: a rate that is none, or that this optimizer does not take.

    Example:
        >>> fit_optimizer("sgd", 0.1, None)
        GradientDescent(learning_rate=0.1, clip_norm=None)
    """
    if isinstance(learning_rate, str):
        _check_auto(choice, learning_rate)
        learning_rate = None
    elif learning_rate is None and choice == DEFAULTS.optimizer:
        learning_rate = Cosine(DEFAULTS.learning_rate)
    return optimizer_of(choice, learning_rate=learning_rate, clip_norm=clip_norm)


def _check_auto(choice: str | Optimizer, learning_rate: str) -> None:
    if learning_rate != AUTO:
        raise UserError(f'the learning rate is a number, a schedule or "{AUTO}", not {learning_rate!r}')
    if isinstance(choice, Optimizer):
        raise UserError(
            f'learning_rate="{AUTO}" finds the rate of an optimizer given by name: give "sgd" or "adam", for '
            "example, in the place of the object"
        )
    if NAMES.get(choice) is LBFGS:
        raise UserError(f'L-BFGS finds the length of its steps itself: leave learning_rate="{AUTO}" out')


def usual_rate(optimizer: Optimizer) -> float:
    """Return the usual learning rate of an optimizer of this kind.

    Example:
        >>> usual_rate(optimizer_of("sgd", learning_rate=5.0))
        0.01
    """
    if type(optimizer) is NAMES[DEFAULTS.optimizer]:
        return DEFAULTS.learning_rate
    usual = type(optimizer).learning_rate
    return DEFAULTS.learning_rate if callable(usual) else usual
