"""HTTP of the inbox, the search and the help; the shell around every page."""

from __future__ import annotations

from flask import Blueprint

from trainmgr.inbox import shell

bp = Blueprint("inbox", __name__)
search_bp = Blueprint("search", __name__)
help_bp = Blueprint("help", __name__)
blueprints = (bp, search_bp, help_bp)

bp.app_context_processor(shell.shell_context)
