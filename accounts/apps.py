"""People: users, roles, permissions, sign-in."""

import importlib

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from voc.core import rotation
from voc.core.audit.declared import Audited, NotAudited


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts")
    audited = {
        "User": Audited(hidden=("password", "last_login")),
        "LoginAttempt": NotAudited("failed sign-ins, counted for minutes"),
        "TokenFamily": Audited(
            hidden=("current", "previous", "rotated_at", "expires_at", "address", "agent"),
        ),
        # A browser's sign-in as it ends, and by whom; what becomes of it until then is no change of anything.
        "BrowserSession": Audited(
            hidden=("session_key", "session_data", "expire_date"), on=("DELETE",), when="OLD.user_id IS NOT NULL"
        ),
        # What else people sign in with: second factors and accounts at identity providers.
        "mfa.Authenticator": Audited(hidden=("data", "last_used_at")),
        "socialaccount.SocialAccount": Audited(hidden=("extra_data", "last_login")),
        "ApiKey": Audited(hidden=("digest", "last_used_at")),
    }

    def ready(self) -> None:
        # Both register themselves when they are imported, which must not happen before the models are there.
        importlib.import_module("accounts.checks")
        importlib.import_module("accounts.schema")
        rotation.others.append(importlib.import_module("accounts.mfa").renew_secrets)
