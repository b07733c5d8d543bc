"""The law as people read and compare it: what a policy says, which policies were in force, and what each decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from foundation.clock import bangkok_date
from foundation.db import ReadSession, Session
from foundation.errors import NotFound
from foundation.identity import Principal
from foundation.paging import Page, page
from immigration.models.law import PolicyVersion
from immigration.models.reports import Decision, Report
from immigration.registries.law import Law
from immigration.rules.policies import Policy
from immigration.services.scope import in_own_offices

MOST = 10_000
"""Decisions of a policy are counted up to here, so that the page costs the same at any number of them."""
Contents = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Version:
    """A policy that was in force; `decisions` is at most MOST + 1. `in_force_at` is None before a worker noted it."""

    version: str
    in_force_at: datetime | None
    decisions: int
    present: bool


@dataclass(frozen=True)
class Difference:
    """What two policies say differently; None where one of them says nothing."""

    section: str
    key: str
    first: Any
    second: Any


def contents(policy: Policy) -> dict[str, dict[str, Any]]:
    """What a policy says, by section and key, as JSON."""
    return {
        "rules": {
            rule.key: _said(rule, "value", "grade", "source") | {"readings": list(rule.readings)}
            for rule in policy.rules.values()
        },
        "windows": _all_said(policy.windows, "opens_before", "closes_after", "grade", "source"),
        "regimes": {
            visa_class: {"regime": regime.name, "grade": regime.grade, "source": regime.source}
            for visa_class, regime in policy.regimes.items()
        },
        "findings": _all_said(policy.effects, "effect", "unless", "grade", "source"),
        "waivers": {
            f"{each.first} {each.last} {each.name}": _said(each, "kind", "name", "source")
            | {"first_on": each.first.isoformat(), "last_on": each.last.isoformat()}
            for each in policy.waivers
        },
        "closing-days": _closing_days(policy),
        "spellings": dict(policy.visa_classes.spellings),
    }


def _said(thing: object, *names: str) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in names}


def _all_said(things: Mapping[str, object], *names: str) -> dict[str, dict[str, Any]]:
    return {key: _said(thing, *names) for key, thing in things.items()}


def _closing_days(policy: Policy) -> dict[str, dict[str, Any]]:
    everywhere = {day.isoformat(): {"provinces": list[str]()} for day in sorted(policy.holidays)}
    return everywhere | {
        f"{day.isoformat()} {province}": {"provinces": [province]}
        for province, days in policy.province_holidays.items()
        for day in sorted(days - policy.holidays)
    }


def note(session: Session, law: Law, *, now: datetime) -> None:
    """Keep what the policy in force says, the first time that it is."""
    policy = law.on(bangkok_date(now))
    if session.scalar(select(PolicyVersion.version).where(PolicyVersion.version == policy.version)):
        return
    row = {"version": policy.version, "in_force_at": now, "contents": contents(policy)}
    session.execute(insert(PolicyVersion).values(row).on_conflict_do_nothing())


def versions(session: ReadSession, law: Law, *, now: datetime) -> Sequence[Version]:
    """The policies that were in force here, the present one first, then the latest."""
    present = law.on(bangkok_date(now)).version
    query = select(PolicyVersion.version, PolicyVersion.in_force_at).order_by(PolicyVersion.in_force_at.desc())
    noted = {version: in_force_at for version, in_force_at in session.execute(query)}
    names = [present, *(version for version in noted if version != present)]
    return [Version(name, noted.get(name), _count(session, name), name == present) for name in names]


def read(session: ReadSession, version: str, law: Law, *, now: datetime) -> Contents:
    """What a policy said that was in force here. Raises NotFound."""
    policy = law.on(bangkok_date(now))
    if version == policy.version:
        return contents(policy)
    kept: Contents | None = session.scalar(select(PolicyVersion.contents).where(PolicyVersion.version == version))
    if kept is None:
        raise NotFound
    return kept


def differences(first: Contents, second: Contents) -> list[Difference]:
    """What two policies say differently, in the order of sections and keys."""
    found = []
    for section in sorted({*first, *second}):
        one, other = first.get(section, {}), second.get(section, {})
        for key in sorted({*one, *other}):
            if one.get(key) != other.get(key):
                found.append(Difference(section, key, one.get(key), other.get(key)))
    return found


def decided(
    session: ReadSession, version: str, *, officer: Principal, cursor: str | None = None, limit: int = 20
) -> Page[tuple[Decision, Report]]:
    """A page of the decisions that a policy made about reports of the officer's offices, the latest first."""
    query = select(Decision, Report).join(Report, Report.id == Decision.report_id)
    query = query.where(Decision.policy_version == version, in_own_offices(Report.office, officer))
    if cursor:
        query = query.where(Decision.id < int(cursor))
    rows = session.execute(query.order_by(Decision.id.desc()).limit(limit + 1))
    return page([(decision, report) for decision, report in rows], limit, lambda entry: str(entry[0].id))


def _count(session: ReadSession, version: str) -> int:
    some = select(Decision.id).where(Decision.policy_version == version).limit(MOST + 1).subquery()
    return session.scalars(select(func.count()).select_from(some)).one()
