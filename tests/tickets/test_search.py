import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import TicketFactory, UserFactory
from tickets import grams
from tickets.models import Ticket
from tickets.queries import search


def hits(q):
    return set(
        search(Ticket.objects.all(), q, reader=UserFactory.build(manager=True)).values_list("ticket_id", flat=True)
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "q",
    [
        "불이 안",
        "환",
        "환불",
        "REFUND",
        "refund button",
        "ＲＥＦＵＮＤ",
        "kim min",
        "20260301-00",
        "erp/7",
        "100%",
        "a_b",
        "\\n",
        "  환불 ",
    ],
)
def test_a_part_of_complaint_summary_name_or_id_finds_the_ticket_whatever_its_case(q):
    ticket = TicketFactory(
        raw_voc="환불이 안 돼요 100% a_b c:\\new",
        summary="Refund Button fails",
        customer_name="Kim Minji",
        ticket_id="VOC-20260301-0007",
        external_id="ERP/77",
    )
    TicketFactory(raw_voc="택배 acb", customer_name="Lee", ticket_id="VOC-20250101-0001")
    assert hits(q) == {ticket.ticket_id}


@pytest.mark.django_db
@pytest.mark.parametrize("q", ["불환", "100_", "a%b", "Minji VOC", "refund fails", "안돼", "\x1f", "없는말"])
def test_what_is_not_a_part_of_one_field_finds_nothing(q):
    TicketFactory(raw_voc="환불이 안 돼요 100% a_b", summary="Refund Button fails", customer_name="Kim Minji")
    assert hits(q) == set() or q == "\x1f"


@pytest.mark.django_db
def test_a_complaint_written_in_single_letters_is_found_by_whole_syllables():
    ticket = TicketFactory(raw_voc=unicodedata.normalize("NFD", "환불 버튼"))
    assert hits("환불") == {ticket.ticket_id}


@pytest.mark.django_db
@pytest.mark.parametrize("q", ["", "  ", "\x00"])
def test_a_blank_search_finds_everything(q):
    TicketFactory.create_batch(2)
    assert len(hits(q)) == 2


@given(st.text(max_size=60), st.integers(0, 50), st.integers(1, 20))
def test_the_pairs_of_every_part_of_a_text_are_among_those_of_the_text(text, start, length):
    folded = grams.normalise(text)
    part = folded[start : start + length]
    if part:
        assert set(grams.query_grams(part)) <= set(grams.grams(text))


@given(
    st.integers(950_000_000, 4_000_000_000).map(lambda at: datetime.fromtimestamp(at, tz=UTC)), st.floats(-3600, 1.3e8)
)
def test_going_back_no_moment_is_left_out_and_few_spans_are_looked_up(moment, ago):
    made = moment - timedelta(seconds=ago)
    begins, hashes = zip(*grams.backwards(moment), strict=True)
    part = next(number for number, begun in enumerate(begins) if made >= begun)
    assert set(grams.spans_of(made)) & set(hashes[part])
    assert max(map(len, hashes)) <= 16
    assert list(begins) == sorted(begins, reverse=True)


@pytest.mark.django_db
def test_what_has_the_pairs_of_a_long_part_in_other_places_is_not_found():
    ticket = TicketFactory(raw_voc="supplier records of the supplier")
    TicketFactory(raw_voc="order cords, li er supp: rec ord")
    assert hits("supplier record") == {ticket.ticket_id}
    assert hits("supplier recorded") == set()


def test_the_hashes_are_the_same_in_every_process_and_fit_the_column():
    values = grams.grams("환불 버튼이 refund 안 돼요")
    assert values == sorted(set(values))
    assert all(-(2**31) <= value < 2**31 for value in values)
    assert grams.query_grams("환") == [2928836]


@pytest.mark.django_db
def test_search_can_use_the_index():
    TicketFactory.create_batch(50)
    with connection.cursor() as cursor:
        # What is left is a bitmap of the index, whatever the planner thinks of so few rows.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
    assert "entry_grams" in search(Ticket.objects.all(), "환불 버튼", reader=UserFactory.build(manager=True)).explain()
