"""A plugin for pytest: tests run with the engine that CHAINRULE_ENGINE names, such as one built with sanitizers.

It comes before the editable installation, so that one environment serves all builds:
`python -m pytest -p tests.engine.sanitized`. Processes that a test starts keep the ordinary engine.
"""

import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Finder:
    """Finds chainrule._engine where the environment says."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "chainrule._engine":
            return None
        return importlib.util.spec_from_file_location(name, os.environ["CHAINRULE_ENGINE"])


sys.meta_path.insert(0, _Finder())
