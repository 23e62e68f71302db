from django.urls import URLResolver, get_resolver

from accounts.permissions import PUBLIC, requirement_of

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# What anybody may call; a new entry is a decision.
PUBLIC_NAMES = {
    "login",
    "account_login",
    "logout",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "oidc_login",
    "oidc_callback",
    "github_login",
    "github_callback",
    "set_language",
    "password_reset",
    "password_reset_done",
    "password_reset_complete",
    "password_reset_confirm",
    "invitation",
    "api_token",
    "api_token_refresh",
    "api_token_revoke",
}


def addresses(patterns, apps=()):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, (*apps, pattern.app_name))
        elif "admin" not in apps:
            yield pattern


def handles(view, method):
    cls = getattr(view, "cls", None) or getattr(view, "view_class", None)
    actions = getattr(view, "actions", None)
    if actions is not None:
        return method.lower() in actions
    return cls is None or hasattr(cls, method.lower())


def test_every_address_declares_what_it_needs():
    undeclared = [
        f"{method} {pattern.pattern}"
        for pattern in addresses(get_resolver().url_patterns)
        for method in METHODS
        if handles(pattern.callback, method) and requirement_of(pattern.callback, method) is None
    ]
    assert undeclared == []


def test_the_account_addresses_that_anybody_may_call_are_these():
    public = {
        pattern.name
        for pattern in addresses(get_resolver("accounts.urls").url_patterns)
        if any(requirement_of(pattern.callback, m) == PUBLIC for m in METHODS if handles(pattern.callback, m))
    }
    assert public == PUBLIC_NAMES
