"""Imports point one way: what is below knows nothing of what is above."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "chainrule"
MOST_LINES = 400

# From the bottom to the top. A part may import those that its entry names, and itself; parts of the base know
# nothing but each other. What stands in no entry is a leaf: it may import anything, but only leaves import it.
BASE = {
    "errors",
    "arguments",
    "augment",
    "sealed",
    "opcodes",
    "random",
    "files",
    "tensors",
    "threads",
    "progress",
    "_engine",
}
BELOW_MODEL = {"graph", "compiler", "network", "data", "training"}
KNOWS: dict[str, set[str]] = {
    **dict.fromkeys(BASE, BASE),
    "graph": BASE,
    "data": BASE,
    "compiler": BASE | {"graph"},
    "network": BASE | {"graph"},
    "training": BASE | {"graph", "compiler", "network", "data"},
    "evaluation": BASE | {"data"},
    "plots": BASE | BELOW_MODEL | {"evaluation"},
    "explain": BASE | BELOW_MODEL | {"plots", "evaluation"},
    "model_file": BASE | BELOW_MODEL,
    "prediction": BASE | BELOW_MODEL,
    "model": BASE | BELOW_MODEL | {"explain", "model_file", "prediction"},
    "fitting": BASE | BELOW_MODEL | {"model"},
    "sample": BASE,
    "runs": BASE | BELOW_MODEL | {"model", "fitting", "evaluation"},
    "tuning": BASE | BELOW_MODEL | {"model", "fitting", "evaluation", "runs"},
}
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def part_of(path: Path) -> str:
    """The module or folder right under the package that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_parts(path: Path) -> set[str]:
    """The parts of the package that a file imports anywhere: in functions and for type checkers too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides what it reaches"
            # `from chainrule import x` reaches the part x.
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("chainrule.")}
        found |= {"chainrule itself" for name in names if name == "chainrule"}
    return found


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_file_imports_only_what_is_below_it(path: Path) -> None:
    part = part_of(path)
    imported = imported_parts(path) - {part}
    allowed = KNOWS.get(part)
    if allowed is None:  # a leaf
        return
    assert imported <= allowed, f"{part} must not import {', '.join(sorted(imported - allowed))}"


def test_every_part_below_the_leaves_is_there() -> None:
    there = {part_of(path) for path in SOURCES} | {"_engine"}
    assert set(KNOWS) <= there


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=name)
def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_a_wrong_import_would_be_noticed(tmp_path: Path) -> None:
    source = "def late():\n    from chainrule import fitting\n    import chainrule.model, numpy\n"
    (tmp_path / "late.py").write_text(source + "import chainrule\n", encoding="utf-8")
    assert imported_parts(tmp_path / "late.py") == {"fitting", "model", "chainrule itself"}
