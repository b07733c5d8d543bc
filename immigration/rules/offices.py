"""For which offices an officer acts."""

from collections.abc import Collection

HEADQUARTERS = "HQ"
"""The code of an account that acts for every office."""
EVERY_OFFICE = "all"
"""In place of an office: every office that the officer acts for."""


def covers(own: Collection[str], office: str) -> bool:
    """Whether somebody of these offices acts for an office."""
    return HEADQUARTERS in own or office in own


def overlap(own: Collection[str], offices: Collection[str]) -> bool:
    """Whether somebody of these offices acts for one of some offices."""
    return HEADQUARTERS in own or not frozenset(own).isdisjoint(offices)
