"""What the pages of tokens and integrations have in common: the blueprint."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("integrations", __name__)
