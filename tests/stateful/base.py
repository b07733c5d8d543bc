"""The base of the state machine: the residents, the reference model, and the observed state."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from foundation.clock import bangkok_date
from tests.factories import load, row
from tests.stateful.invariants import AcknowledgedFiling, State
from tests.stateful.model import ImportedRows
from tests.stateful.residents import SimulatedResident
from tests.stateful.service import Service
from tests.stateful.snapshot import take_snapshot

VISAS = st.sampled_from(["NON-O", "NON-O", "NON-O", "NON-O", "NON-B", "NON-B", "TR", "LTR", "PR"])
INDEX = st.integers(0, 50)
RESIDENT = st.sampled_from([0, 0, 0, 1])
LONGEST_WAIT = 60


@dataclass(frozen=True)
class Merged:
    """How two residents were merged: how many passports were the first one's, and the officer's link, if by one."""

    passports: int
    link: str | None


class BaseMachine(RuleBasedStateMachine):
    """One resident, at times a second one, and what the service acknowledged to them.

    `merged` says how the second one was merged into the first, if that can be taken back.
    `receipt_dates` holds, for each person, the due date of a receipt that `/me/stay` has to show.
    """

    service: ClassVar[Service]

    def begin(self, assurance: str, ago: int) -> None:
        """Set up a resident who arrived `ago` days before today."""
        self.service.begin()
        self.imported = ImportedRows()
        self.acknowledged: dict[str, AcknowledgedFiling] = {}
        self.verified: dict[str, str] = {}
        self.receipt_dates: dict[str, str] = {}
        self.down, self.activations = False, 0
        self.merged: Merged | None = None
        self.residents = [SimulatedResident(self.service, assurance)]
        self.import_passport(self.residents[0], "")
        on, until = self.on(ago), self.on(ago - 400)
        values = {"occurred_on": on, "permitted_until": until}
        self.import_row("movements", row("movements", document_number=self.residents[0].passport, **values))
        self.residents[0].activate(assurance)
        self.read_state()

    @property
    def today(self) -> date:
        """The civil date in Bangkok."""
        return bangkok_date(self.service.now)

    def on(self, ago: int) -> str:
        """The date `ago` days before today, as ISO 8601 text."""
        return str(self.today - timedelta(days=ago))

    def resident(self, who: int) -> SimulatedResident:
        """The first resident for 0; for 1 the second one, if there is one."""
        return self.residents[min(who, len(self.residents) - 1)]

    def read_state(self) -> State:
        """Read the database and keep the state as `self.state`."""
        snapshot = take_snapshot(self.service.database)
        people = {resident.id_in(snapshot): resident.passports for resident in self.residents}
        now, law = self.service.now, self.service.filing.law
        self.state = State(snapshot, self.imported, people, self.acknowledged, now, law, self.imported.imports)
        return self.state

    def import_row(self, kind: str, values: dict[str, str]) -> None:
        """Import a row. It may move a due date, so no receipt date is compared until the next receipt."""
        load(self.service.app, kind, values)
        self.imported.add(kind, values)
        self.receipt_dates.clear()

    def import_passport(self, resident: SimulatedResident, replaces: str) -> None:
        """Import a new passport of a resident."""
        number = f"LIFE{sum(len(known.passports) for known in self.residents) + 1}"
        values = {"document_number": number, "replaces": replaces and f"FRA:{replaces}", "expires_on": "2099-01-01"}
        load(self.service.app, "passports", row("passports", **values))
        resident.passports.append(number)
        self.receipt_dates.clear()

    def advance_days(self, days: int) -> None:
        """Advance the clock, and run the worker's refresh round.

        Phones are used at least every LONGEST_WAIT days, so that no refresh token expires.
        """
        while days:
            step = min(days, LONGEST_WAIT)
            self.service.now += timedelta(days=step)
            days -= step
            if days:
                self._use_phones()
        self.receipt_dates.clear()
        self.service.round("refresh")

    def _use_phones(self) -> None:
        for resident in self.residents:
            if resident.has_phone:
                assert resident.phone
