"""Draws the pictures of the guide again: runs its blocks and copies what they save into docs/images."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

DOCS = Path(__file__).parent
PAGE = DOCS / "guides" / "every-step.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def shown(page: Path) -> set[str]:
    """The names of the pictures that a page shows."""
    return set(re.findall(r"\(\.\./images/([\w.-]+)\)", page.read_text(encoding="utf-8")))


def run(page: Path, folder: Path) -> None:
    """Run the Python blocks of a page in a folder."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        names: dict[str, object] = {}
        for block in BLOCK.findall(page.read_text(encoding="utf-8")):
            exec(block, names)
    finally:
        os.chdir(before)


def main() -> None:
    """Draw and copy."""
    with tempfile.TemporaryDirectory() as folder:
        run(PAGE, Path(folder))
        for name in sorted(shown(PAGE)):
            shutil.copyfile(Path(folder, name), DOCS / "images" / name)
            print(f"docs/images/{name}")


if __name__ == "__main__":
    main()
