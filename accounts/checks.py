"""What must be configured before people sign in here."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from accounts.mails import is_mail_on

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
