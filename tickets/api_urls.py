"""Addresses of the REST API, without a trailing slash."""

from django.urls import path

from tickets import api

api_urlpatterns = [
    path("api/schema", api.SchemaView.as_view(), name="api_schema"),
    path("api/docs", api.docs, name="api_docs"),
    path("api/v1/voc", api.SubmitView.as_view(), name="api_voc"),
    path("api/v1/tickets", api.TicketListView.as_view(), name="api_tickets"),
    path("api/v1/tickets/<str:ticket_id>", api.TicketDetailView.as_view(), name="api_ticket"),
    path("api/v1/tickets/<str:ticket_id>/confirm", api.ConfirmView.as_view(), name="api_ticket_confirm"),
    path("api/v1/tickets/<str:ticket_id>/reject", api.RejectView.as_view(), name="api_ticket_reject"),
    path("api/v1/tickets/<str:ticket_id>/retry", api.RetryView.as_view(), name="api_ticket_retry"),
    path("api/v1/tickets/<str:ticket_id>/analyze", api.AnalyzeView.as_view(), name="api_ticket_analyze"),
    path("api/v1/tickets/<str:ticket_id>/complete", api.CompleteView.as_view(), name="api_ticket_complete"),
    path("api/v1/tickets/<str:ticket_id>/undo", api.UndoView.as_view(), name="api_ticket_undo"),
    path("api/v1/tickets/<str:ticket_id>/issue", api.IssueView.as_view(), name="api_ticket_issue"),
    path("api/v1/tickets/<str:ticket_id>/assign", api.AssignView.as_view(), name="api_ticket_assign"),
    path("api/v1/tickets/<str:ticket_id>/comments", api.CommentView.as_view(), name="api_ticket_comments"),
    path("api/v1/tickets/<str:ticket_id>/timeline", api.TimelineView.as_view(), name="api_ticket_timeline"),
]

urlpatterns = api_urlpatterns
