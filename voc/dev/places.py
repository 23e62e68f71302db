"""Where embedded servers keep their files: folders, locks, and what the user `nobody` can reach."""

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from voc.dev.errors import CannotRun

OUTSIDE = (Path("/var/lib/voc-dev"), Path("/var/tmp/voc-dev"))
THROWAWAY = "voc-dev-"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The user that a server runs as."""

    uid: int
    gid: int

    def __str__(self) -> str:
        return f"{self.uid}:{self.gid}"


def unprivileged() -> Identity | None:
    """Whom PostgreSQL runs as, which refuses to run as root: `nobody` for root, None (nothing to change) for others."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Identity(uid=65534, gid=65534)
    return Identity(uid=nobody.pw_uid, gid=nobody.pw_gid)


def is_reachable(path: Path) -> bool:
    """Whether every user may walk to `path` and enter it or, if it is a file, read it."""
    real = path.resolve()
    if any(not folder.stat().st_mode & stat.S_IXOTH for folder in real.parents):
        return False
    return bool(real.stat().st_mode & (stat.S_IXOTH if real.is_dir() else stat.S_IROTH))


def make_folder(path: Path, *, mode: int = 0o755) -> Path:
    """The folder, made if need be and proven writable.

    Raises CannotRun with a line that says what to do.
    """
    try:
        missing = not path.exists()
        path.mkdir(parents=True, exist_ok=True)
        if missing:
            path.chmod(mode)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotRun(
            f"Cannot write to {path} ({reason}): make it writable, or set VOC_VAR_DIR to a folder that is."
        ) from error
    return path


def _own_folder(path: Path) -> bool:
    """Make a folder of root's that everybody may walk through; False where that cannot be had, or others could change it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            return False
        path.chmod(0o755)
        return is_reachable(path)
    except OSError:
        return False


def outside_folder() -> Path:
    """A lasting folder outside the project that `nobody` can reach, for root alone."""
    for candidate in OUTSIDE:
        if _own_folder(candidate):
            return candidate
    raise CannotRun(
        f"PostgreSQL runs as nobody and needs a folder it can reach; neither {OUTSIDE[0]} nor {OUTSIDE[1]} can be made: "
        "start as an ordinary user, or set DATABASE_URL."
    )


def home_for(identity: Identity | None, folder: Path) -> Path:
    """Where a server with that identity can keep data that belongs to `folder`: there, or outside where it is locked in.

    A clone in a folder with mode 0700 (root's home, `mktemp -d`) cannot be entered by `nobody`, whoever owns the data.
    """
    if identity is None:
        return folder
    if is_reachable(folder) and _can_give_away(folder, identity):
        return folder
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    home = outside_folder() / name
    home.mkdir(exist_ok=True)
    home.chmod(0o755)
    (home / "belongs-to").write_text(f"{folder.resolve()}\n")
    return home


def _can_give_away(folder: Path, identity: Identity) -> bool:
    """Whether files there may change hands (not on every shared or network folder)."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder) as probe:
            os.chown(probe.name, identity.uid, identity.gid)
    except OSError:
        return False
    return True


class Lock:
    """An exclusive lock on a folder that ends with the process that holds it, however that ends."""

    def __init__(self, folder: Path, name: str = "lock") -> None:
        self.path = folder / name
        self._file: IO[str] | None = None

    def take(self, note: str = "") -> bool:
        """Take the lock and leave a note for whoever finds it taken; False when another process has it."""
        file = self.path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        self.note(note)
        return True

    def note(self, text: str) -> None:
        if self._file:
            self._file.seek(0)
            self._file.truncate()
            self._file.write(text)
            self._file.flush()

    def read(self) -> str:
        with contextlib.suppress(OSError):
            return self.path.read_text(encoding="utf-8").strip()
        return ""

    def release(self) -> None:
        if self._file:
            self._file.close()
            self._file = None


def throwaway_folder() -> tuple[Path, Lock]:
    """A folder for one run, which later runs remove should this one be killed."""
    base = Path(tempfile.gettempdir())
    if unprivileged() and not is_reachable(base):
        base = outside_folder()
    _sweep(base)
    folder = Path(tempfile.mkdtemp(prefix=THROWAWAY, dir=base))
    folder.chmod(0o711)
    lock = Lock(folder)
    lock.take(f"{os.getpid()}\n")
    return folder, lock


def _sweep(base: Path) -> None:
    for folder in base.glob(f"{THROWAWAY}*"):
        with contextlib.suppress(OSError):
            found = folder.lstat()
            # A minute is more than anyone needs between making the folder and locking it.
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or time.time() - found.st_mtime < 60:
                continue
            lock = Lock(folder)
            if lock.take():
                shutil.rmtree(folder, ignore_errors=True)
                lock.release()
