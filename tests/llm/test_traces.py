import pytest

from llm.offline.traces import parse_trace
from tests.scenarios import traces as printed

JAVA_CHAIN = """org.springframework.web.util.NestedServletException: Request processing failed
\tat org.springframework.web.servlet.FrameworkServlet.processRequest(FrameworkServlet.java:1014)
\tat shop.web.Filter.doFilter(Filter.java:31)
Caused by: java.lang.IllegalStateException: no account
\tat java.base/java.util.Optional.orElseThrow(Optional.java:403)
\tat shop.refund.Accounts.of(Accounts.java:77)
\t... 42 more"""
RUST = "thread 'main' panicked at src/push/batch.rs:91:17: index out of bounds: the len is 0"
RUBY = "undefined method `total' for nil:NilClass (NoMethodError)\n/app/models/cart.rb:12:in `total'"


@pytest.mark.parametrize(
    ("maker", "file"),
    [
        (printed._java, "Desk.java"),
        (printed._python, "desk.py"),
        (printed._node, "desk.js"),
        (printed._dotnet, "Desk.cs"),
        (printed._php, "Desk.php"),
        (printed._go, "desk.go"),
    ],
)
def test_the_place_in_our_code_is_found_in_every_language(maker, file):
    _, _, trace = maker("Desk", "open", 142)
    found = parse_trace("request failed", trace)
    assert found.has_frames
    assert found.place is not None
    assert (found.place.name, found.place.line) == (file, 142)


def test_the_root_cause_of_a_chain_counts_and_frames_of_libraries_do_not():
    found = parse_trace("request failed", JAVA_CHAIN)
    assert found.exception == "IllegalStateException"
    assert found.chain == ("NestedServletException", "IllegalStateException")
    assert str(found.place) == "Accounts.java:77"


@pytest.mark.parametrize(("trace", "place"), [(RUST, "batch.rs:91"), (RUBY, "cart.rb:12")])
def test_other_languages_are_read_too(trace, place):
    assert str(parse_trace("failed", trace).place) == place


@pytest.mark.parametrize(
    "message",
    [
        "NullPointerException at RefundProcessor.java:142",
        "NullPointerException (RefundProcessor.java, line 142)",
        "NullPointerException in RefundProcessor.java line 142",
        "line 142 of RefundProcessor.java: NullPointerException",
    ],
)
def test_a_place_that_only_the_message_names_is_found(message):
    found = parse_trace(message, None)
    assert str(found.place) == "RefundProcessor.java:142"
    assert found.exception == "NullPointerException"


def test_an_ordinary_line_has_no_trace():
    found = parse_trace("approval for order=20261020-1001 completed in 320 ms", None)
    assert (found.exception, found.places, found.has_frames) == ("", (), False)
