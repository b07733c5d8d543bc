"""A second implementation of the due date, written from the rules in words alone; it shares no code with the first.

It replays all the records of a person event by event, once for each accepted reading of the rules.
`python -m tests.compare_histories 1000000` compares a million random histories and prints how many differ.
"""

from tests.oracle.answers import answer, basis_kind, features
from tests.oracle.history import DAY, Change, Extension, History, Move, Report, without_each
from tests.oracle.random_histories import random_history
from tests.oracle.replay import READINGS, Position, Reading, replay

__all__ = [
    "DAY",
    "READINGS",
    "Change",
    "Extension",
    "History",
    "Move",
    "Position",
    "Reading",
    "Report",
    "answer",
    "basis_kind",
    "features",
    "random_history",
    "replay",
    "without_each",
]
