"""The list of tickets as CSV and as an Excel file: what the reader sees, no formula, no more than fits, and told to the trail."""

import csv
import io
import random
import zipfile
from datetime import datetime, timedelta

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.factories import SystemFactory, TicketFactory, UserFactory
from tickets import exports
from tickets.queries import TicketFilter
from voc.core import spreadsheet
from voc.core.audit.models import Entry
from voc.core.spreadsheet import MARK, xlsx_chunks

pytestmark = pytest.mark.django_db


def browser(role, **fields):
    client = Client()
    client.user = UserFactory(role=role, **fields)
    client.force_login(client.user)
    return client


def asked(client, kind="csv", **query):
    before = timezone.localdate()
    answer = client.get(reverse("ticket_export"), {"format": kind} | query)
    assert answer.status_code == 200
    names = [f"tickets-{day:%Y-%m-%d}.{kind}" for day in (before, timezone.localdate())]
    assert any(name in answer["Content-Disposition"] for name in names)
    return b"".join(answer.streaming_content)


def lines(content):
    text = content.decode()
    assert text.startswith(MARK)
    return list(csv.reader(io.StringIO(text.removeprefix(MARK), newline="")))


def rows(content):
    head, *others = lines(content)
    return [dict(zip(head, each, strict=True)) for each in others]


def sheet(content):
    return list(openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows())


def ids(client, **query):
    return [row["Ticket"] for row in rows(asked(client, **query))]


def a_call(**fields):
    return TicketFactory(
        **{
            "raw_voc": "환불이 안 돼요. 010-1234-5678로 전화 주세요",
            "customer_name": "김가람",
            "customer_contact": "kim@example.com",
            "channel": "phone",
            "external_id": "CRM-7",
            "assignee": "Park Jiho",
            "jira_issue_key": "PAY-12",
            **fields,
        }
    )


def test_a_manager_takes_along_what_he_reads_in_words_and_site_time():
    kim = UserFactory(manager=True, first_name="Kim", last_name="Manager")
    at = datetime.fromisoformat("2026-01-31T23:59:58.5+00:00")
    ticket = a_call(approved=True, created_at=at, decided_by=kim, confirmed_at=at, summary="Call [PHONE_1] back")
    ticket.placeholders = {"[PHONE_1]": ["010-1234-5678"]}
    ticket.correction = {"primary_type": ["code_error", "integration_error"]}
    ticket.save()
    (row,) = rows(asked(browser("manager")))
    assert row == {
        "Ticket": ticket.ticket_id,
        "Status": "Done",
        "Created at": "2026-02-01T08:59:58+09:00",
        "Received at": "2026-02-01T08:59:58+09:00",
        "Channel": "Phone",
        "Customer": "김가람",
        "Contact": "kim@example.com",
        "Complaint": "환불이 안 돼요. 010-1234-5678로 전화 주세요",
        "Summary": "Call 010-1234-5678 back",
        "Problem type": "External system failed",
        "Urgency": "Medium",
        "System": "RefundService",
        "Confidence": "90%",
        "Assignee": "Park Jiho",
        "Verdict": "Approved",
        "Decided": "2026-02-01T08:59:58+09:00",
        "Decided by": "Kim Manager",
        "Reason or resolution": "",
        "Jira issue": "PAY-12",
        "External id": "CRM-7",
    }


def test_each_verdict_has_its_words_and_one_that_is_looked_at_again_has_none():
    TicketFactory(rejected=True, age=timedelta(hours=1))
    TicketFactory(completed=True, age=timedelta(hours=2))
    TicketFactory(waiting=True, confirmed_at=timezone.now(), age=timedelta(hours=3))
    found = [
        (row["Verdict"], row["Reason or resolution"], bool(row["Decided"])) for row in rows(asked(browser("manager")))
    ]
    assert found == [
        ("Rejected", "Wrong system", True),
        ("Completed by hand", "Refunded by hand", True),
        ("", "", False),
    ]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_who_may_not_see_personal_data_gets_none_in_the_file_either(kind):
    a_call()
    content = asked(browser("viewer"), kind)
    text = content.decode() if kind == "csv" else str([cell.value for row in sheet(content) for cell in row])
    for personal in ("김가람", "010-1234-5678", "kim@example.com"):
        assert personal not in text
    assert "김**" in text
    assert "환불이 안 돼요. [PHONE_1]" in text


def test_a_submitter_takes_along_his_own_tickets_and_nothing_of_what_the_staff_keeps_to_itself():
    client = browser("submitter")
    own = a_call(submitted_by=client.user, rejected=True)
    a_call(external_id="CRM-8")
    content = asked(client, assignee="Nobody")
    (row,) = rows(content)
    assert (row["Ticket"], row["Customer"], row["Contact"]) == (own.ticket_id, "김가람", "kim@example.com")
    assert row["Reason or resolution"] == "Wrong system"
    assert not {"Assignee", "Decided by", "Jira issue", "External id"} & set(row)
    assert "Park Jiho" not in content.decode()


def test_the_filters_and_the_search_of_the_list_narrow_the_file_newest_first():
    done = TicketFactory(approved=True)
    late = TicketFactory(waiting=True, urgency="high", raw_voc="환불이 안 돼요")
    early = TicketFactory(waiting=True, urgency="low", raw_voc="환불이 늦어요", age=timedelta(days=9))
    client = browser("manager")
    assert ids(client, status="DONE") == [done.ticket_id]
    assert ids(client, status="DONE,WAITING_CONFIRM", urgency="low") == [early.ticket_id]
    assert ids(client, q="환불", sort="oldest", page="3") == [late.ticket_id, early.ticket_id]
    assert ids(client, q="nothing-like-it") == []
    assert set(ids(client, status="NONSENSE")) == {done.ticket_id, late.ticket_id, early.ticket_id}


@pytest.mark.parametrize("query", [{}, {"format": "pdf"}])
def test_another_format_is_refused_by_the_name_of_its_field_and_not_told(query):
    answer = browser("manager").get(reverse("ticket_export"), query)
    assert answer.status_code == 400
    assert answer.content.decode().startswith("format:")
    assert not Entry.objects.filter(act="X").exists()


HOSTILE = [
    "=1+1",
    "+82 10",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "  =1",
    '"=1+1',
    "'=1",
    "\u3000＝1",
    "＋1",
    "－1",
    "＠a",
    "\x07=1",
]


@pytest.mark.parametrize("cell", HOSTILE)
def test_what_customers_write_is_never_a_formula(cell):
    (_head, (read,)) = lines("".join(spreadsheet.csv_lines(["a"], [[cell]])).encode())
    assert read.startswith("'") or cell[0] == "\x07"
    (_head, (read,)) = sheet(b"".join(xlsx_chunks(["a"], [[cell]])))
    assert read.data_type == "s"
    assert read.value.startswith("'")


def test_hostile_words_go_all_the_way_into_both_files_as_text():
    TicketFactory(raw_voc='=HYPERLINK("http://x")', customer_name="@kim", external_id="+1")
    client = browser("manager")
    (row,) = rows(asked(client))
    head, cells = sheet(asked(client, "xlsx"))
    for name, said in (("Complaint", '\'=HYPERLINK("http://x")'), ("Customer", "'@kim"), ("External id", "'+1")):
        cell = cells[[each.value for each in head].index(name)]
        assert row[name] == cell.value == said
    assert {cell.data_type for row in (head, cells) for cell in row if cell.value is not None} == {"s"}


def test_excel_gets_korean_markup_line_ends_and_what_xml_cannot_write():
    cells = ['환불 <b>&amp;"', " a\r\nb\rc ", "\x00\x08bell\x1b\ufffe\ud800", "_x000D_", None, 7]
    (_head, row) = sheet(b"".join(xlsx_chunks(["머리", *"bcdef"], [cells])))
    assert [cell.value for cell in row] == ['환불 <b>&amp;"', " a\nb\nc ", "bell", "_x005F_x000D_", None, "7"]


def test_the_words_are_the_readers():
    TicketFactory(waiting=True)
    client = browser("manager", language="ko")
    head, row = lines(asked(client))
    assert (head[1], row[1], row[4]) == ("상태", "승인 대기", "웹")
    head, row = sheet(asked(client, "xlsx"))
    assert (head[1].value, row[1].value) == ("상태", "승인 대기")


@pytest.mark.parametrize("query", [{}, {"q": "refund"}])
def test_a_full_file_holds_the_newest_and_says_what_is_missing(monkeypatch, query):
    monkeypatch.setattr(exports, "MOST", 2)
    noon = timezone.make_aware(datetime.fromisoformat("2026-03-05T12:00"))
    tickets = [TicketFactory(created_at=noon - timedelta(days=n)) for n in range(4)]
    client = browser("manager")
    _head, first, second, last = lines(asked(client, **query))
    assert [first[0], second[0]] == [ticket.ticket_id for ticket in tickets[:2]]
    assert last == ["The file is full: tickets of 2026-03-03 and before are missing. Narrow the list."]
    assert sheet(asked(client, "xlsx", **query))[-1][0].value == last[0]
    monkeypatch.setattr(exports, "MOST", 4)
    assert len(lines(asked(client, **query))) == 1 + 4


def test_the_trail_says_who_took_how_much_along_and_nothing_that_was_typed():
    SystemFactory(name="RefundService")
    TicketFactory(waiting=True, raw_voc="김가람")
    client = browser("manager", username="kim")
    asked(client, "xlsx", q="김가람", status="WAITING_CONFIRM", system="RefundService")
    asked(client, system="010-1234-5678", assignee="김가람")
    first, second = Entry.objects.filter(act="X").order_by("id")
    assert (first.table, first.actor_name, first.entry) == ("tickets_ticket", "kim", "portal GET /tickets/export/")
    assert first.after == {
        "format": "xlsx",
        "rows": 1,
        "filter": {"status": ["WAITING_CONFIRM"], "system": ["RefundService"]},
        "also_by": ["q"],
    }
    assert second.after == {"format": "csv", "rows": 0, "filter": {}, "also_by": ["system", "assignee"]}


@pytest.mark.parametrize("role", ["manager", "viewer", "submitter"])
def test_it_takes_the_same_queries_however_many_rows(role):
    client, kim = browser(role), UserFactory(manager=True)
    taken = []
    for number in (2, 20):
        TicketFactory.create_batch(number, approved=True, decided_by=kim, submitted_by=client.user)
        with CaptureQueriesContext(connection) as captured:
            assert len(rows(asked(client))) >= number
        taken.append(len(captured))
    assert taken[0] == taken[1]


def test_rows_are_read_as_they_are_sent(monkeypatch):
    monkeypatch.setattr(exports, "BATCH", 2)
    TicketFactory.create_batch(8)
    export = exports.export_of(UserFactory(manager=True), TicketFilter())
    with CaptureQueriesContext(connection) as captured:
        pieces = spreadsheet.csv_lines(export.head, export.rows)
        for _mark_head_and_a_row in range(3):
            next(pieces)
        assert len(captured) == 1
        assert len(list(pieces)) == 7
    assert len(captured) == 4


def test_an_excel_file_is_sent_while_it_is_made():
    dice, taken = random.Random(7), []

    def many():
        for number in range(1000):
            taken.append(number)
            yield [dice.randbytes(500).hex()]

    pieces = xlsx_chunks(["a"], many())
    first = next(pieces)
    assert len(taken) < 500
    content = first + b"".join(pieces)
    assert len(content) > 4 * len(first)
    assert len(sheet(content)) == 1001


def test_the_archive_is_whole():
    with zipfile.ZipFile(io.BytesIO(b"".join(xlsx_chunks(["a"], [["b"]])))) as archive:
        assert archive.testzip() is None
        assert "xl/workbook.xml" in archive.namelist()


def test_the_list_offers_the_file_with_its_filters_and_the_queue_does_not():
    TicketFactory(waiting=True)
    client = browser("manager")
    html = client.get(reverse("ticket_list") + "?status=WAITING_CONFIRM&page=1&sort=oldest").content.decode()
    address = reverse("ticket_export")
    assert f'href="{address}?status=WAITING_CONFIRM&amp;format=csv"' in html
    assert f'href="{address}?status=WAITING_CONFIRM&amp;format=xlsx"' in html
    assert address not in client.get(reverse("queue")).content.decode()
    assert address not in client.get(reverse("ticket_list") + "?q=nothing-like-it").content.decode()
