"""The port through which records reach the rules; here the imported tables. One read brings all that a decision needs.

`records-unavailable` in the table of switches makes the source fail, for drills and development.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from foundation.db import fetch_one
from foundation.sealing import keyring
from immigration.models.obligations import KEPT_COLUMNS, WINDOW_COLUMNS
from immigration.rules.due_dates import Obligation, Step, Window
from immigration.rules.facts import Facts, Movement, Passport, Permission, Report, Residence
from immigration.rules.reports import HOLDING_STATES, Held

UNAVAILABLE = "records-unavailable"
Fact = TypeVar("Fact")


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered to a filing under an idempotency key."""

    body_digest: bytes
    status: int
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything a decision about one person needs. `facts` is None while the records cannot be read.

    `kept` is the obligation as last computed, to stand on meanwhile. `held` are the reports that keep a period taken,
    newest first. `documents` are the numbers of the person's passports, by the passport's row.
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

    def case(self, connection: Connection, person_id: UUID, key: str = "") -> Case | None:
        """The person's case, with what was answered under an idempotency key; None where the person is unknown."""

    def cases(self, connection: Connection, person_ids: Sequence[UUID]) -> Iterator[Case]:
        """The cases of many people, without residences, ordered by person."""


class ImportedRecords:
    """The records as imported into this service's own tables."""

    def case(self, connection: Connection, person_id: UUID, key: str = "") -> Case | None:
        """The person's case; see Records."""
        row = fetch_one(connection, ONE_CASE, {"person_id": person_id, "key": key})
        return None if row is None else as_case(row)

    def cases(self, connection: Connection, person_ids: Sequence[UUID]) -> Iterator[Case]:
        """The cases of many people; see Records. They are read even while the switch makes the source fail."""
        for row in connection.execute(_MANY_CASES, {"person_ids": list(person_ids)}).mappings():
            yield as_case(row, switchable=False)


def _rows(source: str, columns: Mapping[str, str], order_by: str = "") -> str:
    """A subquery: the rows of `source` as a JSON array of objects whose members are `columns` (name to expression)."""
    members = ", ".join(f"'{name}', {expression}" for name, expression in columns.items())
    order = f" order by {order_by}" if order_by else ""
    return f"(select json_agg(json_build_object({members}){order}) from {source})"  # noqa: S608 - names from below


def _records(table: str, fact: type, **renamed: str) -> str:
    """The rows of an imported table, by the fields of the fact made of them; `renamed` are those named otherwise."""
    columns = {member.name: f"t.{member.name}" for member in fields(fact)} | renamed
    return _rows(f"passports p join {table} t on t.passport_id = p.id where p.person_id = o.person_id", columns)


# One statement, because a decision must see one state of the records, and because each trip to the database costs as
# much as the statement itself. Subqueries, because joins would multiply the rows. It starts from the kept obligation:
# there is one for every person on record, and its revision says later whether anything changed in between. Members
# travel by name: they are the fields of the dataclasses in rules/facts.py.
_CASE = f"""
select o.person_id, o.revision, {", ".join(f"o.{name}" for name in KEPT_COLUMNS)},
 (select s.on from switches s where s.name = '{UNAVAILABLE}') as unavailable,
 {
    _rows(
        "reports r left join receipts c on c.report_id = r.id and c.voided_at is null where r.person_id = o.person_id",
        {
            "number": "r.number",
            "status": "r.status",
            "period": "r.period",
            "on": "r.filed_on",
            "passport_id": "r.passport_id",
            "office": "r.office",
            "entered_on": "r.entered_on",
            "contradicted": "r.contradicted_at is not null",
            "next_due_on": "c.next_due_on",
        },
        "r.id",
    )
} as own_reports,
 {
    _rows(
        "passports p where p.person_id = o.person_id",
        {
            "id": "p.id",
            "status": "p.status",
            "expires_on": "p.expires_on",
            "birth_date": "p.birth_date",
            "replaces_another": "p.replaces_index is not null",
            "current": "not exists (select from passports n where n.replaces_index = p.document_index)",
        },
        "p.id",
    )
} as passports,
 {_records("movements", Movement, id="t.movement_id", on="t.occurred_on")} as movements,
 {_records("permissions", Permission, id="t.permission_id", on="t.granted_on")} as permissions,
 {
    _records("office_reports", Report, number="t.receipt_number", on="t.filed_on", ours="false", entered_on="null")
} as office_reports
"""  # noqa: S608 - names from above and from the model
_DETAILS = f""",
 {_records("residences", Residence, address="encode(t.address, 'hex')")} as residences,
 (select json_object_agg(p.id, encode(p.document_number, 'hex'))
    from passports p where p.person_id = o.person_id) as documents,
 (select json_build_object('body_digest', encode(k.body_digest, 'hex'), 'status', k.status,
    'answer', encode(k.answer, 'hex'))
    from idempotency_keys k where k.person_id = o.person_id and k.key = :key) as answered
"""  # noqa: S608 - names from above
ONE_CASE = text(_CASE + _DETAILS + "from obligations o where o.person_id = :person_id")
_MANY_CASES = text(_CASE + "from obligations o where o.person_id = any(:person_ids) order by o.person_id")


def as_case(row: RowMapping | Mapping[str, Any], switchable: bool = True) -> Case:
    """The case that a row of ONE_CASE holds; where it is not `switchable`, whatever the switch says."""
    own_reports = row["own_reports"] or []
    return Case(
        person_id=row["person_id"],
        revision=row["revision"],
        held=tuple(
            Held(report["number"], report["status"], report["period"], _date(report["next_due_on"]))
            for report in reversed(own_reports)
            if report["status"] in HOLDING_STATES and not report["contradicted"]
        ),
        kept=_kept_obligation(row),
        facts=None if switchable and row["unavailable"] else _facts(row, own_reports),
        answered=_answered(row.get("answered")),
        documents={
            int(passport_id): keyring().open(bytes.fromhex(number), "passports.document_number")
            for passport_id, number in (row.get("documents") or {}).items()
        },
    )


def _kept_obligation(row: RowMapping | Mapping[str, Any]) -> Obligation:
    return Obligation(
        regime=row["regime"],
        visa_class=row["visa_class"],
        entered_on=row["entered_on"],
        permitted_until=row["permitted_until"],
        basis=row["basis"],
        window=Window(**{name: row[name] for name in WINDOW_COLUMNS}) if row["due_on"] else None,
        expected=row["expected"],
        explanation=(Step("records-unavailable", None, "as last computed"),),
    )


def _date(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _reader(fact: type[Fact]) -> Callable[[dict[str, Any]], Fact]:
    """How a fact is made of a JSON object with its fields: those that are dates arrive as text."""
    dates = [member.name for member in fields(fact) if member.type in (date, date | None)]  # type: ignore[arg-type]

    def read(row: dict[str, Any]) -> Fact:
        for name in dates:
            if (value := row[name]) is not None:
                row[name] = date.fromisoformat(value)
        return fact(**row)

    return read


_passport, _movement, _permission = _reader(Passport), _reader(Movement), _reader(Permission)
_office_report, _residence = _reader(Report), _reader(Residence)


def _facts(row: RowMapping | Mapping[str, Any], own_reports: Sequence[Mapping[str, Any]]) -> Facts:
    residences = row.get("residences") or []
    for residence in residences:
        residence["address"] = keyring().open(bytes.fromhex(residence["address"]), "residences.address")
    return Facts(
        passports=tuple(map(_passport, row["passports"] or ())),
        movements=tuple(map(_movement, row["movements"] or ())),
        permissions=tuple(map(_permission, row["permissions"] or ())),
        reports=(*map(_office_report, row["office_reports"] or ()), *_own_reports(own_reports)),
        residences=tuple(map(_residence, residences)),
    )


def _own_reports(rows: Sequence[Mapping[str, Any]]) -> Iterator[Report]:
    """Accepted reports of ours; one that the records contradict stays on record and moves no date (see `counts_in`)."""
    for row in rows:
        if row["status"] == "accepted":
            yield Report(
                number=row["number"],
                on=date.fromisoformat(row["on"]),
                channel="online",
                next_due_on=_date(row["next_due_on"]),
                passport_id=row["passport_id"],
                office=row["office"],
                ours=True,
                entered_on=_date(row["entered_on"]),
            )


def _answered(value: Mapping[str, Any] | None) -> Answered | None:
    if value is None:
        return None
    answer = keyring().open(bytes.fromhex(value["answer"]), "idempotency_keys.answer")
    return Answered(bytes.fromhex(value["body_digest"]), value["status"], answer)
