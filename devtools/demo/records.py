"""The demo country's records as CSV: what a row of each kind holds, and the five files they go to."""

import csv
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from devtools.demo.nations import Person
from devtools.demo.places import Place

COLUMNS = {
    "passports": "document_number issuing_state nationality surname given_names birth_date sex expires_on status "
    "replaces",
    "movements": "movement_id document_number issuing_state direction occurred_on checkpoint arrival_card visa_class "
    "permitted_until contact_email",
    "permissions": "permission_id document_number issuing_state kind granted_on permitted_until visa_class",
    "reports": "receipt_number document_number issuing_state filed_on channel office next_due_on",
    "residences": "residence_id document_number issuing_state subdistrict_code address from_on until_on host",
}
"""The header of each kind of file, in the order in which they are to be imported."""


class Movement(NamedTuple):
    """An arrival or a departure. Days count as `date.toordinal`, here and below."""

    day: int
    direction: str
    checkpoint: str
    card: str = ""
    visa_class: str = ""
    until: int | None = None


class Permission(NamedTuple):
    """An extension of stay or a change of the visa."""

    day: int
    kind: str
    until: int
    visa_class: str = ""


class Report(NamedTuple):
    """A report that an office has taken, and the next due date on its receipt."""

    day: int
    channel: str
    office: str
    due: int


class Residence(NamedTuple):
    """An address that a host has notified (TM.30)."""

    day: int
    place: Place
    until: int | None
    host: str


class Passport(NamedTuple):
    """A passport, used from `day` on; `replaces` is the number of the one before."""

    day: int
    number: str
    expires_on: int
    status: str = "valid"
    replaces: str = ""


@dataclass(slots=True)
class History:
    """What the records hold of one person, each list in the order of time."""

    passports: list[Passport] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    permissions: list[Permission] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    residences: list[Residence] = field(default_factory=list)
    contact_email: str = ""

    def number_on(self, day: int) -> str:
        """The passport that was in use on a day; the first one also before it was issued."""
        first, *later = self.passports
        return next((passport.number for passport in reversed(later) if passport.day <= day), first.number)


class Files:
    """The five files of a folder, open for writing; rows are numbered as they come and never kept."""

    def __init__(self, folder: Path) -> None:
        self.rows: Counter[str] = Counter(dict.fromkeys(COLUMNS, 0))
        self._folder = folder
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._writers = {}
        for kind, columns in COLUMNS.items():
            file = self._open.enter_context((self._folder / f"{kind}.csv").open("w", encoding="utf-8", newline=""))
            self._writers[kind] = csv.writer(file, lineterminator="\n")
            self._writers[kind].writerow(columns.split())
        return self

    def __exit__(self, *exception: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._open.close()

    def write(self, person: Person, history: History) -> None:
        """Write all rows of one person."""
        self._rows("passports", _passports(person, history))
        self._numbered("movements", "M", person, history, (_movement(one, history) for one in history.movements))
        self._numbered("permissions", "P", person, history, (_permission(one) for one in history.permissions))
        self._numbered("reports", "R", person, history, (_report(one) for one in history.reports))
        self._numbered("residences", "T", person, history, (_residence(one) for one in history.residences))

    def _numbered(
        self, kind: str, letter: str, person: Person, history: History, rows: Iterable[tuple[int, tuple[str, ...]]]
    ) -> None:
        """Rows with the day they belong to: each gets an id, and the passport that was in use that day."""
        first, state = self.rows[kind] + 1, person.nation.code
        self._rows(
            kind,
            (
                (f"D-{letter}-{position:07d}", history.number_on(day), state, *row)
                for position, (day, row) in enumerate(rows, first)
            ),
        )

    def _rows(self, kind: str, rows: Iterable[tuple[str, ...]]) -> None:
        written = list(rows)
        self._writers[kind].writerows(written)
        self.rows[kind] += len(written)


def _movement(one: Movement, history: History) -> tuple[int, tuple[str, ...]]:
    contact = history.contact_email if one.direction == "arrival" else ""
    row = (one.direction, _iso(one.day), one.checkpoint, one.card, one.visa_class, _iso(one.until), contact)
    return one.day, row


def _permission(one: Permission) -> tuple[int, tuple[str, ...]]:
    return one.day, (one.kind, _iso(one.day), _iso(one.until), one.visa_class)


def _report(one: Report) -> tuple[int, tuple[str, ...]]:
    return one.day, (_iso(one.day), one.channel, one.office, _iso(one.due))


def _residence(one: Residence) -> tuple[int, tuple[str, ...]]:
    return one.day, (one.place.subdistrict_code, one.place.line, _iso(one.day), _iso(one.until), one.host)


def _passports(person: Person, history: History) -> Iterable[tuple[str, ...]]:
    state = person.nation.code
    for one in history.passports:
        replaces = f"{state}:{one.replaces}" if one.replaces else ""
        yield (
            one.number, state, person.nationality, person.surname, person.given_names, _iso(person.born), person.sex,
            _iso(one.expires_on), one.status, replaces,
        )  # fmt: skip


@lru_cache(maxsize=50_000)
def _iso(day: int | None) -> str:
    """A day as ISO 8601, empty for none."""
    return "" if day is None else date.fromordinal(day).isoformat()
