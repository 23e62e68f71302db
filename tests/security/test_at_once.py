"""What somebody loses, they lose with their next request at every door: pages, admin, API by token and key, Slack's buttons."""

import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts import api_keys, services, signins, tokens
from accounts.links import reset_link
from accounts.models import User
from notifications.routing.models import Person
from tests.accounts.conftest import browser
from tests.factories import PASSWORD, TicketFactory, UserFactory
from tickets.messages import APPROVE, button_value
from tickets.models import Ticket
from voc.core.outbox.api import drain_all

pytestmark = pytest.mark.django_db(transaction=True)
SIGNING = "8f742231b10e8888abcd99yyyzzz85a5"
NAMES = ("page", "fragment", "admin", "token", "key", "refresh", "slack")


class Doors:
    """Somebody who is in at every door. `open_to()` tries each for what a manager may do, and names those that let them."""

    def __init__(self, user):
        self.user = user
        self.ticket = TicketFactory(waiting=True)
        self.browser = browser(user)
        self.pair = tokens.issue(user)
        scopes = ["ticket:read", "ticket:confirm"]
        self.key = api_keys.create(user=user, name="x", scopes=scopes, days=9, created_by=user).secret
        Person.objects.create(user=user, slack_id="UMINA")

    def open_to(self):
        return {name for name in NAMES if getattr(self, f"by_{name}")()}

    def by_page(self):
        return self.browser.get("/queue/").status_code == 200

    def by_fragment(self):
        return self.browser.get("/queue/", headers={"HX-Request": "true"}).status_code == 200

    def by_admin(self):
        return self.browser.get("/admin/tickets/ticket/").status_code == 200

    def by_token(self):
        return self._assign({"Authorization": f"Bearer {self.pair.access}"})

    def by_key(self):
        return self._assign({"X-API-Key": self.key})

    def by_refresh(self):
        try:
            self.pair = tokens.rotate(self.pair.refresh)
        except tokens.TokenRefused:
            return False
        return True

    def by_slack(self):
        """A press of Approve that Slack signed, and what the worker made of it."""
        ticket = TicketFactory(waiting=True)
        action = {"action_id": APPROVE, "value": button_value(ticket)}
        pressed = {"type": "block_actions", "user": {"id": "UMINA"}, "actions": [action], "trigger_id": "1"}
        body = urlencode({"payload": json.dumps(pressed)})
        at = str(int(time.time()))
        signature = "v0=" + hmac.new(SIGNING.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": signature}
        kind = "application/x-www-form-urlencoded"
        answer = Client().post("/integrations/slack/actions", body, content_type=kind, headers=headers)
        assert answer.status_code == 200
        drain_all()
        return Ticket.objects.get(pk=ticket.pk).decided_by_id == self.user.pk

    def _assign(self, headers):
        path = f"/api/v1/tickets/{self.ticket.ticket_id}/assign"
        return Client(headers=headers).post(path, {"assignee": "mina"}, "application/json").status_code == 200


@pytest.fixture
def doors(settings):
    settings.SLACK_SIGNING_SECRET = SIGNING
    settings.SLACK_BOT_TOKEN = ""
    settings.NOTIFY_CHANNELS = []
    doors = Doors(UserFactory(manager=True, username="mina"))
    assert doors.open_to() == set(NAMES)
    return doors


def by_sql(**values):
    """Past every service: also somebody with a database shell is obeyed."""
    return lambda user: User.objects.filter(pk=user.pk).update(**values)


LOST = {
    "made a viewer": lambda user: services.set_role(user=user, role="viewer", actor=None),
    "made a submitter": lambda user: services.set_role(user=user, role="submitter", actor=None),
    "switched off": lambda user: services.deactivate_user(user=user, actor=None),
    "made a viewer by SQL": by_sql(role="viewer", is_staff=False),
    "switched off by SQL": by_sql(is_active=False),
}


@pytest.mark.parametrize("how", LOST)
def test_who_loses_role_or_account_loses_it_at_every_door(how, doors):
    LOST[how](doors.user)
    assert doors.open_to() == set()


def test_who_gets_the_account_back_gets_in_anew_and_by_no_old_way(doors):
    """But for keys, which are switched on and off with their owner, and Slack, which says each time who it is."""
    services.deactivate_user(user=doors.user, actor=None)
    services.activate_user(user=doors.user, actor=None)
    assert doors.open_to() == {"key", "slack"}


def test_who_is_signed_out_everywhere_is_known_to_slack_alone(doors):
    signins.end_access(user=doors.user, actor=None)
    assert doors.open_to() == {"slack"}
    assert doors.browser.post("/login/", {"username": "mina", "password": PASSWORD}).status_code == 302
    assert doors.by_page()


def test_a_link_of_somebody_who_was_switched_off_opens_nothing(doors):
    link = reset_link(doors.user).partition("8000")[2]
    assert Client().get(link).status_code == 302
    services.deactivate_user(user=doors.user, actor=None)
    assert Client().get(link).status_code == 200  # the page that says it is no good
    assert b'type="password"' not in Client().get(link).content
