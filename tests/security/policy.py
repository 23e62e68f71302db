"""Who may call what: the one table. A new address needs a line here, or `test_policy` fails.

RULES: an address' name → its rule, or a rule per method. Methods that a view does not handle need none.

    public          anybody, signed in or not
    user            anybody who is signed in
    area:act        whose role grants it (accounts.roles)
    admin           admins
    area:act own    the same, and of one's own tickets alone where one's role sees no others (404 for somebody else's)

ADMIN: a model in the Django admin → acts and the roles that may; what is not named nobody may. Only staff roles come that far.
"""

RULES: dict[str, str | dict[str, str]] = {
    # operations
    "health": "public",
    "metrics": "public",
    # signing in and out
    "login": "public",
    "account_login": "public",
    "logout": "public",
    "set_language": "public",
    "password_reset": "public",
    "password_reset_done": "public",
    "password_reset_complete": "public",
    "password_reset_confirm": "public",
    "invitation": "public",
    "mfa_authenticate": "public",
    "mfa_login_webauthn": "public",
    "oidc_login": "public",
    "oidc_callback": "public",
    "github_login": "public",
    "github_callback": "public",
    # one's own account
    "account_reauthenticate": "user",
    "profile": "user",
    "password_change": "user",
    "api_keys": "user",
    "api_key_revoke": "user",
    "mfa_index": "user",
    "mfa_reauthenticate": "user",
    "mfa_activate_totp": "user",
    "mfa_deactivate_totp": "user",
    "mfa_view_recovery_codes": "user",
    "mfa_generate_recovery_codes": "user",
    "mfa_list_webauthn": "user",
    "mfa_add_webauthn": "user",
    "mfa_reauthenticate_webauthn": "user",
    "mfa_remove_webauthn": "user",
    # pages
    "home": "ticket:read",
    "queue": "ticket:confirm",
    "voc_submit": "voc:submit",
    "ticket_list": "ticket:read",
    "ticket": "ticket:read own",
    "ticket_live": "ticket:read own",
    "ticket_confirm": "ticket:confirm",
    "ticket_reject": "ticket:reject",
    "ticket_retry": "ticket:analyze",
    "ticket_complete": "ticket:confirm",
    "ticket_undo": "ticket:confirm",
    "ticket_assign": "ticket:confirm",
    "ticket_comment": "ticket:confirm",
    "alerts": "admin",
    "audit": "admin",
    "audit_export": "admin",
    "prompts": "admin",
    "prompt_activate": "admin",
    # REST API
    "api_token": "public",
    "api_token_refresh": "public",
    "api_token_revoke": "public",
    "api_me": "user",
    "api_schema": "user",
    "api_docs": "user",
    "api_voc": "voc:submit",
    "api_tickets": "ticket:read",
    "api_ticket": "ticket:read own",
    "api_ticket_confirm": "ticket:confirm",
    "api_ticket_reject": "ticket:reject",
    "api_ticket_retry": "ticket:analyze",
    "api_ticket_analyze": "ticket:analyze",
    "api_ticket_complete": "ticket:confirm",
    "api_ticket_undo": "ticket:confirm",
    "api_ticket_assign": "ticket:confirm",
    "api_ticket_comments": "ticket:confirm",
    "api_ticket_timeline": "ticket:read own",
}
ADMIN: dict[str, str] = {
    "core_alert": "view: admin",
    "outbox_job": "view: admin",
    "outbox_gate": "view add delete: admin",
    "accounts_user": "view add change: admin",
    "llm_modelcall": "view: admin",
    "llm_promptactivation": "view: admin",
    "llm_spendday": "view: admin",
    "notifications_delivery": "view: admin manager",
    "tickets_ticket": "view: admin manager",
    "tickets_ticketevent": "view: admin manager",
    "tickets_comment": "view: admin manager",
    "tickets_analysisrun": "view: admin manager",
    "tickets_system": "view: admin manager · add change: admin",
    "django_celery_beat_periodictask": "view add change delete: admin",
    "django_celery_beat_clockedschedule": "view add change delete: admin",
    "django_celery_beat_crontabschedule": "view add change delete: admin",
    "django_celery_beat_solarschedule": "view add change delete: admin",
    "django_celery_beat_intervalschedule": "view add change delete: admin",
}
# Addresses of the Django admin that belong to no model → the roles that may use them.
ADMIN_PAGES: dict[str, str] = {
    "index": "admin manager",
    "login": "admin manager",
    "logout": "admin manager",
    "password_change": "admin manager",
    "password_change_done": "admin manager",
    "autocomplete": "",
    "jsi18n": "admin manager",
    "view_on_site": "admin manager",
    "app_list": "admin manager",
    "tickets_system_try_logs": "admin",
}
