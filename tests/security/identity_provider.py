"""An OpenID Connect provider that does what a good one does, except for what a test tells it to do wrong.

It keeps to the protocol in all else (PKCE, one-time codes, nonce, signatures): a login is refused for the one wrong thing alone.
"""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

import flask
import jwt
import werkzeug.serving
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "voc-at-the-provider", "client-secret-0123456789abcdefghijklmnopqrstuvwxyz"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """`claims` are told of everybody who logs in; `forge` may change an ID token's claims and how it is signed."""

    url: str = ""
    claims: dict = field(default_factory=lambda: {"sub": "s-1", "email": "mina@example.com", "email_verified": True})
    forge: Callable[[dict], str | dict] | None = None
    config: dict = field(default_factory=dict)
    userinfo: dict | None = None
    codes: dict = field(default_factory=dict)
    used: int = 0

    def authorize(self, address: str) -> str:
        """What the browser would be sent back to, for the address that it was sent to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def id_token(self, asked: dict) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked.get("nonce")}
        claims |= self.claims
        made = self.forge(claims) if self.forge else claims
        return made if isinstance(made, str) else signed(made)


def signed(claims: dict, *, key: object = KEY, algorithm: str = "RS256", kid: str = "one") -> str:
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})


def _app(provider: Provider) -> flask.Flask:
    app = flask.Flask(__name__)

    @app.get("/.well-known/openid-configuration")
    def configuration() -> dict:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        found = {name: f"{provider.url}/{path}" for name, path in names.items()}
        return found | {"issuer": provider.url, "userinfo_endpoint": f"{provider.url}/userinfo"} | provider.config

    @app.get("/keys")
    def keys() -> dict:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
        return {"keys": [public | {"kid": "one", "use": "sig", "alg": "RS256"}]}

    @app.post("/token")
    def token() -> tuple[dict, int]:
        form = flask.request.form
        asked = provider.codes.pop(form.get("code"), None)
        right = asked is not None and (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        if not right or asked["redirect_uri"] != form.get("redirect_uri"):
            return {"error": "invalid_grant"}, 400
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return {"error": "invalid_grant"}, 400
        provider.used += 1
        return {"access_token": "a", "token_type": "Bearer", "id_token": provider.id_token(asked)}, 200

    @app.get("/userinfo")
    def userinfo() -> dict:
        return provider.userinfo or provider.claims

    return app


@contextmanager
def running() -> Iterator[Provider]:
    provider = Provider()
    server = werkzeug.serving.make_server("127.0.0.1", 0, _app(provider), threaded=True)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
