import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import jwt
import pytest
from django.conf import settings as live
from django.db import connections
from django.utils import timezone

from accounts import services, tasks, tokens
from accounts.jwt_keys import fingerprint
from accounts.models import TokenFamily, User
from tests.accounts.conftest import caller
from tests.factories import PASSWORD, UserFactory

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


def forged(claims, *, key=None, algorithm="HS256", kid=None):
    headers = {"kid": fingerprint(live.SECRET_KEY) if kid is None else kid}
    return jwt.encode(claims, live.SECRET_KEY if key is None else key, algorithm=algorithm, headers=headers)


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
        forged(claims, key="k" * 64, kid=fingerprint("k" * 64)),
        forged(claims, kid="../../dev/null"),
        jwt.encode(claims, live.SECRET_KEY, algorithm="HS256"),
        forged(claims, algorithm="HS512"),
        forged(claims, key="", algorithm="none"),
        forged(claims | {"token_type": "refresh"}),
        forged(claims | {"exp": 1}),
        forged(claims | {"iss": "somebody else"}),
        forged(claims | {"mark": "0" * 32}),
        forged({name: value for name, value in claims.items() if name != "mark"}),
        forged(claims | {"user_id": "0"}),
        forged(claims | {"family": "0" * 32}),
        forged({name: value for name, value in claims.items() if name != "family"}),
        forged(claims | {"user_id": "1 OR 1=1"}),
        forged({name: value for name, value in claims.items() if name != "exp"}),
        real["refresh"],
    ]:
        assert me(access).status_code == 401, access
    assert me(forged(claims)).status_code == 200


def test_an_access_token_lives_a_quarter_of_an_hour_and_a_refresh_token_a_week(manager, monkeypatch):
    # The two moments that a token names are taken one after the other, a second apart at times.
    now = timezone.now()
    monkeypatch.setattr("rest_framework_simplejwt.tokens.aware_utcnow", lambda: now)
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
def test_of_a_hundred_parallel_refreshes_exactly_one_wins_and_its_pair_works(later):
    # At one moment: who comes seconds later with a used token is a thief.
    refresh = tokens.issue(UserFactory()).refresh

    def swap(_number):
        try:
            return tokens.rotate(refresh)
        except tokens.TokenRefused:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(100) as pool:
        [pair] = [pair for pair in pool.map(swap, range(100)) if pair]
    assert me(pair.access).status_code == 200
    assert post(REFRESH, {"refresh": pair.refresh}).status_code == 200


def test_a_used_token_that_comes_back_ends_all_that_came_of_its_sign_in(manager, later):
    first = sign_in().json()
    other = sign_in().json()
    second = post(REFRESH, {"refresh": first["refresh"]}).json()
    third = post(REFRESH, {"refresh": second["refresh"]}).json()
    later(live.JWT_REUSE_SECONDS + 1)
    assert post(REFRESH, {"refresh": second["refresh"]}).status_code == 401
    assert post(REFRESH, {"refresh": third["refresh"]}).status_code == 401
    assert {me(pair["access"]).status_code for pair in (first, second, third)} == {401}
    assert me(other["access"]).status_code == 200
    assert sorted(TokenFamily.objects.values_list("end_reason", flat=True)) == ["", "reused"]


def test_a_token_from_before_the_last_swap_ends_the_family_however_soon(manager):
    first = sign_in().json()
    second = post(REFRESH, {"refresh": first["refresh"]}).json()
    third = post(REFRESH, {"refresh": second["refresh"]}).json()
    assert post(REFRESH, {"refresh": first["refresh"]}).status_code == 401
    assert post(REFRESH, {"refresh": third["refresh"]}).status_code == 401


def test_a_second_tab_that_loses_the_race_does_not_sign_the_first_one_out(manager):
    first = sign_in().json()
    second = post(REFRESH, {"refresh": first["refresh"]}).json()
    assert post(REFRESH, {"refresh": first["refresh"]}).status_code == 401
    assert post(REFRESH, {"refresh": second["refresh"]}).status_code == 200


def test_signing_out_ends_the_access_token_too_and_no_other_sign_in(manager):
    pair, other = sign_in().json(), sign_in().json()
    assert post(REVOKE, {"refresh": pair["refresh"]}).status_code == 204
    assert (me(pair["access"]).status_code, me(other["access"]).status_code) == (401, 200)


def test_a_busy_sign_in_ends_after_a_month(manager, later):
    refresh = sign_in().json()["refresh"]
    family = TokenFamily.objects.get()
    for day in (6, 12, 18, 24, 29):
        later(day * 86_400)
        refresh = tokens.rotate(refresh).refresh
    family.refresh_from_db()
    assert family.expires_at == family.started_at + timedelta(days=30)
    later(31 * 86_400)
    with pytest.raises(tokens.TokenRefused):
        tokens.rotate(refresh)


def test_a_new_role_ends_the_refresh_tokens_of_the_old_one_also_when_set_in_the_database(viewer):
    pair = sign_in("vera").json()
    User.objects.filter(pk=viewer.pk).update(role="submitter")
    assert post(REFRESH, {"refresh": pair["refresh"]}).status_code == 401
    assert post(REFRESH, {"refresh": sign_in("vera").json()["refresh"]}).status_code == 200


def test_no_token_of_a_disabled_user_comes_back_to_life(manager):
    pair = sign_in().json()
    services.deactivate_user(user=manager, actor=None)
    services.activate_user(user=manager, actor=None)
    assert me(pair["access"]).status_code == 401
    assert post(REFRESH, {"refresh": pair["refresh"]}).status_code == 401


def test_keys_are_replaced_without_signing_anybody_out(manager, settings):
    settings.JWT_KEYS = ["old" * 20]
    pair = sign_in().json()
    settings.JWT_KEYS = ["new" * 20, "old" * 20]
    assert me(pair["access"]).status_code == 200
    newer = post(REFRESH, {"refresh": pair["refresh"]}).json()
    assert jwt.get_unverified_header(newer["access"])["kid"] == fingerprint("new" * 20)
    settings.JWT_KEYS = ["new" * 20]
    assert me(pair["access"]).status_code == 401
    assert me(newer["access"]).status_code == 200


def test_the_sites_key_is_replaced_without_signing_anybody_out(manager, settings):
    settings.SECRET_KEY = "one" * 20
    pair = sign_in().json()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "two" * 20, ["one" * 20]
    assert me(pair["access"]).status_code == 200
    assert post(REFRESH, {"refresh": pair["refresh"]}).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert me(pair["access"]).status_code == 401


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
    kept = json.dumps(list(TokenFamily.objects.values()), default=str)
    claims = jwt.decode(pair["refresh"], options={"verify_signature": False})
    assert claims["jti"] not in kept
    assert pair["refresh"].rsplit(".", 1)[1] not in kept


def test_expired_refresh_tokens_are_forgotten(manager, later):
    sign_in()
    tasks.prune()
    assert TokenFamily.objects.count() == 1
    later(8 * 86_400)
    tasks.prune()
    assert TokenFamily.objects.count() == 0
