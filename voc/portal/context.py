"""What every page shows around its content: navigation by permission, open alerts, languages."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import has_permission
from voc.core.models import Alert

# htmx must neither evaluate strings nor write a style element: the Content-Security-Policy forbids both.
HTMX_CONFIG = json.dumps(
    {
        "allowEval": False,
        "includeIndicatorStyles": False,
        "selfRequestsOnly": True,
        "historyCacheSize": 0,
        "refreshOnHistoryMiss": True,
        "responseHandling": [
            {"code": "204", "swap": False},
            {"code": "[23]..", "swap": True},
            # A form with its errors, and the notice that somebody else was first, are pages to be shown.
            {"code": "409|422", "swap": True},
            {"code": "[45]..", "swap": False, "error": True},
        ],
    }
)


@dataclass(frozen=True, slots=True)
class NavEntry:
    url: str
    label: str | Promise
    current: bool
    count: int = 0


# Address name, label, the permission that shows it.
PAGES: tuple[tuple[str, str | Promise, str], ...] = (
    ("home", _("Home"), "ticket:read"),
    ("queue", _("Queue"), "ticket:confirm"),
    ("ticket_list", _("Tickets"), "ticket:read"),
    ("voc_submit", _("Submit"), "voc:submit"),
    ("jira", "Jira", "ticket:confirm"),
    ("deliveries", _("Messages"), "ticket:confirm"),
    ("alerts", _("Alerts"), "*"),
    ("prompts", _("Prompts"), "*"),
    ("audit", _("Audit"), "*"),
)


class Portal:
    """Computed when a template asks for it: a page that shows no navigation costs nothing. At most one query."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def nav(self) -> list[NavEntry]:
        user = self._request.user
        if not isinstance(user, User):
            return []
        match = self._request.resolver_match
        current = match.url_name if match else None
        return [
            NavEntry(url=reverse(name), label=label, current=name == current, count=self._count(name))
            for name, label, permission in PAGES
            if (user.is_admin if permission == "*" else has_permission(user, permission))
        ]

    @cached_property
    def alert_count(self) -> int:
        """Open alerts, for admins; 0 for everybody else."""
        user = self._request.user
        if not isinstance(user, User) or not user.is_admin:
            return 0
        return Alert.objects.filter(cleared_at=None).count()

    @property
    def languages(self) -> list[tuple[str, str]]:
        """(code, its own name) of each language."""
        return [(code, str(get_language_info(code)["name_local"])) for code, _name in settings.LANGUAGES]

    def _count(self, name: str) -> int:
        return self.alert_count if name == "alerts" else 0


def portal(request: HttpRequest) -> dict[str, Any]:
    return {"portal": Portal(request), "htmx_config": HTMX_CONFIG}
