"""The one blueprint of evaluation, filled by the view modules that `views` brings together."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("evaluation", __name__)

# A party in an address.
PARTY = "any(trainee, enterprise, teacher, peer, counsellor, assessor)"
