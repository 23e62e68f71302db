"""What must be configured before people sign in here."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from accounts.mails import is_mail_on
from accounts.roles import Role

KEY_LENGTH = 32
MAKE_ONE = 'Make one with: python -c "import secrets; print(secrets.token_urlsafe(50))"'


@register(Tags.security)
def secret_key(**_kwargs: Any) -> list[CheckMessage]:
    """The key signs sessions, API tokens and password links: it must be there, long, and the same in every process."""
    level = Warning if settings.DEBUG else Error
    if not settings.SECRET_KEY_IS_SET:
        hint = f"Set SECRET_KEY (or SECRET_KEY_FILE) to the same secret for web, worker and beat. {MAKE_ONE}"
        return [level("SECRET_KEY is not set.", hint=hint, id="accounts.E001")]
    if len(settings.SECRET_KEY) < KEY_LENGTH or len(set(settings.SECRET_KEY)) < 8:
        hint = f"Set SECRET_KEY to at least {KEY_LENGTH} random characters. {MAKE_ONE}"
        return [level("SECRET_KEY is too short or too simple.", hint=hint, id="accounts.E002")]
    return []


@register(Tags.security, deploy=True)
def mail(**_kwargs: Any) -> list[CheckMessage]:
    if is_mail_on():
        return []
    hint = "Set EMAIL_URL, for example smtp+tls://user:password@mail.example.com:587. Until then admins hand out links."
    return [
        Warning("EMAIL_URL is not set: invitations and new passwords are not mailed.", hint=hint, id="accounts.W001")
    ]


@register(Tags.security)
def identity(**_kwargs: Any) -> list[CheckMessage]:
    """What would stop people from signing in, or let in more than was meant, said before anybody tries."""
    return [
        Error(message, hint=hint, id=f"accounts.E{number}")
        for number, wrong, message, hint in (*_of_tokens(), *_of_roles(), *_of_providers())
        if wrong
    ]


def _of_tokens() -> list[tuple[str, bool, str, str]]:
    short = any(len(key) < KEY_LENGTH for key in settings.JWT_KEYS)
    return [("010", short, "A key of JWT_KEYS is too short.", f"Each has {KEY_LENGTH} characters or more. {MAKE_ONE}")]


def _of_roles() -> list[tuple[str, bool, str, str]]:
    roles = {role.value for role in Role}
    pairs = [each.partition("=") for each in settings.SSO_ROLES]
    known = f"Roles are {', '.join(sorted(roles))}."
    return [
        ("011", not set(settings.MFA_REQUIRED_ROLES) <= roles, "MFA_REQUIRED_ROLES names a role that is none.", known),
        ("012", settings.SSO_DEFAULT_ROLE not in roles, "SSO_DEFAULT_ROLE is no role.", known),
        (
            "013",
            any(role.strip() not in roles or not group.strip() for role, _sign, group in pairs),
            "SSO_ROLES is not a list of role=group.",
            f"Write for example admin=voc-admins,manager=voc-leads. {known}",
        ),
    ]


def _of_providers() -> list[tuple[str, bool, str, str]]:
    urls = [str(app["settings"]["server_url"]) for app in settings.SSO_APPS]
    in_the_clear = [url for url in urls if not url.startswith(("https://", "http://127.0.0.1", "http://localhost"))]
    return [
        (
            "014",
            bool(in_the_clear) or any("//v2.0" in url for url in urls),
            "The address of an identity provider is missing, not complete or not https.",
            "Set SSO_OIDC_URL, SSO_OKTA_URL, SSO_MICROSOFT_TENANT or SSO_GITHUB_URL beside the client id.",
        ),
        (
            "015",
            any(not app["secret"] for app in settings.SSO_APPS),
            "An identity provider has a client id and no client secret.",
            "Set its SSO_…_CLIENT_SECRET as well.",
        ),
        (
            "016",
            not settings.LOCAL_LOGIN and not settings.SSO_APPS,
            "LOCAL_LOGIN is off and no identity provider is set up: nobody could sign in.",
            "Set up a provider (SSO_…), or LOCAL_LOGIN=true.",
        ),
    ]


@register(Tags.security, deploy=True)
def second_factor(**_kwargs: Any) -> list[CheckMessage]:
    if "admin" in settings.MFA_REQUIRED_ROLES or not settings.LOCAL_LOGIN:
        return []
    hint = "Set MFA_REQUIRED_ROLES=admin (or admin,manager): a password alone opens everything now."
    return [Warning("Admins need no second factor.", hint=hint, id="accounts.W002")]
