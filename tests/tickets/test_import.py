import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from tickets.management.commands.import_vocs import Command
from tickets.models import Ticket
from voc.core.outbox.models import Job

pytestmark = pytest.mark.django_db
HEADER = "external_id,raw_voc,customer_name,channel,received_at,customer_contact\n"


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def run(tmp_path, capsys):
    """Imports a file with this content; returns exit code, report rows and what was printed."""

    def run(content, name="vocs.csv", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        report = tmp_path / "report.jsonl"
        code = 0
        try:
            call_command("import_vocs", str(path), report=report, **options)
        except SystemExit as stopped:
            code = stopped.code
        rows = [json.loads(line) for line in report.read_text("utf-8").splitlines()]
        return code, rows, capsys.readouterr()

    return run


def unusable(run, content, name="vocs.csv"):
    with pytest.raises(CommandError) as refused:
        run(content, name)
    assert refused.value.returncode == 2
    return str(refused.value)


def statuses(rows):
    return [row["status"] for row in rows]


def test_each_row_becomes_a_ticket_by_the_ordinary_service(run, settings):
    settings.TIME_ZONE = "Asia/Seoul"
    code, rows, out = run(
        HEADER + "A-1,환불이 안 돼요,김민지,email,2026-03-01T09:00,kim@example.com\n,It fails,Lee,,,\n"
    )
    assert (code, statuses(rows)) == (0, ["created", "created"])
    first, second = Ticket.objects.order_by("pk")
    assert (first.raw_voc, first.customer_name, first.channel) == ("환불이 안 돼요", "김민지", "email")
    assert (first.external_id, first.customer_contact) == ("A-1", "kim@example.com")
    assert first.received_at.isoformat() == "2026-03-01T00:00:00+00:00"
    assert second.channel == "api"
    assert second.created_at - second.received_at < timedelta(seconds=5)
    assert rows[0] == {
        "line": 2,
        "external_id": "A-1",
        "ticket_id": first.ticket_id,
        "status": "created",
        "error": "",
    }
    assert Job.objects.filter(event="ticket.received").count() == 2
    assert "2 rows: 2 new" in out.out


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_korean_files_of_any_usual_making_are_read(run, encoding, ending):
    text = HEADER.replace("\n", ending) + f"A-1,환불이 똠방각하 안 돼요,김,web,,{ending}"
    code, _rows, _out = run(text.encode(encoding))
    assert code == 0
    assert Ticket.objects.get().raw_voc == "환불이 똠방각하 안 돼요"


def test_quoted_line_breaks_belong_to_the_complaint_and_lines_are_counted_right(run):
    content = HEADER + 'A-1,"Line one\r\nline ""two"", too\n",Kim,web,,\n\n , , ,,,\nA-2,It fails,,web,,\n'
    code, rows, _out = run(content)
    assert Ticket.objects.get().raw_voc == 'Line one\r\nline "two", too\n'
    assert [(row["line"], row["status"]) for row in rows] == [(2, "created"), (7, "error")]
    assert code == 1


def test_bad_rows_are_named_with_their_line_and_good_rows_kept(run):
    rows_in = [
        "A-1,Good,Kim,web,,",
        "A-2,,Kim,web,,",
        "A-3,Bad channel,Kim,pigeon,,",
        "A-4,Bad time,Kim,web,soon,",
        "A-5,Too many,Kim,web,,,,",
        "A-6,Future,Kim,web,2999-01-01,",
        f"A-7,{'x' * 5001},Kim,web,,",
        "A-8,Short row is fine,Kim",
    ]
    code, rows, out = run(HEADER + "\n".join(rows_in))
    assert code == 1
    assert statuses(rows) == ["created"] + ["error"] * 6 + ["created"]
    assert [row["line"] for row in rows] == list(range(2, 10))
    assert [row["error"].split(":")[0] for row in rows[1:7]] == [
        "raw_voc",
        "channel",
        "received_at",
        "This row has 8 values for 6 columns.",
        "received_at",
        "raw_voc",
    ]
    assert Ticket.objects.count() == 2
    assert "8 rows: 2 new, 0 already there, 6 with an error" in out.out


def test_without_a_report_the_errors_are_printed(tmp_path, capsys):
    path = tmp_path / "vocs.csv"
    path.write_text(HEADER + "A-1,,Kim,web,,\n")
    with pytest.raises(SystemExit) as stopped:
        call_command("import_vocs", str(path))
    assert stopped.value.code == 1
    assert "Line 2: raw_voc: This must not be empty." in capsys.readouterr().err


def test_a_second_run_makes_no_second_ticket_with_or_without_an_external_id(run):
    content = HEADER + "A-1,One,Kim,web,,\n,Two,Kim,web,,\n,Two,Kim,web,,\n"
    _code, first, _out = run(content)
    code, second, out = run(content)
    assert (code, statuses(first), statuses(second)) == (0, ["created"] * 3, ["existing"] * 3)
    assert [row["ticket_id"] for row in first] == [row["ticket_id"] for row in second]
    assert Ticket.objects.count() == Job.objects.count() == 3
    assert "3 already there" in out.out


def test_rows_that_are_put_in_between_are_new_and_the_others_are_known_again(run):
    run("raw_voc,customer_name\nOne,Kim\nTwo,Kim\n")
    _code, rows, _out = run("raw_voc,customer_name\nNew,Kim\nOne,Kim\nTwo,Kim\n")
    assert statuses(rows) == ["created", "existing", "existing"]


@pytest.mark.parametrize(
    ("content", "name", "options"),
    [
        ("raw_voc,customer_name\nOne,Kim\nTwo,Kim\nTwo,Kim\n", "renamed.csv", {}),
        ("raw_voc,customer_name\nOne,Kim\nTwo,Kim\nTwo,Kim\n", "vocs.csv", {"channel": "phone"}),
        ("customer_name;channel;raw_voc\nKim;;Two\nKim;;One\nKim;;Two\n", "other.csv", {}),
        ('{"raw_voc": "One", "customer_name": "Kim", "received_at": null}\n', "vocs.jsonl", {}),
    ],
    ids=["renamed", "another channel", "columns and rows in another order", "as JSON"],
)
def test_the_same_content_again_is_known_whatever_it_comes_in(run, content, name, options):
    run("raw_voc,customer_name\nOne,Kim\nTwo,Kim\nTwo,Kim\n")
    code, rows, _out = run(content, name, **options)
    assert (code, set(statuses(rows))) == (0, {"existing"})
    assert Ticket.objects.count() == 3
    assert len({row["ticket_id"] for row in rows}) == len(rows)


@pytest.mark.parametrize("other", ["One,Lee,,", "One,Kim,2026-03-02,", "One,Kim,,X-1", "One too,Kim,,"])
def test_a_row_that_says_anything_else_is_another_complaint(run, other):
    columns = "raw_voc,customer_name,received_at,external_id\n"
    run(f"{columns}One,Kim,,\n")
    assert statuses(run(f"{columns}{other}\n")[1]) == ["created"]


def test_the_help_says_when_a_row_is_known_again():
    assert "known by its content" in Command().create_parser("manage.py", "import_vocs").format_help()


def test_json_lines_are_read_and_bad_lines_named(run):
    lines = [
        {"raw_voc": " 늦어요\n", "customer_name": "Kim", "external_id": "J-1", "received_at": None},
        {"raw_voc": "x", "customer_name": "Kim", "extra": 1},
        ["not an object"],
        {"raw_voc": 5, "customer_name": "Kim"},
        {"raw_voc": "\ud800", "customer_name": "Kim", "external_id": "\ud800"},
        {"raw_voc": "x", "customer_name": "Kim", "received_at": 5},
        {"raw_voc": "x", "customer_name": "Kim", "external_id": 5},
    ]
    content = "\n".join(json.dumps(line) for line in lines) + "\n\n{broken\n"
    code, rows, _out = run(content, "vocs.jsonl")
    assert (code, statuses(rows)) == (1, ["created"] + ["error"] * 7)
    assert [row["line"] for row in rows] == [1, 2, 3, 4, 5, 6, 7, 9]
    assert Ticket.objects.get().raw_voc == " 늦어요\n"
    assert run(content, "vocs.jsonl")[1][0]["status"] == "existing"


def test_the_kind_is_seen_from_the_content_where_the_name_does_not_say_it(run):
    assert statuses(run('{"raw_voc": "x", "customer_name": "Kim"}\n', "export")[1]) == ["created"]
    assert statuses(run("raw_voc;customer_name\ny;Kim\n", "export2")[1]) == ["created"]
    assert statuses(run("raw_voc\tcustomer_name\na,b\tKim\n", "vocs.tsv")[1]) == ["created"]
    assert Ticket.objects.latest("pk").raw_voc == "a,b"


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        ("", "vocs.csv", "is empty"),
        (" \n\n", "vocs.csv", "is empty"),
        ("raw_voc,name\n", "vocs.csv", "missing: customer_name; unknown: name"),
        ("raw_voc,customer_name,raw_voc\n", "vocs.csv", "twice: raw_voc"),
        ("raw_voc,customer_name,\n", "vocs.csv", "unknown: ?"),
        ("just some text\n", "vocs.csv", "missing: raw_voc, customer_name"),
        ("raw_voc,customer_name\nx,김\n".encode("utf-16"), "vocs.csv", "UTF-16"),
        ("raw_voc,customer_name\n한글,김\nx,\udcff".encode("utf-8", "surrogateescape"), "vocs.csv", "line 3"),
        (b"raw_voc,customer_name\nx,Kim\n\xff\xff,Kim\n", "vocs.csv", "neither UTF-8 nor CP949: see line 3"),
        (b"PK\x03\x04workbook", "vocs.xlsx", "workbook"),
        ('[{"raw_voc": "x"}]', "vocs.json", "JSON Lines"),
    ],
)
def test_a_file_that_cannot_be_used_gets_one_clear_line(run, content, name, said):
    message = unusable(run, content, name)
    assert said in message
    assert "\n" not in message
    assert not Ticket.objects.exists()


def test_a_file_or_report_that_cannot_be_opened_gets_one_clear_line(tmp_path):
    path = tmp_path / "vocs.csv"
    for unreadable in (path, tmp_path):
        with pytest.raises(CommandError, match="cannot be read") as refused:
            call_command("import_vocs", str(unreadable))
        assert refused.value.returncode == 2
    path.write_text("raw_voc,customer_name\nx,Kim\n")
    with pytest.raises(CommandError, match="report cannot be written"):
        call_command("import_vocs", str(path), report=tmp_path / "no" / "report.jsonl")
    assert not Ticket.objects.exists()


def test_a_quotation_mark_that_is_never_closed_is_an_error_that_says_what_it_swallows(run):
    code, rows, _out = run('raw_voc,customer_name\nGood,Kim\n"Never closed,Kim\nNext,Kim\nLast,Kim\n')
    assert (code, statuses(rows), rows[1]["line"]) == (1, ["created", "error"], 3)
    assert "Lines 3 to 5 cannot be read" in rows[1]["error"]


def test_the_rows_after_a_broken_one_are_taken_in(run):
    code, rows, out = run('raw_voc,customer_name\nOne,Kim\n"bad" quote,Kim\nTwo,Kim\n"also" bad,Kim\n\nThree,Lee\n')
    assert (code, statuses(rows)) == (1, ["created", "error", "created", "error", "created"])
    assert [row["line"] for row in rows] == [2, 3, 4, 5, 7]
    assert "This row cannot be read" in rows[1]["error"]
    assert set(Ticket.objects.values_list("raw_voc", flat=True)) == {"One", "Two", "Three"}
    assert "5 rows: 3 new, 0 already there, 2 with an error" in out.out


def test_the_pieces_of_a_broken_row_of_several_lines_become_no_tickets(run):
    broken = '"He said "no" to me,\nthen left, and\nnever came back",Kim,web\n'
    _code, rows, _out = run(f"raw_voc,customer_name,channel\n{broken}Good,Lee,web\n,,\nShort,Lee\n")
    assert [(row["line"], row["status"]) for row in rows] == [
        (2, "error"),
        (3, "error"),
        (4, "error"),
        (5, "created"),
        (7, "created"),
    ]
    assert "line 2" in rows[2]["error"]
    assert set(Ticket.objects.values_list("raw_voc", flat=True)) == {"Good", "Short"}


def test_a_complaint_of_any_length_is_told_that_it_is_too_long_and_ends_nothing(run):
    _code, rows, _out = run(f"raw_voc,customer_name\n{'x' * 200_000},Kim\nGood,Kim\n")
    assert statuses(rows) == ["error", "created"]
    assert "5000 characters" in rows[0]["error"]


def test_a_header_that_cannot_be_read_gets_one_clear_line(run):
    assert "header" in unusable(run, '"raw_voc" x,customer_name\nGood,Kim\n')


@pytest.mark.parametrize(("bad", "said"), [(20, False), (23, True)])
def test_errors_that_are_not_printed_are_counted_and_can_be_found(tmp_path, capsys, bad, said):
    path = tmp_path / "vocs.csv"
    path.write_text(HEADER + "A-1,,Kim,web,,\n" * bad)
    with pytest.raises(SystemExit):
        call_command("import_vocs", str(path))
    printed = capsys.readouterr().err
    assert printed.count("must not be empty") == 20
    assert ("3 more rows with an error" in printed and "--report" in printed) == said


def test_a_dry_run_says_what_would_happen_and_leaves_nothing(run):
    content = HEADER + "A-1,One,Kim,web,,\nA-2,,Kim,web,,\n"
    code, rows, _out = run(content, dry_run=True)
    assert (code, statuses(rows)) == (1, ["valid", "error"])
    assert not Ticket.objects.exists()
    assert not Job.objects.exists()
    run(content)
    assert statuses(run(content, dry_run=True)[1]) == ["existing", "error"]


def test_the_channel_of_rows_without_one_can_be_named(run):
    run("raw_voc,customer_name,channel\nOne,Kim,\nTwo,Kim,email\n", channel="phone")
    assert set(Ticket.objects.values_list("raw_voc", "channel")) == {("One", "phone"), ("Two", "email")}


def test_the_bundled_complaints_can_be_imported(run, settings):
    code, rows, _out = run((settings.BASE_DIR / "tickets/data/demo_vocs.csv").read_bytes())
    assert (code, set(statuses(rows))) == (0, {"created"})
