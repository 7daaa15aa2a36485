"""The REST API: the same queries, actions and permissions as the pages, under another door."""

from __future__ import annotations

from trainmgr.api import (
    document_views,
    integration_views,
    own_views,
    reading_views,
    sending,
    webhook_views,
    writing_views,
)
from trainmgr.api.frame import bp
from trainmgr.api.pages import bp as pages

blueprints = (bp, pages)
# They fill the blueprints, and register what the clock calls.
assert document_views
assert integration_views
assert own_views
assert reading_views
assert sending
assert webhook_views
assert writing_views
