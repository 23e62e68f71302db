"""All addresses. Each app lists its own pages and API calls; a view that declares no permission is denied (see accounts)."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("voc.core.urls")),
    path("", include("accounts.urls")),
    path("", include("tickets.urls")),
    path("", include("voc.portal.urls")),
]
