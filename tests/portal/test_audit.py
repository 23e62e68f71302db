"""Admins look into the audit trail: by ticket, person, table and day, however long it is, and take it along as CSV."""

import csv
import io
from datetime import timedelta
from datetime import timezone as zones
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tickets.models import Ticket
from voc.core import customers
from voc.core.audit import export, queries, sealing
from voc.core.audit.models import Entry
from voc.core.spreadsheet import MARK, csv_lines, harmless

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    user = factories.UserFactory(admin=True, username="chief", language="en")
    client.force_login(user)
    return user


def page(client, **query):
    answer = client.get(reverse("audit"), query)
    assert answer.status_code == 200
    return answer


def texts(answer):
    return answer.content.decode()


def test_the_page_tells_what_changed_from_what_to_what_by_whom(client, admin):
    ticket = factories.TicketFactory(customer_contact="kim@example.com", customer_name="김가람", waiting=True)
    client.post(reverse("ticket_reject", args=[ticket.ticket_id]), {"reject_reason": "Nothing to it"})
    shown = texts(page(client, subject=ticket.ticket_id))
    for each in ("chief", "WAITING_CONFIRM", "REJECTED", "Nothing to it", "김가람", "127.0.0.1", "portal POST"):
        assert each in shown
    sealing.seal_all()
    assert "김가람" in texts(page(client, subject=ticket.ticket_id))
    customers.drop_keys([customers.handle_of("kim@example.com", otherwise="")])
    shown = texts(page(client, subject=ticket.ticket_id))
    assert "김가람" not in shown
    assert "erased" in shown


@pytest.mark.parametrize("name", ["audit", "audit_export"])
@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("submitter", 403), ("manager", 403), ("admin", 200)])
def test_it_is_for_admins_alone(client, name, role, status):
    client.force_login(factories.UserFactory(role=role))
    assert client.get(reverse(name)).status_code == status


def test_each_filter_narrows_and_a_wrong_one_is_told(client, admin):
    first, second = factories.TicketFactory(), factories.TicketFactory()
    Ticket.objects.filter(pk=second.pk).update(assignee="gildong")

    def found(**query):
        lines = page(client, table="tickets_ticket", **query).context["lines"]
        return [
            line.entry.subject for line in lines if line.entry.subject
        ]  # an earlier test's table may have been emptied

    assert found() == [second.ticket_id, second.ticket_id, first.ticket_id]
    assert found(subject=first.ticket_id) == [first.ticket_id]
    assert found(act="U") == [second.ticket_id]
    assert found(actor="nobody") == []
    today = Entry.objects.filter(table="tickets_ticket").latest("at").at.astimezone(zones(timedelta(hours=9))).date()
    assert len(found(since=today.isoformat(), until=today.isoformat())) == 3
    assert found(until=(today - timedelta(days=1)).isoformat()) == []
    assert "errorlist" in texts(page(client, since="yesterday"))


def test_older_pages_neither_repeat_nor_leave_out(client, admin, monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 3)
    factories.TicketFactory.create_batch(8)
    seen, before = [], None
    while True:
        found = queries.page_of(queries.Wanted(table="tickets_ticket", act="I"), before=before, limit=3)
        seen += [entry.pk for entry in found.entries]
        if (before := found.before) is None:
            break
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) == 8
    assert list(queries.all_of(queries.Wanted(table="tickets_ticket", act="I"))) == list(
        Entry.objects.filter(table="tickets_ticket", act="I")
    )


def test_a_page_costs_the_same_however_long_the_trail(django_assert_num_queries, client, admin):
    """No count, no offset: every filter walks an index in the order of the list."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO audit_entry
                   ("at", "table", "row", act, subject, actor_name, entry, address, request_id, role, personal)
               SELECT now() - i * interval '1 second', 'tickets_ticket', i::text, 'U', 'VOC-' || i % 1000, 'user' || i % 50,
                      'api', '', '', 'voc', '{}' FROM generate_series(1, 20000) AS i"""
        )
        cursor.execute("ANALYZE audit_entry")
    deep = Entry.objects.order_by("at")[200].pk
    rare = ({"act": "D"}, {"actor": "user7", "table": "tickets_ticket"}, {"act": "U", "actor": "user7"})
    for wanted in ({}, {"actor": "user7"}, {"subject": "VOC-7"}, {"table": "tickets_ticket"}, *rare):
        rows, _edge = queries._looked_at(queries.Wanted(**wanted), deep)
        plan = rows[:50].explain()
        assert "Index" in plan, plan
        assert "Seq Scan" not in plan, plan
    with django_assert_num_queries(5):
        page(client, actor="user7", before=deep)


def test_a_rare_combination_is_looked_for_among_so_many_entries_and_further_on_the_next_page(
    client, admin, monkeypatch
):
    monkeypatch.setattr(queries, "LOOKED_AT", 4)
    old = factories.TicketFactory()
    Ticket.objects.filter(pk=old.pk).update(assignee="a")
    factories.TicketFactory.create_batch(7)
    wanted = {"table": "tickets_ticket", "act": "U"}
    first = page(client, **wanted)
    assert first.context["lines"] == []
    assert "Looked through back to" in texts(first)
    pages, before = [], None
    while True:
        found = queries.page_of(queries.Wanted(**wanted), before=before)
        pages.append([entry.subject for entry in found.entries])
        if (before := found.before) is None:
            break
    assert pages == [[], [old.ticket_id], []]
    assert [entry.subject for entry in queries.all_of(queries.Wanted(**wanted))] == [old.ticket_id]


def test_the_export_is_whole_and_holds_no_personal_value(client, admin):
    ticket = factories.TicketFactory(customer_name="김가람", customer_contact="kim@example.com")
    Ticket.objects.filter(pk=ticket.pk).update(assignee="=cmd|' /C calc'!A0")
    answer = client.get(reverse("audit_export"), {"subject": ticket.ticket_id})
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith(MARK)
    rows = list(csv.DictReader(io.StringIO(text.removeprefix(MARK))))
    assert [row["act"] for row in rows] == ["exported", "changed", "added"]
    assert "김가람" not in text
    assert "kim@example.com" not in text
    assert "customer_name" in rows[2]["sealed"]
    assert client.get(reverse("audit_export"), {"since": "x"}).status_code == 400


def test_the_trail_says_who_took_it_along_and_nothing_that_was_typed(client, admin):
    client.get(reverse("audit_export"), {"actor": "김가람", "table": "accounts_user", "since": "2026-01-01"})
    client.get(reverse("audit_export"), {"subject": "VOC-20260101-0001"})
    client.get(reverse("audit_export"), {"subject": "김가람"})
    told = Entry.objects.filter(act="X").order_by("id")
    assert [(each.table, each.subject, each.actor_name, each.address) for each in told] == [
        ("audit_entry", "", "chief", "127.0.0.1"),
        ("audit_entry", "VOC-20260101-0001", "chief", "127.0.0.1"),
        ("audit_entry", "", "chief", "127.0.0.1"),
    ]
    assert told[0].after == {"filter": {"table": "accounts_user", "since": "2026-01-01"}, "also_by": ["actor"]}
    assert told[0].entry == "portal GET /audit/export.csv"
    assert "exported" in texts(page(client, act="X"))


def test_a_full_file_says_from_which_day_on_entries_are_missing(client, admin, monkeypatch):
    factories.TicketFactory.create_batch(3)
    monkeypatch.setattr("voc.portal.audit.MOST", 2)
    answer = client.get(reverse("audit_export"), {"table": "tickets_ticket"})
    lines = b"".join(answer.streaming_content).decode().strip().splitlines()
    assert len(lines) == 1 + 2 + 1
    assert lines[-1].strip('"').startswith("The file is full: entries of ")
    whole = StringIO()
    # Tests that keep what they write leave a trail, which nobody may take away.
    there = Entry.objects.filter(table="tickets_ticket").count()
    assert there >= 3
    call_command("export_audit", table="tickets_ticket", stdout=whole)
    assert len(list(csv.reader(StringIO(whole.getvalue())))) == 1 + there
    assert Entry.objects.filter(act="X").latest("id").after == {"filter": {"table": "tickets_ticket"}}


def test_the_export_holds_a_thousand_entries_at_a_time(monkeypatch):
    monkeypatch.setattr(queries, "BATCH", 2)
    factories.TicketFactory.create_batch(5)
    with CaptureQueriesContext(connection) as asked:
        lines = export.lines(queries.Wanted(table="tickets_ticket"))
        for _head_and_three_entries in range(5):
            next(lines)
    assert len(asked.captured_queries) == 3, "a page; its last entry, and what is behind it"


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\ufeff=1", "＝1+1", "＠a", "|x", "%0A=1", "\n=1"]
)
def test_a_cell_that_would_be_a_formula_becomes_text(cell):
    assert harmless(cell).startswith("'")


@given(st.text())
def test_no_text_comes_out_as_a_formula_and_a_harmless_one_comes_back_as_it_was(cell):
    (_mark, _head, line) = csv_lines(["a"], [[cell]])
    ((read,),) = csv.reader(io.StringIO(line, newline="")) if line.strip("\r\n") not in ("", '""') else (("",),)
    assert not read.startswith(("=", "+", "-", "@", "\t", "\r"))
    if cell[:1].isalnum():
        assert read == cell.replace("\x00", "")


def test_numbers_stay_numbers():
    assert [harmless(each) for each in (-1, 2.5, True, None, "a")] == ["-1", "2.5", "True", "", "a"]


@pytest.mark.parametrize("query", ["until=9999-12-31", "since=0001-01-01", "since=9999-12-31&until=0001-01-01"])
@pytest.mark.parametrize("name", ["audit", "audit_export"])
def test_days_at_the_ends_of_the_calendar_are_days_like_others(client, admin, name, query):
    answer = client.get(f"{reverse(name)}?{query}")
    assert answer.status_code == 200
    assert b"".join(answer) if answer.streaming else answer.content
