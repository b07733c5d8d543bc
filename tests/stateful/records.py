"""What other offices record of a person: in time, late, in advance, corrected, and first taken for another's."""

from datetime import date, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.factories import row
from tests.stateful.ground import NUMBER, VISAS, WHO, Ground
from tests.stateful.ledger import DATES, IDS

PERMITTED = st.sampled_from([400, 400, 400, 89, 60, 30])
CHANNELS = st.sampled_from(["counter", "post", "online"])
AGO = st.integers(-5, 100)
NEWEST = 4
MOST_PASSPORTS = 4


class RecordActs(Ground):
    """Imports."""

    @rule(who=WHO, ago=AGO, visa=VISAS, permitted=PERMITTED)
    def enter(self, who: int, ago: int, visa: str, permitted: int) -> None:
        until = self.on(ago - permitted)
        values = {"occurred_on": self.on(ago), "visa_class": visa, "permitted_until": until}
        self.put("movements", row("movements", document_number=self.soul(who).passport, **values))

    @rule(who=WHO, ago=st.integers(-5, 60))
    def leave(self, who: int, ago: int) -> None:
        values = {"direction": "departure", "occurred_on": self.on(ago)}
        self.put("movements", row("movements", document_number=self.soul(who).passport, **values))

    @rule(who=WHO, ago=st.integers(-5, 40), kind=st.sampled_from(["extension", "extension", "change"]), visa=VISAS)
    def extend(self, who: int, ago: int, kind: str, visa: str) -> None:
        values = {"granted_on": self.on(ago), "permitted_until": self.on(ago - 400)}
        values["visa_class"] = visa if kind == "change" else ""
        found = row("permissions", document_number=self.soul(who).passport, **values)
        self.put("permissions", found | {"kind": kind})

    @rule(
        who=WHO, ago=st.integers(-2, 40), channel=st.sampled_from(["counter", "post", "online"]), printed=st.booleans()
    )
    def report_at_an_office(self, who: int, ago: int, channel: str, printed: bool) -> None:
        values = {"filed_on": self.on(ago), "channel": channel, "next_due_on": self.on(ago - 90) if printed else ""}
        self.put("reports", row("reports", document_number=self.soul(who).passport, **values))

    @rule(
        kind=st.sampled_from(["movements", "movements", "permissions", "reports"]),
        which=NUMBER,
        by=st.integers(-20, 20),
    )
    def correct_a_row(self, kind: str, which: int, by: int) -> None:
        """The newest rows most of all: what was filed stands on them."""
        if known := list(self.ledger.rows[kind].values())[-NEWEST:]:
            found = dict(known[-1 - which % len(known)])
            on = date.fromisoformat(found[DATES[kind]]) + timedelta(days=by)
            self.put(kind, found | {DATES[kind]: str(min(on, self.today + timedelta(days=5)))})

    @rule(which=NUMBER, visa=VISAS, permitted=PERMITTED)
    def correct_a_visa(self, which: int, visa: str, permitted: int) -> None:
        arrivals = [m for m in self.ledger.rows["movements"].values() if m["direction"] == "arrival"][-3:]
        found = arrivals[-1 - which % len(arrivals)]
        until = date.fromisoformat(found["occurred_on"]) + timedelta(days=permitted)
        self.put("movements", found | {"visa_class": visa, "permitted_until": str(until)})

    @precondition(lambda self: len(self.souls) == 2)
    @rule(kind=st.sampled_from(sorted(IDS)), which=NUMBER)
    def a_row_turns_out_to_be_about_another(self, kind: str, which: int) -> None:
        """A row cannot be taken back, but it can be corrected to name another passport, and back again."""
        known = list(self.ledger.rows[kind].values())[-NEWEST:]
        if not known:
            return
        found = known[-1 - which % len(known)]
        other = self.souls[1] if found["document_number"] in self.souls[0].passports else self.souls[0]
        self.put(kind, found | {"document_number": other.passport})

    @precondition(lambda self: len(self.souls[0].passports) < MOST_PASSPORTS)
    @rule(who=WHO)
    def get_a_new_passport(self, who: int) -> None:
        self.import_passport(self.soul(who), self.soul(who).passport)
