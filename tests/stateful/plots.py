"""Several acts in a row that seldom come together by chance, each about a promise that only they put to the test."""

from datetime import date

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.factories import load, merge, row
from tests.oracle import ONE
from tests.stateful.filing import FilingActs
from tests.stateful.ground import WHO
from tests.stateful.passing import LADDER, WINDOW_DAYS, PassingActs
from tests.stateful.people import Soul
from tests.stateful.records import MOST_PASSPORTS, RecordActs


class Plots(RecordActs, PassingActs, FilingActs):
    """What is told here in a row may also happen act by act."""

    @initialize(
        assurance=st.sampled_from(["mail", "counter", "counter"]),
        ago=st.integers(60, 74),
        steps=st.sampled_from([0, 0, 0, *range(1, len(LADDER) + 1)]),
    )
    def a_life_begins(self, assurance: str, ago: int, steps: int) -> None:
        """Before the first window opens; some let it pass, a step of the ladder or all."""
        self.begin(assurance, ago)
        self.nobody_files_and_step_after_step_is_told(0, steps)

    @rule(days=WINDOW_DAYS, act=st.sampled_from(["file", "leave", "enter", "report"]))
    def something_happens_before_a_reminder_goes_out(self, days: int, act: str) -> None:
        """Planned by one round, a reminder is looked at again by the round that sends it."""
        self.time_comes_to_the_window(0, days, False)
        self.the_worker_works(("recheck", "refresh", "plan", "relay"))
        match act:
            case "file":
                self.file(0)
            case "leave":
                self.leave(0, 0)
            case "enter":
                self.enter(0, 3, "NON-O", 400)
            case "report":
                self.report_at_an_office(0, 0, "counter", True)
        self.the_worker_works(("relay", "send"))

    @rule(who=WHO, days=st.sampled_from([-1, 0]))
    def somebody_reports_as_the_window_opens(self, who: int, days: int) -> None:
        """Or the day before, which is too early."""
        self.time_comes_to_the_window(who, days, False)
        self.file(who)

    @rule(by=st.integers(-9, 9), days=st.integers(0, 10))
    def a_correction_is_taken_back(self, by: int, days: int) -> None:
        """It denied the stay that a report was made in; meanwhile another report may have come for the same period."""
        self.file_in_time(0, days, ["accept"])
        mine = self.ledger.of(self.souls[0].passports)["movements"]
        if arrivals := [move for move in mine if move["direction"] == "arrival"]:
            newest = max(arrivals, key=lambda move: move["occurred_on"])
            self.put("movements", newest | {"occurred_on": str(date.fromisoformat(newest["occurred_on"]) + by * ONE)})
            self.file_in_time(0, days, [])
            self.put("movements", newest)

    @rule(ago=st.integers(0, 100), arrives=st.booleans())
    def a_report_comes_before_an_import_is_finished(self, ago: int, arrives: bool) -> None:
        """The report is judged by the rows that are there; the worker finishes the import."""
        if self.down:
            return  # it would be judged by what was last computed
        values = {"direction": "arrival" if arrives else "departure", "occurred_on": self.on(ago)}
        found = row("movements", document_number=self.souls[0].passport, permitted_until=self.on(-400), **values)
        merge(self.world.app, "movements", found)
        self.ledger.put("movements", found)
        self.promised.clear()
        self.file(0)
        self.world.round("refresh")

    @rule(who=WHO, days=st.integers(0, 18), away=st.integers(0, 12), leaves=st.booleans())
    def a_report_comes_while_the_source_is_away(self, who: int, days: int, away: int, leaves: bool) -> None:
        """It is taken as of the moment it came in, and checked when the source is back."""
        self.time_comes_to_the_window(who, days, False)
        self.the_source_goes_down_or_comes_back(True)
        self.file(who, "Sukhumvit")
        self.wait(away)
        if leaves and away:
            self.leave(who, 0)
        self.the_source_goes_down_or_comes_back(False)
        self.the_worker_works(())

    @precondition(lambda self: len(self.souls) == 1 and len(self.souls[0].passports) < MOST_PASSPORTS)
    @rule(
        assurance=st.sampled_from(["mail", "mail", "counter"]),
        reports=st.booleans(),
        mixed_up=st.booleans(),
        is_the_same=st.booleans(),
    )
    def a_stranger_comes(self, assurance: str, reports: bool, mixed_up: bool, is_the_same: bool) -> None:
        """Somebody else on record, as far as anybody can tell; it may come out when they have reported once.

        The arrival they reported for may turn out to be the person's, who reports for it too.
        """
        self.souls.append(Soul(self.world, assurance))
        self.import_passport(self.souls[1], "")
        if reports:
            self.enter(1, 0, "NON-O", 400)
            self.time_comes_to_the_window(1, 1, False)
            self.file(1, "Sukhumvit")
        if mixed_up:
            self.a_row_turns_out_to_be_about_another("movements", 0)
            self.file_in_time(0, 1, [])
        if is_the_same:
            self.the_stranger_turns_out_to_be_the_same()
            self.file(0, "Sukhumvit")

    @precondition(lambda self: len(self.souls) == 2)
    @rule()
    def the_stranger_turns_out_to_be_the_same(self) -> None:
        """Their first passport replaces the person's: reports, sign-ins, devices and messages become theirs."""
        person, stranger = self.souls
        values = {"document_number": stranger.passports[0], "replaces": f"FRA:{person.passport}"}
        load(self.world.app, "passports", row("passports", expires_on="2099-01-01", **values))
        person.take_in(stranger)
        del self.souls[1]
        self.promised.clear()
        self.world.round("relay")
