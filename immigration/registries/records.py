"""The port through which records reach the rules; here the imported tables. One read brings all that a decision needs.

`records-unavailable` in the table of switches makes the source fail, for drills and development.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Connection

from foundation.db import Statement
from foundation.sealing import keyring
from immigration.models.obligations import KEPT_COLUMNS, WINDOW_COLUMNS
from immigration.rules.birth_dates import BirthDate
from immigration.rules.codes import Channel, StepCode
from immigration.rules.due_dates import Obligation
from immigration.rules.explanations import Step
from immigration.rules.facts import Facts, Movement, Passport, Permission, Report, Residence
from immigration.rules.reports import HOLDING_STATES, Held
from immigration.rules.windows import Window

UNAVAILABLE = "records-unavailable"
Fact = TypeVar("Fact")


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered to a filing under an idempotency key."""

    body_digest: bytes
    status: int
    answer: str
    holder_id: UUID


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
        """The case of a holder's person, with what was answered under an idempotency key; None for an unknown id."""

    def cases(self, connection: Connection, person_ids: Sequence[UUID]) -> Iterator[Case]:
        """The cases of many people, without the addresses of their residences, ordered by person."""

    def facts(self, connection: Connection, person_ids: Sequence[UUID]) -> Iterator[tuple[UUID, Facts]]:
        """What is on record of many people, without addresses, and without what was kept of them."""


class ImportedRecords:
    """The records as imported into this service's own tables."""

    def case(self, connection: Connection, person_id: UUID, key: str = "") -> Case | None:
        """The person's case; see Records."""
        row = ONE_CASE.scalar(connection, {"person_id": person_id, "key": key})
        return None if row is None else as_case(row)

    def cases(self, connection: Connection, person_ids: Sequence[UUID]) -> Iterator[Case]:
        """The cases of many people; see Records. They are read even while the switch makes the source fail."""
        for row in _MANY_CASES.scalars(connection, {"person_ids": list(person_ids)}):
            yield as_case(row, switchable=False)

    def facts(self, connection: Connection, person_ids: Sequence[UUID]) -> Iterator[tuple[UUID, Facts]]:
        """What is on record of many people; see Records."""
        for row in _MANY_FACTS.scalars(connection, {"person_ids": list(person_ids)}):
            yield UUID(row["person_id"]), _facts(row, row["own_reports"] or [])


def _object(members: Mapping[str, str]) -> str:
    """A JSON object; `members` maps names to expressions."""
    pairs = ", ".join(f"'{name}', {expression}" for name, expression in members.items())
    return f"json_build_object({pairs})"


def _rows(source: str, members: Mapping[str, str], order_by: str = "") -> str:
    """A subquery: the rows of `source` as a JSON array of objects."""
    order = f" order by {order_by}" if order_by else ""
    return f"(select json_agg({_object(members)}{order}) from {source})"  # noqa: S608 - names from below


def _facts_of(table: str, fact: type, **renamed: str) -> str:
    """The rows of an imported table, by the fields of the fact made of them; `renamed` are those named otherwise."""
    members = {member.name: f"t.{member.name}" for member in fields(fact)} | renamed
    return _rows(f"passports p join {table} t on t.passport_id = p.id where p.person_id = o.person_id", members)


# One statement, because a decision must see one state of the records, and because each trip to the database costs as
# much as the statement itself. Subqueries, because joins would multiply the rows. It starts from the kept obligation:
# there is one for every person on record, and its revision says later whether anything changed in between. All comes
# as one JSON value, whose members travel by name: they are the fields of the dataclasses in rules/facts.py.
_OWN_REPORTS = "reports r left join receipts c on c.report_id = r.id and c.voided_at is null"
_CASE = {
    "person_id": "o.person_id",
    "revision": "o.revision",
    "obligation": _object({name: f"o.{name}" for name in KEPT_COLUMNS}),
    "unavailable": f"(select s.on from switches s where s.name = '{UNAVAILABLE}')",  # noqa: S608 - our own word
    "own_reports": _rows(
        f"{_OWN_REPORTS} where r.person_id = o.person_id",
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
        order_by="r.id",
    ),
    "passports": _rows(
        "passports p where p.person_id = o.person_id",
        {
            "id": "p.id",
            "status": "p.status",
            "expires_on": "p.expires_on",
            "birth_date": "p.birth_date",
            "birth_date_known": "p.birth_date_known",
            "replaces_another": "p.replaces_index is not null",
            "current": "not exists (select from passports n"
            " where n.replaces_index = p.document_index and n.person_id = p.person_id)",
        },
        order_by="p.id",
    ),
    "movements": _facts_of("movements", Movement, id="t.movement_id", on="t.occurred_on"),
    "permissions": _facts_of("permissions", Permission, id="t.permission_id", on="t.granted_on"),
    "office_reports": _facts_of(
        "office_reports", Report, number="t.receipt_number", on="t.filed_on", ours="false", entered_on="null"
    ),
}
_DETAILS = {
    "residences": _facts_of("residences", Residence, address="encode(t.address, 'hex') || ' ' || t.residence_id"),
    "documents": "(select json_object_agg(p.id,"
    " array[encode(p.document_number, 'hex'), encode(p.document_index, 'hex')])"
    " from passports p where p.person_id = o.person_id)",
    "answered": "(select json_build_object('body_digest', encode(k.body_digest, 'hex'), 'status', k.status,"
    " 'answer', encode(k.answer, 'hex'), 'key', k.key, 'holder_id', k.person_id)"
    " from idempotency_keys k where k.key = :key and k.person_id = any("  # an array: with `or`, all keys would be read
    "array(select p.holder_id from passports p where p.person_id = o.person_id) || o.person_id)"
    " order by k.person_id <> :person_id limit 1)",
}
# A token names the holder that was signed in, and `person_id` here is that: the links say whom it belongs to.
ONE_CASE = Statement(
    f'select {_object(_CASE | _DETAILS)} as "case" from obligations o where o.person_id'  # noqa: S608 - names from above
    " = coalesce((select p.person_id from passports p where p.holder_id = :person_id), :person_id)"
)
_MANY = _CASE | {"residences": _facts_of("residences", Residence, address="null")}
_MANY_CASES = Statement(
    f"select {_object(_MANY)} from obligations o where o.person_id = any(:person_ids) order by o.person_id"  # noqa: S608
)
_OF_KEPT = ("revision", "obligation", "unavailable")
_FACTS = {name: expression for name, expression in _MANY.items() if name not in _OF_KEPT}
_MANY_FACTS = Statement(
    f"select {_object(_FACTS)} from unnest(cast(:person_ids as uuid[])) as o (person_id)"  # noqa: S608
)


def as_case(row: Mapping[str, Any], switchable: bool = True) -> Case:
    """The case that the value of ONE_CASE holds; where it is not `switchable`, whatever the switch says."""
    own_reports = row["own_reports"] or []
    return Case(
        person_id=UUID(row["person_id"]),
        revision=row["revision"],
        held=tuple(
            Held(report["number"], report["status"], report["period"], _date(report["next_due_on"]))
            for report in reversed(own_reports)
            if report["status"] in HOLDING_STATES and not report["contradicted"]
        ),
        kept=_kept_obligation(row["obligation"]),
        facts=None if switchable and row["unavailable"] else _facts(row, own_reports),
        answered=_answered(row.get("answered")),
        documents={
            int(passport_id): keyring().open(bytes.fromhex(number), "passports.document_number", index)
            for passport_id, (number, index) in (row.get("documents") or {}).items()
        },
    )


def _kept_obligation(row: Mapping[str, Any]) -> Obligation:
    return Obligation(
        regime=row["regime"],
        visa_class=row["visa_class"],
        entered_on=_date(row["entered_on"]),
        permitted_until=_date(row["permitted_until"]),
        basis=row["basis"],
        window=_kept_window(row) if row["due_on"] else None,
        expected=row["expected"],
        explanation=(Step(StepCode.RECORDS_UNAVAILABLE, None, "as last computed"),),
    )


def _kept_window(row: Mapping[str, Any]) -> Window:
    """The kept dates. A row that a process of the release before wrote lacks the last day to act for a while."""
    dates = {name: row[name] or row["grace_ends_on"] for name in WINDOW_COLUMNS}
    return Window(**{name: date.fromisoformat(value) for name, value in dates.items()})


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


def _passport(row: dict[str, Any]) -> Passport:
    row["birth_date"] = BirthDate.stored(date.fromisoformat(row["birth_date"]), row.pop("birth_date_known"))
    return _dated_passport(row)


_dated_passport, _movement, _permission = _reader(Passport), _reader(Movement), _reader(Permission)
_office_report, _residence = _reader(Report), _reader(Residence)


def _facts(row: Mapping[str, Any], own_reports: Sequence[Mapping[str, Any]]) -> Facts:
    residences = row.get("residences") or []
    for residence in residences:
        sealed = residence["address"]
        value, _, residence_id = (sealed or "").partition(" ")
        residence["address"] = keyring().open(bytes.fromhex(value), "residences.address", residence_id) if value else ""
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
                channel=Channel.ONLINE,
                next_due_on=_date(row["next_due_on"]),
                passport_id=row["passport_id"],
                office=row["office"],
                ours=True,
                entered_on=_date(row["entered_on"]),
            )


def _answered(value: Mapping[str, Any] | None) -> Answered | None:
    if value is None:
        return None
    answer = keyring().open(bytes.fromhex(value["answer"]), "idempotency_keys.answer", value["key"])
    return Answered(bytes.fromhex(value["body_digest"]), value["status"], answer, UUID(value["holder_id"]))
