"""What every answer carries: a strict content policy and its kin; and the CSRF check of every form."""

from __future__ import annotations

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

csrf = CSRFProtect()


class TlsSessions(SecureCookieSessionInterface):
    """Lets the session's cookie travel by TLS only, wherever people reach the installation by TLS.

    Its name says so then: of a name that begins with `__Host-` browsers take nothing but a cookie that this very host
    set by TLS for all its paths, so that no neighbour in the domain, and nobody on a plain line, can plant one.
    """

    def get_cookie_name(self, app: Flask) -> str:
        """Return the cookie's name; what came under the other one is not read."""
        name = super().get_cookie_name(app)
        return f"__Host-{name}" if self.get_cookie_secure(app) else name

    def get_cookie_domain(self, app: Flask) -> None:
        """Return none: the cookie goes back to the host that set it, and to no other."""

    def get_cookie_path(self, app: Flask) -> str:
        """Return all of the host, as the name asks for."""
        return "/"

    def get_cookie_secure(self, app: Flask) -> bool:
        """Tell whether the cookie is marked Secure: asked for by TLS, or known to the world by https."""
        known = str(app.config.get("PUBLIC_URL") or "")
        return bool(super().get_cookie_secure(app) or request.is_secure or known.startswith("https://"))


POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def _dress(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")  # for browsers that do not know frame-ancestors
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "geolocation=(), microphone=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def init_app(app: Flask) -> None:
    """Check CSRF on every write and dress every answer."""
    csrf.init_app(app)
    app.session_interface = TlsSessions()
    app.after_request(_dress)
    if proxies := int(app.config.get("TRUSTED_PROXIES") or 0):
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
