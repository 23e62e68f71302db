import json
import socket
import stat
import sys
from pathlib import Path

import pytest

from tests.dev.helpers import start
from voc.dev.clean import remove_data
from voc.dev.demo.options import BUNDLED, check_python, keep, read_options
from voc.dev.demo.table import Table, cut, fit, width
from voc.dev.errors import CannotRun
from voc.dev.places import Lock
from voc.dev.ports import free_port

TICKET = {
    "ticket_id": "VOC-20250314-0012",
    "status": "WAITING_CONFIRM",
    "agent_decision_primary": "integration_error",
    "decision_confidence": 0.914,
    "urgency": "high",
    "affected_system": "PaymentService",
    "summary": "결제가 한참 멈춰 있다가\n결국 실패했다는 문의",
}


def run_demo(tmp_path: Path, **environment: str) -> tuple[int, list[str]]:
    """The exit code and the lines of a demo that cannot start."""
    output = tmp_path / "out"
    given = {"VOC_VAR_DIR": str(tmp_path / "var"), "PORT": str(free_port())} | environment
    code = start([sys.executable, "-m", "voc.dev.demo"], output=output, **given).wait(timeout=300)
    return code, output.read_text().splitlines()


def test_a_busy_port_gets_one_line_that_says_what_to_do(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, lines = run_demo(tmp_path, PORT=str(port))
    assert code == 2
    assert lines == [f"Port {port} is taken: stop what listens there, or run `make demo PORT={port + 100}`."]


def test_a_folder_that_cannot_be_written_gets_one_line_that_says_what_to_do(tmp_path):
    code, lines = run_demo(tmp_path, VOC_VAR_DIR="/proc/voc")
    assert code == 2
    assert len(lines) == 1
    assert lines[0].startswith("Cannot write to /proc/voc/demo (")
    assert lines[0].endswith("make it writable, or set VOC_VAR_DIR to a folder that is.")


def test_a_second_demo_in_the_same_folder_gets_one_line_that_names_the_first(tmp_path):
    folder = tmp_path / "var" / "demo"
    folder.mkdir(parents=True)
    lock = Lock(folder)
    assert lock.take("process 7, http://127.0.0.1:8000")
    code, lines = run_demo(tmp_path)
    lock.release()
    assert code == 2
    assert lines == [
        "A demo is running here already (process 7, http://127.0.0.1:8000): stop it first, "
        "or set VOC_VAR_DIR to another folder."
    ]


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1", "80.5"])
def test_what_is_not_a_port_is_refused_by_name(port):
    with pytest.raises(CannotRun, match=f"PORT={port} is not a port"):
        read_options({"PORT": port})


def test_a_missing_input_is_refused_by_name():
    with pytest.raises(CannotRun, match=r"INPUT=nowhere\.csv is not a file"):
        read_options({"INPUT": "nowhere.csv"})


def test_with_nothing_asked_for_the_bundled_complaints_go_in_on_port_8000():
    options = read_options({})
    assert (options.port, options.input, options.exit_after) == (8000, BUNDLED, False)
    assert BUNDLED.is_file()


def test_an_unsupported_python_is_named_with_those_that_are_supported():
    with pytest.raises(CannotRun, match=r"Python 3\.11, 3\.12 or 3\.13 is needed, this is 3\.10"):
        check_python((3, 10))


def test_the_password_stays_over_runs_until_another_is_asked_for(tmp_path):
    file = tmp_path / "kept.json"
    first = keep(file, password="")
    assert len(first.password) >= 10
    assert keep(file, password="") == first
    assert keep(file, password="of my own").password == "of my own"
    assert keep(file, password="").password == "of my own"
    assert keep(file, password="").secret_key == first.secret_key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_is_kept_survives_a_file_cut_short_by_a_kill(tmp_path):
    file = tmp_path / "kept.json"
    file.write_text('{"secret_k')
    assert keep(file, password="").secret_key == json.loads(file.read_text())["secret_key"]


def test_korean_takes_two_columns_a_character():
    assert width("결제 ok") == 7
    assert width("e\u0301") == 1


def test_a_cell_has_its_width_whatever_the_script():
    for text in ("결제가 멈췄습니다", "payment", "결a제b", ""):
        assert width(fit(text, 8)) == 8
    assert cut("결제가 멈췄습니다", 8) == "결제가 …"


def test_a_row_has_its_columns_below_the_heads_and_fits_the_terminal():
    table = Table(120)
    row = table.row(TICKET, number=12, total=40)
    assert row.startswith(
        "12/40    VOC-20250314-0012  WAITING_CONFIRM  integration_error     0.91  high     PaymentService"
    )
    assert row.endswith("결제가 한참 멈춰 있…")
    assert width(row) <= 120
    assert width(table.head()[: table.head().index("summary")]) == width(row[: row.index("결제")])


def test_a_ticket_without_a_decision_has_dashes_and_the_customers_words():
    row = Table(140).row(
        {
            "ticket_id": "VOC-20250314-0013",
            "status": "MANUAL_REQUIRED",
            "decision_confidence": None,
            "raw_voc": "ㅋㅋㅋㅋㅋ",
        },
        number=1,
        total=1,
    )
    assert row.split() == ["1/1", "VOC-20250314-0013", "MANUAL_REQUIRED", "–", "–", "–", "–", "ㅋㅋㅋㅋㅋ"]


def test_cleaning_removes_the_data_of_this_folder_and_of_folders_that_are_gone(tmp_path):
    var, outside = tmp_path / "var", tmp_path / "outside"
    (var / "demo").mkdir(parents=True)
    owners = {"mine": var / "demo", "gone": tmp_path / "gone" / "demo", "other": tmp_path}
    for name, owner in owners.items():
        (outside / name).mkdir(parents=True)
        (outside / name / "belongs-to").write_text(f"{owner}\n")
    assert remove_data(var, outside=(outside,)) == ""
    assert [home.name for home in outside.iterdir()] == ["other"]
    assert not (var / "demo").exists()


def test_cleaning_does_not_touch_a_running_demo(tmp_path):
    folder = tmp_path / "var" / "demo"
    folder.mkdir(parents=True)
    lock = Lock(folder)
    lock.take("process 7")
    assert "A demo is running here (process 7)" in remove_data(tmp_path / "var", outside=())
    assert folder.exists()
    lock.release()
