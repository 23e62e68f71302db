"""Every change is written down by the database itself: who, when, from where, before and after; and nobody takes it back."""

import json
import os
import re
import uuid
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from tests import factories
from tickets.models import Comment, Ticket
from tickets.services import verdicts
from voc.core import clock, crypto, customers
from voc.core.audit import checks, keeping, roles, sealing, tasks, telling, triggers
from voc.core.audit.context import told_by
from voc.core.audit.declared import Audited, audited, declarations
from voc.core.audit.models import Entry, Sealed, Unsealed
from voc.core.models import CustomerKey

User = get_user_model()
OURS = ("voc.", "accounts", "llm", "integrations", "notifications", "tickets", "feedback")
# Roles are the whole server's: each worker of a test run has its own.
ROLE = f"voc_of_a_test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
PASSWORD = "of-this-test-alone-1"


def trail(model, pk):
    return list(Entry.objects.filter(table=model._meta.db_table, row=str(pk)).order_by("id"))


@contextmanager
def application():
    """The connection as the application's role has it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
        try:
            yield cursor
        finally:
            cursor.execute("RESET ROLE")


@pytest.fixture
def role(db):
    """Gone with the test's transaction."""
    roles.set_up(role=ROLE, password=PASSWORD)


def test_every_model_of_ours_says_whether_it_is_audited():
    silent = {
        model._meta.label for model in apps.get_models(include_auto_created=True) if model.__module__.startswith(OURS)
    } - {model._meta.label for model, _declared in declarations()}
    assert silent - {"accounts.User_groups", "accounts.User_user_permissions"} == set()


@pytest.mark.parametrize("model", [model for model, _declared in audited()], ids=lambda model: model._meta.label)
def test_what_is_declared_names_columns_and_no_secret_is_written_down(model):
    declared = dict(audited())[model]
    columns = {field.column for field in model._meta.local_concrete_fields}
    named = {*declared.hidden, *declared.personal, *filter(None, [declared.parent])}
    assert named <= columns
    chosen = {field.column for field in model._meta.local_concrete_fields if field.choices}
    secret = {
        each for each in columns - chosen if any(word in each for word in ("password", "secret", "digest", "token"))
    }
    assert secret <= set(declared.hidden)


@pytest.mark.django_db
def test_an_added_a_changed_and_a_deleted_row_leave_what_was_and_what_is():
    user = factories.UserFactory(username="gildong", email="g@example.com")
    User.objects.filter(pk=user.pk).update(role="submitter", email="h@example.com")
    User.objects.filter(pk=user.pk).update(last_login="2026-01-01T00:00:00Z")
    number = user.pk
    user.delete()
    added, changed, deleted = trail(User, number)
    assert (added.act, changed.act, deleted.act) == ("I", "U", "D")
    assert added.before is None
    assert added.after["username"] == "gildong"
    assert (changed.before, changed.after) == (
        {"role": "viewer", "email": "g@example.com"},
        {"role": "submitter", "email": "h@example.com"},
    )
    assert deleted.before["role"] == "submitter"
    assert deleted.after is None
    assert "password" not in added.after
    assert "md5$" not in json.dumps([added.after, deleted.before])


@pytest.mark.django_db
def test_sql_past_the_application_is_written_down_under_the_databases_role():
    ticket = factories.TicketFactory()
    with connection.cursor() as cursor:
        # In one text with what comes before it, so that the application has nothing to add.
        cursor.execute("SELECT set_config('voc.context', '', true); UPDATE tickets_ticket SET assignee = 'mallory'")
        cursor.execute("SELECT session_user")
        (name,) = cursor.fetchone()
    entry = trail(Ticket, ticket.pk)[-1]
    assert (entry.after, entry.role, entry.actor, entry.entry) == ({"assignee": "mallory"}, name, None, "")
    assert entry.subject == ticket.ticket_id


@pytest.mark.django_db
def test_bulk_writes_leave_an_entry_for_each_row():
    tickets = factories.TicketFactory.create_batch(3)
    Ticket.objects.filter(pk__in=[each.pk for each in tickets]).update(assignee="gildong")
    assert [trail(Ticket, each.pk)[-1].after for each in tickets] == [{"assignee": "gildong"}] * 3


@pytest.mark.django_db
def test_who_acts_by_what_way_and_from_where_is_told_to_the_database_and_forgotten_with_the_transaction():
    told = {"actor": 7, "actor_name": 'o\'neill "100%" 홍\\', "entry": "portal POST /x", "address": "203.0.113.9"}
    with told_by(lambda: told | {"request_id": "r-1"}):
        ticket = factories.TicketFactory()
        Ticket.objects.filter(pk=ticket.pk).extra(where=["assignee IS NULL"]).update(assignee="100% %s")
    entry = trail(Ticket, ticket.pk)[-1]
    assert entry.actor_name == told["actor_name"]
    assert (entry.actor, entry.entry, entry.address, entry.request_id) == (7, told["entry"], told["address"], "r-1")
    Ticket.objects.filter(pk=ticket.pk).update(assignee="b")
    assert trail(Ticket, ticket.pk)[-1].actor is None
    assert trail(Ticket, ticket.pk)[-1].entry.startswith("program ")


@pytest.mark.django_db(transaction=True)
def test_what_one_statement_tells_stays_in_its_transaction():
    with told_by(lambda: {"actor_name": "gildong"}):
        user = factories.UserFactory()
    assert trail(User, user.pk)[0].actor_name == "gildong"
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('voc.context', true)")
        assert cursor.fetchone()[0] in ("", None)


@pytest.mark.django_db
def test_an_act_in_the_portal_carries_its_person_its_page_and_its_address(client):
    manager = factories.UserFactory(manager=True)
    ticket = factories.TicketFactory(waiting=True)
    client.force_login(manager)
    client.post(
        reverse("ticket_reject", args=[ticket.ticket_id]),
        {"reject_reason": "비슷한 건이 있다"},
        REMOTE_ADDR="198.51.100.4",
    )
    (entry,) = [each for each in trail(Ticket, ticket.pk) if each.after.get("status") == "REJECTED"]
    assert (entry.actor, entry.actor_name, entry.address) == (manager.pk, manager.username, "198.51.100.4")
    assert entry.entry == "portal POST /tickets/<str:ticket_id>/reject/"
    assert entry.before["status"] == "WAITING_CONFIRM"
    assert entry.request_id


@pytest.mark.django_db
def test_what_names_a_customer_is_sealed_under_the_customers_key_and_gone_with_it():
    ticket = factories.TicketFactory(
        customer_contact="kim@example.com", customer_name="김가람", raw_voc="결제가 멈춰요"
    )
    (entry,) = trail(Ticket, ticket.pk)
    assert not {"customer_name", "raw_voc", "customer_contact"} & set(entry.after)
    assert "customer_name" in entry.personal
    seen = sealing.read([entry])[entry.pk]
    assert (seen.after["customer_name"], seen.erased, seen.genuine) == ("김가람", False, True)
    assert sealing.seal_all() >= 1
    assert not Unsealed.objects.exists()
    kept = Sealed.objects.get(pk=entry.pk)
    assert "kim" not in kept.handle_after
    assert "김가람" not in kept.after
    assert sealing.read([entry])[entry.pk].after == seen.after
    assert customers.drop_keys([customers.handle_of("KIM@example.com", otherwise="")]) == 1
    gone = sealing.read([entry])[entry.pk]
    assert (gone.after, gone.erased) == ({}, True)


@pytest.mark.django_db
def test_each_side_of_a_changed_contact_is_sealed_under_its_own_customer():
    ticket = factories.TicketFactory(customer_contact="a@example.com")
    Ticket.objects.filter(pk=ticket.pk).update(customer_contact="b@example.com")
    sealing.seal_all()
    entry = trail(Ticket, ticket.pk)[-1]
    kept = Sealed.objects.get(pk=entry.pk)
    assert kept.handle_before == customers.handle_of("a@example.com", otherwise="")
    assert kept.handle_after == customers.handle_of("b@example.com", otherwise="")
    assert sealing.read([entry])[entry.pk].before == {"customer_contact": "a@example.com"}


@pytest.mark.django_db
def test_what_was_put_in_place_of_sealed_values_shows():
    ticket = factories.TicketFactory(customer_contact="kim@example.com")
    sealing.seal_all()
    (entry,) = trail(Ticket, ticket.pk)
    handle = Sealed.objects.get(pk=entry.pk).handle_after
    forged = crypto.encrypt(
        json.dumps(["x", '{"customer_name": "Mallory"}']), purpose="audit", key=customers.key_of(handle)
    )
    Sealed.objects.filter(pk=entry.pk).update(after=forged)
    assert not sealing.read([entry])[entry.pk].genuine
    Sealed.objects.filter(pk=entry.pk).update(after="v1.x.y")
    assert not sealing.read([entry])[entry.pk].genuine


@pytest.mark.django_db
def test_a_comment_belongs_to_the_tickets_customer():
    ticket = factories.TicketFactory(customer_contact="kim@example.com")
    comment = Comment.objects.create(ticket=ticket, author_name="m", body="010-1234-5678", at=ticket.created_at)
    sealing.seal_all()
    (entry,) = trail(Comment, comment.pk)
    assert entry.subject == ticket.ticket_id
    assert entry.personal == ["body"]
    assert Sealed.objects.get(pk=entry.pk).handle_after == customers.handle_of("kim@example.com", otherwise="")


@pytest.mark.usefixtures("role")
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_entry",
        "UPDATE audit_entry SET actor_name = 'somebody else'",
        "TRUNCATE audit_entry",
        "DROP TABLE audit_entry",
        """INSERT INTO audit_entry ("at", "table", "row", act, subject, actor_name, entry, address, request_id, role, personal)
           VALUES (now(), 'x', '1', 'U', '', 'gildong', '', '', '', 'voc', '{}')""",
        "DELETE FROM audit_unsealed",
        "UPDATE audit_sealed SET after = ''",
        "ALTER TABLE tickets_ticket DISABLE TRIGGER audit_update",
        "DROP TRIGGER audit_update ON tickets_ticket",
        "DROP FUNCTION audit_row() CASCADE",
        "CREATE OR REPLACE FUNCTION audit_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "SET LOCAL session_replication_role = replica",
        "TRUNCATE tickets_ticket CASCADE",
        "CREATE TABLE public.mine (id int)",
        "DELETE FROM django_migrations",
        "SET LOCAL SESSION AUTHORIZATION postgres",
        "CREATE ROLE another SUPERUSER",
        "CREATE OR REPLACE FUNCTION audit_prune(most integer) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'",
    ],
)
def test_the_applications_role_cannot_touch_the_trail(statement):
    factories.TicketFactory()
    before = Entry.objects.count()
    with pytest.raises(DatabaseError), transaction.atomic(), application() as cursor:
        cursor.execute(statement)
    assert Entry.objects.count() == before


def aged(*days):
    """A user's entry for each age, that old; their numbers."""
    numbers = []
    for age in days:
        user = factories.UserFactory()
        (entry,) = trail(User, user.pk)
        Entry.objects.filter(pk=entry.pk).update(at=clock.now() - timedelta(days=age))
        numbers.append(entry.pk)
    return numbers


@pytest.mark.usefixtures("role")
def test_entries_go_after_their_days_by_a_function_that_the_application_can_call_and_not_bend(settings, monkeypatch):
    monkeypatch.setattr(keeping, "BATCH", 2)
    old = aged(9000, 900, 800, 731)
    young = aged(729, 1)
    ticket = factories.TicketFactory(customer_contact="kim@example.com")
    sealing.seal_all()
    (sealed,) = trail(Ticket, ticket.pk)
    Entry.objects.filter(pk=sealed.pk).update(at=clock.now() - timedelta(days=731))
    settings.AUDIT_KEEP_DAYS = 1  # of the application's environment, which does not count
    with application() as cursor:
        assert tasks.prune() == 5
        assert tasks.prune() == 0
        cursor.execute("SELECT audit_prune(1000000)")
        assert cursor.fetchone() == (0,)
    assert not Entry.objects.filter(pk__in=[*old, sealed.pk]).exists()
    assert not Sealed.objects.filter(pk=sealed.pk).exists()
    assert set(Entry.objects.filter(pk__in=young).values_list("pk", flat=True)) == set(young)
    told = Entry.objects.filter(table="audit_entry", act="D").order_by("id")
    assert [each.before["entries"] for each in told] == [2, 2, 1]
    assert all((each.entry, each.actor) == ("retention", None) for each in told)
    assert told[0].before["from"] < told[0].before["to"]


@pytest.mark.django_db
def test_how_long_the_trail_is_kept_is_written_by_the_owners_migration_and_nought_keeps_all(settings):
    aged(9000, 400)
    settings.AUDIT_KEEP_DAYS = 0
    triggers.install()
    assert keeping.prune() == 0
    settings.AUDIT_KEEP_DAYS = 365
    triggers.install()
    assert keeping.prune() == 2


@pytest.mark.django_db
def test_what_is_left_of_a_pruned_trail_is_as_genuine_as_before():
    """Each entry is proved by itself: one that is gone takes no other's proof along."""
    first, second = (factories.TicketFactory(customer_contact=f"{name}@example.com") for name in "ab")
    sealing.seal_all()
    (gone,), (kept,) = trail(Ticket, first.pk), trail(Ticket, second.pk)
    Entry.objects.filter(pk=gone.pk).update(at=clock.now() - timedelta(days=731))
    assert keeping.prune() == 1
    seen = sealing.read([kept])[kept.pk]
    assert (seen.genuine, seen.after["customer_contact"]) == (True, "b@example.com")


@pytest.mark.usefixtures("role")
def test_an_export_is_told_by_a_function_that_writes_nothing_else():
    told = {"actor": 7, "actor_name": "gildong", "entry": "portal GET /x", "address": "203.0.113.9"}
    with told_by(lambda: told), application():
        number = telling.exported(Ticket, details={"filter": {"status": "DONE"}})
    entry = Entry.objects.get(pk=number)
    assert (entry.act, entry.table, entry.actor, entry.actor_name) == ("X", "tickets_ticket", 7, "gildong")
    assert (entry.entry, entry.address, entry.after) == (told["entry"], told["address"], {"filter": {"status": "DONE"}})


@pytest.mark.usefixtures("role")
def test_the_applications_role_can_work_and_leaves_its_trail_and_seals():
    with application():
        ticket = factories.TicketFactory(customer_contact="kim@example.com")
        Ticket.objects.filter(pk=ticket.pk).update(assignee="a")
        assert sealing.seal_all() >= 1
        assert not roles.can_rewrite_history()
        assert checks.check_role(databases=["default"]) == []
    assert [entry.act for entry in trail(Ticket, ticket.pk)] == ["I", "U"]


@pytest.mark.django_db
def test_an_owner_that_serves_is_warned_of():
    (found,) = checks.check_role(databases=["default"])
    assert "setup_database_roles" in found.hint
    assert checks.check_role(databases=None) == []


@pytest.mark.django_db
def test_the_command_asks_for_a_password_that_is_one_and_for_a_role_that_is_another(settings):
    settings.DATABASE_APP_PASSWORD = "short"
    with pytest.raises(CommandError, match="Set DATABASE_APP_PASSWORD"):
        call_command("setup_database_roles", role=ROLE)
    settings.DATABASE_APP_PASSWORD = PASSWORD
    call_command("setup_database_roles", role=ROLE)
    call_command("setup_database_roles", role=ROLE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        owner = cursor.fetchone()[0]
    with pytest.raises(CommandError, match="owner"):
        call_command("setup_database_roles", role=owner)


@pytest.mark.django_db
def test_triggers_are_made_anew_only_when_they_differ(django_assert_num_queries, monkeypatch):
    triggers.install()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'audit_%'")
        before = cursor.fetchone()
        cursor.execute("DROP TRIGGER audit_update ON tickets_ticket")
        triggers.install()
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'audit_%'")
        assert cursor.fetchone() == before
    monkeypatch.setattr(triggers, "audited", lambda: [(User, Audited(hidden=("password",)))])
    triggers.install()
    assert not trail(Ticket, factories.TicketFactory().pk)


@pytest.mark.django_db
def test_a_tried_again_job_is_written_down_and_a_machines_steps_are_not():
    key = str(uuid.uuid4())
    handle = customers.handle_of(key, otherwise="")
    customers.key_of(handle)
    assert not trail(CustomerKey, CustomerKey.objects.get(handle=handle).pk)
    number = CustomerKey.objects.get(handle=handle).pk
    customers.drop_keys([handle])
    assert [entry.act for entry in trail(CustomerKey, number)] == ["D"]


@pytest.mark.django_db
def test_a_verdict_costs_no_query_more(django_assert_max_num_queries):
    """What the database writes and what it is told travel with the statements that are there anyway."""
    manager = factories.UserFactory(manager=True)
    ticket = factories.TicketFactory(waiting=True)
    with django_assert_max_num_queries(30) as captured:
        verdicts.reject_ticket(ticket_id=ticket.ticket_id, actor=manager, reject_reason="아니다")
    telling = [each["sql"] for each in captured.captured_queries if "set_config" in each["sql"]]
    assert telling
    assert all(re.search(r"true\); (INSERT|UPDATE|DELETE|WITH)", each) for each in telling), (
        "never in a trip of its own"
    )
