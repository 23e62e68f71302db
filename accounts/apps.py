"""People: users, roles, permissions, sign-in."""

import importlib

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        # Both register themselves when they are imported, which must not happen before the models are there.
        importlib.import_module("accounts.checks")
        importlib.import_module("accounts.schema")
