import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory

from accounts import tokens
from accounts.models import User
from accounts.permissions import (
    PERMISSIONS,
    Role,
    get_current_user,
    has_permission,
    login_only,
    require_permission,
    requirement_of,
)
from tests.accounts import sample
from tests.accounts.conftest import browser, caller
from tests.factories import UserFactory

pytestmark = pytest.mark.urls("tests.accounts.sample")

PAGES_FOR_MANAGERS = [
    ("get", "/s/function"),
    ("get", "/s/class"),
    ("post", "/s/class"),
    ("get", "/s/subclass"),
    ("post", "/s/methods"),
    ("post", "/s/class-and-method"),
    ("get", "/s/method-decorator"),
    ("get", "/s/wrapped"),
    ("get", "/s/attribute"),
]
PAGES_FOR_READERS = [("get", "/s/methods"), ("head", "/s/methods"), ("get", "/s/class-and-method")]
CALLS_FOR_MANAGERS = [
    ("get", "/api/s/class"),
    ("post", "/api/s/class"),
    ("options", "/api/s/class"),
    ("post", "/api/s/methods"),
    ("get", "/api/s/function-below"),
    ("post", "/api/s/function-below"),
    ("get", "/api/s/function-above"),
    ("post", "/api/s/set"),
    ("post", "/api/s/set/shut"),
    ("get", "/api/s/wrapped"),
    ("get", "/api/s/third-party"),
    ("get", "/api/s/attribute"),
]
CALLS_FOR_READERS = [("get", "/api/s/methods"), ("get", "/api/s/set"), ("head", "/api/s/set")]


def request_with_token(user):
    return RequestFactory().get("/api/s/x", headers={"Authorization": f"Bearer {tokens.issue(user).access}"})


def status(client, method, path):
    return getattr(client, method)(path).status_code


@pytest.mark.parametrize(("method", "path"), PAGES_FOR_MANAGERS)
def test_a_page_is_open_to_who_has_its_permission_and_closed_to_who_has_not(method, path, manager, viewer, admin):
    assert status(browser(manager), method, path) == 200
    assert status(browser(admin), method, path) == 200
    assert status(browser(viewer), method, path) == 403


@pytest.mark.parametrize(("method", "path"), PAGES_FOR_READERS)
def test_a_method_of_a_page_may_ask_for_less_than_another(method, path, viewer, submitter):
    assert status(browser(viewer), method, path) == 200
    assert status(browser(submitter), method, path) == 200
    assert browser().generic(method.upper(), path).status_code == 302


@pytest.mark.parametrize(("method", "path"), CALLS_FOR_MANAGERS)
def test_a_call_is_open_to_who_has_its_permission_and_closed_to_who_has_not(method, path, manager, viewer, admin):
    assert status(caller(manager), method, path) == 200
    assert status(caller(admin), method, path) == 200
    denied = getattr(caller(viewer), method)(path)
    assert (denied.status_code, denied["Content-Type"]) == (403, "application/json")
    assert "detail" in denied.json()
    anonymous = getattr(caller(), method)(path)
    assert anonymous.status_code == 401
    assert "Bearer" in anonymous["WWW-Authenticate"]
    assert "detail" in anonymous.json()


@pytest.mark.parametrize(("method", "path"), CALLS_FOR_READERS)
def test_a_method_of_a_call_may_ask_for_less_than_another(method, path, viewer):
    assert status(caller(viewer), method, path) == 200
    assert status(caller(), method, path) == 401


@pytest.mark.django_db
def test_what_is_public_answers_anybody():
    for path in ["/s/public", "/s/public-attribute", "/api/s/public", "/api/s/public-third-party"]:
        assert status(browser(), "get", path) == 200, path


def test_what_needs_any_login_answers_every_role_and_nobody_else(admin, manager, viewer, submitter):
    for user in (admin, manager, viewer, submitter):
        assert status(browser(user), "get", "/s/login") == 200
        assert status(caller(user), "get", "/api/s/login") == 200
    assert status(browser(), "get", "/s/login") == 302
    assert status(caller(), "get", "/api/s/login") == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", "/s/undeclared"), ("get", "/s/undeclared-class"), ("put", "/s/methods")],
)
def test_a_page_that_declares_nothing_is_denied_even_to_an_admin(method, path, admin):
    assert status(browser(admin), method, path) == 403
    assert status(browser(), method, path) == 302


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/api/s/undeclared"),
        ("get", "/api/s/undeclared-function"),
        ("put", "/api/s/methods"),
        ("delete", "/api/s/set"),
        ("get", "/api/s/attribute-unguarded"),
    ],
)
def test_a_call_that_declares_nothing_or_cannot_enforce_it_is_denied_even_to_an_admin(method, path, admin):
    assert status(caller(admin), method, path) == 403
    assert status(caller(), method, path) == 403


def test_the_middleware_is_not_the_only_guard(viewer):
    """Called past the middleware, a decorated view still refuses."""
    request = RequestFactory().get("/s/function")
    request.user = viewer
    views = (
        sample.function,
        sample.PageClass.as_view(),
        sample.PageByMethodDecorator.as_view(),
        sample.confirm(sample.undeclared),
    )
    for view in views:
        with pytest.raises(PermissionDenied):
            view(request)


def test_an_api_view_refuses_without_the_middleware_too(viewer, manager):
    views = [
        sample.ApiClass.as_view(),
        sample.api_function_below,
        sample.api_function_above,
        sample.ApiSet.as_view({"get": "create"}),
        sample.confirm(sample.ApiUndeclared.as_view()),
    ]
    for user, expected in ((viewer, 403), (manager, 200)):
        for view in views:
            assert view(request_with_token(user)).status_code == expected, view
    assert sample.ApiUndeclared.as_view()(request_with_token(manager)).status_code == 403


def test_a_method_that_the_view_does_not_have_is_not_allowed_rather_than_denied(manager):
    assert status(browser(manager), "delete", "/s/class-and-method") == 405
    assert status(caller(manager), "delete", "/api/s/methods") == 405


@pytest.mark.django_db
def test_an_anonymous_visitor_is_led_to_the_login_and_back():
    response = browser().get("/s/function?page=2")
    assert response.status_code == 302
    assert response["Location"] == "/login/?next=/s/function%3Fpage%3D2"


@pytest.mark.django_db
def test_after_a_form_the_login_leads_back_to_the_page_that_held_it():
    response = browser().post("/s/class", headers={"Referer": "http://testserver/tickets/VOC-1/?a=1"})
    assert response["Location"] == "/login/?next=/tickets/VOC-1/%3Fa%3D1"
    response = browser().post("/s/class", headers={"Referer": "https://evil.example/s/class"})
    assert response["Location"] == "/login/?next=/"


@pytest.mark.django_db
def test_a_fragment_tells_the_browser_to_go_to_the_login_as_a_whole():
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/queue/?status=OPEN"}
    response = browser().get("/s/function", headers=headers)
    assert response.status_code == 401
    assert response["HX-Redirect"] == "/login/?next=/queue/%3Fstatus%3DOPEN"
    assert response.content == b""


def test_a_plain_view_below_the_api_answers_in_json(viewer):
    assert browser().get("/api/s/plain").json()["detail"]
    denied = browser(viewer).get("/api/s/plain")
    assert (denied.status_code, denied["Content-Type"]) == (403, "application/json")


def test_the_permission_can_be_read_from_the_view():
    assert sample.function.voc_permission == "ticket:confirm"
    assert requirement_of(sample.ApiMethods.as_view(), "GET") == "ticket:read"
    assert requirement_of(sample.ApiMethods.as_view(), "POST") == "ticket:confirm"
    assert requirement_of(sample.ApiMethods.as_view(), "PUT") is None
    assert requirement_of(sample.api_function_above, "POST") == "ticket:confirm"


def test_the_table_is_the_plans():
    assert PERMISSIONS == {
        Role.ADMIN: ["*"],
        Role.MANAGER: ["ticket:read", "ticket:confirm", "ticket:reject", "ticket:analyze"],
        Role.VIEWER: ["ticket:read"],
        Role.SUBMITTER: ["voc:submit", "ticket:read"],
    }


def test_a_role_has_its_permissions_and_no_others():
    assert has_permission(User(role="manager"), "ticket:reject")
    assert not has_permission(User(role="manager"), "voc:submit")
    assert not has_permission(User(role="viewer"), "ticket:confirm")
    assert has_permission(User(role="submitter"), "voc:submit")
    assert has_permission(User(role="admin"), "anything:at-all")
    assert not has_permission(User(role="admin", is_active=False), "ticket:read")
    assert not has_permission(AnonymousUser(), "ticket:read")


def test_a_permission_that_is_none_is_refused_where_it_is_written():
    with pytest.raises(ValueError, match="area:act"):
        require_permission("public")


def test_wrapping_a_call_that_would_not_enforce_it_is_refused_where_it_is_written():
    with pytest.raises(TypeError, match="subclass"):
        login_only(sample.ThirdPartyApi.as_view())


def test_the_current_user_is_whoever_is_signed_in(viewer):
    request = RequestFactory().get("/")
    request.user = viewer
    assert get_current_user(request) == viewer
    request.user = AnonymousUser()
    with pytest.raises(PermissionDenied):
        get_current_user(request)


def test_a_new_role_counts_from_the_next_request_on(viewer):
    page, api = browser(viewer), caller(viewer)
    assert (status(page, "get", "/s/function"), status(api, "get", "/api/s/class")) == (403, 403)
    User.objects.filter(pk=viewer.pk).update(role="manager", is_staff=True)
    assert (status(page, "get", "/s/function"), status(api, "get", "/api/s/class")) == (200, 200)


def test_a_disabled_user_is_out_from_the_next_request_on(manager):
    page, api = browser(manager), caller(manager)
    assert (status(page, "get", "/s/function"), status(api, "get", "/api/s/class")) == (200, 200)
    User.objects.filter(pk=manager.pk).update(is_active=False)
    assert (status(page, "get", "/s/function"), status(api, "get", "/api/s/class")) == (302, 401)


@pytest.mark.parametrize("path", ["/admin/", "/admin/accounts/user/", "/admin/jsi18n/", "/admin/no/such/page/"])
def test_the_django_admin_is_for_those_who_decide_on_tickets(path, viewer, submitter):
    for user in (viewer, submitter):
        assert status(browser(user), "get", path) == 403
    response = browser().get(path)
    assert (response.status_code, response["Location"]) == (302, f"/login/?next={path}")


def test_managers_and_admins_enter_the_django_admin(manager, admin):
    assert status(browser(manager), "get", "/admin/") == 200
    assert status(browser(admin), "get", "/admin/") == 200


@pytest.mark.django_db
def test_the_django_admin_has_no_login_of_its_own():
    UserFactory(admin=True, username="ada")
    response = browser().post(
        "/admin/login/?next=/admin/tickets/", {"username": "ada", "password": "a-long-password-1"}
    )
    assert response["Location"] == "/login/?next=/admin/tickets/"
    assert "_auth_user_id" not in response.wsgi_request.session
