"""`make chaos`: the tests that kill processes and fail models in their long form, and all of the hostile texts."""

import argparse
import os
import sys

import pytest

ALSO = (
    "tests/llm/test_hostile_corpus.py",
    "tests/llm/test_hostile_equal.py",
    "tests/notifications/test_threads.py",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="how many processes to kill (default 50)")
    parser.add_argument("--complaints", type=int, default=500, help="how many complaints to hand in (default 500)")
    parser.add_argument("--model-tickets", type=int, default=500, help="tickets under failing models (default 500)")
    parser.add_argument("--approvals", type=int, default=1000, help="approvals that become issues (default 1000)")
    parser.add_argument(
        "--index-delay", type=float, default=180, help="seconds that Jira's search is late (default 180)"
    )
    parser.add_argument("--notices", type=int, default=1000, help="events told by all four channels (default 1000)")
    parser.add_argument("--notice-kills", type=int, default=15, help="workers to kill meanwhile (default 15)")
    parser.add_argument("--notice-rounds", type=int, default=12, help="times that Slack is up and down (default 12)")
    parser.add_argument("--notice-rate", type=float, default=3, help="events a second meanwhile (default 3)")
    parser.add_argument("-k", dest="expression", default="", help="only the tests whose names match, as pytest has it")
    asked = parser.parse_args()
    os.environ |= {
        "CHAOS_KILLS": str(asked.kills),
        "CHAOS_COMPLAINTS": str(asked.complaints),
        "CHAOS_MODEL_TICKETS": str(asked.model_tickets),
        "HOSTILE_STEP": "1",
        "CHAOS_APPROVALS": str(asked.approvals),
        "CHAOS_JIRA_KILLS": str(max(2, asked.kills // 2)),
        "CHAOS_INDEX_DELAY": str(asked.index_delay),
        "CHAOS_JIRA_LINKED": "10000",
        "CHAOS_NOTICES": str(asked.notices),
        "CHAOS_NOTICE_KILLS": str(asked.notice_kills),
        "CHAOS_NOTICE_ROUNDS": str(asked.notice_rounds),
        "CHAOS_NOTICES_A_ROUND": "30",
        "CHAOS_NOTICES_A_SECOND": str(asked.notice_rate),
        "RACE_TICKETS": "200",
    }
    only = ["-k", asked.expression] if asked.expression else []
    return pytest.main(["-p", "no:cacheprovider", "-rP", *only, "tests/chaos", *ALSO])


if __name__ == "__main__":
    sys.exit(main())
