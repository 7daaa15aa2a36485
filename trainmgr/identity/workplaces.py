"""WeCom and DingTalk: like OAuth 2, each with ways of its own; for an installation of one's own, addresses change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from trainmgr.identity.asserted import Identity, NotAccepted, ask, secret_of
from trainmgr.identity.sign_on_models import ProviderKind, SignInProvider
from trainmgr.kernel import outward

# As the two describe them; what of a person is compared when nothing else is said.
PRESETS: dict[ProviderKind, dict[str, str]] = {
    ProviderKind.WECOM: {
        "authorize_url": "https://login.work.weixin.qq.com/wwlogin/sso/login",
        "token_url": "https://qyapi.weixin.qq.com/cgi-bin/gettoken",
        "person_url": "https://qyapi.weixin.qq.com/cgi-bin/auth/getuserinfo",
        "claim": "userid",
    },
    ProviderKind.DINGTALK: {
        "authorize_url": "https://login.dingtalk.com/oauth2/auth",
        "token_url": "https://api.dingtalk.com/v1.0/oauth2/userAccessToken",
        "person_url": "https://api.dingtalk.com/v1.0/contact/users/me",
        "claim": "mobile",
    },
}


def start(provider: SignInProvider, memory: Mapping[str, str], redirect_uri: str) -> str:
    """Return the address at which the person signs in there."""
    if provider.kind is ProviderKind.WECOM:
        query = {
            "login_type": "CorpApp", "appid": provider.client_id, "agentid": provider.agent,
            "redirect_uri": redirect_uri, "state": memory["state"],
        }  # fmt: skip
    else:
        query = {
            "redirect_uri": redirect_uri, "response_type": "code", "client_id": provider.client_id,
            "scope": "openid", "state": memory["state"], "prompt": "consent",
        }  # fmt: skip
    url = provider.authorize_url
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(query)}"


def finish(provider: SignInProvider, args: Mapping[str, str]) -> Identity:
    """Exchange the code and return who it is about; raises SystemDown or NotAccepted."""
    code = args.get("authCode") or args.get("code") or ""
    if not code:
        raise NotAccepted("no code")
    return _wecom(provider, code) if provider.kind is ProviderKind.WECOM else _dingtalk(provider, code)


def _wecom(provider: SignInProvider, code: str) -> Identity:
    """WeCom: a token of the application first, then whose code it is; people outside the company have no userid."""
    with outward.session() as session:
        granted = _without_fault(
            ask(
                session, "GET", provider.token_url,
                params={"corpid": provider.client_id, "corpsecret": secret_of(provider)},
            )
        )  # fmt: skip
        params = {"access_token": str(granted.get("access_token") or ""), "code": code}
        found = _without_fault(ask(session, "GET", provider.person_url, params=params))
    userid = found.get("userid") or found.get("UserId")
    if not userid:
        raise NotAccepted("nobody of the company")
    return Identity(f"wecom:{provider.client_id}", str(userid), "", {"userid": str(userid)})


def _without_fault(found: dict[str, Any]) -> dict[str, Any]:
    if found.get("errcode"):
        raise NotAccepted(f"fault {found['errcode']}"[:40])
    return found


def _dingtalk(provider: SignInProvider, code: str) -> Identity:
    body = {
        "clientId": provider.client_id, "clientSecret": secret_of(provider), "code": code,
        "grantType": "authorization_code",
    }  # fmt: skip
    with outward.session() as session:
        granted = ask(session, "POST", provider.token_url, json=body)
        headers = {"x-acs-dingtalk-access-token": str(granted.get("accessToken") or "")}
        found = ask(session, "GET", provider.person_url, headers=headers)
    union = found.get("unionId")
    if not union:
        raise NotAccepted("no unionId")
    return Identity(f"dingtalk:{provider.client_id}", str(union), str(found.get("nick") or ""), found)
