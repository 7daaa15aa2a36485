"""HTTP of reading: a list and one of each resource."""

from __future__ import annotations

from flask import request
from flask_login import current_user

from trainmgr.api import reading
from trainmgr.api.catalogue import RESOURCES
from trainmgr.api.frame import answer, bp, etag_of, opened_by
from trainmgr.kernel.clock import utcnow


def _asked(resource, program_id):
    return reading.asked_of(resource, program_id, current_user, request.args, utcnow())


def _list_of(resource):
    def show_list(program_id=None):
        found = reading.page(resource, _asked(resource, program_id))
        onward = None
        if found.cursor is not None:
            onward = reading.next_address(request.path, resource, request.args, found.cursor)
        headers = {"Link": f'<{onward}>; rel="next"'} if onward else {}
        return answer({"data": found.data, "next": onward}, headers=headers)

    return show_list


def _one_of(resource):
    def show_one(row_id, program_id=None):
        row = reading.one_or_404(
            resource, reading.asked_of(resource, program_id, current_user, {}, utcnow()), row_id
        )
        return answer(row, headers={"ETag": etag_of(row)} if resource.has_version else {})

    return show_one


def _register(resource):
    mark = opened_by(resource.permission, resource.scope)
    bp.add_url_rule(
        resource.path, f"list_{resource.name.replace('-', '_')}", mark(_list_of(resource)), methods=["GET"]
    )
    if resource.has_one:
        bp.add_url_rule(
            f"{resource.path}/<int:row_id>", f"show_{resource.one}", mark(_one_of(resource)), methods=["GET"]
        )


for _resource in RESOURCES.values():
    _register(_resource)
