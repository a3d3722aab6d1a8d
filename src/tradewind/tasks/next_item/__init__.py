"""`next_item`: what is bought next, asked of baskets (`trips`) or of one item after another (`sequences`)."""

from tradewind.tasks.next_item.sequences import Asked, LeaveOneOut, Sequences
from tradewind.tasks.next_item.trips import BEFORE_CUT, HELD_OUT, MIN_BASKETS, Questions, Split, Trips, split, trips_of

__all__ = [
    "BEFORE_CUT",
    "HELD_OUT",
    "MIN_BASKETS",
    "Asked",
    "LeaveOneOut",
    "Questions",
    "Sequences",
    "Split",
    "Trips",
    "split",
    "trips_of",
]
