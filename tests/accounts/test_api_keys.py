from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import api_keys, services
from accounts.models import ApiKey
from tests.accounts.conftest import browser, caller
from voc.core import clock
from voc.core.errors import InvalidInput, NotAllowed

ME = "/api/v1/auth/me"
TICKETS = "/api/v1/tickets"


def make(user, *, scopes=("ticket:read",), days=90, **more):
    return api_keys.create(user=user, name="ERP", scopes=scopes, days=days, created_by=user, **more)


def call(secret, path=ME, **more):
    return Client(headers={"X-API-Key": secret}).get(path, **more)


def test_a_key_acts_for_its_owner_within_its_permissions(submitter):
    answer = call(make(submitter).secret).json()
    assert (answer["username"], answer["permissions"]) == ("sumi", ["ticket:read"])


def test_a_key_may_no_more_than_it_was_given(manager):
    secret = make(manager).secret
    assert call(secret, TICKETS).status_code == 200
    client = Client(headers={"X-API-Key": secret})
    assert client.post(f"{TICKETS}/VOC-20260101-0001/confirm", {}, "application/json").status_code == 403


def test_a_key_may_no_more_than_its_owner(viewer, manager):
    with pytest.raises(InvalidInput) as refused:
        make(viewer, scopes=["ticket:read", "ticket:confirm"])
    assert (refused.value.field, "ticket:confirm" in refused.value.message) == ("scopes", True)
    with pytest.raises(InvalidInput):
        make(manager, scopes=["*"])
    secret = make(manager, scopes=["ticket:confirm", "ticket:read"]).secret
    services.set_role(user=manager, role="viewer", actor=None)
    assert call(secret).json()["permissions"] == ["ticket:read"]


def test_an_admins_key_is_no_admin_unless_it_may_everything(admin):
    limited, full = make(admin, scopes=["ticket:read", "voc:submit"]), make(admin, scopes=["*"])
    assert call(limited.secret).json()["permissions"] == ["ticket:read", "voc:submit"]
    assert call(full.secret).json()["permissions"] == ["*"]
    assert not api_keys.authenticate(limited.secret, address="").user.is_admin
    assert api_keys.authenticate(full.secret, address="").user.is_admin


def test_the_database_holds_no_usable_key(manager):
    new = make(manager)
    kept = str(list(ApiKey.objects.values()))
    assert new.secret not in kept
    assert new.secret.rsplit("_", 1)[1] not in kept


@pytest.mark.parametrize(
    "change",
    [
        lambda secret: "",
        lambda secret: secret[:-1],
        lambda secret: secret[:-1] + ("0" if secret[-1] != "0" else "1"),
        lambda secret: secret.upper(),
        lambda secret: secret.replace("voc_", "voc-"),
        lambda secret: "voc_0000000000_" + secret.rsplit("_", 1)[1],
        lambda secret: secret.rsplit("_", 1)[1],
        lambda secret: "é" * 63,
    ],
)
def test_anything_else_is_refused_without_saying_what_is_wrong(change, manager):
    response = call(change(make(manager).secret))
    assert response.status_code == 401
    assert response.json() == call("voc_x").json()


def test_a_key_is_refused_from_the_moment_it_is_revoked(manager):
    new = make(manager)
    assert call(new.secret).status_code == 200
    api_keys.revoke(key=new.row, actor=manager)
    assert call(new.secret).status_code == 401


def test_a_key_ends(manager, later):
    new = make(manager, days=30)
    later(30 * 86_400 - 60)
    assert call(new.secret).status_code == 200
    later(30 * 86_400 + 60)
    assert call(new.secret).status_code == 401


def test_a_key_ends_with_its_owner(manager):
    new = make(manager)
    services.deactivate_user(user=manager, actor=None)
    assert call(new.secret).status_code == 401
    with pytest.raises(NotAllowed):
        make(manager)


def test_a_key_works_from_its_networks_only(manager):
    secret = make(manager, networks=["10.20.0.0/16", "2001:db8::/32", "203.0.113.7"]).secret
    for address, expected in {
        "10.20.3.4": 200,
        "::ffff:10.20.3.4": 200,
        "203.0.113.7": 200,
        "2001:db8::5": 200,
        "10.21.0.1": 401,
        "203.0.113.8": 401,
        "": 401,
    }.items():
        assert call(secret, REMOTE_ADDR=address).status_code == expected, address
    assert call(secret, REMOTE_ADDR="1.2.3.4", headers={"X-Forwarded-For": "10.20.3.4"}).status_code == 401


def test_the_last_use_is_written_at_most_once_a_minute(manager, later, django_assert_num_queries):
    new = make(manager)
    later(0)
    call(new.secret)
    first = ApiKey.objects.get().last_used_at
    later(59)
    with django_assert_num_queries(1):
        assert api_keys.authenticate(new.secret, address="").last_used_at == first
    later(61)
    call(new.secret)
    assert ApiKey.objects.get().last_used_at == first + timedelta(seconds=61)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["no:such"]}, "scopes"),
        ({"days": 0}, "days"),
        ({"days": 10_000}, "days"),
        ({"networks": ["10.0.0.0/33"]}, "networks"),
        ({"networks": ["example.com"]}, "networks"),
        ({"networks": ["10.0.0.1"] * 51}, "networks"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(wrong, field, manager):
    with pytest.raises(InvalidInput) as refused:
        make(manager, **wrong)
    assert refused.value.field == field


def test_the_page_shows_a_new_key_once(manager):
    client = browser(manager)
    form = {"name": "ERP", "scopes": ["ticket:read"], "days": "30", "networks": "10.0.0.0/8\n203.0.113.7"}
    response = client.post("/keys/", form)
    secret = response.context["new"].secret
    assert secret in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert secret not in client.get("/keys/").content.decode()
    assert call(secret, REMOTE_ADDR="10.1.1.1").status_code == 200
    row = ApiKey.objects.get()
    assert (row.networks, row.created_by) == (["10.0.0.0/8", "203.0.113.7/32"], manager)
    assert timedelta(days=29) < row.expires_at - clock.now() < timedelta(days=31)


def test_the_page_says_what_is_wrong_with_a_form(viewer):
    client = browser(viewer)
    wrong = client.post("/keys/", {"name": "x", "scopes": ["ticket:confirm"], "days": "30", "networks": "here"})
    assert wrong.status_code == 422
    assert set(wrong.context["form"].errors) == {"scopes"}
    wrong = client.post("/keys/", {"name": "x", "scopes": ["ticket:read"], "days": "30", "networks": "here"})
    assert set(wrong.context["form"].errors) == {"networks"}
    assert ApiKey.objects.count() == 0


def test_people_see_and_revoke_their_own_keys_and_admins_everybodys(manager, viewer, admin):
    own, other = make(manager), make(viewer)
    page = browser(manager)
    assert list(page.get("/keys/").context["keys"]) == [own.row]
    assert page.post(f"/keys/{other.row.pk}/revoke").status_code == 404
    assert call(other.secret).status_code == 200
    assert page.post(f"/keys/{own.row.pk}/revoke").status_code == 302
    assert len(browser(admin).get("/keys/").context["keys"]) == 2
    assert browser(admin).post(f"/keys/{other.row.pk}/revoke").status_code == 302
    assert {call(own.secret).status_code, call(other.secret).status_code} == {401}
    with pytest.raises(NotAllowed):
        api_keys.revoke(key=other.row, actor=manager)


def test_a_key_opens_no_page(manager):
    assert call(make(manager).secret, "/keys/").status_code == 302


def command(*arguments):
    out, err = StringIO(), StringIO()
    call_command("apikey", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_makes_lists_and_revokes(submitter):
    out, err = command("create", "--user", "SUMI", "--name", "ERP", "--scope", "voc:submit", "--days", "30")
    secret = out.strip()
    assert call(secret).json()["permissions"] == ["voc:submit"]
    assert secret not in err
    listed, _ = command("list", "--user", "sumi")
    prefix = secret.split("_")[1]
    assert listed.split("\t")[:4] == [prefix, "sumi", "ERP", "voc:submit"]
    assert secret not in listed
    command("revoke", prefix)
    assert call(secret).status_code == 401
    assert "revoked" in command("list")[0]


def test_the_command_says_what_is_wrong(viewer):
    with pytest.raises(CommandError, match="scopes"):
        command("create", "--user", "vera", "--name", "x", "--scope", "voc:submit")
    with pytest.raises(CommandError, match="no user nobody"):
        command("create", "--user", "nobody", "--name", "x", "--scope", "voc:submit")
    with pytest.raises(CommandError, match="apikey list"):
        command("revoke", "0000000000")


def test_a_key_has_a_limit_of_its_own(manager, later):
    slow, other = make(manager, per_minute=3), make(manager)
    answers = [call(slow.secret) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert call(other.secret).status_code == 200
    assert caller(manager).get(ME).status_code == 200
