"""Tickets and what belongs to them. Status is written by `tickets.lifecycle` alone."""

from tickets.models.catalogue import System
from tickets.models.intake import IdempotencyKey, TicketCount, TicketDay
from tickets.models.jira import JiraComment, JiraLink, JiraOrigin, JiraState
from tickets.models.jira_sync import JiraSync
from tickets.models.runs import AnalysisRun, AnalysisStep, RunState
from tickets.models.search import CaseBlock, CasePosting, OpenCase, SearchEntry, Synonyms
from tickets.models.ticket import RESTING, Comment, EventKind, RejectCategory, Status, Ticket, TicketEvent

__all__ = [
    "RESTING",
    "AnalysisRun",
    "AnalysisStep",
    "CaseBlock",
    "CasePosting",
    "Comment",
    "EventKind",
    "IdempotencyKey",
    "JiraComment",
    "JiraLink",
    "JiraOrigin",
    "JiraState",
    "JiraSync",
    "OpenCase",
    "RejectCategory",
    "RunState",
    "SearchEntry",
    "Status",
    "Synonyms",
    "System",
    "Ticket",
    "TicketCount",
    "TicketDay",
    "TicketEvent",
]
