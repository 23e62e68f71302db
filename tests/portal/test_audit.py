"""Admins look into the audit trail: by ticket, person, table and day, however long it is, and take it along as CSV."""

import csv
import io
from datetime import timedelta
from datetime import timezone as zones

import pytest
from django.db import connection
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tickets.models import Ticket
from voc.core import customers
from voc.core.audit import queries, sealing
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
    for wanted in ({}, {"actor": "user7"}, {"subject": "VOC-7"}, {"table": "tickets_ticket"}):
        with connection.cursor() as cursor:
            rows = queries._behind(queries._matching(queries.Wanted(**wanted)), deep)[:50]
            plan = rows.explain()
        assert "Index" in plan, plan
        assert "Seq Scan" not in plan, plan
    with django_assert_num_queries(5):
        page(client, actor="user7", before=deep)


def test_the_export_is_whole_and_holds_no_personal_value(client, admin):
    ticket = factories.TicketFactory(customer_name="김가람", customer_contact="kim@example.com")
    Ticket.objects.filter(pk=ticket.pk).update(assignee="=cmd|' /C calc'!A0")
    answer = client.get(reverse("audit_export"), {"subject": ticket.ticket_id})
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith(MARK)
    rows = list(csv.DictReader(io.StringIO(text.removeprefix(MARK))))
    assert [row["act"] for row in rows] == ["changed", "added"]
    assert "김가람" not in text
    assert "kim@example.com" not in text
    assert "customer_name" in rows[1]["sealed"]
    assert client.get(reverse("audit_export"), {"since": "x"}).status_code == 400


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
