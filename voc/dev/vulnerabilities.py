"""Look the pinned requirements up in the lists of known vulnerabilities (`make audit`).

Exit code 0: none is known; 1: the list of those that are; 2: the lists could not be asked about every package, which is no
good news: one line says why.
"""

import json
import subprocess
import sys

from voc.dev.supervise import ROOT

REQUIREMENTS = "requirements.txt"
UNKNOWN = 2


def main() -> int:
    command = [sys.executable, "-m", "pip_audit", "--strict", "--disable-pip", "--progress-spinner", "off"]
    done = subprocess.run(
        [*command, "--format", "json", "--requirement", REQUIREMENTS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        # The last line of what it said, which may be a traceback.
        why = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "it said nothing")
        print(f"The lists of known vulnerabilities could not be asked, so nothing is known: {why}", file=sys.stderr)
        return UNKNOWN
    lines = [
        f"{each['name']} {each['version']}: {known['id']}, mended in {', '.join(known['fix_versions']) or 'no version'}"
        for each in found
        for known in each.get("vulns", [])
    ]
    print("\n".join(lines) or f"No known vulnerabilities in the {len(found)} packages of {REQUIREMENTS}.")
    return 1 if lines or done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
