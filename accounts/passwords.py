"""Passwords that somebody who knows this house would try first."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# What the system is called and does, and its roles; the site's own names come to these.
WORDS: Final = (
    "voc",
    "voiceofcustomer",
    "complaint",
    "ticket",
    "admin",
    "administrator",
    "manager",
    "viewer",
    "submitter",
)
SHORTEST: Final = 3
# So many letters must be left without such words, figures and marks: "Voc-Admin-2026!" has none.
LEAST: Final = 4


class NotOfThisHouse:
    """Refuses a password that is nothing but words of this system, its site and its roles, with figures and marks."""

    def validate(self, password: str, user: Any = None) -> None:
        rest = password.casefold()
        for word in sorted(_words(), key=len, reverse=True):
            rest = rest.replace(word, " ")
        if len(re.sub(r"[\W\d_]", "", rest)) < LEAST and rest != password.casefold():
            message = _("This password is made of words that stand for this system: others would guess it.")
            raise ValidationError(message, code="password_of_this_house")

    def get_help_text(self) -> str:
        return _("Your password must not be made of this site's name, its roles and a number.")


def _words() -> set[str]:
    host = urlsplit(settings.SITE_URL).hostname or ""
    return {*WORDS, *(part for part in re.split(r"[^a-z가-힣]+", host.casefold()) if len(part) >= SHORTEST)}
