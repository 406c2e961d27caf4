"""What two channels are to each other, and which of them a listener should get."""

from enum import StrEnum

import numpy

from pipeline.audio.ear import Heard

SAME_BELOW_DBFS = -60.0
"""Two channels whose difference never peaks above this are the same to a listener."""
ONE_SIDED_DB = 20.0
"""A channel that much softer than the other holds only what leaked into it (industry)."""
OPPOSED_BELOW = -0.9
"""Correlation of channels that cancel each other where a telephone or a smart speaker adds them up (EBU R 22)."""


class Balance(StrEnum):
    """Of a recording as a whole."""

    BOTH = "both"
    """One channel, or two that differ."""
    SAME = "same"
    LEFT = "left"
    """Only the left channel holds sound."""
    RIGHT = "right"
    OPPOSED = "opposed"
    """The right channel is the left one upside down."""


KEPT = {Balance.SAME: 0, Balance.LEFT: 0, Balance.RIGHT: 1, Balance.OPPOSED: 0}
"""The channel that is delivered, alone; where there is none here, all are."""

LOUDER_LU = {Balance.LEFT: 3.01, Balance.RIGHT: 3.01}
"""By which a channel that had one side to itself becomes louder when both sides play it."""


def judge(heard: Heard, *, channels: int) -> Balance:
    """How the channels of a recording lie to each other; one channel is `BOTH`."""
    left, right, cross = (float(row.sum()) for row in (heard.left, heard.right, heard.cross))
    if channels != 2 or not max(left, right):
        return Balance.BOTH
    if not len(heard.apart) or float(heard.apart.max()) < 10 ** (SAME_BELOW_DBFS / 20):
        return Balance.SAME
    if min(left, right) < max(left, right) * 10 ** (-ONE_SIDED_DB / 10):
        return Balance.LEFT if left > right else Balance.RIGHT
    return Balance.OPPOSED if cross / float(numpy.sqrt(left * right)) < OPPOSED_BELOW else Balance.BOTH
