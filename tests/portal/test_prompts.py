"""Admins compare versions of prompts and switch them; nobody else sees the page."""

import pytest
from django.test import Client

from llm import activation
from llm.models import PromptActivation
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh():
    activation._followed.forget()
    yield
    activation._followed.forget()


def signed_in(**fields):
    client = Client()
    client.force_login(UserFactory(**fields))
    return client


def test_an_admin_compares_two_versions_and_switches_without_a_deploy():
    admin = signed_in(admin=True)
    assert activation.choice_of("solver").active == "1.1.0"
    shown = admin.get("/prompts/", {"name": "solver", "old": "1.0.0", "new": "1.1.0"}).content.decode()
    assert "+- Lines far from the time of the complaint" in shown

    answer = admin.post("/prompts/activate", {"name": "solver", "version": "1.0.0"}, follow=True)

    assert answer.status_code == 200
    assert activation.choice_of("solver").active == "1.0.0"
    assert PromptActivation.objects.get().by.is_admin
    admin.post("/prompts/activate", {"name": "solver", "version": "1.1.0", "share": "10"})
    assert activation.choice_of("solver").share == 10
    admin.post("/prompts/activate", {"name": "solver"})
    assert activation.choice_of("solver") == activation.Choice(active="1.0.0")


def test_what_cannot_be_put_in_force_is_said():
    admin = signed_in(admin=True)
    for data, said in (
        ({"name": "solver", "version": "9.9.9"}, "has no version"),
        ({"name": "solver", "version": "1.1.0", "share": "many"}, "percentage"),
    ):
        assert said in admin.post("/prompts/activate", data, follow=True).content.decode()
    assert not PromptActivation.objects.exists()
    assert admin.get("/prompts/", {"name": "nobody", "old": "1.0.0"}).status_code == 200


@pytest.mark.parametrize("role", ["manager", "viewer", "submitter"])
def test_nobody_else_sees_it(role):
    client = signed_in(role=role)
    assert client.get("/prompts/").status_code == 403
    assert client.post("/prompts/activate", {"name": "solver", "version": "1.0.0"}).status_code == 403
    assert not PromptActivation.objects.exists()
