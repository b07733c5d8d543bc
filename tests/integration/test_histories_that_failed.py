"""Histories that once broke an invariant, as the steps that led there."""

import json
from collections.abc import Iterator
from datetime import date

import pytest

from foundation.db import Database
from immigration.registries.law import law
from immigration.rules.due_dates import obligation
from immigration.rules.facts import Facts, Movement, Report
from tests.oracle import DAY
from tests.stateful.machine import ResidentMachine
from tests.stateful.service import Service, run_service


@pytest.fixture(scope="module")
def running(empty_database: Database) -> Iterator[Service]:
    with run_service(empty_database) as service:
        yield service


@pytest.fixture
def machine(running: Service) -> ResidentMachine:
    class Machine(ResidentMachine):
        service = running

    return Machine()


@pytest.mark.parametrize("numbers", [("R1", "R2"), ("R2", "R1")])
def test_of_two_reports_of_one_day_the_later_one_moves_the_date(numbers: tuple[str, str]) -> None:
    """An officer may set the next date to tomorrow, and the next report may come on the same day."""
    arrived, day, dates = date(2026, 9, 1), date(2026, 11, 23), (date(2026, 11, 24), date(2027, 2, 22))
    filed = (Report(n, day, "online", due, 1, "BKK", True, arrived) for n, due in zip(numbers, dates, strict=True))
    facts = Facts(movements=(Movement("M1", "arrival", arrived, "NON-O"),), reports=tuple(filed))
    window = obligation(facts, day, law().on(day)).window
    assert window
    assert window.due_on == dates[1]


def test_a_report_keeps_its_period_when_its_author_is_merged_into_another_person(machine: ResidentMachine) -> None:
    machine.begin(assurance="mail", ago=80)
    machine.add_second_resident(assurance="mail", reports=True, wrong_row=False, is_the_same=True)
    machine.run_worker(rounds=())
    machine.stored_state_satisfies_invariants()
    assert len(machine.acknowledged) == 1


def test_days_of_grace_count_while_the_records_cannot_be_read(machine: ResidentMachine) -> None:
    machine.begin(assurance="mail", ago=90)
    machine.advance_time(days=4, working=False)
    machine.set_source(down=True)
    machine.file(who=0, road="Sukhumvit")
    machine.decide(which=0, outcome="accepted", name="one", days=None)
    machine.stored_state_satisfies_invariants()
    assert machine.receipt_dates


def test_a_report_counts_again_when_the_correction_that_contradicted_it_is_undone(machine: ResidentMachine) -> None:
    """Meanwhile another report was filed for the same period, which the undone correction contradicts."""
    machine.begin(assurance="counter", ago=80)
    machine.undo_correction(by=3, days=0)
    machine.stored_state_satisfies_invariants()
    assert len(machine.acknowledged) == 2


def test_a_report_counts_again_when_the_one_that_took_its_period_is_withdrawn(machine: ResidentMachine) -> None:
    machine.begin(assurance="counter", ago=80)
    machine.file(who=0, road="Sukhumvit")
    (arrival,) = machine.imported.rows["movements"].values()
    machine.import_row("movements", arrival | {"occurred_on": machine.on(78)})
    machine.set_source(down=True)
    machine.file(who=0, road="Sukhumvit")
    machine.import_row("movements", arrival)
    machine.stored_state_satisfies_invariants()
    machine.withdraw_or_correct(which=0, action="withdrawal")
    machine.stored_state_satisfies_invariants()
    assert len(machine.acknowledged) == 2


def test_of_two_reports_for_one_arrival_one_holds_when_both_authors_are_merged(machine: ResidentMachine) -> None:
    """The arrival was first imported as the second resident's, then as the first one's, who reported too."""
    machine.begin(assurance="counter", ago=60)
    machine.add_second_resident(assurance="counter", reports=True, wrong_row=False, is_the_same=False)
    machine.decide(which=0, outcome="accepted", name="one", days=None)
    machine.move_row_to_other_resident(kind="movements", which=0)
    machine.file_in_time(who=0, days=1, actions=["accept"])
    machine.stored_state_satisfies_invariants()
    machine.merge_second_resident()
    machine.run_worker(rounds=())
    machine.stored_state_satisfies_invariants()
    assert len(machine.acknowledged) == 2


@pytest.mark.parametrize("decided", [True, False])
def test_a_report_is_rejected_for_another_of_its_period_when_both_authors_are_merged(
    machine: ResidentMachine, decided: bool
) -> None:
    """Neither was accepted, then the later one is rejected; or the later one was accepted."""
    machine.begin(assurance="mail", ago=60)
    machine.add_second_resident(assurance="mail", reports=True, wrong_row=False, is_the_same=False)
    machine.move_row_to_other_resident(kind="movements", which=0)
    machine.file_in_time(who=0, days=1, actions=["accept"] if decided else [])
    machine.stored_state_satisfies_invariants()
    machine.merge_second_resident()
    machine.run_worker(rounds=())
    machine.stored_state_satisfies_invariants()
    second, first = (machine.read_state().snapshot.report(number) for number in machine.acknowledged)
    rejected, kept = (second, first) if decided else (first, second)
    assert (rejected["status"], rejected["reasons"]) == ("rejected", ["already-reported"])
    assert kept["status"] == ("accepted" if decided else "under-review")
    messages = [n for n in machine.read_state().snapshot.notifications if n["kind"] == "report.decided.rejected"]
    assert [(n["person_id"], n["status"]) for n in messages] == [(kept["person_id"], "sent")]


def test_of_two_accepted_reports_without_an_entry_the_later_one_holds_when_both_authors_are_merged(
    machine: ResidentMachine,
) -> None:
    """Each was filed while no entry of its author was on record; the arrival had been imported as the other's."""
    machine.begin(assurance="mail", ago=60)
    machine.add_second_resident(assurance="mail", reports=False, wrong_row=True, is_the_same=False)
    machine.decide(which=0, outcome="accepted", name="one", days=None)
    machine.move_row_to_other_resident(kind="movements", which=0)
    machine.file(who=1, road="Sukhumvit")
    machine.decide(which=0, outcome="accepted", name="one", days=None)
    machine.merge_second_resident()
    machine.run_worker(rounds=())
    machine.stored_state_satisfies_invariants()
    first, second = (machine.read_state().snapshot.report(number) for number in machine.acknowledged)
    assert first["period"] == second["period"] == "no-entry"
    assert first["contradicted_at"]
    assert not second["contradicted_at"]


def test_a_report_without_an_entry_answers_the_period_after_another_of_its_author(machine: ResidentMachine) -> None:
    """Each was filed while no entry of its author was on record, months apart; then the two are merged."""
    machine.begin(assurance="mail", ago=60)
    machine.add_second_resident(assurance="mail", reports=False, wrong_row=True, is_the_same=False)
    machine.decide(which=0, outcome="accepted", name="one", days=None)
    machine.move_row_to_other_resident(kind="movements", which=0)
    machine.advance_time(days=80, working=True)
    machine.file(who=1, road="Sukhumvit")
    machine.merge_second_resident()
    machine.run_worker(rounds=())
    machine.stored_state_satisfies_invariants()
    first, second = (machine.read_state().snapshot.report(number) for number in machine.acknowledged)
    assert (first["status"], first["period"], first["contradicted_at"]) == ("accepted", "no-entry", None)
    assert (second["status"], second["period"]) == ("under-review", f"no-entry:{first['number']}")


def test_days_of_grace_count_while_the_records_cannot_be_read_and_the_author_has_left(machine: ResidentMachine) -> None:
    machine.begin(assurance="counter", ago=60)
    machine.file_while_source_is_down(who=0, days=16, away=8, leaves=True)
    machine.set_source(down=True)
    machine.decide(which=0, outcome="accepted", name="one", days=None)
    machine.stored_state_satisfies_invariants()
    (filing,) = machine.acknowledged.values()
    due_on = date.fromisoformat(json.loads(filing.text)["due_on"])
    assert machine.read_state().snapshot.reports[0]["filed_on"] == str(due_on + DAY)
    assert machine.read_state().snapshot.receipts[0]["next_due_on"] == str(due_on + 90 * DAY)


def test_a_withdrawn_reminder_waits_again_on_the_day_its_step_began(machine: ResidentMachine) -> None:
    """The round `begin` leaves it to the full planning round."""
    machine.begin(assurance="mail", ago=89)
    machine.run_worker(rounds=("recheck", "refresh", "plan", "relay"))
    machine.file(who=0, road="Sukhumvit")
    machine.run_worker(rounds=("relay", "send-push"))
    machine.decide(which=0, outcome="needs-visit", name="one", days=None)
    machine.run_worker(rounds=("begin", "relay"))
    machine.stored_state_satisfies_invariants()
    machine.run_worker(rounds=())
    reminders = [n for n in machine.read_state().snapshot.notifications if n["kind"] == "reminder.due-day"]
    assert [n["status"] for n in reminders] == ["sent"]


def test_a_phone_can_be_joined_again_after_its_person_was_joined_twice_and_separated(machine: ResidentMachine) -> None:
    machine.begin(assurance="mail", ago=60)
    machine.stored_state_satisfies_invariants()
    machine.add_second_resident(assurance="mail", reports=True, wrong_row=False, is_the_same=False)
    machine.stored_state_satisfies_invariants()
    machine.link_second_resident()
    machine.stored_state_satisfies_invariants()
    machine.merge_and_separate(again=False, by_officer=False, files=True, reports=True, wrong_row=False)
    machine.stored_state_satisfies_invariants()


def test_an_accepted_report_that_is_reopened_stands_against_what_an_office_had_taken(machine: ResidentMachine) -> None:
    machine.begin(assurance="mail", ago=60)
    for who, ago in ((0, 0), (1, 0), (0, -1)):
        machine.report_at_an_office_as_well(who=who, days=0, ago=ago, wrong=False, returned=False)
        machine.stored_state_satisfies_invariants()
    machine.reopen(which=1)
    machine.stored_state_satisfies_invariants()
