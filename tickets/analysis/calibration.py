"""From a raw score to how often such scores were right. As data: what learns from verdicts only has to supply the points."""

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Calibration:
    """A rising line through `points` (raw score, calibrated), each 0–1; without points scores stay as they are."""

    name: str = "identity"
    points: tuple[tuple[float, float], ...] = ()

    def apply(self, score: float) -> float:
        """The calibrated score, straight between the points and level beyond the outer ones."""
        if not self.points:
            return score
        points = sorted(self.points)
        if score <= points[0][0]:
            return points[0][1]
        for (left, low), (right, high) in pairwise(points):
            if score <= right:
                return low + (high - low) * (score - left) / (right - left) if right > left else high
        return points[-1][1]


def current_calibration() -> Calibration:
    """The calibration in force. Until verdicts have been learnt from, scores are taken at their word."""
    return Calibration()
