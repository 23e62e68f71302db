"""Make .venv and install the pinned requirements into it, once per change of them: `python3 voc/dev/bootstrap.py`.

Run as a file by `make`, with the system's Python and its standard library only. What it starts dies with it, so that
killing `make` leaves no installation running.
"""

import ctypes
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements-dev.txt"
STAMP = VENV / "installed"
BROKEN = VENV / "installing"
SUPPORTED = ((3, 11), (3, 12), (3, 13))
PR_SET_PDEATHSIG = 1


class CannotInstall(Exception):
    """One line that says what is in the way and what to do."""


def die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wanted_stamp() -> str:
    return hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()


def is_installed() -> bool:
    try:
        return STAMP.read_text() == wanted_stamp() and _runs(PYTHON)
    except OSError:
        return False


def _runs(python: Path, *, module: str = "sys") -> bool:
    """Whether the environment has a supported interpreter that still exists, and that module."""
    code = f"import sys, {module}; sys.exit(sys.version_info[:2] not in {SUPPORTED!r})"
    try:
        return subprocess.run([python, "-c", code], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def make_environment() -> None:
    # A kill may have left an environment without pip, or half a package, which pip takes for a whole one.
    if _runs(PYTHON, module="pip") and not BROKEN.exists():
        return
    shutil.rmtree(VENV, ignore_errors=True)
    done = _run([sys.executable, "-m", "venv", str(VENV)])
    if done:
        raise CannotInstall(
            f"The virtual environment {VENV} cannot be made ({done}): make the folder writable and, on Debian or Ubuntu, "
            "install python3-venv."
        )


def install() -> None:
    print(f"Installing the pinned requirements into {VENV} (once; some minutes) …", flush=True)
    BROKEN.touch()
    command = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--quiet",
        "--require-hashes",
    ]
    done = _run([*command, "--requirement", str(REQUIREMENTS)])
    if done:
        raise CannotInstall(f"pip could not install the pinned requirements: {explain(done)}")
    STAMP.write_text(wanted_stamp())
    BROKEN.unlink()


def explain(errors: str) -> str:
    """What to do about pip's complaint."""
    if any(word in errors for word in ("onnection", "resolve", "timed out", "Max retries", "ProxyError", "SSLError")):
        return f"{errors}: check the network and the address of the package index (pip config), then run it again."
    if "No matching distribution found" in errors:
        version = ".".join(str(part) for part in sys.version_info[:2])
        return (
            f"{errors}: either the package index cannot be reached (see pip config), or it has no wheel for this machine "
            f"with Python {version} (use 3.11 or 3.12)."
        )
    if "space" in errors:
        return f"{errors}: make room on the disk, then run it again."
    return f"{errors}: run `{PYTHON} -m pip install -r {REQUIREMENTS}` to see more."


def _run(command: list[str]) -> str:
    """Run it; "" when it went well, else the line of its output that says most."""
    done = subprocess.run(command, preexec_fn=die_with_parent, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    lines = [line.strip() for line in (done.stderr + "\n" + done.stdout).splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith("ERROR") or "Error" in line] or lines
    return telling[-1].removeprefix("ERROR: ").rstrip(".") if telling else f"exit {done.returncode}"


def main() -> int:
    if os.environ.get("VOC_DEV_PARENT") and sys.platform == "linux":
        die_with_parent()
    if is_installed():
        return 0
    try:
        make_environment()
        install()
    except CannotInstall as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"Cannot write to {VENV} ({error.strerror}): make the folder writable.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
