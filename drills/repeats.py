"""What a provider got again, and why: every repeat is explained by what became of the try before it.

A worker sends a message again only where it did not learn, or did not write down, that the provider has it. So its try
before had no answer in time, or a worker was killed while it was in a worker's hands: from when it was sent until what
the provider answered was stored.
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

from notifications import rounds
from notifications.channels.fcm import TIMEOUT

STORED_WITHIN = rounds.SETTLE_EVERY + rounds.SETTLE_AGAIN + 1.5
"""Seconds from an answer until it is stored where the database is there: the pause between two settlements, the pause
after one that failed because its connection was killed, and what a claim and a commit take on a busy machine."""
ON_ITS_WAY = 2.0
"""Seconds that a request may lie in the provider's socket before it is read, on a busy machine: also one whose sender
was killed is read, taken and answered."""
LATE = TIMEOUT - 1
"""Seconds after which an answer may have come too late: the worker's clock began before the provider's."""

Span = tuple[float, float]
"""From one moment to another, on the monotonic clock, which all processes of a machine share."""


class Cause(StrEnum):
    """Why a provider got a message again."""

    NO_ANSWER = "no answer"
    KILLED = "a worker was killed"
    NONE = "unexplained"


@dataclass(frozen=True)
class Try:
    """A message that the provider took: when, and when its answer was sent; None where the answer never left whole."""

    taken: float
    answered: float | None

    @property
    def is_answered(self) -> bool:
        """Whether the worker got the answer in time, if it lived."""
        return self.answered is not None and self.answered - self.taken < LATE

    def in_hand_until(self, away: Sequence[Span]) -> float:
        """Until when it may not be stored yet, where the database was away in these spans of time."""
        assert self.answered is not None
        until = self.answered + STORED_WITHIN
        for begin, end in away:
            if self.answered <= end and begin <= until:
                until = max(until, end + STORED_WITHIN)
        return until

    def in_hand_at(self, kill: Span, away: Sequence[Span]) -> bool:
        """Whether a worker that was killed may not have stored its answer."""
        begin, end = kill
        return self.taken - ON_ITS_WAY <= end and begin <= self.in_hand_until(away)


def read(pushed: Path) -> dict[tuple[str, str], list[Try]]:
    """The tries that the stand-in took, by phone and message, from its two files."""
    answered = {each["name"]: float(each["answered"]) for each in _lines(pushed.with_suffix(".answers"))}
    tries: dict[tuple[str, str], list[Try]] = defaultdict(list)
    for each in _lines(pushed):
        if each["status"] == 200:
            key = each["target"], each["message"]["data"]["notification_id"]
            tries[key].append(Try(each["at"], answered.get(each["name"])))
    return tries


def causes(tries: Mapping[Any, Sequence[Try]], *, kills: Sequence[Span], away: Sequence[Span]) -> Counter[Cause]:
    """Why the provider got messages again, by how often."""
    return Counter(_cause(before, kills, away) for each in tries.values() for before in each[:-1])


def unexplained(tries: Mapping[Any, Sequence[Try]], *, kills: Sequence[Span], away: Sequence[Span]) -> list[str]:
    """What is known of each repeat that nothing explains, for the engineer who looks for the reason."""
    found = []
    for of_message in tries.values():
        for before, again in pairwise(of_message):
            if before.answered is None or _cause(before, kills, away) is not Cause.NONE:
                continue
            last = min((before.taken - end for _, end in kills if end < before.taken), default=math.inf)
            after = {
                what: min((begin - before.answered for begin, _ in spans if begin > before.answered), default=math.inf)
                for what, spans in (
                    ("a kill", kills),
                    ("the database away", away),
                    ("sent again", [(again.taken, 0.0)]),
                )
            }
            took = f"taken {last:.1f} s after a kill; answered in {before.answered - before.taken:.1f} s"
            found.append("; ".join([took, *(f"{what} {seconds:.1f} s later" for what, seconds in after.items())]))
    return found


def in_hand(tries: Mapping[Any, Sequence[Try]], *, kills: Sequence[Span], away: Sequence[Span]) -> int:
    """How many answered tries were in a worker's hands when one was killed, and so may come again."""
    answered = [each for of_message in tries.values() for each in of_message if each.is_answered]
    return sum(any(each.in_hand_at(kill, away) for kill in kills) for each in answered)


def _cause(before: Try, kills: Iterable[Span], away: Sequence[Span]) -> Cause:
    if not before.is_answered:
        return Cause.NO_ANSWER
    return Cause.KILLED if any(before.in_hand_at(kill, away) for kill in kills) else Cause.NONE


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
