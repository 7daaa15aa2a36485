"""Checks style, types, templates and the order of imports: `python tools/lint.py`; `--fix` puts code into form.

It runs on .venv's Python: the tools are those that set-up pinned.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = Path(sys.executable).parent

CHECKS = [
    ["ruff", "check", "--quiet", "."],
    ["ruff", "format", "--check", "--output-format=concise", "."],
    ["mypy", "--no-error-summary"],
    ["lint-imports", "--no-logo"],
    ["djlint", "--lint", "--quiet", "templates"],
]
FIXES = [
    ["ruff", "check", "--fix", "--quiet", "."],
    ["ruff", "format", "--quiet", "."],
]


def main(arguments: list[str]) -> int:
    failed = []
    for command in FIXES if "--fix" in arguments else CHECKS:
        print("==", " ".join(command), flush=True)
        if subprocess.run([SCRIPTS / command[0], *command[1:]], cwd=ROOT, check=False).returncode:
            failed.append(command[0])
    if failed:
        print(f"\nNot clean: {', '.join(dict.fromkeys(failed))}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
