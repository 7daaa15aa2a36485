"""One request to a group robot: JSON there, JSON back, through the kernel's guarded way out (kernel.dialing)."""

from __future__ import annotations

import json
from typing import Any

from trainmgr.kernel.dialing import NotTaken, post, refusal_of
from trainmgr.notices.rules import address_fault

__all__ = ["NotTaken", "post_json"]


def post_json(url: str, body: dict[str, Any]) -> Any:
    """Send JSON and return the answer's; raises NotTaken."""
    if address_fault(url):
        raise NotTaken("the address is not that of a robot", final=True)
    data = json.dumps(body, ensure_ascii=False).encode()
    status, text = post(url, data, {"Content-Type": "application/json; charset=utf-8"})
    if status != 200:
        raise refusal_of(status)
    try:
        return json.loads(text)
    except ValueError:
        raise NotTaken("the answer is not that of a robot", final=True) from None
