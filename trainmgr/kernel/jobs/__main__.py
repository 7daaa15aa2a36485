"""`python -m trainmgr.kernel.jobs` runs the worker."""

from __future__ import annotations

import importlib
import logging

from trainmgr.kernel.jobs import queue


def main() -> None:
    """Make the application and be its worker."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("huey").setLevel(logging.WARNING)
    # By name, because the kernel knows no feature; the worker is the one program that must have them all.
    queue.work(importlib.import_module("trainmgr").create_app())


if __name__ == "__main__":
    main()
