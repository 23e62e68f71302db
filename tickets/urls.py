"""Addresses of tickets: pages here, the REST API in `tickets.api_urls`."""

from django.urls import include, path

from tickets import views, views_acts, views_export, views_ticket

urlpatterns = [
    path("submit/", views.submit, name="voc_submit"),
    path("queue/", views.queue, name="queue"),
    path("tickets/", views.ticket_list, name="ticket_list"),
    path("tickets/export/", views_export.ticket_export, name="ticket_export"),
    path("tickets/<str:ticket_id>/", views_ticket.ticket, name="ticket"),
    path("tickets/<str:ticket_id>/live/", views_ticket.ticket_live, name="ticket_live"),
    path("tickets/<str:ticket_id>/confirm/", views_acts.confirm, name="ticket_confirm"),
    path("tickets/<str:ticket_id>/reject/", views_acts.reject, name="ticket_reject"),
    path("tickets/<str:ticket_id>/retry/", views_acts.retry, name="ticket_retry"),
    path("tickets/<str:ticket_id>/complete/", views_acts.complete, name="ticket_complete"),
    path("tickets/<str:ticket_id>/undo/", views_acts.undo, name="ticket_undo"),
    path("tickets/<str:ticket_id>/assign/", views_acts.assign, name="ticket_assign"),
    path("tickets/<str:ticket_id>/issue/", views_acts.issue, name="ticket_issue"),
    path("tickets/<str:ticket_id>/link/", views_acts.link, name="ticket_link"),
    path("tickets/<str:ticket_id>/unlink/", views_acts.unlink, name="ticket_unlink"),
    path("tickets/<str:ticket_id>/mute/", views_acts.mute, name="ticket_mute"),
    path("tickets/<str:ticket_id>/comment/", views_acts.comment, name="ticket_comment"),
    path("", include("tickets.api_urls")),
]
