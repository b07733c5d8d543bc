"""Calendars as other programs read them: iCalendar (RFC 5545), whole days only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_LONGEST = 75
"""Octets of a line, without its end (RFC 5545, 3.1)."""
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": ""})


@dataclass(frozen=True, kw_only=True)
class Day:
    """A whole day with something to do; `key` stays when the day moves, so that a calendar moves it too."""

    key: str
    on: date
    summary: str
    description: str


def calendar(days: Sequence[Day], *, domain: str, link: str, written_at: datetime) -> str:
    """A calendar of days; lines end as the standard says, and none is longer than it allows."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//{domain}//90-day reporting//EN", "CALSCALE:GREGORIAN"]
    stamp = f"{written_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    for day in days:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_text(day.key)}@{domain}",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{day.on:%Y%m%d}",
            f"DTEND;VALUE=DATE:{day.on + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_text(day.summary)}",
            f"DESCRIPTION:{_text(day.description)}",
            f"URL:{link}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    return "".join(f"{part}\r\n" for line in [*lines, "END:VCALENDAR"] for part in _folded(line))


def _text(text: str) -> str:
    return text.translate(_ESCAPED)


def _folded(line: str) -> Iterator[str]:
    """The parts of a line, those after the first begun with a space; no character is cut in two."""
    part, size = "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > _LONGEST:
            yield part
            part, size = " ", 1
        part, size = part + character, size + octets
    yield part
