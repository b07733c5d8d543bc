"""How fresh the records of other offices are, what the last imports did, and which rows they refused."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from foundation import events
from foundation.db import ReadSession, Session
from foundation.errors import NotFound
from foundation.identity import Principal
from immigration.events import RejectedRowsRead
from immigration.models.feeds import RecordImport, RejectedRow
from immigration.registries import feeds
from immigration.rules.feeds import FeedState, state
from immigration.rules.rows import KINDS

LAST = 50
"""How many imports are listed."""


@dataclass(frozen=True)
class Refused:
    """A row that was not taken, and why."""

    line: int
    reason: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Feed:
    """A kind of records, its last import that was read to the end, and whether that is as fresh as expected."""

    kind: str
    state: FeedState
    last: RecordImport | None
    expected_hours: int


def record(
    session: Session,
    kind: str,
    counts: Mapping[str, int],
    refused: Iterable[Refused],
    *,
    fault: str | None,
    actor: str,
    now: datetime,
) -> RecordImport:
    """Keep what an import did, and the rows that it refused."""
    names = ("imported", "updated", "unchanged", "rejected")
    done = RecordImport(kind=kind, at=now, actor=actor, fault=fault, **{name: counts.get(name, 0) for name in names})
    session.add(done)
    session.flush()
    session.add_all(
        RejectedRow(import_id=done.id, line=row.line, reason=row.reason, content=json.dumps(row.values), at=now)
        for row in refused
    )
    return done


def overview(session: ReadSession, *, now: datetime) -> Sequence[Feed]:
    """Each feed, in the order of the law file."""
    read = select(RecordImport).where(RecordImport.fault.is_(None))
    latest = read.ext(distinct_on(RecordImport.kind)).order_by(RecordImport.kind, RecordImport.at.desc())
    last = {each.kind: each for each in session.scalars(latest)}
    return [
        Feed(
            kind,
            state(last[kind].at if kind in last else None, age, now),
            last.get(kind),
            int(age.total_seconds() // 3600),
        )
        for kind, age in feeds.expected().items()
    ]


def last_imports(session: ReadSession) -> Sequence[RecordImport]:
    """The last imports, the latest first."""
    return session.scalars(select(RecordImport).order_by(RecordImport.at.desc(), RecordImport.id).limit(LAST)).all()


def rejected_rows(
    session: Session, import_id: UUID, purpose: str, *, officer: Principal, now: datetime
) -> tuple[RecordImport, Sequence[Refused]]:
    """The rows that an import refused, by line; that they were read, by whom and why, is recorded. Raises NotFound."""
    done = session.get(RecordImport, import_id)
    if done is None:
        raise NotFound
    rows = session.scalars(select(RejectedRow).where(RejectedRow.import_id == import_id).order_by(RejectedRow.line))
    found = [Refused(row.line, row.reason, tuple(json.loads(row.content))) for row in rows]
    event = RejectedRowsRead(
        subject=str(import_id),
        person_id=None,
        purpose=purpose,
        records=done.kind,
        rows=len(found),
        offices=sorted(officer.offices),
    )
    events.record(session, event, actor=officer.actor, at=now)
    return done, found


def columns(kind: str) -> Sequence[str]:
    """The columns of a kind of records."""
    return KINDS[kind].columns
