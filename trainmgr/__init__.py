"""trainmgr: vocational training projects from a need to a result judged by three parties."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Flask

from trainmgr.identity import sessions
from trainmgr.kernel import application as kernel

__version__ = "0.1.0"

ROOT = Path(__file__).resolve().parent.parent

# In the order of the thread; each has views.py with its blueprint(s).
FEATURES = (
    "identity",
    "pathways",
    "programs",
    "standards",
    "bank",
    "needs",
    "curriculum",
    "research",
    "materials",
    "enrolment",
    "recruitment",
    "testing",
    "classes",
    "timetable",
    "lessons",
    "faculty",
    "mentoring",
    "attendance",
    "placements",
    "practice",
    "guidance",
    "evaluation",
    "moderation",
    "outcomes",
    "insights",
    "certificates",
    "contests",
    "benefits",
    "employment",
    "quality",
    "improvement",
    "reporting",
    "inbox",
    "links",
    "notices",
    "offline",
    "api",
    "exchange",
    "operation",
)


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Build the application; `config` overrides the environment, which overrides the defaults (see kernel.config)."""
    app = kernel.App(
        "trainmgr",
        root_path=str(ROOT / "trainmgr"),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
    )
    kernel.configure(app, ROOT, config)
    app.config["VERSION"] = __version__
    kernel.init_app(app)
    sessions.init_app(app)
    for feature in FEATURES:
        views = import_module(f"trainmgr.{feature}.views")
        for blueprint in views.blueprints:
            app.register_blueprint(blueprint)
    _register_commands(app)
    return app


def _register_commands(app: Flask) -> None:
    from trainmgr.demo.commands import demo

    app.cli.add_command(demo)
