"""What anyone may ask: addresses, whether a receipt is genuine, what the reason codes mean, where the offices are."""

from typing import Any

from marshmallow import Schema, fields, validate

from foundation.http import Blueprint, allow, language
from foundation.identity import Role
from foundation.services import read_session
from immigration.registries import addresses, offices, reasons
from immigration.routes import throttling
from immigration.routes.context import filing_context
from immigration.rules.access import Throttled
from immigration.schemas.common import REASON, Names, SuggestionOut, line
from immigration.schemas.reports import VerifyIn, VerifyOut, VisitOut, verdict_view, visit_view
from immigration.services import receipts
from immigration.services.judging import suggestion

blueprint = Blueprint("public", __name__, url_prefix="/api/v1", description="What anyone may ask")


class SearchArgs(Schema):
    """What someone typed of an address."""

    q = line(200, required=True)
    limit = fields.Integer(load_default=10, validate=validate.Range(1, 50))


class SuggestionsOut(Schema):
    """Subdistricts, likeliest first."""

    items = fields.List(fields.Nested(SuggestionOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ReasonOut(Schema):
    """What a reason code means and how to put it right, per language."""

    reason = fields.String(required=True, validate=REASON)
    title = fields.Nested(Names, required=True)
    remedy = fields.Nested(Names, required=True)


class ReasonsOut(Schema):
    """Every reason code."""

    items = fields.List(fields.Nested(ReasonOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class OfficesOut(Schema):
    """Every office."""

    items = fields.List(fields.Nested(VisitOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


@blueprint.get("/addresses")
@allow(Role.ANYONE)
@blueprint.arguments(SearchArgs, location="query")
@blueprint.response(200, SuggestionsOut)
def search(args: dict[str, Any]) -> dict[str, Any]:
    """Subdistricts for what someone typed, in Thai or English, or a postal code."""
    likely = addresses.search(args["q"], args["limit"])
    return {"items": [suggestion(subdistrict) for subdistrict in likely], "next_cursor": None}


@blueprint.post("/receipts/verify")
@allow(Role.ANYONE)
@blueprint.arguments(VerifyIn)
@blueprint.response(200, VerifyOut)
def verify(data: dict[str, Any]) -> dict[str, Any]:
    """Whether a receipt or a signed statement is ours and stands, and what it says."""
    signer = filing_context().signer
    signer.refresh()
    with read_session() as session:
        verdict = receipts.verify(session, data["receipt"], signer=signer)
    if not verdict.says and not (counted := throttling.count(Throttled.VERIFICATION)).allowed:
        throttling.refuse(counted.wait)
    return verdict_view(verdict, language())


@blueprint.get("/reasons")
@allow(Role.ANYONE)
@blueprint.response(200, ReasonsOut)
def explain() -> dict[str, Any]:
    """What each reason code means, and how to put it right."""
    return {"items": reasons.all_reasons(), "next_cursor": None}


@blueprint.get("/offices")
@allow(Role.ANYONE)
@blueprint.response(200, OfficesOut)
def list_offices() -> dict[str, Any]:
    """The immigration offices, their hours and what to bring."""
    return {"items": [visit_view(office.code) for office in offices.all_offices()], "next_cursor": None}
