"""`make chaos`: the tests that kill processes and fail models in their long form, and all of the hostile texts."""

import argparse
import os
import sys

import pytest


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="how many processes to kill (default 50)")
    parser.add_argument("--complaints", type=int, default=500, help="how many complaints to hand in (default 500)")
    parser.add_argument("--model-tickets", type=int, default=500, help="tickets under failing models (default 500)")
    asked = parser.parse_args()
    os.environ |= {
        "CHAOS_KILLS": str(asked.kills),
        "CHAOS_COMPLAINTS": str(asked.complaints),
        "CHAOS_MODEL_TICKETS": str(asked.model_tickets),
        "HOSTILE_STEP": "1",
    }
    return pytest.main(["-p", "no:cacheprovider", "-rP", "tests/chaos", "tests/llm/test_hostile_corpus.py"])


if __name__ == "__main__":
    sys.exit(main())
