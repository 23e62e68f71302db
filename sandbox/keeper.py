"""Keeps the sandbox's state in a file, so that a second run of the demo still shows what the first one sent."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from sandbox.app import Sandbox

PAUSE_SECONDS = 1.0


class KeeperError(Exception):
    """The file cannot be used; the message says why and what to do."""


class Keeper:
    """Loads the file at the start; a thread writes it at most once a second, and `stop` for the last time."""

    def __init__(self, sandbox: Sandbox, path: Path) -> None:
        self._sandbox = sandbox
        self._path = path
        self._saved = -1
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """Take up what the file holds, and begin to keep it; raises KeeperError."""
        try:
            if self._path.exists():
                self._sandbox.load(json.loads(self._path.read_text(encoding="utf-8")))
            self._save()
        except OSError as error:
            raise KeeperError(f"cannot use {self._path}: {error.strerror}; choose another --state-file") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise KeeperError(f"{self._path} is not a sandbox's state; delete it or choose another file") from error
        self._thread.start()

    def stop(self) -> None:
        """Write what is new and end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        stopping = False
        while not stopping:
            stopping = self._stopping.wait(PAUSE_SECONDS)
            if self._sandbox.recorder.version != self._saved:
                try:
                    self._save()
                except OSError as error:
                    print(f"sandbox: cannot write {self._path}: {error.strerror}", flush=True)

    def _save(self) -> None:
        version = self._sandbox.recorder.version
        temporary = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        temporary.write_text(json.dumps(self._sandbox.dump(), ensure_ascii=False), encoding="utf-8")
        temporary.replace(self._path)
        self._saved = version
