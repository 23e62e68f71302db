"""Single sign-on and second factors (django-allauth)."""

from voc.settings.environment import env

SSO_OIDC_NAME = env.str("SSO_OIDC_NAME", default="SSO")
# Roles that must have a second factor.
MFA_REQUIRED_ROLES = env.list("MFA_REQUIRED_ROLES", default=[])
# Domains whose verified addresses get an account with their first sign-in.
SSO_DOMAINS = env.list("SSO_DOMAINS", default=[])
# role=group pairs; with any, the provider's groups decide the role at each sign-in.
SSO_ROLES = env.list("SSO_ROLES", default=[])
SSO_GROUPS_CLAIM = env.str("SSO_GROUPS_CLAIM", default="groups")
SSO_DEFAULT_ROLE = env.str("SSO_DEFAULT_ROLE", default="submitter")
_microsoft = f"https://login.microsoftonline.com/{env.str('SSO_MICROSOFT_TENANT', default='')}/v2.0"
# provider id, name, issuer, client id, secret; those with a client id are set up.
_OIDC = [
    (
        "oidc",
        SSO_OIDC_NAME,
        env.str("SSO_OIDC_URL", default=""),
        env.str("SSO_OIDC_CLIENT_ID", default=""),
        env.str("SSO_OIDC_CLIENT_SECRET", default=""),
    ),
    (
        "google",
        "Google",
        "https://accounts.google.com",
        env.str("SSO_GOOGLE_CLIENT_ID", default=""),
        env.str("SSO_GOOGLE_CLIENT_SECRET", default=""),
    ),
    (
        "microsoft",
        "Microsoft",
        _microsoft,
        env.str("SSO_MICROSOFT_CLIENT_ID", default=""),
        env.str("SSO_MICROSOFT_CLIENT_SECRET", default=""),
    ),
    (
        "okta",
        "Okta",
        env.str("SSO_OKTA_URL", default=""),
        env.str("SSO_OKTA_CLIENT_ID", default=""),
        env.str("SSO_OKTA_CLIENT_SECRET", default=""),
    ),
]
SSO_APPS = [
    {
        "provider": "oidc",
        "provider_id": provider_id,
        "name": name,
        "client_id": client_id,
        "secret": secret,
        "settings": {"server_url": url.rstrip("/")},
    }
    for provider_id, name, url, client_id, secret in _OIDC
    if client_id
]
if _github := env.str("SSO_GITHUB_CLIENT_ID", default=""):
    SSO_APPS.append(
        {
            "provider": "github",
            "name": "GitHub",
            "client_id": _github,
            "secret": env.str("SSO_GITHUB_CLIENT_SECRET", default=""),
            "settings": {
                "oauth_pkce_enabled": True,
                "server_url": env.str("SSO_GITHUB_URL", default="https://github.com").rstrip("/"),
            },
        }
    )
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
# Attempts are counted by accounts.throttle, requests by accounts.limits: allauth would count in each process's memory.
ACCOUNT_RATE_LIMITS = False
ACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_ADAPTER = "accounts.adapters.SocialAdapter"
# A link, not a form: browsers hold a form's redirects to `form-action`, and nobody knows where a provider leads on to.
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_QUERY_EMAIL = True
MFA_ADAPTER = "accounts.adapters.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "accounts.mfa.CodeForm",
    "reauthenticate": "accounts.mfa.CodeAgainForm",
    "activate_totp": "accounts.mfa.ActivateForm",
    "login_webauthn": "accounts.passkey_forms.LoginForm",
    "authenticate_webauthn": "accounts.passkey_forms.UseForm",
    "reauthenticate_webauthn": "accounts.passkey_forms.UseAgainForm",
    "add_webauthn": "accounts.passkey_forms.AddForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RATE_LIMITS = False
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_RECOVERY_CODE_DIGITS = 10
MFA_TOTP_ISSUER = "VOC"
MFA_TOTP_TOLERANCE = 1
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are the admins' to give
