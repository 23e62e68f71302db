"""Where Jira tells us that something happened."""

import structlog
from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.permissions import public
from integrations.jira import webhook

log = structlog.get_logger(__name__)


@csrf_exempt
@require_POST
@public
def receive(request: HttpRequest) -> HttpResponse:
    """Verify, store, answer; what follows runs elsewhere.

    200 stored, or known already; 401 not signed with JIRA_WEBHOOK_SECRET; 404 none is set; 413 too large; 422 signed, but
    about no issue; 503 could not be stored, come again (Cloud does; for Data Center the poll finds it).
    """
    if not settings.JIRA_WEBHOOK_SECRET:
        return _answer(404)
    body = request.read(webhook.MAX_BYTES + 1)
    if len(body) > webhook.MAX_BYTES:
        return _answer(413)
    if not webhook.is_signed(body, request.headers.get("X-Hub-Signature", ""), settings.JIRA_WEBHOOK_SECRET):
        log.warning("jira.webhook_not_signed")
        return _answer(401)
    try:
        hint = webhook.read_hint(body)
    except webhook.NotAHint as error:
        log.info("jira.webhook_without_issue", reason=str(error))
        return _answer(422)
    try:
        new = webhook.store(hint, body=body, identifier=request.headers.get("X-Atlassian-Webhook-Identifier", ""))
    except Error:
        log.exception("jira.webhook_not_stored")
        return _answer(503)
    log.info("jira.webhook", jira_event=hint.event, issue=hint.issue_key, new=new)
    return _answer(200)


def _answer(status: int) -> HttpResponse:
    return HttpResponse(status=status, content_type="text/plain")
