"""The queue of officers, and having a report in hand."""

from datetime import timedelta
from typing import Any

from foundation.clock import bangkok_date
from foundation.http import Blueprint, allow, now, principal
from foundation.identity import Role
from foundation.services import read_session, transaction
from immigration.routes.context import filing_context
from immigration.rules.codes import ReportStatus
from immigration.rules.working_days import lying_since
from immigration.schemas.claims import ClaimOut, claim_view
from immigration.schemas.queue import CountsOut, QueueArgs, QueueOut, counts_view, queue_view
from immigration.services import queue, queue_counts, review
from immigration.services.queue import QueueFilter

blueprint = Blueprint("queue", __name__, url_prefix="/api/v1/review", description=__doc__)
REVIEWING = (Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)


@blueprint.get("/reports")
@allow(*REVIEWING)
@blueprint.etag
@blueprint.arguments(QueueArgs, location="query")
@blueprint.response(200, QueueOut)
def get_queue(args: dict[str, Any]) -> dict[str, Any]:
    """Reports in a state, oldest first; of all the officer's offices unless one is named."""
    wanted, page_of = queue_filter(args), {"cursor": args["cursor"], "limit": args["limit"]}
    with read_session() as session:
        page = queue.queue(session, wanted, officer=principal(), now=now(), **page_of)
    today = bangkok_date(now())
    policy = filing_context().law.on(today)
    return {
        "items": [queue_view(entry, principal(), policy, today) for entry in page.items],
        "next_cursor": page.next_cursor,
    }


def queue_filter(args: dict[str, Any]) -> QueueFilter:
    """Which reports the query of the queue asks for."""
    since, at_office = args["waiting_days"], args["at_office_days"]
    today = bangkok_date(now())
    return QueueFilter(
        status=args["status"],
        office=args["office"],
        contradicted=args["contradicted"],
        claimed_by=principal().id if args["mine"] else None,
        reason=args["reason"],
        nationality=args["nationality"],
        visa_class=args["visa_class"],
        assurance=args["assurance"],
        filed_until=today - timedelta(days=since) if since else None,
        at_office_until=lying_since(at_office, today, filing_context().law.on(today).of_office(args["office"]))
        if at_office
        else None,
    )


@blueprint.get("/counts")
@allow(*REVIEWING)
@blueprint.etag
@blueprint.response(200, CountsOut)
def get_counts() -> dict[str, Any]:
    """How many reports wait in each fixed view of the queue, and when that was counted."""
    in_hand = QueueFilter(status=ReportStatus.UNDER_REVIEW, claimed_by=principal().id)
    with read_session() as session:
        mine = queue.count(session, in_hand, officer=principal(), now=now())
        return counts_view(mine, queue_counts.read(session, officer=principal()))


@blueprint.get("/reports/<number>/claim")
@allow(*REVIEWING)
@blueprint.etag
@blueprint.response(200, ClaimOut)
def get_claim(number: str) -> dict[str, Any]:
    """The state of a report, and who has it in hand."""
    with read_session() as session:
        return claim_view(*review.find_claim(session, number, officer=principal(), now=now()), principal())


@blueprint.post("/reports/<number>/claim")
@allow(*review.DECIDING)
@blueprint.response(200, ClaimOut)
def claim(number: str) -> dict[str, Any]:
    """Take a report in hand, so that no colleague decides it meanwhile; again, keep it for longer."""
    with transaction() as session:
        return claim_view(*review.claim(session, number, officer=principal(), now=now()), principal())


@blueprint.delete("/reports/<number>/claim")
@allow(*review.DECIDING)
@blueprint.response(204)
def release(number: str) -> None:
    """Put a report back."""
    with transaction() as session:
        review.release(session, number, officer=principal(), now=now())
