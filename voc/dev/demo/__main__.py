"""`python -m voc.dev.demo` (see `make demo`). Exit code 2: something is in the way, and one line has said what."""

import os
import signal
import sys

from voc.dev.demo.options import read_options
from voc.dev.demo.story import Demo, say
from voc.dev.errors import CannotRun
from voc.dev.processes import follow_make


class Stopped(BaseException):
    """A signal asked the demo to stop."""


def _stop(number: int, _frame: object) -> None:
    raise Stopped(number)


def main() -> int:
    orphaned = follow_make()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        demo = Demo(read_options(os.environ), orphaned=orphaned)
    except CannotRun as error:
        print(error, file=sys.stderr)
        return 2
    except Stopped:
        return 130
    code = 130
    try:
        code = demo.run()
    except CannotRun as error:
        print(error, file=sys.stderr)
        code = 2
    except Stopped:
        code = 0 if demo.told else 130
    finally:
        _finish(demo, at_once=orphaned())
    return code


def _finish(demo: Demo, *, at_once: bool) -> None:
    try:
        if not at_once:
            say("Stopping …")
            demo.end()
            return
    except (Stopped, OSError):
        # Asked a second time, or nobody listens to what we say: no more patience.
        pass
    demo.halt()


if __name__ == "__main__":
    sys.exit(main())
