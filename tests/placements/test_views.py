"""Placements as people use them: arranged for a class, signed by three, begun, changed, ended."""

from __future__ import annotations

from datetime import timedelta

from tests.factories import TODAY


def _terms(scene, **values):
    return {
        "post": scene.post.id,
        "site": "二号车间",
        "starts_on": TODAY.isoformat(),
        "ends_on": (TODAY + timedelta(days=120)).isoformat(),
        "pay": "4500",
    } | values


def test_every_page_opens_for_staff(scene):
    placement = scene.make_placement()
    staff = scene.world.signed_in(scene.staff)
    one = f"{scene.url}/{placement.id}"
    for address in (
        scene.url, f"{scene.url}/trainees", f"{scene.url}/new?id={scene.enrolment.id}", one, f"{one}/change",
        f"{one}/end", f"{scene.url}/papers?id={placement.id}", f"{scene.url}/to-sign", f"{scene.url}/posts",
        f"{scene.url}/posts/new", f"{scene.url}/posts/{scene.post.id}",
        f"{scene.url}/hosts/{scene.world.enterprise.id}", f"{scene.url}/compliance", f"{scene.url}/weekly",
        f"{scene.url}/weekly.docx", f"{scene.url}/weekly.xlsx", "/placement-rules", "/placement-rules/age",
        f"{one}/override/agreement", "/my/placements",
    ):  # fmt: skip
        assert staff.get(address).status_code == 200, address
