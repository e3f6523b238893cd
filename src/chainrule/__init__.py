"""Train, explain and ship logistic regression and deep neural networks.

The names of this module are read from their own modules when they are first used, so that `import chainrule`
stays quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainrule.errors import UserError, WorkFailed

    __version__: str

__all__ = [
    "UserError",
    "WorkFailed",
    "__version__",
]

# Where a public name lives. A new one goes here, into __all__ and under TYPE_CHECKING; a test compares them.
_HOMES = {
    "UserError": "chainrule.errors",
    "WorkFailed": "chainrule.errors",
}

if not TYPE_CHECKING:  # a type checker that saw this would take any name for granted

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            value = _version()
        elif name in _HOMES:
            value = getattr(import_module(_HOMES[name]), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _version() -> str:
    # The version stands in pyproject.toml alone; an installed package knows it from its metadata.
    from importlib.metadata import version

    return version(__name__)
