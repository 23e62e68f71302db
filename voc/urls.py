"""All addresses. Each app lists its own pages and API calls; a view that declares no permission is denied (see accounts)."""

from django.contrib import admin
from django.urls import include, path

admin.site.site_header = admin.site.site_title = "VOC"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("voc.core.urls")),
    path("", include("accounts.urls")),
    path("", include("integrations.jira.urls")),
    path("", include("notifications.urls")),
    path("", include("tickets.urls")),
    path("", include("voc.portal.urls")),
]

handler400 = "voc.core.error_pages.bad_request"
handler403 = "voc.core.error_pages.permission_denied"
handler404 = "voc.core.error_pages.page_not_found"
handler500 = "voc.core.error_pages.server_error"
