"""Around the matrix: methods that nobody offers, other spellings of an address, and the acts of the Django admin's lists."""

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory

from tests.factories import TicketFactory, UserFactory
from tests.security.addresses import all_addresses
from tests.security.identities import everybody
from tests.security.policy import ADMIN_ACTS
from tests.security.test_policy import KEPT, VALUES, expected, few, outcome, rule_of

pytestmark = pytest.mark.django_db
COMPLAINT = "The lift between the ninth and tenth floor sings"
ODD = ("HEAD", "OPTIONS", "PROPFIND", "get")


@pytest.fixture
def scene(settings):
    identities, owner = everybody()
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if each.endswith(KEPT) or KEPT[3] in each]
    settings.RATE_LIMIT_USER = settings.RATE_LIMIT_ADDRESS = settings.RATE_LIMIT_KEY = 0
    TicketFactory(waiting=True, submitted_by=owner, ticket_id=VALUES["ticket_id"], raw_voc=COMPLAINT, summary=COMPLAINT)
    return few(identities, "anonymous", "disabled", "other submitter")


def asked(client, identity, method, path):
    client.cookies.clear()
    for name, value in identity.cookies.items():
        client.cookies[name] = value
    return client.generic(method, path, headers=identity.headers)


def test_no_odd_method_gets_more_than_a_plain_one(scene):
    """Nobody is let in, and nothing is told of a ticket, by asking in another way."""
    wrong = []
    client = Client(raise_request_exception=False)
    for address in all_addresses():
        if address.in_admin:
            continue
        path = address.path(VALUES)
        methods = [each for each in ("GET", "POST") if address.handles(each)]
        for identity in scene:
            plain = {expected(rule_of(address.name, each), identity) for each in methods}
            if "allowed" in plain:
                continue
            for method in ODD:
                response = asked(client, identity, method, path)
                got = outcome(response, path)
                # OPTIONS tells a signed-in caller what the API's document says, and runs nothing.
                described = method == "OPTIONS" and path.startswith("/api/") and bool(identity.role)
                if got == "allowed" and not described:
                    wrong.append(f"{method} {path} as {identity.name}: {response.status_code}")
                if COMPLAINT in response.content.decode():
                    wrong.append(f"{method} {path} as {identity.name} tells of the ticket")
    assert wrong == [], "\n".join(wrong)


SPELLINGS = (
    lambda path: path + "/",
    lambda path: path.rstrip("/"),
    lambda path: path.rstrip("/") + ".json",
    lambda path: "/" + path,
    lambda path: path.upper(),
    lambda path: path + "%00",
    lambda path: "/static/.." + path,
    lambda path: path + "?format=api&_method=GET",
)


def test_no_other_spelling_of_an_address_is_a_way_in(scene):
    wrong = []
    client = Client(raise_request_exception=False)
    [anonymous] = [each for each in scene if each.name == "anonymous"]
    for address in all_addresses():
        if (
            address.in_admin
            or not address.handles("GET")
            or expected(rule_of(address.name, "GET"), anonymous) == "allowed"
        ):
            continue
        path = address.path(VALUES)
        for spelled in (spelling(path) for spelling in SPELLINGS):
            response = asked(client, anonymous, "GET", spelled)
            if outcome(response, spelled) == "allowed" and response.status_code not in (301, 302):
                wrong.append(f"{spelled}: {response.status_code}")
    assert wrong == [], "\n".join(wrong)


def test_the_acts_of_the_django_admins_lists_are_those_of_the_table_and_offered_to_those_roles():
    offered = {}
    for role in ("admin", "manager"):
        request = RequestFactory().get("/")
        request.user = UserFactory(role=role)
        for model, model_admin in admin.site._registry.items():
            name = f"{model._meta.app_label}_{model._meta.model_name}"
            if not model_admin.has_view_or_change_permission(request):
                continue
            for act in model_admin.get_actions(request):
                if act != "delete_selected":
                    offered.setdefault(name, {}).setdefault(act, []).append(role)
    told = {name: {act: " ".join(roles) for act, roles in acts.items()} for name, acts in offered.items()}
    assert told == ADMIN_ACTS
