"""Closing days, outages and waivers beside the law files: asked for by one, approved by another, read by all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from foundation import events
from foundation.background_read import BackgroundRead
from foundation.clock import bangkok_date
from foundation.db import Database, ReadSession, Session
from foundation.errors import Conflict, Forbidden, NotFound
from foundation.identity import Principal
from immigration.events import LawEntryEnded, LawEntryRegistered
from immigration.models.approvals import Approval
from immigration.models.law import LawEnding, LawEntry
from immigration.registries.law import Law
from immigration.registries.offices import all_offices
from immigration.rules import law_entries as rules
from immigration.rules.codes import ApprovalKind
from immigration.rules.law_entries import Entry, EntryKind
from immigration.rules.offices import HEADQUARTERS
from immigration.services import approvals

_ONE_AFTER_THE_OTHER = text("select pg_advisory_xact_lock(hashtext('law entries'))")


class CannotChangeLaw(Conflict):
    """This cannot be registered or ended so."""

    code = "cannot-change-law"


@dataclass(frozen=True)
class Registered:
    """An entry as it stands: `entry.last` is the day on which it ends, `row.last_on` the one it was registered with."""

    row: LawEntry
    entry: Entry
    ending: LawEnding | None


class RegisteredEntries(BackgroundRead):
    """What is registered."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, thread="law-entries")
        self._entries: tuple[Entry, ...] = ()

    def present(self) -> tuple[Entry, ...]:
        """The entries, as they were a second ago at most."""
        self.refresh()
        return self._entries

    def read_anew(self) -> None:
        """Read them with the next question: one was just stored."""
        self._read_at = float("-inf")

    def _read(self, session: ReadSession) -> None:
        read = tuple(each.entry for each in list_entries(session))
        if read != self._entries:  # the same object while nothing changes: policies are kept by it
            self._entries = read


def list_entries(session: ReadSession) -> Sequence[Registered]:
    """All entries that were ever registered, the latest first."""
    endings = {each.entry_id: each for each in session.scalars(select(LawEnding).order_by(LawEnding.id))}
    rows = session.scalars(select(LawEntry).order_by(LawEntry.first_on.desc(), LawEntry.id.desc()))
    return [_registered(row, endings.get(row.id)) for row in rows]


def ask_to_register(session: Session, entry: Entry, *, officer: Principal, law: Law, now: datetime) -> Approval:
    """Ask a second person of the headquarters to register an entry; the same again is the request that waits.

    Raises Forbidden outside the headquarters, CannotChangeLaw with the obstacles.
    """
    _check_headquarters(officer)
    _check_new(session, entry, law=law, now=now)
    return approvals.request(
        session, ApprovalKind.LAW_ENTRY, _asked(entry), officer=officer, offices=[HEADQUARTERS], now=now
    )


def ask_to_end(
    session: Session, reference: UUID, last: date | None, reason: str, *, officer: Principal, now: datetime
) -> Approval:
    """Ask a second person to end an entry with `last`; None takes back one that has not begun.

    Raises as `ask_to_register`, and NotFound.
    """
    _check_headquarters(officer)
    registered = _lock(session, reference)
    last = last or registered.entry.first - timedelta(days=1)
    _check_ending(registered, last, now=now)
    asked = {"entry": str(reference), "name": registered.entry.name, "last_on": last.isoformat(), "reason": reason}
    return approvals.request(session, ApprovalKind.LAW_ENDING, asked, officer=officer, offices=[HEADQUARTERS], now=now)


def register(session: Session, asked: dict[str, Any], *, author: str, approver: str, law: Law, now: datetime) -> None:
    """Register what was approved. Raises CannotChangeLaw where it no longer fits."""
    entry = _entry(asked)
    session.execute(_ONE_AFTER_THE_OTHER)
    _check_new(session, entry, law=law, now=now)
    row = LawEntry(
        kind=entry.kind,
        name=entry.name,
        first_on=entry.first,
        last_on=entry.last,
        provinces=list(entry.provinces),
        source=entry.source,
        grade=entry.grade,
        registered_at=now,
        registered_as=author,
        approved_as=approver,
    )
    session.add(row)
    session.flush()
    event = LawEntryRegistered(
        subject=str(row.reference), person_id=None, entry_kind=entry.kind, first_on=entry.first, last_on=entry.last
    )
    events.record(session, event, actor=author, at=now)


def end(session: Session, asked: dict[str, Any], *, author: str, approver: str, now: datetime) -> None:
    """End an entry as it was approved. Raises CannotChangeLaw where that no longer fits."""
    registered, last = _lock(session, UUID(asked["entry"])), date.fromisoformat(asked["last_on"])
    _check_ending(registered, last, now=now)
    ending = LawEnding(
        entry_id=registered.row.id,
        last_on=last,
        reason=asked["reason"],
        ended_at=now,
        ended_as=author,
        approved_as=approver,
    )
    session.add(ending)
    event = LawEntryEnded(subject=asked["entry"], person_id=None, last_on=last)
    events.record(session, event, actor=author, at=now)


def _registered(row: LawEntry, ending: LawEnding | None) -> Registered:
    kind, provinces = EntryKind(row.kind), tuple(row.provinces)
    entry = Entry(kind, row.name, row.first_on, row.last_on, row.source, row.grade, provinces)
    return Registered(row, replace(entry, last=ending.last_on) if ending else entry, ending)


def _lock(session: Session, reference: UUID) -> Registered:
    """An entry, of which two endings at once take turns: the second finds the first. Raises NotFound."""
    session.execute(_ONE_AFTER_THE_OTHER)  # a lock of the row would need the right to change it, which nobody has
    row = session.scalars(select(LawEntry).where(LawEntry.reference == reference)).one_or_none()
    if row is None:
        raise NotFound
    last = select(LawEnding).where(LawEnding.entry_id == row.id).order_by(LawEnding.id.desc()).limit(1)
    return _registered(row, session.scalars(last).one_or_none())


def _check_headquarters(officer: Principal) -> None:
    if HEADQUARTERS not in officer.offices:
        raise Forbidden("only the headquarters register what holds in the whole country")


def _check_new(session: ReadSession, entry: Entry, *, law: Law, now: datetime) -> None:
    same = (LawEntry.kind == entry.kind, LawEntry.name == entry.name)
    days = (LawEntry.first_on == entry.first, LawEntry.last_on == entry.last)
    known = session.scalar(select(LawEntry.id).where(*same, *days).limit(1)) is not None
    provinces = {province for office in all_offices() for province in office.provinces}
    today = bangkok_date(now)
    _check(rules.obstacles(entry, provinces=provinces, known=known, limits=law.limits(), today=today))


def _check_ending(registered: Registered, last: date, *, now: datetime) -> None:
    _check(rules.obstacles_to_ending(registered.entry, last, today=bangkok_date(now)))


def _check(obstacles: Sequence[str]) -> None:
    if obstacles:
        raise CannotChangeLaw(", ".join(obstacles), obstacles=list(obstacles))


def _asked(entry: Entry) -> dict[str, Any]:
    return {
        "entry_kind": entry.kind,
        "name": entry.name,
        "first_on": entry.first.isoformat(),
        "last_on": entry.last.isoformat(),
        "provinces": list(entry.provinces),
        "source": entry.source,
        "grade": entry.grade,
    }


def _entry(asked: dict[str, Any]) -> Entry:
    return Entry(
        EntryKind(asked["entry_kind"]),
        asked["name"],
        date.fromisoformat(asked["first_on"]),
        date.fromisoformat(asked["last_on"]),
        asked["source"],
        asked["grade"],
        tuple(asked["provinces"]),
    )
