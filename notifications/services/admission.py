"""Whether a channel may send, and how much: one row a channel that all workers share.

A channel stops where nothing goes through: for as long as the provider asks, and longer after each further failure. It
stops at once where our own set-up is at fault, also while other messages go through: an operator has to look. When the
stop is over, one worker tries a few messages; if one of them goes through, all others follow. Nobody waits meanwhile:
the round ends, and its thread is free for other channels.

These are short transactions of their own, so that no worker holds this row while it waits for another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from foundation.db import ReadSession, Session
from notifications import rules
from notifications.channels.channel import Result
from notifications.channels.limits import Bucket
from notifications.models import ChannelState
from notifications.rules import BreakerTerms, Mismatches, Outcome

SENDER_ID_MISMATCH = "SENDER_ID_MISMATCH"


@dataclass(frozen=True)
class Admission:
    """How many messages may be claimed, and whether the channel is in trouble, or tries a few after a stop."""

    granted: int
    in_trouble: bool = False
    is_try: bool = False


def admit(
    session: Session, channel: str, bucket: Bucket | None, terms: BreakerTerms, *, now: datetime, most: int
) -> Admission:
    """How many messages may be claimed now, up to `most`: none while the channel is stopped, or its bucket is empty.

    Where a stop is over, one caller gets a few; the others wait for what becomes of those, or for a lease's length.
    """
    state = _locked(session, channel, bucket, now)
    if state.stopped_until and state.stopped_until > now:
        return Admission(0, in_trouble=True)
    is_try = state.stopped_until is not None
    if is_try:
        most, state.stopped_until = min(most, terms.tries), now + rules.LEASE
    if bucket:
        left = bucket.refilled(state.left, (now - state.refilled_at).total_seconds())
        most = min(most, int(left))
        state.left, state.refilled_at = left - most, max(now, state.refilled_at)
    return Admission(most, in_trouble=bool(is_try or state.failures or state.mismatches), is_try=is_try)


def give_back(
    session: Session, channel: str, bucket: Bucket | None, admission: Admission, *, claimed: int, now: datetime
) -> None:
    """Take back what was granted and not needed; a try for which there was no message is anybody's again."""
    state = _locked(session, channel, bucket, now)
    if bucket:
        state.left = min(state.left + admission.granted - claimed, bucket.burst)
    if admission.is_try and not claimed:
        state.stopped_until = now


def weigh(
    session: Session, channel: str, bucket: Bucket | None, terms: BreakerTerms, results: Sequence[Result], now: datetime
) -> list[Result]:
    """Note what answers say of the channel, and decide what devices of another sender mean; the results as decided."""
    state = _locked(session, channel, bucket, now)
    sent = sum(result.outcome is Outcome.SENT for result in results)
    mismatched = sum(result.outcome is Outcome.MISMATCH for result in results)
    meaning = rules.judge_mismatches(terms, mismatched=mismatched + (0 if sent else state.mismatches), sent=sent)
    decided = [_decide(result, meaning) if result.outcome is Outcome.MISMATCH else result for result in results]
    if ours := [result for result in decided if rules.is_fault_of_ours(result.error_code)]:
        _stop(state, terms, ours, is_fault=True, now=now)
        return decided
    if sent or any(result.outcome is Outcome.DROP_DEVICE for result in decided):
        _go_on(state, now)
        return decided
    state.mismatches += mismatched
    telling = [result for result in decided if result.outcome is Outcome.RETRY and not result.of_target]
    if telling:
        is_many = mismatched > 0 and meaning is Mismatches.MANY
        _stop(state, terms, telling, is_fault=is_many, now=now)
    elif state.stopped_until:
        state.stopped_until = now
    return decided


def stopped(session: ReadSession) -> Sequence[ChannelState]:
    """The channels that send nothing at present, or try a few messages after a stop."""
    is_stopped = ChannelState.stopped_until.is_not(None)
    return session.scalars(select(ChannelState).where(is_stopped).order_by(ChannelState.channel)).all()


def _decide(result: Result, meaning: Mismatches) -> Result:
    if meaning is Mismatches.SINGLE:
        return replace(result, outcome=Outcome.DROP_DEVICE, alarm=False)
    return replace(result, outcome=Outcome.RETRY)


def _go_on(state: ChannelState, now: datetime) -> None:
    if state.stopped_until or state.fault:
        state.changed_at = now
    state.failures, state.mismatches, state.stopped_until, state.error, state.fault = 0, 0, None, None, False


def _stop(
    state: ChannelState, terms: BreakerTerms, results: Sequence[Result], *, is_fault: bool, now: datetime
) -> None:
    asked = max((result.retry_after for result in results if result.retry_after), default=None)
    undecided = all(result.error_code == SENDER_ID_MISMATCH for result in results) and not is_fault
    state.failures += 0 if undecided else 1
    wait = rules.stop_for(terms, failures=state.failures, fault=is_fault, asked=asked)
    state.error, state.fault = results[0].error_code, is_fault
    if wait > timedelta(0):
        state.stopped_until = max(now + wait, state.stopped_until or now)
        state.changed_at = now
    elif state.stopped_until:
        state.stopped_until = now


def _locked(session: Session, channel: str, bucket: Bucket | None, now: datetime) -> ChannelState:
    query = select(ChannelState).where(ChannelState.channel == channel).with_for_update()
    state = session.scalars(query).one_or_none()
    if state is None:
        new = {"channel": channel, "left": bucket.burst if bucket else 0, "refilled_at": now, "changed_at": now}
        session.execute(insert(ChannelState).values(new).on_conflict_do_nothing())
        state = session.scalars(query).one()
    return state
