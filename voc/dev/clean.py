"""Remove the demo's data (`make clean`), also what is kept outside this folder for the user `nobody`."""

import os
import shutil
import sys
from pathlib import Path

from voc.dev.places import OUTSIDE, Lock
from voc.dev.supervise import ROOT


def remove_data(var: Path, *, outside: tuple[Path, ...] = OUTSIDE) -> str:
    """Remove the demo of that folder, and data outside that belongs to it or to a folder that is gone.

    Returns one line that says why nothing was removed, or "".
    """
    folder = var / "demo"
    if folder.is_dir():
        lock = Lock(folder)
        if not lock.take():
            return f"A demo is running here ({lock.read()}): stop it first."
        shutil.rmtree(folder)
        lock.release()
    for place in outside:
        _remove_homes(place, folder)
    return ""


def _remove_homes(place: Path, folder: Path) -> None:
    for note in list(place.glob("*/belongs-to")):
        owner = Path(note.read_text(encoding="utf-8").strip())
        if owner == folder.resolve() or not owner.parent.exists():
            shutil.rmtree(note.parent)
    if place.is_dir() and not any(place.glob("*/belongs-to")):
        # Only copies of PostgreSQL's programs are left, which the next demo that needs them makes again.
        shutil.rmtree(place)


def main() -> int:
    problem = remove_data(Path(os.environ.get("VOC_VAR_DIR") or ROOT / "var"))
    if problem:
        print(problem, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
