import pytest

from voc.core.text import shorten


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("short enough", 12, "short enough"),
        ("The payment hung and then failed", 20, "The payment hung…"),
        ("The payment hung and then failed", 17, "The payment hung…"),
        ("결제가 계속 멈추다가 결국 실패했어요", 14, "결제가 계속 멈추다가…"),
        ("Paid, twice, and again", 13, "Paid, twice…"),
        ("java.lang.NullPointerException: at", 10, "java.lang…"),
        ("at java.lang.NullPointerException", 20, "at java.lang.NullPo…"),
    ],
)
def test_what_is_too_long_ends_after_a_whole_word_where_that_does_not_cost_too_much(text, limit, shown):
    assert shorten(text, limit) == shown
    assert len(shown) <= limit
