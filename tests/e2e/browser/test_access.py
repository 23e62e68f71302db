"""What everybody needs to use the pages: names, order, room, at phone width and in both languages."""

import pytest
from django.urls import reverse

from accounts import api_keys, tokens
from accounts.origin import Origin
from tests.factories import TicketFactory, UserFactory
from tests.tickets.test_views_ticket import MAIL, REASON
from tickets import services
from voc.core.models import Alert

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

# Each line is a violation: what is wrong, and the element's beginning.
CHECKS = """() => {
  const found = [];
  const seen = (element) => element.checkVisibility({ checkVisibilityCSS: true });
  const note = (what, element) => found.push(`${what}: ${element.outerHTML.slice(0, 90)}`);
  const name = (element) =>
    element.getAttribute("aria-label") || element.innerText?.trim() || element.title ||
    [...(element.labels ?? [])].map((label) => label.innerText.trim()).join(" ") ||
    document.getElementById(element.getAttribute("aria-labelledby") ?? "")?.innerText;
  for (const element of document.querySelectorAll("a[href], button, summary, input:not([type=hidden]), select, textarea"))
    if (seen(element) && !name(element)) note("has no name", element);
  for (const element of document.querySelectorAll("section, nav, aside, [role=dialog]"))
    if (!name(element) && !element.classList.contains("card")) note("region without a name", element);
  for (const image of document.querySelectorAll("img:not([alt])")) note("image without text", image);
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) found.push(`id twice: ${id}`);
  for (const attribute of ["for", "aria-labelledby", "aria-describedby", "list"])
    for (const element of document.querySelectorAll(`[${attribute}]`))
      for (const id of element.getAttribute(attribute).split(" "))
        if (!document.getElementById(id)) note(`${attribute} leads nowhere`, element);
  const heads = [...document.querySelectorAll("h1, h2, h3, h4")].filter(seen);
  if (heads.filter((head) => head.tagName === "H1").length !== 1) found.push("not exactly one h1");
  heads.forEach((head, at) => {
    if (at && head.tagName[1] - heads[at - 1].tagName[1] > 1) note("heading skips a level", head);
  });
  if (document.querySelectorAll("main").length !== 1) found.push("not exactly one main");
  if (!document.documentElement.lang) found.push("no language");
  if (!document.title.trim()) found.push("no title");
  // WCAG 2.2, 2.5.8: 24 by 24 pixels, unless inside a sentence.
  for (const element of document.querySelectorAll("button, summary, select, input:not([type=hidden]), .btn, nav a")) {
    const box = element.getBoundingClientRect();
    if (seen(element) && (box.width < 24 || box.height < 24) && !element.closest(".check")) note("too small to hit", element);
  }
  return found;
}"""
OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.body.querySelectorAll("*")]
    .filter((element) => element.getBoundingClientRect().right > width + 1)
    .map((element) => element.outerHTML.slice(0, 90));
}"""
OUTLINE = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return [seen || element === document.body, element.outerHTML.slice(0, 80)];
}"""
UNFOLD = (
    "document.querySelectorAll('main details').forEach((each) => { each.removeAttribute('name'); each.open = true; })"
)
LONG = "https://example.com/" + "a" * 200


@pytest.fixture
def scene(transactional_db):
    """Every page with something long on it, by name."""
    admin = UserFactory(admin=True, username="ada" * 20)
    moment = "2026-01-01T00:00Z"
    Alert.objects.create(
        key="k", title="Slack is silent " + "x" * 100, body=LONG, raised_at=moment, last_seen_at=moment
    )
    reason = REASON | {"evidence": [*REASON["evidence"], {"quote": LONG, "level": "ERROR", "service": "x" * 80}]}
    ticket = TicketFactory(
        waiting=True,
        raw_voc=LONG,
        summary="Long " + "word" * 40,
        customer_name="C" * 100,
        affected_system="S" * 100,
        decision_reason=reason,
        action_proposal=MAIL | {"contact_info": LONG},
    )
    tokens.issue(admin, origin=Origin("2001:db8:1:2:3:4:5:6", "x" * 200))
    api_keys.create(user=admin, name="x" * 100, scopes=["*"], days=9, networks=["10.0.0.0/8"] * 9, created_by=admin)
    services.add_comment(ticket_id=ticket.ticket_id, actor=admin, body=LONG)
    manual = TicketFactory(manual=True, manual_reason=LONG)
    rejected = TicketFactory(waiting=True)
    services.reject_ticket(ticket_id=rejected.ticket_id, actor=admin, reject_reason=LONG)
    running = TicketFactory(analysing=True)
    addresses = {
        "waiting": reverse("ticket", args=[ticket.ticket_id]) + "?queue=1",
        "manual": reverse("ticket", args=[manual.ticket_id]),
        "rejected": reverse("ticket", args=[rejected.ticket_id]),
        "running": reverse("ticket", args=[running.ticket_id]),
        "home": "/",
        "queue": "/queue/",
        "list": "/tickets/?q=a&status=DONE,REJECTED",
        "submit": "/submit/",
        "alerts": "/alerts/",
        "missing": "/nowhere/",
        "profile": reverse("profile"),
        "password": reverse("password_change"),
        "logins": reverse("sign_ins"),
        "keys": reverse("api_keys"),
        "second step": reverse("mfa_index"),
    }
    return admin, addresses


@pytest.mark.parametrize("language", ["ko-KR", "en-US"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_page_scrolls_sideways_and_all_can_be_named_and_hit(scene, open_as, complaints, width, language):
    admin, addresses = scene
    admin.language = language[:2]
    admin.save()
    page = open_as(admin, "/", width=width, height=800, language=language)
    wrong = {}
    for name, path in addresses.items():
        page.goto(path)
        page.evaluate(UNFOLD)
        wrong[name] = page.evaluate(OVERFLOW) + page.evaluate(CHECKS)
    complaints[:] = [each for each in complaints if "status of 404" not in each]
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize("path", ["/login/", "/password/reset/"])
def test_the_pages_before_the_login_can_be_used_on_a_phone(open_as, transactional_db, path):
    page = open_as(None, path, width=360, height=700, language="ko-KR")
    assert page.evaluate(OVERFLOW) + page.evaluate(CHECKS) == []


def test_the_first_tab_leads_past_the_navigation(scene, open_as):
    admin, addresses = scene
    page = open_as(admin, addresses["list"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_what_has_the_focus_can_be_seen(scene, open_as):
    """WCAG 2.4.7, for each control that Tab reaches on the ticket's page."""
    admin, addresses = scene
    page = open_as(admin, addresses["waiting"])
    page.evaluate("document.activeElement.blur()")
    hidden = []
    for _step in range(40):
        page.keyboard.press("Tab")
        outline, html = page.evaluate(OUTLINE)
        if not outline:
            hidden.append(html)
    assert hidden == []


def test_motion_stops_for_those_who_ask(scene, open_as):
    admin, addresses = scene
    page = open_as(admin, addresses["running"], reduced_motion="reduce")
    assert page.evaluate("document.getAnimations().length") == 0
