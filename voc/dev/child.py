"""Become another program that cannot outlive its parent.

    python child.py --parent PID --death SIGNAL [--user UID:GID] -- PROGRAM ARGUMENTS...

Run as a file by the supervisor, with the standard library only and nothing of ours, so that it costs some 30 ms.
The order matters: changing the user clears the parent-death signal, so the signal is asked for afterwards; a parent that
died before that is noticed by looking at the parent once more. Where the kernel has no such signal (not Linux), the
program simply starts.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def become(user: str) -> None:
    uid, gid = (int(part) for part in user.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def die_with_parent(parent: int, death: int) -> None:
    """Ask the kernel to send `death` to this process when the thread that started it ends; leave if it is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death)
    if os.getppid() != parent:
        sys.exit(0)


def main(arguments: list[str]) -> None:
    split = arguments.index("--")
    options = dict(zip(arguments[:split:2], arguments[1:split:2], strict=True))
    program = arguments[split + 1 :]
    # The supervisor's own handling of signals must not be inherited: a shell started with & ignores SIGINT and SIGQUIT.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    if user := options.get("--user"):
        become(user)
    die_with_parent(int(options["--parent"]), int(options["--death"]))
    try:
        os.execvp(program[0], program)
    except OSError as error:
        print(f"{program[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
