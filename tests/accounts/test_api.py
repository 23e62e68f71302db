import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import jwt
import pytest
from django.conf import settings as live
from django.db import connections
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts import services, tasks, tokens
from accounts.models import User
from tests.accounts.conftest import caller
from tests.factories import PASSWORD, UserFactory
from voc.core import clock

TOKEN, REFRESH, REVOKE, ME = (
    "/api/v1/auth/token",
    "/api/v1/auth/token/refresh",
    "/api/v1/auth/token/revoke",
    "/api/v1/auth/me",
)


def post(path, body, **extra):
    return caller().post(path, body, content_type="application/json", **extra)


def sign_in(username="mina", password=PASSWORD):
    return post(TOKEN, {"username": username, "password": password})


def me(access):
    return caller().get(ME, headers={"Authorization": f"Bearer {access}"})


def forged(claims, *, key=None, algorithm="HS256"):
    return jwt.encode(claims, live.SECRET_KEY if key is None else key, algorithm=algorithm)


def test_a_password_is_swapped_for_two_tokens(manager):
    response = sign_in()
    assert response.status_code == 200
    assert set(response.json()) == {"access", "refresh"}
    assert response["Cache-Control"] == "no-store"


def test_an_access_token_says_who_calls(manager):
    assert me(sign_in().json()["access"]).json() == {
        "id": manager.pk,
        "username": "mina",
        "email": "mina@example.com",
        "role": "manager",
        "permissions": ["ticket:read", "ticket:confirm", "ticket:reject", "ticket:analyze"],
        "language": "en",
    }


def test_an_admin_has_every_permission(admin):
    assert caller(admin).get(ME).json()["permissions"] == ["*"]


def test_usernames_are_found_whatever_their_capitals(manager):
    assert sign_in(username="MINA").status_code == 200


def test_wrong_unknown_disabled_and_invited_cannot_be_told_apart(manager, viewer):
    services.deactivate_user(user=viewer, actor=None)
    User.objects.create_user("invited", "invited@example.com")
    answers = [
        sign_in(password="wrong-password"),
        sign_in(username="nobody"),
        sign_in(username="vera"),
        sign_in(username="invited"),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body", [{}, {"username": "mina"}, {"username": "", "password": "x"}, {"username": "a\x00b", "password": "x"}]
)
def test_a_body_with_something_missing_is_invalid_input(body):
    assert post(TOKEN, body).status_code == 422


def test_an_old_token_in_the_header_does_not_spoil_a_sign_in(manager):
    body = {"username": "mina", "password": PASSWORD}
    assert post(TOKEN, body, headers={"Authorization": "Bearer old"}).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Bearer a b", "Bearer a.b.c"])
def test_a_broken_token_is_refused_in_a_flat_answer(header):
    response = caller().get(ME, headers={"Authorization": header})
    assert response.status_code == 401
    assert isinstance(response.json()["detail"], str)


@pytest.mark.django_db
def test_without_credentials_the_answer_is_401():
    assert caller().get(ME).status_code == 401


def test_forged_tokens_are_refused(manager):
    real = sign_in().json()
    claims = jwt.decode(real["access"], options={"verify_signature": False})
    for access in [
        forged(claims, key="k" * 64),
        forged(claims, key="", algorithm="none"),
        forged(claims | {"token_type": "refresh"}),
        forged(claims | {"exp": 1}),
        forged(claims | {"iss": "somebody else"}),
        forged(claims | {"mark": "0" * 32}),
        forged({name: value for name, value in claims.items() if name != "mark"}),
        forged(claims | {"user_id": "0"}),
        forged(claims | {"user_id": "1 OR 1=1"}),
        forged({name: value for name, value in claims.items() if name != "exp"}),
        real["refresh"],
    ]:
        assert me(access).status_code == 401, access
    assert me(forged(claims)).status_code == 200


def test_an_access_token_lives_a_quarter_of_an_hour_and_a_refresh_token_a_week(manager):
    pair = sign_in().json()
    for kind, seconds in (("access", 900), ("refresh", 604_800)):
        claims = jwt.decode(pair[kind], options={"verify_signature": False})
        assert claims["exp"] - claims["iat"] == seconds


def test_a_refresh_token_works_once(manager):
    first = sign_in().json()["refresh"]
    second = post(REFRESH, {"refresh": first}).json()
    assert me(second["access"]).status_code == 200
    assert post(REFRESH, {"refresh": first}).status_code == 401
    assert post(REFRESH, {"refresh": second["refresh"]}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_twenty_parallel_refreshes_exactly_one_wins():
    refresh = tokens.issue(UserFactory()).refresh

    def swap(_number):
        try:
            return post(REFRESH, {"refresh": refresh}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        answers = sorted(pool.map(swap, range(20)))
    assert answers == [200] + [401] * 19
    assert OutstandingToken.objects.count() == 2
    assert BlacklistedToken.objects.count() == 1


def test_a_revoked_refresh_token_works_no_more(manager):
    refresh = sign_in().json()["refresh"]
    assert post(REVOKE, {"refresh": refresh}).status_code == 204
    assert post(REFRESH, {"refresh": refresh}).status_code == 401


@pytest.mark.django_db
def test_revoking_what_is_no_token_is_answered_the_same():
    assert post(REVOKE, {"refresh": "nonsense"}).status_code == 204
    assert post(REVOKE, {}).status_code == 422


def test_a_disabled_user_is_refused_with_either_token_at_once(manager):
    pair = sign_in().json()
    services.deactivate_user(user=manager, actor=None)
    assert me(pair["access"]).status_code == 401
    assert post(REFRESH, {"refresh": pair["refresh"]}).status_code == 401


def test_a_deleted_users_tokens_are_refused(viewer):
    pair = sign_in("vera").json()
    viewer.delete()
    assert me(pair["access"]).status_code == 401
    assert post(REFRESH, {"refresh": pair["refresh"]}).status_code == 401


def test_a_new_password_ends_older_tokens(manager):
    pair = sign_in().json()
    manager.set_password("another-long-password-2")
    manager.save()
    assert me(pair["access"]).status_code == 401
    assert post(REFRESH, {"refresh": pair["refresh"]}).status_code == 401
    assert me(sign_in(password="another-long-password-2").json()["access"]).status_code == 200


def test_a_new_role_shows_in_the_next_answer(viewer):
    access = sign_in("vera").json()["access"]
    services.set_role(user=viewer, role="manager", actor=None)
    assert me(access).json()["role"] == "manager"


def test_the_database_holds_no_usable_token(manager):
    pair = sign_in().json()
    kept = json.dumps(list(OutstandingToken.objects.values()), default=str)
    assert pair["refresh"] not in kept
    assert pair["refresh"].rsplit(".", 1)[1] not in kept


def test_expired_refresh_tokens_are_forgotten(manager, monkeypatch):
    sign_in()
    tasks.prune()
    assert OutstandingToken.objects.count() == 1
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=8))
    tasks.prune()
    assert OutstandingToken.objects.count() == 0
