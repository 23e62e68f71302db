"""stub"""

import random

FIRST_DELAY = 3.0
FACTOR = 3.0
LONGEST_DELAY = 300.0


def retry_delay(attempt: int) -> float:
    """Seconds to wait after the failed `attempt` (1, 2, …): 3, 9, 27, … up to 300, each ± 50 % so that nobody marches in step."""
    delay = min(LONGEST_DELAY, FIRST_DELAY * FACTOR ** min(max(attempt, 1) - 1, 10))
    return delay * random.uniform(0.5, 1.5)  # noqa: S311  (nothing secret about it)
