"""How long to wait after failures."""

from datetime import timedelta

_MOST_DOUBLINGS = 30


def back_off(tries: int, *, first: timedelta, most: timedelta) -> timedelta:
    """The wait after the `tries`-th failure: `first`, doubled after each further one, at most `most`."""
    doublings = min(max(tries - 1, 0), _MOST_DOUBLINGS)
    return min(first * (1 << doublings), most)
