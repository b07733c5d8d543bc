"""Rules: imported rows, in time, late, in advance, corrected, or first about another person."""

from datetime import date, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.factories import row
from tests.stateful.base import INDEX, RESIDENT, VISAS, BaseMachine
from tests.stateful.model import DATES, IDS

PERMITTED = st.sampled_from([400, 400, 400, 89, 60, 30])
CHANNELS = st.sampled_from(["counter", "post", "online"])
AGO = st.integers(-5, 100)
NEWEST = 4
MOST_PASSPORTS = 4


class RecordRules(BaseMachine):
    """Rules about imported rows."""

    @rule(who=RESIDENT, ago=AGO, visa=VISAS, permitted=PERMITTED)
    def enter(self, who: int, ago: int, visa: str, permitted: int) -> None:
        until = self.on(ago - permitted)
        values = {"occurred_on": self.on(ago), "visa_class": visa, "permitted_until": until}
        self.import_row("movements", row("movements", document_number=self.resident(who).passport, **values))

    @rule(who=RESIDENT, ago=st.integers(-5, 60))
    def leave(self, who: int, ago: int) -> None:
        values = {"direction": "departure", "occurred_on": self.on(ago)}
        self.import_row("movements", row("movements", document_number=self.resident(who).passport, **values))

    @rule(who=RESIDENT, ago=st.integers(-5, 40), kind=st.sampled_from(["extension", "extension", "change"]), visa=VISAS)
    def extend(self, who: int, ago: int, kind: str, visa: str) -> None:
        values = {"granted_on": self.on(ago), "permitted_until": self.on(ago - 400)}
        values["visa_class"] = visa if kind == "change" else ""
        permission = row("permissions", document_number=self.resident(who).passport, **values)
        self.import_row("permissions", permission | {"kind": kind})

    @rule(
        who=RESIDENT,
        ago=st.integers(-2, 40),
        channel=st.sampled_from(["counter", "post", "online"]),
        printed=st.booleans(),
    )
    def report_at_an_office(self, who: int, ago: int, channel: str, printed: bool) -> None:
        values = {"filed_on": self.on(ago), "channel": channel, "next_due_on": self.on(ago - 90) if printed else ""}
        self.import_row("reports", row("reports", document_number=self.resident(who).passport, **values))

    @rule(
        kind=st.sampled_from(["movements", "movements", "permissions", "reports"]),
        which=INDEX,
        by=st.integers(-20, 20),
    )
    def correct_a_row(self, kind: str, which: int, by: int) -> None:
        """Correct one of the newest rows: filed reports depend on these."""
        if known := list(self.imported.rows[kind].values())[-NEWEST:]:
            newest = dict(known[-1 - which % len(known)])
            on = date.fromisoformat(newest[DATES[kind]]) + timedelta(days=by)
            self.import_row(kind, newest | {DATES[kind]: str(min(on, self.today + timedelta(days=5)))})

    @rule(which=INDEX, visa=VISAS, permitted=PERMITTED)
    def correct_a_visa(self, which: int, visa: str, permitted: int) -> None:
        arrivals = [m for m in self.imported.rows["movements"].values() if m["direction"] == "arrival"][-3:]
        arrival = arrivals[-1 - which % len(arrivals)]
        until = date.fromisoformat(arrival["occurred_on"]) + timedelta(days=permitted)
        self.import_row("movements", arrival | {"visa_class": visa, "permitted_until": str(until)})

    @precondition(lambda self: len(self.residents) == 2)
    @rule(kind=st.sampled_from(sorted(IDS)), which=INDEX)
    def move_row_to_other_resident(self, kind: str, which: int) -> None:
        """Correct a row to name the other resident's passport. (A row cannot be deleted.)"""
        known = list(self.imported.rows[kind].values())[-NEWEST:]
        if not known:
            return
        newest = known[-1 - which % len(known)]
        other = self.residents[1] if newest["document_number"] in self.residents[0].passports else self.residents[0]
        self.import_row(kind, newest | {"document_number": other.passport})

    @precondition(lambda self: len(self.residents[0].passports) < MOST_PASSPORTS)
    @rule(who=RESIDENT)
    def get_a_new_passport(self, who: int) -> None:
        self.import_passport(self.resident(who), self.resident(who).passport)
