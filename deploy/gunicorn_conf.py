"""gunicorn for production. How many workers there are is WEB_CONCURRENCY's to say; GUNICORN_CMD_ARGS overrides all of this."""

import os
import shutil
import subprocess  # nosec B404
import sys
from pathlib import Path
from typing import Any

from prometheus_client import multiprocess

bind = "0.0.0.0:8000"
# Requests compute and ask the database; what waits for vendors is the worker's.
worker_class = "sync"
timeout = 30
graceful_timeout = 20
# A worker's sign of life is a file: on a slow disk it looks dead. Memory is also all that a read-only container has.
worker_tmp_dir = "/dev/shm"  # noqa: S108  # nosec B108
control_socket_disable = True
# Processes are replaced now and then, not all at once.
max_requests = 5000
max_requests_jitter = 500

METRICS = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")


def on_starting(server: Any) -> None:  # noqa: ARG001 - the signature of the hook
    """A configuration that cannot work is refused before there are workers, each of which would refuse it again.

    Processes of an earlier run count no more in the metrics; their client needs the folder to be there.
    """
    without_metrics = {name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
    looked = subprocess.run([sys.executable, "-c", "import voc.wsgi"], env=without_metrics, check=False)  # nosec B603
    if looked.returncode:
        sys.exit(looked.returncode)
    if METRICS:
        shutil.rmtree(METRICS, ignore_errors=True)
        Path(METRICS).mkdir(parents=True)


def child_exit(server: Any, worker: Any) -> None:  # noqa: ARG001 - the signature of the hook
    if METRICS:
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
