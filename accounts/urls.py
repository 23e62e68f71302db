"""Addresses of this app."""

from allauth.mfa.base import views as mfa_views
from allauth.mfa.recovery_codes import views as recovery_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as webauthn_views
from django.urls import URLPattern, URLResolver, path

from accounts import api, views, views_keys, views_signins
from accounts.permissions import login_only, public
from accounts.sso import views as sso_views
from accounts.views_passkeys import passkey_login

# allauth's own views; which of them somebody may call follows from how far their login has come.
second_factor: list[URLPattern | URLResolver] = [
    path("mfa/", login_only(mfa_views.index), name="mfa_index"),
    path("mfa/code/", public(mfa_views.authenticate), name="mfa_authenticate"),
    path("mfa/again/", login_only(mfa_views.reauthenticate), name="mfa_reauthenticate"),
    path("mfa/app/", login_only(totp_views.activate_totp), name="mfa_activate_totp"),
    path("mfa/app/remove/", login_only(totp_views.deactivate_totp), name="mfa_deactivate_totp"),
    path("mfa/recovery/", login_only(recovery_views.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("mfa/recovery/new/", login_only(recovery_views.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("mfa/passkeys/", login_only(webauthn_views.list_webauthn), name="mfa_list_webauthn"),
    path("mfa/passkeys/add/", login_only(webauthn_views.add_webauthn), name="mfa_add_webauthn"),
    path("mfa/passkeys/again/", login_only(webauthn_views.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("mfa/passkeys/<int:pk>/remove/", login_only(webauthn_views.remove_webauthn), name="mfa_remove_webauthn"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", views.LoginView.as_view(), name="login"),
    # allauth leads people back here by its own name for it.
    path("login/", views.LoginView.as_view(), name="account_login"),
    path("login/again/", views.ReauthenticateView.as_view(), name="account_reauthenticate"),
    path("login/passkey/", passkey_login, name="mfa_login_webauthn"),
    path("logout/", views.LogoutView.as_view(), name="logout"),
    path("profile/", views.ProfileView.as_view(), name="profile"),
    path("language/", views.set_language, name="set_language"),
    path("password/change/", views.PasswordChangeView.as_view(), name="password_change"),
    path("password/reset/", views.PasswordResetView.as_view(), name="password_reset"),
    path("password/reset/done/", views.PasswordResetDoneView.as_view(), name="password_reset_done"),
    path("password/reset/complete/", views.PasswordResetCompleteView.as_view(), name="password_reset_complete"),
    path("password/reset/<uidb64>/<token>/", views.PasswordResetConfirmView.as_view(), name="password_reset_confirm"),
    path("invitation/<uidb64>/<token>/", views.InvitationView.as_view(), name="invitation"),
    *second_factor,
    path("sso/github/login/", sso_views.github_login, name="github_login"),
    path("sso/github/back/", sso_views.github_callback, name="github_callback"),
    path("sso/<slug:provider_id>/login/", sso_views.oidc_login, name="oidc_login"),
    path("sso/<slug:provider_id>/back/", sso_views.oidc_callback, name="oidc_callback"),
    path("sign-ins/", views_signins.sign_ins, name="sign_ins"),
    path("sign-ins/revoke", views_signins.sign_ins_end, name="sign_ins_end"),
    path("keys/", views_keys.keys, name="api_keys"),
    path("keys/<int:pk>/revoke", views_keys.key_revoke, name="api_key_revoke"),
    path("api/v1/auth/token", api.TokenView.as_view(), name="api_token"),
    path("api/v1/auth/token/refresh", api.TokenRefreshView.as_view(), name="api_token_refresh"),
    path("api/v1/auth/token/revoke", api.TokenRevokeView.as_view(), name="api_token_revoke"),
    path("api/v1/auth/me", api.MeView.as_view(), name="api_me"),
]
