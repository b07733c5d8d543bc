"""A second pair of eyes: decisions that were drawn or go against the records, and how many are drawn."""

from typing import Any
from uuid import UUID

from foundation.clock import bangkok_date
from foundation.http import Blueprint, allow, now, principal
from foundation.identity import Role
from foundation.services import read_session, transaction
from immigration.models.second_reviews import SamplingRate
from immigration.registries.fairness import terms
from immigration.rules.fairness import ReviewResult
from immigration.schemas.common import PageArgs
from immigration.schemas.decision_rates import DecisionRatesOut, rates_view
from immigration.schemas.second_reviews import (
    SamplingRateIn,
    SamplingRateOut,
    SamplingRatesOut,
    SecondReviewArgs,
    SecondReviewIn,
    SecondReviewOut,
    SecondReviewsOut,
    second_review_view,
)
from immigration.services import decision_rates, sampling, second_reviews

blueprint = Blueprint("second_reviews", __name__, url_prefix="/api/v1/review", description=__doc__)


@blueprint.get("/second-reviews")
@allow(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
@blueprint.arguments(SecondReviewArgs, location="query")
@blueprint.response(200, SecondReviewsOut)
def list_reviews(args: dict[str, Any]) -> dict[str, Any]:
    """What I was drawn to review; for supervisors and auditors, all of their offices."""
    with read_session() as session:
        page = second_reviews.list_reviews(session, reader=principal(), **args)
    items = [second_review_view(*entry, reader=principal()) for entry in page.items]
    return {"items": items, "next_cursor": page.next_cursor}


@blueprint.post("/second-reviews/<uuid:review_id>")
@allow(Role.OFFICER, Role.SUPERVISOR)
@blueprint.arguments(SecondReviewIn)
@blueprint.response(200, SecondReviewOut)
def settle(data: dict[str, Any], review_id: UUID) -> dict[str, Any]:
    """Confirm a decision that I was drawn to review, or flag it, so that a supervisor may reopen the report."""
    result = ReviewResult(data["outcome"])
    with transaction() as session:
        settled = second_reviews.settle(session, review_id, result, data["note"], officer=principal(), now=now())
        return second_review_view(*settled, reader=principal())


@blueprint.get("/decision-rates")
@allow(Role.SUPERVISOR, Role.AUDITOR)
@blueprint.response(200, DecisionRatesOut)
def list_decision_rates() -> dict[str, Any]:
    """How many decisions of my offices were returned, went against the records or did not stand, also by officer."""
    with read_session() as session:
        return rates_view(*decision_rates.read(session, reader=principal(), now=now()))


@blueprint.get("/sampling-rates")
@allow(Role.SUPERVISOR, Role.AUDITOR)
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, SamplingRatesOut)
def list_rates(args: dict[str, Any]) -> dict[str, Any]:
    """How many automatic acceptances of my offices are reviewed, since when, and who set it."""
    with read_session() as session:
        page = sampling.list_rates(session, reader=principal(), **args)
    term = terms(bangkok_date(now()))
    limits = {"default": term.sample_default, "least": term.sample_least, "most": term.sample_most}
    return {"items": page.items, "next_cursor": page.next_cursor, **limits}


@blueprint.post("/sampling-rates")
@allow(Role.SUPERVISOR)
@blueprint.arguments(SamplingRateIn)
@blueprint.response(201, SamplingRateOut)
def set_rate(data: dict[str, Any]) -> SamplingRate:
    """Set how many of 1,000 automatic acceptances of an office are reviewed from now on."""
    with transaction() as session:
        return sampling.set_rate(session, supervisor=principal(), now=now(), **data)
