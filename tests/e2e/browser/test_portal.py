"""The portal in a browser: keyboard, htmx, no JavaScript at all, and what the browser complains about."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories import PASSWORD, TicketFactory, UserFactory
from tickets import services
from tickets.models import AnalysisRun, Status, Ticket
from tickets.results import AnalysisResult

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


@pytest.fixture(autouse=True)
def grace(settings):
    settings.VOC_GRACE_SECONDS = 60


def status_of(ticket):
    return Ticket.objects.get(pk=ticket.pk).status


def address(ticket, query=""):
    return reverse("ticket", args=[ticket.ticket_id]) + query


def test_a_manager_logs_in_and_works_the_queue_by_keyboard(manager, open_as):
    urgent = TicketFactory(waiting=True, urgency="high", summary="Payment hangs")
    second = TicketFactory(waiting=True, summary="Refund fails")
    page = open_as(None, "/queue/")
    page.fill("[name=username]", manager.username)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/queue/$"))

    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Refund fails")).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Payment hangs")

    page.keyboard.press("a")
    expect(page.get_by_text("is approved.")).to_be_visible()
    assert status_of(urgent) == Status.DONE
    page.keyboard.press("u")
    expect(page.get_by_text("The verdict is undone.")).to_be_visible()
    assert status_of(urgent) == Status.WAITING_CONFIRM

    page.keyboard.press("r")
    expect(page.get_by_label("Reason").first).to_be_focused()
    page.keyboard.type("a u j r ? / not the gateway")
    page.get_by_role("button", name="Reject").locator("visible=true").first.click()
    expect(page.get_by_text("is rejected.")).to_be_visible()
    assert Ticket.objects.get(pk=urgent.pk).reject_reason == "a u j r ? / not the gateway"

    expect(page.get_by_role("link", name="Next in queue")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Refund fails")
    expect(page.locator(".undo").get_by_text(urgent.ticket_id)).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_text("the queue is empty")).to_be_visible()
    assert status_of(second) == Status.DONE


def test_keys_can_be_switched_off_and_stay_off(manager, open_as):
    ticket = TicketFactory(waiting=True)
    page = open_as(manager, address(ticket))
    page.keyboard.press("?")
    page.get_by_label("Shortcuts are on").uncheck()
    page.get_by_role("button", name="Close").click()
    page.reload()
    page.keyboard.press("a")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert status_of(ticket) == Status.WAITING_CONFIRM


def test_a_korean_keyboard_in_hangul_mode_presses_the_same_keys(manager, open_as):
    page = open_as(manager, address(TicketFactory(waiting=True)))
    page.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'ㄱ', code: 'KeyR', bubbles: true}))")
    expect(page.locator("#id_reject_reject_reason")).to_be_focused()


def test_the_seconds_to_undo_run_down_and_the_offer_ends_by_itself(manager, open_as, settings):
    settings.VOC_GRACE_SECONDS = 6  # so long that a busy machine has shown the offer
    page = open_as(manager, address(TicketFactory(waiting=True)))
    page.get_by_role("button", name="Approve").first.click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    expect(page.get_by_text("It has taken effect.")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)


def test_a_running_analysis_ends_before_ones_eyes_and_a_comment_being_typed_survives(manager, open_as):
    ticket = TicketFactory(waiting=True)
    services.retry_ticket(ticket_id=ticket.ticket_id, actor=manager)
    page = open_as(manager, address(ticket))
    expect(page.get_by_role("heading", name="The analysis is running")).to_be_visible()
    page.fill("#id_comment_body", "half a sent")
    run = services.begin_analysis(ticket_id=ticket.ticket_id, job_id=7, analyst="offline")
    result = AnalysisResult(summary="Now it is known", primary="code_error", confidence=0.9, analyst="offline")
    services.finish_analysis(run=run, result=result)
    expect(page.get_by_role("heading", name="Now it is known")).to_be_visible()
    expect(page.locator("#id_comment_body")).to_have_value("half a sent")
    assert AnalysisRun.objects.get(pk=run.pk).state == "finished"


def test_the_second_of_two_managers_is_told_and_keeps_what_was_typed(manager, open_as):
    ticket = TicketFactory(waiting=True)
    page = open_as(manager, address(ticket))
    page.keyboard.press("r")
    page.keyboard.type("my long reason")
    other = UserFactory(manager=True, first_name="Jiho", last_name="Park")
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=other)
    page.get_by_role("button", name="Reject").locator("visible=true").first.click()
    expect(page.get_by_role("status").filter(has_text="Jiho Park approved it at")).to_be_visible()
    expect(page.locator("#id_comment_body")).to_have_value("my long reason")


def test_filters_change_the_address_and_the_back_button_takes_them_back(manager, open_as):
    TicketFactory(waiting=True, urgency="high", summary="Payment hangs")
    TicketFactory(waiting=True, urgency="low", summary="Font is small")
    page = open_as(manager, "/queue/")
    page.get_by_label("Urgency").select_option("low")
    expect(page.get_by_text("Payment hangs")).to_have_count(0)
    assert "urgency=low" in page.url
    page.go_back()
    expect(page.get_by_text("Payment hangs")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("font")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Payment hangs")).to_have_count(0)
    expect(page.get_by_text("Font is small")).to_be_visible()


def test_a_server_that_cannot_be_reached_is_said_and_nothing_typed_is_lost(manager, open_as, complaints):
    ticket = TicketFactory(waiting=True)
    page = open_as(manager, address(ticket))
    page.fill("#id_comment_body", "still here")
    page.route("**/comment/", lambda route: route.abort())
    page.get_by_role("button", name="Add comment").click()
    expect(page.get_by_role("alert")).to_have_text(re.compile("cannot be reached"))
    expect(page.locator("#id_comment_body")).to_have_value("still here")
    assert complaints
    complaints.clear()


def test_a_chosen_theme_stays_and_overrides_the_systems(manager, open_as):
    page = open_as(manager, "/", color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Light or dark").click()
    dark = page.evaluate(ground)
    assert light != dark
    page.reload()
    assert page.evaluate(ground) == dark


def test_everything_works_without_javascript(manager, open_as):
    first = TicketFactory(waiting=True, urgency="high")
    second = TicketFactory(manual=True)
    page = open_as(manager, "/queue/", scripts=False)
    page.get_by_role("link", name="The refund button fails").click()
    page.get_by_role("button", name="Approve").first.click()
    assert status_of(first) == Status.DONE
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The verdict is undone.")).to_be_visible()
    page.locator("summary", has_text="Reject").click()
    page.get_by_label("Reason").first.fill("No")
    page.get_by_role("button", name="Reject").locator("visible=true").first.click()
    page.get_by_role("link", name="Next in queue").click()
    page.locator("summary", has_text="Complete by hand").click()
    page.get_by_label("What was done").fill("Called back")
    page.get_by_role("button", name="Complete by hand").click()
    expect(page.get_by_text("the queue is empty")).to_be_visible()
    assert (status_of(first), status_of(second)) == (Status.REJECTED, Status.DONE)


def test_a_complaint_can_be_handed_in_with_its_length_in_view(open_as, transactional_db):
    submitter = UserFactory(submitter=True)
    page = open_as(submitter, "/submit/")
    page.get_by_label("Complaint").fill("👍 works not")
    expect(page.locator(".counter")).to_have_text("11 / 5,000")
    page.get_by_label("Customer").fill("Kim")
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("link", name="Open the ticket").click()
    expect(page.locator("blockquote")).to_have_text("👍 works not")
