"""Lists and intake in the portal: who sees which page, what the address says, how many queries it takes."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import TicketFactory, UserFactory
from tickets.models import Status, Ticket
from tickets.services import submit_voc
from voc.core.models import Alert

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
ROLES = ("admin", "manager", "viewer", "submitter")
HOSTILE = "<script>alert(1)</script>\n{{ 7*7 }} \"'><img src=x onerror=alert(2)>"


def browser(role, **fields):
    client = Client()
    client.user = UserFactory(role=role, **fields)
    client.force_login(client.user)
    return client


def page(client, name, *args, query="", **headers):
    return client.get(reverse(name, args=args) + query, headers=headers)


def ids_on(response):
    return re.findall(r'<span class="tid">(VOC-[\d-]+)</span>', response.content.decode())


# --- who may see what ---


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("home", set(ROLES)),
        ("ticket_list", set(ROLES)),
        ("queue", {"admin", "manager"}),
        ("voc_submit", {"admin", "submitter"}),
        ("alerts", {"admin"}),
    ],
)
@pytest.mark.parametrize("role", ROLES)
def test_each_page_is_for_those_whose_role_allows_it(name, allowed, role):
    client = browser(role)
    assert page(client, name).status_code == (200 if role in allowed else 403)


@pytest.mark.parametrize("name", ["home", "ticket_list", "queue", "voc_submit", "alerts"])
def test_a_visitor_is_led_to_the_login(name):
    response = page(Client(), name)
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("login"))


@pytest.mark.parametrize(
    ("role", "labels"),
    [
        ("admin", ["Home", "Queue", "Tickets", "Submit", "Jira", "Messages", "Alerts", "Prompts", "Audit"]),
        ("manager", ["Home", "Queue", "Tickets", "Jira", "Messages"]),
        ("viewer", ["Home", "Tickets"]),
        ("submitter", ["Home", "Tickets", "Submit"]),
    ],
)
def test_the_navigation_offers_what_the_role_may_do(role, labels):
    html = page(browser(role), "home").content.decode()
    nav = html[html.index('<nav class="nav"') : html.index("</nav>")]
    assert re.findall(r">\s*(\w+)\s*<", nav) == labels


def test_a_submitter_neither_reads_who_works_here_nor_finds_tickets_by_it():
    UserFactory(manager=True, first_name="Park", last_name="Jiho")
    client = browser("submitter")
    own = TicketFactory(submitted_by=client.user, assignee="Park Jiho")
    for query in ("", "?assignee=Park+Jiho", "?assignee=Nobody"):
        answer = page(client, "ticket_list", query=query)
        assert ids_on(answer) == [own.ticket_id]
        assert 'name="assignee"' not in answer.content.decode()
        assert "Park Jiho" not in answer.content.decode()
    assert "Park Jiho" in page(browser("viewer"), "ticket_list").content.decode()


def test_a_submitter_sees_only_what_was_handed_in_by_him():
    client = browser("submitter")
    own, other = TicketFactory(submitted_by=client.user), TicketFactory()
    assert ids_on(page(client, "ticket_list")) == [own.ticket_id]
    home = page(client, "home").content.decode()
    assert own.ticket_id in home
    assert other.ticket_id not in home


def test_pages_are_nobody_elses_and_no_cache_keeps_them():
    response = page(browser("viewer"), "ticket_list")
    assert "no-store" in response["Cache-Control"]
    assert "HX-Request" in response["Vary"]


# --- the list ---


@pytest.mark.parametrize("name", ["queue", "ticket_list"])
@pytest.mark.parametrize("count", [10, 200])
def test_a_list_takes_at_most_eight_queries_however_many_rows(name, count, django_assert_max_num_queries):
    TicketFactory.create_batch(count, waiting=True)
    client = browser("admin")
    Alert.objects.create(key="k", title="t", raised_at="2026-01-01T00:00Z", last_seen_at="2026-01-01T00:00Z")
    with django_assert_max_num_queries(8):
        response = page(client, name)
    assert len(ids_on(response)) == min(count, 25)


@pytest.mark.parametrize("count", [10, 200])
def test_the_home_page_takes_the_same_queries_however_many_tickets(count, django_assert_max_num_queries):
    TicketFactory.create_batch(count, waiting=True)
    client = browser("admin")
    with django_assert_max_num_queries(9):
        page(client, "home")


def test_the_queue_holds_what_waits_for_people_most_urgent_first():
    low = TicketFactory(waiting=True, urgency="low")
    high = TicketFactory(waiting=True, urgency="high", age=timedelta(hours=2))
    manual = TicketFactory(manual=True)
    TicketFactory(approved=True)
    TicketFactory(analysing=True)
    assert ids_on(page(browser("manager"), "queue")) == [high.ticket_id, low.ticket_id, manual.ticket_id]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?status=DONE", {"done"}),
        ("?status=DONE,REJECTED", {"done", "rejected"}),
        ("?status=DONE&status=REJECTED", {"done", "rejected"}),
        ("?status=NONSENSE", {"done", "rejected", "urgent", "mine"}),
        ("?urgency=high", {"urgent"}),
        ("?type=integration_error", {"urgent"}),
        ("?system=PaymentGateway", {"urgent"}),
        ("?assignee=Park+Jiho", {"mine"}),
        ("?q=%ED%99%98%EB%B6%88", {"mine"}),
        ("?q=nothing-like-it", set()),
        ("?status=REJECTED&urgency=high", set()),
    ],
)
def test_the_address_says_what_is_listed(query, expected):
    UserFactory(manager=True, first_name="Park", last_name="Jiho")
    tickets = {
        "done": TicketFactory(approved=True),
        "rejected": TicketFactory(rejected=True),
        "urgent": TicketFactory(
            waiting=True,
            urgency="high",
            affected_system="PaymentGateway",
            agent_decision_primary="integration_error",
        ),
        "mine": TicketFactory(manual=True, raw_voc="환불이 안 돼요", assignee="Park Jiho"),
    }
    listed = set(ids_on(page(browser("viewer"), "ticket_list", query=query)))
    assert listed == {tickets[name].ticket_id for name in expected}


def test_the_list_can_be_turned_round_and_paged():
    tickets = [TicketFactory(waiting=True, age=timedelta(minutes=n)) for n in range(30)]
    client = browser("viewer")
    oldest_first = [ticket.ticket_id for ticket in reversed(tickets)]
    assert ids_on(page(client, "ticket_list", query="?sort=oldest")) == oldest_first[:25]
    second = page(client, "ticket_list", query="?sort=oldest&page=2")
    assert ids_on(second) == oldest_first[25:]
    assert "?sort=oldest&amp;page=1" in second.content.decode()


@pytest.mark.parametrize("number", ["0", "-3", "x", "²", "99999", "9" * 30])
def test_a_page_that_does_not_exist_is_an_empty_or_the_first_one(number):
    TicketFactory()
    assert page(browser("viewer"), "ticket_list", query=f"?page={number}").status_code == 200


def test_htmx_gets_the_results_alone_and_a_restored_page_gets_all():
    TicketFactory()
    client = browser("viewer")
    part = page(client, "ticket_list", **HTMX, **{"HX-Target": "results"}).content.decode()
    assert part.lstrip().startswith('<section id="results"')
    assert "<html" not in part
    restored = {"HX-Target": "results", "HX-History-Restore-Request": "true"}
    assert "<html" in page(client, "ticket_list", **HTMX, **restored).content.decode()


def test_a_row_says_what_a_manager_needs_to_choose():
    TicketFactory(waiting=True, customer_name="Lee Doyun", decision_confidence=0.93, age=timedelta(minutes=5))
    html = page(browser("manager"), "queue").content.decode()
    for shown in (
        "The refund button fails",
        "Lee Doyun",
        "RefundService",
        "Our bug",
        "Medium",
        "93%",
        "high",
        "5 minutes ago",
    ):
        assert shown in html


def test_a_ticket_without_a_summary_is_headed_by_its_first_line():
    TicketFactory(raw_voc="\n  \nThe window stays white\nsince Monday")
    html = page(browser("viewer"), "ticket_list").content.decode()
    assert ">The window stays white</a>" in html


def test_what_customers_write_is_shown_as_text():
    TicketFactory(raw_voc=HOSTILE, customer_name="<b>Bobby</b>", assignee="<i>x</i>")
    html = page(browser("viewer"), "ticket_list", query="?q=%22%3E%3Cscript%3E").content.decode()
    html += page(browser("viewer"), "ticket_list").content.decode()
    assert "<script>alert" not in html
    assert "<b>Bobby" not in html
    assert "<i>x" not in html
    assert '"><script>' not in html


# --- home ---


def test_home_counts_by_status_and_names_the_oldest_that_waits():
    old = TicketFactory(waiting=True, age=timedelta(days=3))
    TicketFactory.create_batch(2, waiting=True)
    TicketFactory(approved=True)
    html = page(browser("manager"), "home").content.decode()
    assert '<p class="figure">3</p>' in html
    assert f'href="{reverse("ticket", args=[old.ticket_id])}?queue=1"' in html
    assert "3 days ago" in html
    bars = dict(re.findall(r'status=(\w+)">[^<]+</a>\s*<svg[^>]*><rect width="([\d.]+)%"', html))
    assert float(bars["WAITING_CONFIRM"]) == 100
    assert float(bars["DONE"]) == pytest.approx(33.3)
    assert float(bars["OPEN"]) == 0


def test_home_shows_admins_what_is_wrong():
    Alert.objects.create(
        key="slack", title="Slack is silent", raised_at="2026-01-01T00:00Z", last_seen_at="2026-01-01T00:00Z"
    )
    assert "Slack is silent" in page(browser("admin"), "home").content.decode()
    assert "Slack is silent" not in page(browser("manager"), "home").content.decode()


def test_alerts_are_listed_and_their_number_stands_in_the_navigation():
    moment = "2026-01-01T00:00Z"
    Alert.objects.create(
        key="a", title="Slack <silent>", body="since noon", times=12, raised_at=moment, last_seen_at=moment
    )
    Alert.objects.create(key="b", title="Mended", raised_at=moment, last_seen_at=moment, cleared_at=moment)
    html = page(browser("admin"), "alerts").content.decode()
    assert "Slack &lt;silent&gt;" in html
    assert "seen 12 times" in html
    assert re.search(r'<span class="count">1<', html)


# --- handing in ---

COMPLAINT = {
    "raw_voc": "환불이 안 돼요",
    "customer_name": "김가람",
    "channel": "phone",
    "customer_contact": "010-0000-0000",
}


def test_a_complaint_handed_in_becomes_a_ticket_and_the_page_leads_to_it(django_capture_on_commit_callbacks):
    client = browser("submitter")
    response = client.post(reverse("voc_submit"), COMPLAINT)
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.submitted_by, ticket.channel) == (Status.OPEN, client.user, "phone")
    assert response.status_code == 302
    done = client.get(response["Location"]).content.decode()
    assert ticket.ticket_id in done
    assert f'href="{reverse("ticket", args=[ticket.ticket_id])}"' in done


def test_a_second_click_on_the_same_form_makes_no_second_ticket_and_other_words_do():
    client = browser("submitter")
    shown = re.search(r'name="once" value="(\w+)"', page(client, "voc_submit").content.decode()).group(1)
    first, second = (client.post(reverse("voc_submit"), COMPLAINT | {"once": shown}) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Ticket.objects.count() == 1
    client.post(reverse("voc_submit"), COMPLAINT | {"once": shown, "raw_voc": "배송도 늦어요"})
    assert Ticket.objects.count() == 2
    again = re.search(r'name="once" value="(\w+)"', page(client, "voc_submit").content.decode()).group(1)
    client.post(reverse("voc_submit"), COMPLAINT | {"once": again})
    assert Ticket.objects.count() == 3


def test_the_complaint_is_kept_exactly_but_for_the_line_ends_of_browsers():
    client = browser("submitter")
    client.post(reverse("voc_submit"), COMPLAINT | {"raw_voc": "  two\r\n\r\nlines \t"})
    assert Ticket.objects.get().raw_voc == "  two\n\nlines \t"


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"raw_voc": " \n "}, "raw_voc", "must not be empty"),
        ({"raw_voc": "x" * 5001}, "raw_voc", "5000 characters"),
        ({"customer_name": ""}, "customer_name", "required"),
        ({"channel": "fax"}, "channel", "valid choice"),
        ({"received_at": "2099-01-01T00:00"}, "received_at", "in the future"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(change, field, words):
    client = browser("submitter")
    response = client.post(reverse("voc_submit"), COMPLAINT | change)
    assert response.status_code == 422
    assert Ticket.objects.count() == 0
    html = response.content.decode()
    errors = re.search(rf'<ul class="errorlist" id="id_submit_{field}_error">(.*?)</ul>', html).group(1)
    assert words in errors
    kept = "customer_name" if field != "customer_name" else "raw_voc"
    assert COMPLAINT[kept] in html


def test_five_thousand_characters_with_line_ends_still_fit():
    client = browser("submitter")
    client.post(reverse("voc_submit"), COMPLAINT | {"raw_voc": ("x" * 49 + "\r\n") * 100})
    assert len(Ticket.objects.get().raw_voc) == 5000


def test_nobody_learns_of_a_ticket_through_the_success_page():
    ticket = submit_voc(raw_voc="x", customer_name="y", channel="web")
    html = page(browser("submitter"), "voc_submit", query=f"?done={ticket.ticket_id}").content.decode()
    assert "The complaint is received." not in html


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/queue/", "Nothing awaits a decision. Well done."),
        ("/queue/?q=nowhere", "No ticket matches."),
        ("/tickets/?q=nowhere", "No ticket matches."),
        ("/tickets/?page=9", "There is nothing on this page."),
    ],
)
def test_a_list_without_tickets_says_why(client, address, said):
    TicketFactory(approved=True)
    client.force_login(UserFactory(manager=True, language="en"))
    html = client.get(address).content.decode()
    said_all = ("Nothing awaits a decision. Well done.", "No ticket matches.", "There is nothing on this page.")
    assert [each for each in said_all if each in html] == [said]
    assert ('href="?page=1"' in html) == ("page=9" in address)
