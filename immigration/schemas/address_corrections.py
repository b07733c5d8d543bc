"""Corrections of the address of accepted reports."""

import json
from typing import Any

from marshmallow import Schema, fields, validate

from foundation.fields import Instant
from immigration.models.address_corrections import AddressCorrection
from immigration.models.reports import Report
from immigration.registries import addresses
from immigration.rules.codes import CorrectionOutcome
from immigration.schemas.common import SuggestionOut, statement
from immigration.schemas.reports import AddressCorrectionOut, AddressIn, correction_view
from immigration.services.judging import suggestion
from immigration.services.storing import from_json


class AddressCorrectionIn(Schema):
    """The address as it should be."""

    address = fields.Nested(AddressIn, required=True)


class AddressCorrectionToDecide(AddressCorrectionOut):
    """A correction beside the address that the report has; `office` is that of the corrected one."""

    office = fields.String(required=True)
    present_address = fields.Nested(AddressIn, required=True)
    places = fields.List(
        fields.Nested(SuggestionOut), required=True, metadata={"description": "the subdistricts of both addresses"}
    )


class AddressCorrectionItem(Schema):
    """A line of the officers' list; the addresses show when it is opened."""

    number = fields.String(required=True)
    report = fields.String(required=True)
    requested_at = Instant(required=True)
    office = fields.String(required=True)


class AddressCorrectionsOut(Schema):
    """A page of corrections that wait, oldest first."""

    items = fields.List(fields.Nested(AddressCorrectionItem), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class CorrectionDecisionIn(Schema):
    """What an officer decides; a refusal needs a note."""

    outcome = fields.String(required=True, validate=validate.OneOf(tuple(CorrectionOutcome)))
    note = statement(2000)


def correction_line(correction: AddressCorrection, report: Report) -> dict[str, Any]:
    """A correction as AddressCorrectionItem shows it."""
    asked = {"number": correction.number, "requested_at": correction.requested_at, "office": correction.office}
    return asked | {"report": report.number}


def correction_to_decide(correction: AddressCorrection, report: Report) -> dict[str, Any]:
    """A correction as AddressCorrectionToDecide shows it."""
    shown = correction_view(correction, report)
    present = from_json(report.address)
    codes = dict.fromkeys((present["subdistrict_code"], shown["address"]["subdistrict_code"]))
    places = [suggestion(place) for place in map(addresses.lookup, codes) if place]
    return shown | {"office": correction.office, "present_address": present, "places": places}


def correction_json(correction: AddressCorrection, report: Report) -> str:
    """The answer to a correction, as it is kept with its idempotency key."""
    return json.dumps(AddressCorrectionOut().dump(correction_view(correction, report)))
