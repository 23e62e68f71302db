"""GitHub's web application flow as its documentation tells it, as a server in a process of its own.

Sources: docs.github.com, "Authorizing OAuth apps", "Troubleshooting OAuth app access token request errors", "Get the
authenticated user", "List email addresses for the authenticated user". It keeps to them but for what PUT /_told changes.
"""

import base64
import hashlib
import secrets
import sys
import threading
from urllib.parse import urlencode

import flask
import werkzeug.serving

CLIENT, SECRET = "Iv1.voc-at-github", "github-secret-0123456789abcdef"
OTHER_CLIENT, OTHER_SECRET = "Iv1.somebody-elses", "github-secret-of-somebody-else"
CLIENTS = {CLIENT: SECRET, OTHER_CLIENT: OTHER_SECRET}
MINA = {"id": 7, "login": "mina", "name": "Mina Kim", "email": None}
ADDRESSES = [
    {"email": "mina@users.noreply.github.com", "verified": True, "primary": False, "visibility": None},
    {"email": "mina@example.com", "verified": True, "primary": True, "visibility": "private"},
]


def told_at_first() -> dict:
    return {"user": MINA, "emails": ADDRESSES, "forms": False}


app = flask.Flask(__name__)
told: dict = told_at_first()
codes: dict[str, dict] = {}
tokens: dict[str, dict] = {}
asked: list[dict] = []


def answer(values: dict) -> flask.Response:
    """JSON for who asks for it, else a form, which is GitHub's default."""
    if "application/json" in flask.request.headers.get("Accept", "") and not told["forms"]:
        return flask.jsonify(values)
    return flask.Response(urlencode(values), content_type="application/x-www-form-urlencoded; charset=utf-8")


def refused(error: str) -> flask.Response:
    """An error of the token's address is a 200."""
    return answer({"error": error, "error_description": error.replace("_", " "), "error_uri": "/docs"})


@app.get("/login/oauth/authorize")
def authorize() -> flask.Response:
    """As if somebody who is signed in had agreed."""
    given = flask.request.args
    if given.get("client_id") not in CLIENTS:
        return flask.Response(status=404)
    code = secrets.token_hex(10)
    codes[code] = dict(given)
    back = urlencode({"code": code, "state": given.get("state", "")})
    return flask.redirect(f"{given['redirect_uri']}?{back}")


@app.post("/login/oauth/access_token")
def access_token() -> flask.Response:
    form = flask.request.form
    asked.append({"url": "access_token", "code_verifier": form.get("code_verifier", "")})
    if not form.get("client_secret") or CLIENTS.get(form.get("client_id", "")) != form["client_secret"]:
        return refused("incorrect_client_credentials")
    grant = codes.get(form.get("code", ""))
    if grant is None or grant["client_id"] != form["client_id"]:
        return refused("bad_verification_code")
    if grant["redirect_uri"] != form.get("redirect_uri"):
        return refused("redirect_uri_mismatch")
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    wanted = grant.get("code_challenge", "")
    if wanted and base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != wanted:
        return refused("bad_verification_code")
    del codes[form["code"]]
    token = f"gho_{secrets.token_hex(18)}"
    tokens[token] = {"scope": grant.get("scope", "")}
    return answer({"access_token": token, "scope": grant.get("scope", "").replace(" ", ","), "token_type": "bearer"})


def bearer() -> dict | None:
    """What the call's token allows."""
    kind, _space, token = flask.request.headers.get("Authorization", "").partition(" ")
    return tokens.get(token) if kind.lower() in ("bearer", "token") else None


@app.before_request
def wants_a_name() -> flask.Response | None:
    """GitHub's API refuses whoever does not say who they are."""
    if flask.request.path.startswith("/api/") and not flask.request.headers.get("User-Agent"):
        return flask.Response("Request forbidden by administrative rules.", status=403)
    return None


@app.get("/api/v3/user")
def user() -> tuple[flask.Response, int]:
    if bearer() is None:
        return flask.jsonify(message="Bad credentials"), 401
    return flask.jsonify(told["user"]), 200


@app.get("/api/v3/user/emails")
def emails() -> tuple[flask.Response, int]:
    grant = bearer()
    if grant is None:
        return flask.jsonify(message="Bad credentials"), 401
    if "user:email" not in grant["scope"]:
        return flask.jsonify(message="Not Found"), 404
    return flask.jsonify(told["emails"]), 200


@app.put("/_told")
def tell() -> dict:
    told.update(told_at_first() | flask.request.get_json())
    asked.clear()
    return {}


@app.get("/_asked")
def what_was_asked() -> flask.Response:
    return flask.jsonify(asked)


if __name__ == "__main__":
    server = werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()  # ends when whoever started it wants that, or is gone
