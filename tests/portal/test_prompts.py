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
    admin = signed_in(admin=True, language="ko")
    assert activation.choice_of("solver").active == "1.2.0"
    shown = admin.get("/prompts/", {"name": "solver", "old": "1.0.0", "new": "1.1.0"}).content.decode()
    assert "<ins>- Lines far from the time of the complaint" in shown
    assert "<del>- ruled_out: for each other type, why it is not that one.</del>" in shown

    answer = admin.post("/prompts/activate", {"name": "solver", "version": "1.0.0"}, follow=True)

    assert answer.status_code == 200
    assert activation.choice_of("solver").active == "1.0.0"
    assert PromptActivation.objects.get().by.is_admin
    tried = admin.post("/prompts/activate", {"name": "solver", "version": "1.1.0", "share": "10"}, follow=True)
    assert "티켓의 10 %에 시험 적용했습니다" in tried.content.decode()
    assert activation.choice_of("solver").share == 10
    admin.post("/prompts/activate", {"name": "solver"})
    assert activation.choice_of("solver") == activation.Choice(active="1.0.0")


def test_going_back_and_trying_are_offered_where_they_can_be_done():
    admin = signed_in(admin=True, language="en")
    page = admin.get("/prompts/").content.decode()
    assert "Back to the version before" not in page
    assert 'name="share"' not in page, "nothing is newer than what is in force"
    activation.activate(name="solver", version="1.1.0", actor=None)
    page = admin.get("/prompts/").content.decode()
    assert page.count("Back to the version before") == 1
    assert page.count('name="share"') == 1
    activation.activate(name="solver", version="1.2.0", actor=None, label="canary", share=20)
    page = admin.get("/prompts/").content.decode()
    assert "End the trial" in page
    assert "for 20 % of the tickets" in page


def test_two_versions_that_are_the_same_have_no_difference():
    page = signed_in(admin=True, language="en").get("/prompts/", {"name": "solver", "old": "1.1.0", "new": "1.1.0"})
    assert "Both say the same." in page.content.decode()


def test_what_cannot_be_put_in_force_is_said():
    admin = signed_in(admin=True, language="en")
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
