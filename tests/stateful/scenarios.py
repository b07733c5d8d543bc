"""Rules that take several steps in a row, which random choice seldom produces; each tests one invariant."""

from datetime import date

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.factories import load, merge, row
from tests.oracle import DAY
from tests.stateful.base import RESIDENT, Merged
from tests.stateful.filing_rules import FilingRules
from tests.stateful.record_rules import MOST_PASSPORTS, RecordRules
from tests.stateful.residents import SimulatedResident
from tests.stateful.time_rules import LADDER, WINDOW_DAYS, TimeRules


class Scenarios(RecordRules, TimeRules, FilingRules):
    """The scenarios. Each of their steps is also a rule of its own."""

    @initialize(
        assurance=st.sampled_from(["mail", "counter", "counter"]),
        ago=st.integers(60, 74),
        steps=st.sampled_from([0, 0, 0, *range(1, len(LADDER) + 1)]),
    )
    def start_history(self, assurance: str, ago: int, steps: int) -> None:
        """Begin before the first window opens; in some histories the steps of the reminder ladder pass."""
        self.begin(assurance, ago)
        self.let_reminder_steps_pass(0, steps)

    @rule(days=WINDOW_DAYS, action=st.sampled_from(["file", "leave", "enter", "report"]))
    def change_before_reminder_is_sent(self, days: int, action: str) -> None:
        """Change the obligation between planning and sending: a reminder is checked again before it is sent."""
        self.advance_to_window(0, days, False)
        self.run_worker(("recheck", "refresh", "plan", "relay"))
        match action:
            case "file":
                self.file(0)
            case "leave":
                self.leave(0, 0)
            case "enter":
                self.enter(0, 3, "NON-O", 400)
            case "report":
                self.report_at_an_office(0, 0, "counter", True)
        self.run_worker(("relay", "send-push"))

    @rule(who=RESIDENT, days=st.sampled_from([-1, 0]))
    def file_when_window_opens(self, who: int, days: int) -> None:
        """File on the first day of the window, or on the day before, which is too early."""
        self.advance_to_window(who, days, False)
        self.file(who)

    @rule(who=RESIDENT, days=st.integers(0, 18), ago=st.integers(-1, 2), wrong=st.booleans(), returned=st.booleans())
    def report_at_an_office_as_well(self, who: int, days: int, ago: int, wrong: bool, returned: bool) -> None:
        """File and, while that waits, report at an office too; the row of that may turn out wrong."""
        self.resident(who).assurance = "mail"
        self.file_in_time(who, days, ["return"] if returned else [])
        self.report_at_an_office(who, ago, "counter", True)
        if wrong:
            self.correct_a_row("reports", 0, -20)

    @rule(by=st.integers(-9, 9), days=st.integers(0, 10))
    def undo_correction(self, by: int, days: int) -> None:
        """Correct an arrival so that it contradicts a report, file again, and undo the correction."""
        self.file_in_time(0, days, ["accept"])
        mine = self.imported.naming(self.residents[0].passports)["movements"]
        if arrivals := [move for move in mine if move["direction"] == "arrival"]:
            newest = max(arrivals, key=lambda move: move["occurred_on"])
            self.import_row(
                "movements", newest | {"occurred_on": str(date.fromisoformat(newest["occurred_on"]) + by * DAY)}
            )
            self.file_in_time(0, days, [])
            self.import_row("movements", newest)

    @rule(ago=st.integers(0, 100), arrives=st.booleans())
    def file_during_unfinished_import(self, ago: int, arrives: bool) -> None:
        """File after an import was interrupted: the report is decided by the imported rows; the worker finishes."""
        if self.down:
            return  # the report would be decided by the obligation as it was last computed
        values = {"direction": "arrival" if arrives else "departure", "occurred_on": self.on(ago)}
        movement = row("movements", document_number=self.residents[0].passport, permitted_until=self.on(-400), **values)
        merge(self.service.app, "movements", movement)
        self.imported.add("movements", movement)
        self.receipt_dates.clear()
        self.file(0)
        self.service.round("refresh")

    @rule(who=RESIDENT, days=st.integers(0, 18), away=st.integers(0, 12), leaves=st.booleans())
    def file_while_source_is_down(self, who: int, days: int, away: int, leaves: bool) -> None:
        """File while the source is down: the report is rechecked, as of its day, when the source is back."""
        self.advance_to_window(who, days, False)
        self.set_source(True)
        self.file(who, "Sukhumvit")
        self.advance_days(away)
        if leaves and away:
            self.leave(who, 0)
        self.set_source(False)
        self.run_worker(())

    @precondition(lambda self: len(self.residents) == 1 and len(self.residents[0].passports) < MOST_PASSPORTS)
    @rule(
        assurance=st.sampled_from(["mail", "mail", "counter"]),
        reports=st.booleans(),
        wrong_row=st.booleans(),
        is_the_same=st.booleans(),
    )
    def add_second_resident(self, assurance: str, reports: bool, wrong_row: bool, is_the_same: bool) -> None:
        """Add a second resident, who may be merged into the first one after a report.

        With `wrong_row` their arrival is corrected to be the first resident's, who reports for it too.
        """
        self.residents.append(SimulatedResident(self.service, assurance))
        self.import_passport(self.residents[1], "")
        if reports:
            self.enter(1, 0, "NON-O", 400)
            self.advance_to_window(1, 1, False)
            self.file(1, "Sukhumvit")
        if wrong_row:
            self.move_row_to_other_resident("movements", 0)
            self.file_in_time(0, 1, [])
        if is_the_same:
            self.merge_second_resident()
            self.file(0, "Sukhumvit")

    @precondition(lambda self: len(self.residents) == 2)
    @rule()
    def merge_second_resident(self) -> None:
        """Merge the two: a passport of the second resident is imported as the replacement of the first one's."""
        first, second = self.residents
        self._import_claim(second.passports[0], f"FRA:{first.passport}")
        self._merge(link=None)

    @precondition(lambda self: len(self.residents) == 2)
    @rule()
    def link_second_resident(self) -> None:
        """Merge the two by an officer's link between two of their passports."""
        first, second = self.residents
        body = {"document_number": second.passports[0], "issuing_state": "FRA", "reason": "One holder."}
        person = first.id_in(self.read_state().snapshot)
        answer = self.service.officer("one").post(f"/review/residents/{person}/links", body)
        assert answer.status_code == 201, answer.json
        self._merge(link=answer.json["id"])

    @precondition(lambda self: self.merged)
    @rule(files=st.booleans())
    def separate_residents(self, files: bool = False) -> None:
        """Take the link back that merged the two, perhaps after one of them filed: each has their own again."""
        if self.merged is None:
            return
        if files:
            self.file_in_time(0, 1, ["accept"])
        merged, self.merged = self.merged, None
        second = self.residents[0].separate(merged.passports)
        if merged.link is None:
            self._import_claim(second.passports[0], "")
        else:
            person = self.residents[0].id_in(self.read_state().snapshot)
            staff = self.service.officer("two")
            path = f"/api/v1/review/residents/{person}/links/{merged.link}"
            assert staff.client.delete(path, headers=staff.headers, json={}).status_code == 204
        self.residents.append(second)
        self.receipt_dates.clear()
        self.service.round("relay")

    @precondition(lambda self: len(self.residents) == 1 and len(self.residents[0].passports) < MOST_PASSPORTS)
    @rule(
        reports=st.booleans(),
        files=st.booleans(),
        by_officer=st.booleans(),
        again=st.booleans(),
        wrong_row=st.booleans(),
    )
    def merge_and_separate(self, reports: bool, files: bool, by_officer: bool, again: bool, wrong_row: bool) -> None:
        """Merge with a second resident by mistake, take it back, and perhaps merge again."""
        self.add_second_resident("counter", reports, wrong_row, is_the_same=False)
        for _ in range(2 if again else 1):
            if by_officer:
                self.link_second_resident()
            else:
                self.merge_second_resident()
            self.separate_residents(files)

    def _import_claim(self, passport: str, replaces: str) -> None:
        values = {"document_number": passport, "replaces": replaces, "expires_on": "2099-01-01"}
        load(self.service.app, "passports", row("passports", **values))

    def _merge(self, link: str | None) -> None:
        first, second = self.residents
        self.merged = Merged(len(first.passports), link)
        first.merge(second)
        del self.residents[1]
        self.receipt_dates.clear()
        self.service.round("relay")
