"""Run one command with throw-away servers: `python -m voc.dev.run -- COMMAND…` exports DATABASE_URL and REDIS_URL to it."""

import os
import signal
import subprocess
import sys

from voc.dev.embedded import throwaway
from voc.dev.errors import CannotRun
from voc.dev.processes import follow_make
from voc.dev.supervise import describe_exit, shimmed


def main(arguments: list[str]) -> int:
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command:
        print("usage: python -m voc.dev.run -- COMMAND…", file=sys.stderr)
        return 2
    follow_make()
    # Ended by a signal, the servers still have to be stopped: let it pass through the `with` below.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: sys.exit(128 + received))
    try:
        with throwaway() as urls:
            return _run(command, os.environ | urls)
    except CannotRun as error:
        print(error, file=sys.stderr)
        return 2


def _run(command: list[str], environment: dict[str, str]) -> int:
    process = subprocess.Popen(shimmed(command, death=signal.SIGTERM), env=environment)
    try:
        code = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if code < 0:
        print(f"{command[0]}: {describe_exit(code)}", file=sys.stderr)
        return 128 - code
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
