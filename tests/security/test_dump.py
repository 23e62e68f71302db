"""Whoever gets hold of a dump of the database can sign in with nothing of it."""

import base64
import re

import jwt
import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.db import connection
from django.test import Client

from accounts import api_keys, services, tokens
from accounts.links import reset_link
from accounts.sessions import SessionStore
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
SHORTEST = 10
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def dump(only: str = "") -> str:
    """Every row of every table (of those whose name begins with one of `only`), as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        rows = []
        for schema, table in cursor.fetchall():
            if not re.match(only, table):
                continue
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{schema}"."{table}" t')
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows)


@pytest.fixture
def secrets_in_use():
    """Everything that opens something, made the way that people make it: name → the secret."""
    user = UserFactory(admin=True, username="ada")
    client = Client()
    client.force_login(user)
    session = client.session
    session["mfa.totp.secret"] = "KRSXG5CTMVRXEZLUKRSXG5CT"
    session.save()
    pair = tokens.issue(user)
    later = tokens.rotate(tokens.issue(user).refresh)
    TOTP.activate(user, SEED)
    codes = RecoveryCodes.activate(user).get_unused_codes()
    services.request_password_reset(email=user.email)
    invited = services.invite_user(email="new@example.com", role="viewer", invited_by=user)
    anonymous = Client()
    anonymous.get(reset_link(user).replace("http://127.0.0.1:8000", ""), follow=True)
    reset = SessionStore(anonymous.cookies["sessionid"].value)["_password_reset_token"]
    return {
        "password": PASSWORD,
        "session": client.cookies["sessionid"].value,
        "seed being set up": "KRSXG5CTMVRXEZLUKRSXG5CT",
        "access token": pair.access,
        "access token's id": jwt.decode(pair.access, options={"verify_signature": False})["jti"],
        "refresh token": pair.refresh,
        "refresh token's id": jwt.decode(pair.refresh, options={"verify_signature": False})["jti"],
        "swapped token's id": jwt.decode(later.refresh, options={"verify_signature": False})["jti"],
        "API key": api_keys.create(user=user, name="x", scopes=["*"], days=9, created_by=user).secret,
        "app's seed": SEED,
        "recovery code": codes[0],
        "reset link in use": reset,
        "invitation": reset_link(invited).rsplit("/", 2)[1],
    }


def test_a_dump_holds_no_secret_in_any_spelling(secrets_in_use):
    text = dump()
    assert "ada@example.com" in text  # it does hold what it should
    for name, secret in secrets_in_use.items():
        raw = secret.encode()
        spellings = [secret, secret.rsplit("_", 1)[-1], secret.rsplit(".", 1)[-1], raw.hex()]
        spellings += [base64.b64encode(raw).decode().rstrip("="), base64.urlsafe_b64encode(raw).decode().rstrip("=")]
        # What stands behind a token's last underscore may be a single letter.
        assert [each for each in spellings if len(each) >= SHORTEST and each in text] == [], name


def test_nothing_that_a_dump_holds_opens_anything(secrets_in_use):
    """Every word of what is about signing in is tried as a cookie, as a token and as a key."""
    words = set(re.findall(r"[\w.:$=+/-]{24,}", dump("accounts_|mfa_|account_|socialaccount_")))
    assert len(words) > 8
    for word in words:
        thief = Client()
        thief.cookies["sessionid"] = word
        assert thief.get("/profile/").status_code == 302, word
        for headers in ({"Authorization": f"Bearer {word}"}, {"X-API-Key": word}):
            assert Client(headers=headers).get("/api/v1/auth/me").status_code == 401, word
        with pytest.raises(tokens.TokenRefused):
            tokens.rotate(word)


def test_a_dump_holds_every_kind_of_secret_that_is_kept(secrets_in_use):
    """The tests above would prove nothing if the rows were not there."""
    assert Authenticator.objects.count() == 2
    kept = dump()
    assert kept.count('"data":{"seed":') + kept.count('"data": {"seed":') == 1
