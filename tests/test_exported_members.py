"""The names of `chainrule` itself."""

import ast
import inspect
import subprocess
import sys
from importlib.metadata import version

import pytest

import chainrule


def declared_for_type_checkers() -> set[str]:
    """The names under `if TYPE_CHECKING:` in the source, which no running program sees."""
    tree = ast.parse(inspect.getsource(chainrule))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    names = set()
    for statement in block.body:
        if isinstance(statement, ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in statement.names}
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            names.add(statement.target.id)
    return names


@pytest.mark.parametrize("name", chainrule.__all__)
def test_every_exported_name_can_be_used(name: str) -> None:
    assert getattr(chainrule, name) is not None


@pytest.mark.parametrize("name", sorted({*chainrule.__all__} - {"__version__"}))
def test_an_exported_name_is_the_one_of_its_own_module(name: str) -> None:
    value = getattr(chainrule, name)
    assert not hasattr(value, "__module__") or value.__module__.startswith("chainrule.")


@pytest.mark.parametrize("name", sorted({*chainrule.__all__} - {"__version__"}))
def test_an_exported_name_has_an_example(name: str) -> None:
    assert ">>> " in (getattr(chainrule, name).__doc__ or "")


def test_exported_names_homes_and_type_checkers_agree() -> None:
    assert {*chainrule.__all__} == {*chainrule._HOMES, "__version__"} == declared_for_type_checkers()


def test_exported_names_are_listed_once() -> None:
    # Their order is the linter's to check.
    assert len(chainrule.__all__) == len({*chainrule.__all__})
    assert {*chainrule.__all__} <= {*dir(chainrule)}


def test_the_version_is_that_of_the_installed_package() -> None:
    assert chainrule.__version__ == version("chainrule")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'chainrule' has no attribute 'nothing'"):
        _ = chainrule.nothing  # type: ignore[attr-defined]


def test_importing_chainrule_alone_imports_nothing_else_of_it() -> None:
    code = "import sys, chainrule; print(*(name for name in sys.modules if name.startswith('chainrule.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
