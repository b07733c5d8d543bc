"""Joining people whose passports are linked, and separating them again; `linking` knows who is to be joined.

What belongs to a person keeps the passport or the holder it came by. Passports and reports, which are looked up most
often, also name the person of the moment: joining and separating changes that, and no event, decision or receipt.
Locks are taken as a decision takes them: reports first, then what is owed, each in the order of their ids.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select, text

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import Session
from immigration.events import PeopleMerged, PeopleSeparated, ReportContradicted
from immigration.models.obligations import OUT_OF_DATE, Obligation
from immigration.models.reports import Report, holds
from immigration.rules import reports as rules
from immigration.rules.policies import Policy
from immigration.services import receipts, review


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A passport, the person it came on record with, and the person it belongs to."""

    id: int
    holder_id: UUID
    person_id: UUID


Group = list[Placed]
"""The passports of one person. The first one's holder gives the person its id, see `_survivor`."""

_ADD_HOLDERS = text("insert into people (id) select unnest(cast(:holders as uuid[])) on conflict do nothing")
_PLACE = text("""
update passports p set person_id = n.person_id, holder_id = n.holder_id
from jsonb_to_recordset(cast(:rows as jsonb)) as n (id bigint, holder_id uuid, person_id uuid) where p.id = n.id
""")
# A report belongs to the holder as whom its author was signed in; one that does not say so, to that of its passport.
_SEPARATE_REPORTS = text("""
update reports r set person_id = n.person_id
from jsonb_to_recordset(cast(:rows as jsonb)) as n (holder_id uuid, former uuid, person_id uuid), passports p
where r.person_id = n.former and p.id = r.passport_id
  and coalesce(r.holder_id, p.holder_id, p.person_id) = n.holder_id
""")
_JOIN_REPORTS = text("""
update reports r set person_id = n.person_id
from jsonb_to_recordset(cast(:rows as jsonb)) as n (former uuid, person_id uuid) where r.person_id = n.former
""")
# While two were one person, a report may have got the passport of the other: it is given one of its author's again.
_GIVE_OWN_PASSPORTS = text("""
update reports r set passport_id = coalesce(
  (select a.id from passports a where a.id = r.activated_passport_id and a.person_id = r.person_id),
  (select max(o.id) from passports o where o.person_id = r.person_id)
)
from passports p where p.id = r.passport_id and p.person_id <> r.person_id and r.person_id = any(:people)
""")
# What was made before holders were kept names the person of that time. A sign-in began when its code was used up, and
# a filing was remembered when it was stored.
_GIVE_TO_HOLDERS = (
    text("""
update token_families f set person_id = p.holder_id
from activation_codes c join passports p on p.id = c.passport_id
where c.passport_id = any(:passports) and f.person_id = c.person_id and f.created_at = c.used_at
"""),
    text("""
update activation_codes c set person_id = p.holder_id
from passports p where p.id = c.passport_id and c.passport_id = any(:passports)
"""),
    text("""
update idempotency_keys k set person_id = p.holder_id from reports r join passports p on p.id = r.passport_id
where r.passport_id = any(:passports) and r.holder_id is null and k.person_id = r.person_id
  and k.created_at = r.filed_at
"""),
)
_ADD_OBLIGATIONS = text("""
insert into obligations (person_id) select unnest(cast(:people as uuid[])) on conflict do nothing
""")
_REMOVE_OBLIGATIONS = text("delete from obligations where person_id = any(:people)")
_MARK = text(f"update obligations set {OUT_OF_DATE} where person_id = any(:people)")  # noqa: S608 - our own words


def lock_people(session: Session, people: Collection[UUID]) -> None:
    """Lock the reports of people and what they owe, so that nobody files or decides meanwhile."""
    if not people:
        return
    session.execute(select(Report.id).where(Report.person_id.in_(people)).order_by(Report.id).with_for_update())
    owed = select(Obligation.person_id).where(Obligation.person_id.in_(people)).order_by(Obligation.person_id)
    session.execute(owed.with_for_update())


def regroup(session: Session, people: Iterable[Group], *, policy: Policy, now: datetime, actor: str) -> set[UUID]:
    """Make the passports of each group one person; returns whose passports changed, whose obligation is out of date.

    `people` holds all passports of everyone concerned. They are separated first and joined then, so that what happens
    to a person is one or the other.
    """
    before = {passport.id: passport for group in people for passport in group}
    distinct, added = _with_distinct_holders(people)
    parts, former = _separate(distinct)
    groups = [[replace(passport, person_id=_survivor(group)) for passport in group] for group in parts]
    moved = [passport for group in groups for passport in group if passport != before[passport.id]]
    if not moved:
        return set()
    lock_people(session, {before[passport.id].person_id for passport in moved} | {p.person_id for p in moved})
    session.execute(_ADD_HOLDERS, {"holders": [passport.holder_id for passport in moved]})
    session.execute(_PLACE, {"rows": _as_json([asdict(passport) for passport in moved])})
    for statement in _GIVE_TO_HOLDERS if added else ():
        session.execute(statement, {"passports": added})
    recorded = _separate_belongings(session, parts, before, former)
    recorded += _join_belongings(session, parts, policy=policy, now=now, actor=actor)
    touched = {_survivor(group) for group in parts if any(before[p.id].person_id in former for p in group)}
    touched |= {passport.person_id for passport in moved}
    session.execute(_GIVE_OWN_PASSPORTS, {"people": list(touched)})
    session.execute(_MARK, {"people": list(touched), "today": bangkok_date(now)})
    if recorded:
        session.execute(insert(events.EventRecord), [events.row(event, actor=actor, at=now) for event in recorded])
    return touched


def _with_distinct_holders(people: Iterable[Group]) -> tuple[list[Group], list[int]]:
    """Give passports that were joined before holders were kept a holder of their own; the groups, and these passports.

    The first of such a person's passports keeps the id.
    """
    taken: set[UUID] = set()
    groups, added = [], []
    for group in sorted(people, key=lambda group: min(passport.id for passport in group)):
        distinct = []
        for passport in group:
            if passport.holder_id in taken:
                added.append(passport.id)
                passport = replace(passport, holder_id=uuid4())
            taken.add(passport.holder_id)
            distinct.append(passport)
        groups.append(distinct)
    return groups, added


def _separate(groups: list[Group]) -> tuple[list[Group], dict[UUID, set[UUID]]]:
    """The groups with each person in one of them only; and into whom somebody who was in several was separated.

    The part with the holder that gave the person its id keeps it. The others take that of their first holder.
    """
    parts_of: dict[UUID, list[Group]] = defaultdict(list)
    for group in groups:
        by_person: dict[UUID, Group] = defaultdict(list)
        for passport in group:
            by_person[passport.person_id].append(passport)
        for person_id, part in by_person.items():
            parts_of[person_id].append(part)
    ids = {
        passport.id: person_id if len(parts) == 1 or _holds(part, person_id) else part[0].holder_id
        for person_id, parts in parts_of.items()
        for part in parts
        for passport in part
    }
    former: dict[UUID, set[UUID]] = {
        person_id: {ids[part[0].id] for part in parts} for person_id, parts in parts_of.items() if len(parts) > 1
    }
    return [[replace(passport, person_id=ids[passport.id]) for passport in group] for group in groups], former


def _holds(part: Group, person_id: UUID) -> bool:
    return any(passport.holder_id == person_id for passport in part)


def _survivor(group: Group) -> UUID:
    """Whose id a person has: of those there are, the one of the passport that stands first."""
    people = {passport.person_id for passport in group}
    return next((p.holder_id for p in group if p.holder_id in people), group[0].person_id)


def _separate_belongings(
    session: Session, parts: list[Group], before: dict[int, Placed], former: dict[UUID, set[UUID]]
) -> list[events.Event]:
    """Give reports back to those who are separated, and an obligation to each; the events."""
    if not former:
        return []
    rows = [
        {"holder_id": passport.holder_id, "former": before[passport.id].person_id, "person_id": passport.person_id}
        for group in parts
        for passport in group
        if passport.person_id != before[passport.id].person_id
    ]
    session.execute(_SEPARATE_REPORTS, {"rows": _as_json(rows)})
    session.execute(_ADD_OBLIGATIONS, {"people": [row["person_id"] for row in rows]})
    return [
        PeopleSeparated(subject=str(person_id), person_id=person_id, former=str(former_id))
        for former_id, people in former.items()
        for person_id in sorted(people)
    ]


def _join_belongings(
    session: Session, parts: list[Group], *, policy: Policy, now: datetime, actor: str
) -> list[events.Event]:
    """Give the reports of those who are joined to the person that stays; the events."""
    joined = {p.person_id: _survivor(group) for group in parts for p in group if p.person_id != _survivor(group)}
    if not joined:
        return []
    people: dict[UUID, set[UUID]] = defaultdict(set)
    for person_id, survivor in joined.items():
        people[survivor] |= {person_id, survivor}
    everyone = set().union(*people.values())
    holding = set(session.scalars(select(Report.person_id).where(Report.person_id.in_(everyone), holds()).distinct()))
    for survivor, each in people.items():
        if len(each & holding) > 1:
            _leave_a_period_to_one(session, each, survivor, policy=policy, now=now, actor=actor)
    rows = [{"former": person_id, "person_id": survivor} for person_id, survivor in joined.items()]
    session.execute(_JOIN_REPORTS, {"rows": _as_json(rows)})
    session.execute(_REMOVE_OBLIGATIONS, {"people": list(joined)})
    return [
        PeopleMerged(subject=str(survivor), person_id=survivor, absorbed=str(person_id))
        for person_id, survivor in joined.items()
    ]


def _as_json(rows: Sequence[dict[str, Any]]) -> str:
    return json.dumps(rows, default=str)


def _leave_a_period_to_one(
    session: Session, people: Collection[UUID], survivor: UUID, *, policy: Policy, now: datetime, actor: str
) -> None:
    """Of two reports that hold one period one keeps it: the accepted, of two accepted the later, else the first filed.

    The other is rejected as already reported, as it would have been when it was filed; or, where it was accepted,
    marked as contradicted. Of two without an entry on record, the second may answer the period after the first.
    Separating the people takes none of this back; but a report that was marked counts again where the records of its
    author confirm it.
    """
    holders: dict[str, Report] = {}
    wanted = select(Report).where(Report.person_id.in_(people), holds()).order_by(Report.id)
    for report in session.scalars(wanted).all():
        while (first := holders.get(report.period)) and _comes_after(session, first, report, policy):
            pass
        if first and report.status != "accepted":
            _give_way(session, report, survivor, policy=policy, now=now, actor=actor)
            continue
        if first:
            _give_way(session, first, survivor, policy=policy, now=now, actor=actor)
        holders[report.period] = report
    session.flush()


def _give_way(session: Session, report: Report, survivor: UUID, *, policy: Policy, now: datetime, actor: str) -> None:
    report.person_id = survivor  # who is notified
    if report.status != "accepted":
        review.give_way(session, report, policy=policy, actor=actor, now=now)
        return
    report.contradicted_at = now
    event = ReportContradicted(subject=report.number, person_id=survivor, due_on=_next_due(session, report))
    events.record(session, event, actor=actor, at=now)


def _comes_after(session: Session, first: Report, second: Report, policy: Policy) -> bool:
    """Whether the second answers the next period without an entry; then it is given the name of that."""
    if first.status != "accepted" or not first.period.startswith(rules.NO_ENTRY):
        return False
    held = rules.Held(first.number, first.status, first.period, _next_due(session, first))
    second.period = rules.period_after(held, second.filed_on, policy)
    return bool(second.period != first.period)


def _next_due(session: Session, accepted: Report) -> date | None:
    receipt = receipts.find_valid_receipt(session, accepted)
    return receipt.next_due_on if receipt else None
