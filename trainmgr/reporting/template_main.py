"""Starts the child process of templates: run by path, with the few modules that it needs and not the application.

Importing the package would read the whole program, which takes longer than the template does.
"""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1]


def lay_bare() -> None:
    """Let modules be found without what their packages read at once; nobody is answered here (kernel.word can)."""
    for name in ("trainmgr", "trainmgr.kernel", "trainmgr.reporting"):
        module: Any = types.ModuleType(name)
        module.__path__ = [str(PACKAGE.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = module
    sheets: Any = types.ModuleType("trainmgr.kernel.sheets")
    sheets.send_workbook = None
    sys.modules["trainmgr.kernel.sheets"] = sheets


if __name__ == "__main__":
    lay_bare()
    sys.exit(importlib.import_module("trainmgr.reporting.template_child").main(*sys.argv[1:5]))
