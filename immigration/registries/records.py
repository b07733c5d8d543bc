"""The port through which records reach the rules; here the imported tables. One read brings all that a decision needs.

`records-unavailable` in the table of switches makes the source fail, for drills and development.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row
from sqlalchemy.orm import Session

from foundation.db import driver, one
from foundation.sealing import keyring
from immigration.rules.due_dates import Obligation, Step, Window
from immigration.rules.facts import Facts, Movement, Passport, Permission, Report, Residence
from immigration.rules.reports import HOLDING_STATES, Held

UNAVAILABLE = "records-unavailable"

_OWNED = """
select o.person_id, o.revision, o.regime, o.visa_class, o.entered_on, o.permitted_until, o.basis, o.expected,
 o.due_on, o.opens_on, o.online_closes_on, o.grace_ends_on, o.late_after,
 (select s.on from switches s where s.name = 'records-unavailable') as unavailable,
 (select json_agg(json_build_array(r.number, r.status, r.period, r.filed_on, r.passport_id, r.office, r.entered_on,
    r.contradicted_at is not null, c.next_due_on) order by r.id)
    from reports r left join receipts c on c.report_id = r.id and c.voided_at is null
   where r.person_id = o.person_id) as own_reports,
"""
_RECORDS = """
 (select json_agg(json_build_array(q.id, q.status, q.expires_on, q.birth_date, q.replaces_index is not null,
    not exists (select from passports n where n.replaces_index = q.document_index)) order by q.id)
    from passports q where q.person_id = o.person_id) as passports,
 (select json_agg(json_build_array(m.movement_id, m.direction, m.occurred_on, m.visa_class, m.permitted_until))
    from passports q join movements m on m.passport_id = q.id where q.person_id = o.person_id) as movements,
 (select json_agg(json_build_array(m.permission_id, m.kind, m.granted_on, m.permitted_until, m.visa_class))
    from passports q join permissions m on m.passport_id = q.id where q.person_id = o.person_id) as permissions,
 (select json_agg(json_build_array(m.receipt_number, m.filed_on, m.channel, m.next_due_on, m.passport_id, m.office))
    from passports q join office_reports m on m.passport_id = q.id where q.person_id = o.person_id) as office_reports
"""
_RESIDENCES = """,
 (select json_agg(json_build_array(m.subdistrict_code, encode(m.address, 'hex'), m.from_on, m.until_on))
    from passports q join residences m on m.passport_id = q.id where q.person_id = o.person_id) as residences
"""
_ANSWERED = """,
 (select json_object_agg(q.id, encode(q.document_number, 'hex'))
    from passports q where q.person_id = o.person_id) as documents,
 (select json_build_array(encode(k.body_digest, 'hex'), k.status, encode(k.answer, 'hex'))
    from idempotency_keys k where k.person_id = o.person_id and k.key = %(key)s) as answered
"""
ONE = _OWNED + _RECORDS + _RESIDENCES + _ANSWERED + "from obligations o where o.person_id = %(person_id)s"
_MANY = _OWNED + _RECORDS + "from obligations o where o.person_id = any(%(ids)s) order by o.person_id"


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered to a filing under an idempotency key."""

    body_digest: bytes
    status: int
    answer: str


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a decision about one person needs. `facts` is None while the records cannot be read.

    `kept` is the obligation as last computed, to stand on meanwhile.
    `documents` are the numbers of the person's passports, by the passport's row.
    """

    person_id: UUID
    revision: int
    kept: Obligation
    facts: Facts | None
    held: tuple[Held, ...]
    answered: Answered | None = None
    documents: Mapping[int, str] = field(default_factory=dict)


class Records(Protocol):
    """Where the records of one person come from."""

    def case(self, at: Session | Connection, person_id: UUID, key: str = "") -> Case | None:
        """The person's case, with what was answered under an idempotency key; None for nobody on record."""

    def cases(self, session: Session, person_ids: Sequence[UUID]) -> Iterator[Case]:
        """The cases of many people, without residences, ordered by person."""


class ImportedRecords:
    """The records as imported into this service's own tables."""

    def case(self, at: Session | Connection, person_id: UUID, key: str = "") -> Case | None:
        """The person's case; see Records."""
        row = one(at, ONE, {"person_id": person_id, "key": key})
        return None if row is None else as_case(row)

    def cases(self, session: Session, person_ids: Sequence[UUID]) -> Iterator[Case]:
        """The cases of many people; see Records."""
        rows = driver(session).cursor(row_factory=dict_row).execute(_MANY, {"ids": list(person_ids)})
        for row in rows:
            yield as_case(row, switchable=False)


def as_case(row: Any, switchable: bool = True) -> Case:
    """The case that a row of ONE holds. What is not `switchable` is read whatever the switch says."""
    own = row["own_reports"] or []
    held = tuple(
        Held(number, status, period, _day(next_due_on))
        for number, status, period, _, _, _, _, contradicted, next_due_on in reversed(own)
        if status in HOLDING_STATES and not contradicted
    )
    documents = row.get("documents") or {}
    unavailable = switchable and bool(row["unavailable"])
    return Case(
        person_id=row["person_id"],
        revision=row["revision"],
        kept=_kept(row),
        facts=None if unavailable else _facts(row, own),
        held=held,
        answered=_answered(row.get("answered")),
        documents={int(i): keyring().open(bytes.fromhex(n), "passports.document_number") for i, n in documents.items()},
    )


def _kept(row: Any) -> Obligation:
    dates = [row[name] for name in ("due_on", "opens_on", "online_closes_on", "grace_ends_on", "late_after")]
    return Obligation(
        regime=row["regime"],
        visa_class=row["visa_class"],
        entered_on=row["entered_on"],
        permitted_until=row["permitted_until"],
        basis=row["basis"],
        window=Window(*dates) if row["due_on"] else None,
        expected=row["expected"],
        explanation=(Step("records-unavailable", None, "as last computed"),),
    )


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _facts(row: Any, own: Iterable[list[Any]]) -> Facts:
    return Facts(
        passports=tuple(
            Passport(i, status, date.fromisoformat(expires), date.fromisoformat(born), replaces, current)
            for i, status, expires, born, replaces, current in row["passports"] or ()
        ),
        movements=tuple(
            Movement(i, direction, date.fromisoformat(on), visa_class, _day(until))
            for i, direction, on, visa_class, until in row["movements"] or ()
        ),
        permissions=tuple(
            Permission(i, kind, date.fromisoformat(on), date.fromisoformat(until), visa_class)
            for i, kind, on, until, visa_class in row["permissions"] or ()
        ),
        reports=(*_office_reports(row["office_reports"] or ()), *_own_reports(own)),
        residences=tuple(
            Residence(
                code,
                keyring().open(bytes.fromhex(address), "residences.address"),
                date.fromisoformat(first),
                _day(last),
            )
            for code, address, first, last in row.get("residences") or ()
        ),
    )


def _office_reports(rows: Iterable[list[Any]]) -> Iterator[Report]:
    for number, on, channel, next_due_on, passport_id, office in rows:
        yield Report(number, date.fromisoformat(on), channel, _day(next_due_on), passport_id, office)


def _own_reports(rows: Iterable[list[Any]]) -> Iterator[Report]:
    """Accepted reports of ours; one that the records contradict stays on record and moves no date (see `counts_in`)."""
    for number, status, _, on, passport_id, office, entered_on, _, next_due_on in rows:
        if status == "accepted":
            day = date.fromisoformat(on)
            yield Report(number, day, "online", _day(next_due_on), passport_id, office, True, _day(entered_on))


def _answered(value: list[Any] | None) -> Answered | None:
    if value is None:
        return None
    digest, status, answer = value
    return Answered(bytes.fromhex(digest), status, keyring().open(bytes.fromhex(answer), "idempotency_keys.answer"))
