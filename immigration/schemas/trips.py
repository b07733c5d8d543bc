"""A trip abroad, and what it would change."""

from typing import Any

from marshmallow import Schema, fields, validate

from foundation.words import long_date, sentence
from immigration.rules.codes import BeforeLeaving
from immigration.rules.trips import Trip
from immigration.schemas.stay import ObligationOut, obligation_view
from immigration.services.obligations import ObligationToday
from immigration.services.trips import SimulatedTrip


class TripIn(Schema):
    """When I would leave and return."""

    leave_on = fields.Date(load_default=None, allow_none=True, metadata={"description": "left out by who is abroad"})
    return_on = fields.Date(required=True)
    reentry_permit = fields.Boolean(
        truthy={True},
        falsy={False},
        load_default=True,
        metadata={"description": "whether the permission to stay goes on after the return"},
    )


class BeforeLeavingOut(Schema):
    """What is to be done before leaving."""

    code = fields.String(required=True, validate=validate.OneOf(tuple(BeforeLeaving)))
    due_on = fields.Date(required=True, allow_none=True)
    text = fields.String(required=True, metadata={"description": "in a sentence, by Accept-Language"})


class TripPermissionOut(Schema):
    """What becomes of the permission to stay."""

    goes_on = fields.Boolean(required=True)
    text = fields.String(required=True, metadata={"description": "in a sentence, by Accept-Language"})


class SimulationOut(Schema):
    """What a trip would change; the class of the visa is taken to stay the same."""

    before_leaving = fields.Nested(BeforeLeavingOut, required=True)
    permission = fields.Nested(TripPermissionOut, required=True)
    after_return = fields.Nested(ObligationOut, required=True)


def trip(data: dict[str, Any]) -> Trip:
    """The trip of a loaded TripIn."""
    return Trip(data["leave_on"], data["return_on"], data["reentry_permit"])


def simulation_view(simulated: SimulatedTrip, language: str) -> dict[str, Any]:
    """A simulated trip as SimulationOut shows it, with its sentences in a language."""
    of_trip, found = simulated.trip, simulated.simulation
    dates = {"due_on": found.due_on, "permitted_until": found.permitted_until, "leave_on": of_trip.leave_on}
    values = {name: long_date(day, language) for name, day in dates.items() if day}
    permission = "goes-on" if found.permission_goes_on else "ends"
    return {
        "before_leaving": {
            "code": found.before_leaving,
            "due_on": found.due_on,
            "text": sentence(language, "trips", found.before_leaving, values),
        },
        "permission": {
            "goes_on": found.permission_goes_on,
            "text": sentence(language, "trips", permission, values),
        },
        "after_return": obligation_view(ObligationToday(found.after_return, of_trip.return_on, None), language),
    }
