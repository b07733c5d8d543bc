"""What a trip abroad would change, by the records and rules as they stand."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from foundation.clock import bangkok_date
from foundation.errors import NotFound, Unavailable, Unprocessable
from immigration.registries.law import Law
from immigration.registries.records import Records
from immigration.rules import trips
from immigration.rules.trips import Simulation, Trip


@dataclass(frozen=True, slots=True)
class SimulatedTrip:
    """A trip, what it would change, and the day on which it was asked."""

    trip: Trip
    simulation: Simulation
    today: date


def simulate(
    connection: Connection, person_id: UUID, trip: Trip, *, records: Records, law: Law, now: datetime
) -> SimulatedTrip:
    """What a trip would change for a person; nothing is stored.

    Raises NotFound, Unprocessable for a trip that cannot be, and Unavailable while the records cannot be read.
    """
    case = records.case(connection, person_id)
    if case is None:
        raise NotFound()
    if case.facts is None:
        raise Unavailable("the records cannot be reached")
    today = bangkok_date(now)
    if faults := trips.faults(trip, case.facts, today):
        raise Unprocessable(
            field_errors=[
                {"in": "json", "field": field, "code": str(fault), "message": ""} for field, fault in faults.items()
            ]
        )
    held = frozenset(report.period for report in case.held if report.period)
    return SimulatedTrip(trip, trips.simulate(trip, case.facts, held, today, law.on(today)), today)
