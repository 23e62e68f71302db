"""A passkey, made and used by a browser with an authenticator of its own."""

import pytest
from allauth.mfa.models import Authenticator

from tests.factories import PASSWORD, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


def test_a_passkey_is_set_up_and_logs_in_alone(open_as, live_server):
    UserFactory(manager=True, username="mina")
    # Browsers tie a passkey to a name; an address of numbers is none.
    site = live_server.url.replace("127.0.0.1", "localhost")
    page = open_as(None, "/login/")
    page.goto(f"{site}/login/")
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": options | {"isUserVerified": True, "automaticPresenceSimulation": True}},
    )
    page.fill("input[name=username]", "mina")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{site}/")
    page.goto(f"{site}/mfa/passkeys/add/")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.check("input[name=passwordless]")
    page.click("form[data-passkey=add] button[type=submit]")
    page.wait_for_url(f"{site}/mfa/recovery/")
    assert Authenticator.objects.filter(type="webauthn").count() == 1

    page.context.clear_cookies()
    page.goto(f"{site}/login/")
    page.click("form[data-passkey=login] button[type=submit]")
    page.wait_for_url(f"{site}/")
    assert "mina" in page.content()

    # With the password it is the second step.
    page.context.clear_cookies()
    page.goto(f"{site}/login/")
    page.fill("input[name=username]", "mina")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{site}/mfa/code/")
    page.click("form[data-passkey=use] button[type=submit]")
    page.wait_for_url(f"{site}/")
