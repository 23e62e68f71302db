"""gunicorn for the demo: few workers, gone within seconds, whoever is killed."""

import os
import signal
from typing import Any

from voc.dev.processes import die_with_parent

workers = 2
worker_class = "sync"
timeout = 60
graceful_timeout = 2
# A worker writes its sign of life to a file; on a disk that may block for seconds.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
control_socket_disable = True


def post_fork(server: Any, worker: Any) -> None:  # noqa: ARG001 - the signature of the hook
    """A worker whose master was killed would otherwise notice only when its next request or time-out comes."""
    die_with_parent(signal.SIGKILL)
    if os.getppid() != server.pid:
        os._exit(0)
