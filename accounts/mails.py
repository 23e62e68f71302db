"""The two mails of this app, written in the language of whoever gets them."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.links import invitation_link, reset_link
from accounts.models import User
from accounts.services import INVITATION, RESET


def is_mail_on() -> bool:
    """Whether this installation sends mail at all (EMAIL_URL)."""
    return "dummy" not in settings.EMAIL_BACKEND


def compose(*, kind: str, user: User, invited_by: User | None = None) -> EmailMultiAlternatives:
    """The mail of this `kind`, with a link that is made now. Raises KeyError for an unknown kind."""
    language = user.language or settings.LANGUAGE_CODE
    with translation.override(language):
        subject, link = {
            INVITATION: (_("Your invitation to VOC"), invitation_link),
            RESET: (_("A new password for VOC"), reset_link),
        }[kind]
        context = {
            "user": user,
            "link": link(user),
            "invited_by": invited_by,
            "site": settings.SITE_URL,
            "days": round(settings.PASSWORD_RESET_TIMEOUT / 86400),
            "language": language,
            "subject": subject,
        }
        mail = EmailMultiAlternatives(
            subject=subject,
            body=render_to_string(f"accounts/mail/{kind}.txt", context),
            to=[user.email],
        )
        mail.attach_alternative(render_to_string(f"accounts/mail/{kind}.html", context), "text/html")
    return mail
