"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from accounts import api, views, views_keys

urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", views.LoginView.as_view(), name="login"),
    path("logout/", views.LogoutView.as_view(), name="logout"),
    path("profile/", views.ProfileView.as_view(), name="profile"),
    path("language/", views.set_language, name="set_language"),
    path("password/change/", views.PasswordChangeView.as_view(), name="password_change"),
    path("password/reset/", views.PasswordResetView.as_view(), name="password_reset"),
    path("password/reset/done/", views.PasswordResetDoneView.as_view(), name="password_reset_done"),
    path("password/reset/complete/", views.PasswordResetCompleteView.as_view(), name="password_reset_complete"),
    path("password/reset/<uidb64>/<token>/", views.PasswordResetConfirmView.as_view(), name="password_reset_confirm"),
    path("invitation/<uidb64>/<token>/", views.InvitationView.as_view(), name="invitation"),
    path("keys/", views_keys.keys, name="api_keys"),
    path("keys/<int:pk>/revoke", views_keys.key_revoke, name="api_key_revoke"),
    path("api/v1/auth/token", api.TokenView.as_view(), name="api_token"),
    path("api/v1/auth/token/refresh", api.TokenRefreshView.as_view(), name="api_token_refresh"),
    path("api/v1/auth/token/revoke", api.TokenRevokeView.as_view(), name="api_token_revoke"),
    path("api/v1/auth/me", api.MeView.as_view(), name="api_me"),
]
