"""Other systems on this machine: an OpenID provider, a CAS server, WeCom and DingTalk, as far as sign-in needs them."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.sax.saxutils import escape

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
STRANGER = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
CLIENT, SECRET = "trainmgr-client", "a secret & more"


class System:
    """One server that is all four; what it says of a person is set by the test."""

    def __init__(self, clock):
        self.clock = clock
        self.person = {"sub": "s-1", "preferred_username": "T0042", "name": "李文静"}
        self.claims = {}  # what is put over the ID token's claims
        self.userinfo = None
        self.key, self.algorithm = KEY, "RS256"
        self.codes, self.tickets, self.seen = {}, {}, []
        self.broken = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.server.daemon_threads = True
        self.server.system = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def stop(self):
        """Be down from now on."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    # what a browser does there

    def authorize(self, address):
        """Sign the person in there, as the page of an OpenID provider does, and return where the browser is sent."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{self.url}/authorize?")
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(12)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def log_in(self, address):
        """Sign the person in at the CAS server's page and return where the browser is sent."""
        assert address.startswith(f"{self.url}/cas/login?")
        service = parse_qs(urlsplit(address).query)["service"][0]
        ticket = f"ST-{secrets.token_hex(8)}"
        self.tickets[ticket] = service
        return f"{service}{'&' if '?' in service else '?'}ticket={ticket}"

    # what it answers

    def discovery(self):
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "end_session_endpoint": f"{self.url}/logout",
        }

    def token(self, form, authorization):
        query = self.codes.pop(form.get("code", ""), None)
        name, _, word = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (name, word) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        if (
            query is None
            or query["redirect_uri"] != form.get("redirect_uri")
            or query["code_challenge"] != challenge.rstrip(b"=").decode()
        ):
            return 400, {"error": "invalid_grant"}
        now = int(self.clock().timestamp())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": query["nonce"]}
        claims |= (
            {"sub": self.person["sub"]} | ({} if self.userinfo is not None else self.person) | self.claims
        )
        header = {"alg": self.algorithm, "kid": "one"}
        signed = jwt.encode(header, claims, self.key, algorithms=[self.algorithm])
        return 200, {"access_token": "access", "token_type": "Bearer", "expires_in": 300, "id_token": signed}

    def validate(self, query):
        service = self.tickets.pop(query.get("ticket", ""), None)
        space = 'xmlns:cas="http://www.yale.edu/tp/cas"'
        if service is None or service != query.get("service"):
            return f'<cas:serviceResponse {space}><cas:authenticationFailure code="INVALID_TICKET">no</cas:authenticationFailure></cas:serviceResponse>'  # noqa: E501
        told = "".join(f"<cas:{name}>{escape(value)}</cas:{name}>" for name, value in self.person.items())
        return f"<cas:serviceResponse {space}><cas:authenticationSuccess><cas:user>{escape(self.person['sub'])}</cas:user><cas:attributes>{told}</cas:attributes></cas:authenticationSuccess></cas:serviceResponse>"  # noqa: E501


class _Handler(BaseHTTPRequestHandler):
    """Answers by the path."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _say(self, status, body, kind="application/json"):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def _send_on(self, address):
        self.send_response(302)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        system, parts = self.server.system, urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        system.seen.append(self.path)
        if system.broken:
            return self._say(system.broken, "<html>broken</html>", "text/html")
        if parts.path == "/.well-known/openid-configuration":
            return self._say(200, system.discovery())
        if parts.path == "/authorize":
            return self._send_on(system.authorize(system.url + self.path))
        if parts.path == "/jwks":
            return self._say(200, KeySet([KEY]).as_dict(private=False))
        if parts.path == "/userinfo":
            good = self.headers["Authorization"] == "Bearer access"
            return self._say(200 if good else 401, system.userinfo or system.person)
        if parts.path == "/cas/p3/serviceValidate":
            return self._say(200, system.validate(query), "application/xml")
        if parts.path == "/wecom/gettoken":
            good = query == {"corpid": CLIENT, "corpsecret": SECRET}
            return self._say(200, {"errcode": 0, "access_token": "corp"} if good else {"errcode": 40001})
        if parts.path == "/wecom/getuserinfo":
            good = query == {"access_token": "corp", "code": "good"}
            return self._say(200, {"errcode": 0} | system.person if good else {"errcode": 40029})
        if parts.path == "/ding/me":
            good = self.headers["x-acs-dingtalk-access-token"] == "user"
            return self._say(200 if good else 401, system.person)
        return self._say(404, {})

    def do_POST(self):
        system = self.server.system
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        if system.broken:
            return self._say(system.broken, "<html>broken</html>", "text/html")
        if self.path == "/token":
            form = {name: values[0] for name, values in parse_qs(body).items()}
            return self._say(*system.token(form, self.headers["Authorization"] or ""))
        if self.path == "/ding/token":
            wanted = {
                "clientId": CLIENT,
                "clientSecret": SECRET,
                "code": "good",
                "grantType": "authorization_code",
            }
            return (
                self._say(200, {"accessToken": "user"}) if json.loads(body) == wanted else self._say(400, {})
            )
        return self._say(404, {})
