"""`make bench`: every benchmark one after another, each in a process of its own."""

import subprocess
import sys

EVERY = ("outbox", "lists", "audit", "search")


def main() -> int:
    names = sys.argv[1:] or list(EVERY)
    if unknown := [name for name in names if name not in EVERY]:
        print(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(EVERY)}.", file=sys.stderr)
        return 2
    codes = []
    for name in names:
        print(f"\n{name}", flush=True)
        codes.append(subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
