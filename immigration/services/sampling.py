"""How many automatic acceptances of an office are reviewed: its supervisors set it, within limits in the law."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from foundation import events
from foundation.clock import bangkok_date
from foundation.db import ReadSession, Session
from foundation.errors import NotFound, Unprocessable
from foundation.identity import Principal
from foundation.paging import Page, page
from immigration.events import SamplingRateSet
from immigration.models.second_reviews import SamplingRate
from immigration.registries import offices
from immigration.registries.fairness import terms
from immigration.rules.offices import covers
from immigration.services.scope import in_own_offices


def rate_of(session: ReadSession, office: str, *, at: datetime) -> int:
    """The rate in 1,000 that was in force for an office at a moment."""
    set_before = select(SamplingRate.per_mille).where(SamplingRate.office == office, SamplingRate.set_at <= at)
    standing = session.scalars(set_before.order_by(SamplingRate.id.desc()).limit(1)).first()
    return terms(bangkok_date(at)).sample_default if standing is None else standing


def set_rate(
    session: Session, office: str, per_mille: int, reason: str, *, supervisor: Principal, now: datetime
) -> SamplingRate:
    """Set the rate of one of the supervisor's offices from now on; the same again changes nothing.

    Raises NotFound for another office, Unprocessable for a rate beyond the limits.
    """
    term = terms(bangkok_date(now))
    if not covers(supervisor.offices, office) or not offices.is_known(office):
        raise NotFound()
    if not term.sample_least <= per_mille <= term.sample_most:
        raise Unprocessable(f"a rate is {term.sample_least} to {term.sample_most} of 1,000")
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"sampling rate {office}"))))
    last = session.scalars(
        select(SamplingRate).where(SamplingRate.office == office).order_by(SamplingRate.id.desc()).limit(1)
    ).first()
    if last and (last.per_mille, last.reason, last.set_as) == (per_mille, reason, supervisor.actor):
        return last
    former = rate_of(session, office, at=now)
    rate = SamplingRate(office=office, per_mille=per_mille, reason=reason, set_as=supervisor.actor, set_at=now)
    session.add(rate)
    event = SamplingRateSet(
        subject=office, person_id=None, office=office, per_mille=per_mille, former=former, reason=reason
    )
    events.record(session, event, actor=supervisor.actor, at=now)
    session.flush()
    return rate


def list_rates(
    session: ReadSession, *, reader: Principal, cursor: str | None = None, limit: int = 20
) -> Page[SamplingRate]:
    """A page of the rates that were ever set for the reader's offices, newest first. A cursor is a row id."""
    query = select(SamplingRate).where(in_own_offices(SamplingRate.office, reader))
    if cursor:
        query = query.where(SamplingRate.id < int(cursor))
    rows: Sequence[SamplingRate] = session.scalars(query.order_by(SamplingRate.id.desc()).limit(limit + 1)).all()
    return page(rows, limit, lambda rate: str(rate.id))
