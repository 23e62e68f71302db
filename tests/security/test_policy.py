"""The generated matrix: every address × method × identity, asked for real, against the one table in `policy`."""

import pytest
from django.db import transaction
from django.test import Client

from accounts.permissions import requirement_of
from accounts.roles import Role, grants
from tests.factories import TicketFactory
from tests.security.addresses import METHODS, all_addresses
from tests.security.identities import Identity, everybody
from tests.security.policy import ADMIN, ADMIN_PAGES, RULES

pytestmark = pytest.mark.django_db
ACTS = {"changelist": "view", "add": "add", "change": "change", "delete": "delete", "history": "history"}
ADMIN_METHODS = {
    "view": ["GET"],
    "history": ["GET"],
    "add": ["GET", "POST"],
    "change": ["POST"],
    "delete": ["GET", "POST"],
}
# What does not decide who may do what costs time a thousand times over.
KEPT = ("SessionMiddleware", "AuthenticationMiddleware", "AccountMiddleware", "DenyByDefault", "MessageMiddleware")


@pytest.fixture
def scene(settings):
    identities, owner = everybody()
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if each.endswith(KEPT) or KEPT[3] in each]
    settings.RATE_LIMIT_USER = settings.RATE_LIMIT_ADDRESS = settings.RATE_LIMIT_KEY = 0
    TicketFactory(waiting=True, submitted_by=owner, ticket_id="VOC-20260101-0001")
    return identities


VALUES = {
    "ticket_id": "VOC-20260101-0001",
    "pk": "0",
    "uidb64": "MQ",
    "token": "set-password",
    "provider_id": "nobody",
    "object_id": "0",
    "comment_id": "0",
    "delivery_id": "0",
    "content_type_id": "0",
    "app_label": "tickets",
}


def few(identities, *names):
    """Enough for methods and pages behind a door that all of them have tried."""
    return [each for each in identities if each.name in (names or ("anonymous", "submitter", "admin", "disabled"))]


def askers(identities, address, method):
    """Everybody, where the answer is the view's; one key stands for all on pages, which know none; two ask by odd methods."""
    if hasattr(address.view, "cls"):
        return identities
    if method not in ("GET", "POST"):
        return few(identities, "anonymous", "admin")
    return [each for each in identities if each.page or each.scopes == {"ticket:read"}]


def rule_of(name, method):
    rule = RULES[name]
    return rule if isinstance(rule, str) else rule[method]


def expected(rule: str, identity: Identity) -> str:
    """allowed, missing (404), refused (403) or sent to sign in (401, or a page's redirect)."""
    if rule == "public":
        return "allowed"
    if not identity.role:
        return "sign in"
    needed = rule.removesuffix(" own").removesuffix(" all")
    if needed == "user":
        return "allowed"
    needed = "*" if needed == "admin" else needed
    granted = grants(Role(identity.role), needed) and (identity.scopes is None or needed in identity.scopes)
    if not granted:
        return "refused"
    if rule.endswith(" all") and identity.role == "submitter":
        return "refused"
    sees_all = identity.role != "submitter" or identity.owner
    return "allowed" if rule == needed or sees_all or needed == "*" else "missing"


def ask(client: Client, identity: Identity, method: str, path: str) -> str:
    client.cookies.clear()
    for name, value in identity.cookies.items():
        client.cookies[name] = value
    body = {"data": {}, "content_type": "application/json"} if path.startswith("/api/") else {}
    with transaction.atomic():
        response = getattr(client, method.lower())(path, headers=identity.headers, **body)
        transaction.set_rollback(True)
    return outcome(response, path)


def outcome(response, path):
    if response.status_code == 401 or (
        response.status_code == 302 and response["Location"].startswith("/login/?next=")
    ):
        return "sign in"
    assert response.status_code < 500, (path, response.status_code)
    return {403: "refused", 404: "missing", 405: "no such method"}.get(response.status_code, "allowed")


def test_every_address_has_a_rule_and_every_rule_an_address():
    names = {each.name for each in all_addresses() if not each.in_admin}
    assert names - set(RULES) == set(), "add a line to tests/security/policy.py: who may call it?"
    assert set(RULES) - names == set()


# A page although its address is one of the API's: it leads to the login, which a declaration would not do there.
DECLARED = {"api_docs": "public"}


def is_declared(declared, rule):
    rule = rule.removesuffix(" own").removesuffix(" all")
    if rule == "admin":  # a permission that nobody else has, or any login and a look at the role in the view
        others = [role for role in Role if role != Role.ADMIN]
        return declared == "login" or (":" in str(declared) and not any(grants(role, declared) for role in others))
    return declared == {"user": "login"}.get(rule, rule)


def test_every_address_declares_what_its_rule_says():
    """Also what a request cannot show: that the answer does not hang on the view's own checks alone."""
    for address in all_addresses():
        if address.in_admin:
            continue
        for method in METHODS:
            if address.handles(method):
                rule = DECLARED.get(address.name, rule_of(address.name, method))
                assert is_declared(requirement_of(address.view, method), rule), (address.name, method)


# Addresses whose answer to who may call them is 401, 403 or 404 for a reason of its own: a wrong password, nothing there.
OWN_ANSWERS = {
    "api_token": {"allowed", "sign in"},
    "api_token_refresh": {"allowed", "sign in"},
    "oidc_login": {"missing"},
    "oidc_callback": {"missing"},
    "github_login": {"missing"},
    "github_callback": {"missing"},
    # Not configured, they are not there.
    "jira_webhook": {"missing"},
    "slack_actions": {"missing"},
    "jira_retry_comment": {"missing"},
    "api_key_revoke": {"missing"},
    "mfa_deactivate_totp": {"missing", "allowed"},
    "mfa_remove_webauthn": {"missing", "allowed"},
    "mfa_view_recovery_codes": {"missing", "allowed"},
    "mfa_reauthenticate": {"refused", "allowed"},
    "mfa_reauthenticate_webauthn": {"refused", "allowed"},
    "account_reauthenticate": {"refused", "allowed"},
}


def test_the_matrix_of_pages_and_calls(scene):
    wrong, asked = [], 0
    client = Client(raise_request_exception=False)
    for address in all_addresses():
        if address.in_admin:
            continue
        path = address.path(VALUES)
        for method in METHODS:
            if not address.handles(method):
                continue
            for identity in askers(scene, address, method):
                effective = identity if identity.page or path.startswith("/api/v1/") else Identity(identity.name)
                right = expected(rule_of(address.name, method), effective)
                right_or = {"no such method"} if not hasattr(address.view, "cls") else set()
                fine = OWN_ANSWERS.get(address.name, {right}) if right == "allowed" else {right}
                got = ask(client, identity, method, path)
                asked += 1
                if got not in fine | right_or:
                    wrong.append(f"{method} {path} as {identity.name}: {got}, should be {right}")
    assert wrong == [], "\n".join(wrong)
    assert asked > 1000


def admin_address(name):
    """(model, act) of an address of the Django admin; ("", name) of one that belongs to no model."""
    model, _line, act = name.rpartition("_")
    return ("", name) if name in ADMIN_PAGES or act not in ACTS else (model, ACTS[act])


def may(model, act, identity):
    """`ADMIN` has a line such as "view change: admin manager · delete: admin"."""
    if act == "history":
        return True  # of what is not there: the way back is all that is answered
    if not model:
        return identity.role in ADMIN_PAGES[act].split()
    for part in ADMIN[model].split(" · "):
        acts, _sign, roles = part.partition(": ")
        if act in acts.split():
            return identity.role in roles.split()
    return False


def test_every_model_of_the_django_admin_has_a_rule():
    models = {admin_address(each.name)[0] for each in all_addresses() if each.in_admin and each.name} - {""}
    pages = {each.name for each in all_addresses() if each.in_admin and each.name and not admin_address(each.name)[0]}
    assert models ^ set(ADMIN) == set(), "tests/security/policy.py, ADMIN: who may do what with it?"
    assert pages ^ set(ADMIN_PAGES) == set()


def test_the_matrix_of_the_django_admin(scene):
    """Managers and admins model by model; whoever is neither is refused before a page is looked at."""
    wrong = []
    client = Client(raise_request_exception=False)
    staff = [each for each in scene if each.role in ("admin", "manager") and each.page]
    others = [each for each in scene if each not in staff]
    for address in all_addresses():
        if not address.in_admin or not address.name:
            continue
        model, act = admin_address(address.name)
        path = address.path(VALUES)
        for method in ADMIN_METHODS[act] if model else ["GET"]:
            for identity in staff:
                right = {"allowed", "no such method"} if may(model, act, identity) else {"refused"}
                if address.name == "view_on_site":
                    right = {"missing"}  # there is no object 0
                if (got := ask(client, identity, method, path)) not in right:
                    wrong.append(f"{method} {path} as {identity.name}: {got}, should be {right}")
            for identity in others if not model or act == "view" else few(others):
                right = "refused" if identity.role and identity.page else "sign in"
                if (got := ask(client, identity, method, path)) != right:
                    wrong.append(f"{method} {path} as {identity.name}: {got}, should be {right}")
    assert wrong == [], "\n".join(wrong)
