"""What an override is: an officer decides against what the records say, or without anything that they say."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from immigration.rules.codes import Outcome
from immigration.rules.findings import kept
from immigration.rules.policies import Policy
from immigration.rules.reports import DecisionRequest


class Override(StrEnum):
    """How an officer decides against the records."""

    AGAINST_FINDING = "against-finding"
    WITHOUT_FINDING = "without-finding"
    OWN_DATE = "own-date"


_REFUSALS = (Outcome.REJECTED, Outcome.NEEDS_VISIT)


def overrides(
    decision: DecisionRequest, checks: Mapping[str, str | None], *, earned: date | None, policy: Policy
) -> list[Override]:
    """In what a decision goes against the checks of its report; empty means that it follows from them.

    `earned` is the next due date that the formula gives; None where the officer has to state one. Accepting is an
    override where a finding is one of those that speak against the report (the law file `findings` marks them).
    Rejecting, or asking the person to come, is one where none of the officer's reasons is a finding. Returning a report
    for correction is none: its author answers.
    """
    found = {finding.reason for finding in kept(checks) if finding.reason}
    against = any(policy.effects[reason].accepting_overrides for reason in found if reason in policy.effects)
    holds = {
        Override.AGAINST_FINDING: decision.outcome == Outcome.ACCEPTED and against,
        Override.WITHOUT_FINDING: decision.outcome in _REFUSALS and found.isdisjoint(decision.reasons),
        Override.OWN_DATE: earned is not None and decision.next_due_on not in (None, earned),
    }
    return [override for override, is_one in holds.items() if is_one]
