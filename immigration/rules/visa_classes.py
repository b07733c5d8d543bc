"""Visa classes as stamps, visas and extensions write them, and the class that the rules use.

A row keeps its class as written. The class is looked up when it is used, so that a spelling that is added to the law
files later takes effect without importing anything again.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

LONGEST = 100
"""Characters of a class that are kept."""
_UNREADABLE = "\N{REPLACEMENT CHARACTER}"
_MINUS = "\N{MINUS SIGN}"
_IGNORED = ("Z", "P", "C")
"""Unicode categories that say nothing in a class: spaces, punctuation such as hyphens, dots and quotes, controls."""


@dataclass(frozen=True, slots=True)
class VisaClasses:
    """Which class each spelling means. `spellings` and `prefixes` are folded; a prefix is read as another one."""

    spellings: Mapping[str, str] = field(default_factory=dict)
    prefixes: tuple[tuple[str, str], ...] = ()

    def class_of(self, written: str) -> str | None:
        """The class that is meant; None for one that no spelling is known of."""
        folded = fold(written)
        if folded in self.spellings:
            return self.spellings[folded]
        for prefix, read_as in self.prefixes:
            if folded.startswith(prefix):
                return self.spellings.get(read_as + folded[len(prefix) :])
        return None


@lru_cache(maxsize=4096)
def fold(written: str) -> str:
    """A class without what differs between spellings: case, width, spaces, hyphens, dots, slashes, quotes."""
    wide = unicodedata.normalize("NFKC", written).replace(_MINUS, "")
    return "".join(c for c in wide.upper() if not unicodedata.category(c).startswith(_IGNORED))


def printable(written: str) -> str:
    """A class as it is stored: one line of at most LONGEST characters, without what a terminal would act on.

    Characters without a form of their own are left out, other control characters become a replacement character.
    """
    kept = "".join(map(_shown, written))
    return " ".join(kept.split())[:LONGEST].rstrip() or _UNREADABLE


def _shown(character: str) -> str:
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return _UNREADABLE if category in ("Cc", "Cs") else character
