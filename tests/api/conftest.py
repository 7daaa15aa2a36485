"""A client that sends a token, and makers of tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.clients import QuickClient
from tests.factories import NOW, World, keep
from trainmgr.api import pace
from trainmgr.api.models import ApiToken
from trainmgr.api.rules import SCOPES, digest_of, new_token
from trainmgr.identity.models import User


class Caller:
    """Another program with a token in its hand."""

    def __init__(self, app: Any, token: str) -> None:
        self.client = QuickClient(app, app.response_class, use_cookies=True)
        self.token = token

    def open(self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any) -> Any:
        sent = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"} | (headers or {})
        return self.client.open(f"/api/v1{path}", method=method, headers=sent, **options)

    def get(self, path: str, **options: Any) -> Any:
        return self.open("GET", path, **options)


@pytest.fixture(autouse=True)
def _fresh_pace() -> Iterator[None]:
    pace.forget()
    yield
    pace.forget()


@pytest.fixture
def make_token(world: World) -> Callable[..., str]:
    """Give somebody a token straight away; returns its text."""

    def make(user: User, scopes: Any = SCOPES, **values: Any) -> str:
        text = new_token()
        with world.app.app_context():
            keep(
                ApiToken(
                    user_id=user.id, name="测试", digest=digest_of(text), beginning=text[:8], scopes=list(scopes),
                    created_at=NOW, **{"expires_at": NOW + timedelta(days=30)} | values,
                )
            )  # fmt: skip
        return text

    return make


@pytest.fixture
def calling(world: World, make_token: Callable[..., str]) -> Callable[..., Caller]:
    """Return a program that calls with a token of somebody."""
    world.app.config["CLOCK"] = lambda: NOW
    return lambda user, *scopes, **values: Caller(world.app, make_token(user, scopes or SCOPES, **values))
