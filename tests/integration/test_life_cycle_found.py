"""Lives that once broke a promise, as the steps that led there."""

import json
from collections.abc import Iterator
from datetime import date

import pytest

from foundation.db import Database
from immigration.registries.law import law
from immigration.rules.due_dates import obligation
from immigration.rules.facts import Facts, Movement, Report
from tests.oracle import ONE
from tests.stateful.life import Life
from tests.stateful.world import World, world


@pytest.fixture(scope="module")
def here(empty_database: Database) -> Iterator[World]:
    with world(empty_database) as made:
        yield made


@pytest.fixture
def life(here: World) -> Life:
    class Lived(Life):
        world = here

    return Lived()


@pytest.mark.parametrize("numbers", [("R1", "R2"), ("R2", "R1")])
def test_of_two_reports_of_one_day_the_later_one_moves_the_date(numbers: tuple[str, str]) -> None:
    """An officer may set the next date to tomorrow, and the next report may come on the same day."""
    arrived, day, dates = date(2026, 9, 1), date(2026, 11, 23), (date(2026, 11, 24), date(2027, 2, 22))
    filed = (Report(n, day, "online", due, 1, "BKK", True, arrived) for n, due in zip(numbers, dates, strict=True))
    facts = Facts(movements=(Movement("M1", "arrival", arrived, "NON-O"),), reports=tuple(filed))
    window = obligation(facts, day, law().on(day)).window
    assert window
    assert window.due_on == dates[1]


def test_a_report_keeps_its_period_when_its_author_turns_out_to_be_another(life: Life) -> None:
    life.begin(assurance="mail", ago=80)
    life.a_stranger_comes(assurance="mail", reports=True, mixed_up=False, is_the_same=True)
    life.the_worker_works(rounds=())
    life.the_promises_hold()
    assert len(life.acknowledged) == 1


def test_days_of_grace_count_while_the_records_cannot_be_read(life: Life) -> None:
    life.begin(assurance="mail", ago=90)
    life.time_passes(days=4, working=False)
    life.the_source_goes_down_or_comes_back(down=True)
    life.file(who=0, road="Sukhumvit")
    life.decide(which=0, outcome="accepted", name="one", days=None)
    life.the_promises_hold()
    assert life.promised


def test_a_report_counts_again_when_the_correction_that_denied_it_is_taken_back(life: Life) -> None:
    """Meanwhile another report came for the same period, and is itself denied by what was put right."""
    life.begin(assurance="counter", ago=80)
    life.a_correction_is_taken_back(by=3, days=0)
    life.the_promises_hold()
    assert len(life.acknowledged) == 2


def test_a_report_counts_again_when_the_one_that_took_its_period_is_withdrawn(life: Life) -> None:
    life.begin(assurance="counter", ago=80)
    life.file(who=0, road="Sukhumvit")
    (arrival,) = life.ledger.rows["movements"].values()
    life.put("movements", arrival | {"occurred_on": life.on(78)})
    life.the_source_goes_down_or_comes_back(down=True)
    life.file(who=0, road="Sukhumvit")
    life.put("movements", arrival)
    life.the_promises_hold()
    life.withdraw_or_correct(which=0, act="withdrawal")
    life.the_promises_hold()
    assert len(life.acknowledged) == 2


def test_of_two_reports_for_one_arrival_one_holds_when_both_authors_turn_out_to_be_one(life: Life) -> None:
    """The arrival was first taken for the one's, then for the other's, who reported too."""
    life.begin(assurance="counter", ago=60)
    life.a_stranger_comes(assurance="counter", reports=True, mixed_up=False, is_the_same=False)
    life.decide(which=0, outcome="accepted", name="one", days=None)
    life.a_row_turns_out_to_be_about_another(kind="movements", which=0)
    life.file_in_time(who=0, days=1, acts=["accept"])
    life.the_promises_hold()
    life.the_stranger_turns_out_to_be_the_same()
    life.the_worker_works(rounds=())
    life.the_promises_hold()
    assert len(life.acknowledged) == 2


@pytest.mark.parametrize("decided", [True, False])
def test_a_report_gives_way_to_another_of_its_period_when_both_authors_turn_out_to_be_one(
    life: Life, decided: bool
) -> None:
    """Neither was accepted, then the later one gives way; or the later one was."""
    life.begin(assurance="mail", ago=60)
    life.a_stranger_comes(assurance="mail", reports=True, mixed_up=False, is_the_same=False)
    life.a_row_turns_out_to_be_about_another(kind="movements", which=0)
    life.file_in_time(who=0, days=1, acts=["accept"] if decided else [])
    life.the_promises_hold()
    life.the_stranger_turns_out_to_be_the_same()
    life.the_worker_works(rounds=())
    life.the_promises_hold()
    stranger, person = (life.look().picture.report(number) for number in life.acknowledged)
    gone, stands = (stranger, person) if decided else (person, stranger)
    assert (gone["status"], gone["reasons"]) == ("rejected", ["already-reported"])
    assert stands["status"] == ("accepted" if decided else "under-review")
    told = [n for n in life.look().picture.notifications if n["kind"] == "report.decided.rejected"]
    assert [(n["person_id"], n["status"]) for n in told] == [(stands["person_id"], "sent")]


def test_of_two_accepted_reports_without_an_entry_the_later_one_holds_when_both_authors_turn_out_to_be_one(
    life: Life,
) -> None:
    """Each was filed while no entry of its author was on record; the arrival was taken for the other's."""
    life.begin(assurance="mail", ago=60)
    life.a_stranger_comes(assurance="mail", reports=False, mixed_up=True, is_the_same=False)
    life.decide(which=0, outcome="accepted", name="one", days=None)
    life.a_row_turns_out_to_be_about_another(kind="movements", which=0)
    life.file(who=1, road="Sukhumvit")
    life.decide(which=0, outcome="accepted", name="one", days=None)
    life.the_stranger_turns_out_to_be_the_same()
    life.the_worker_works(rounds=())
    life.the_promises_hold()
    first, second = (life.look().picture.report(number) for number in life.acknowledged)
    assert first["period"] == second["period"] == "no-entry"
    assert first["contradicted_at"]
    assert not second["contradicted_at"]


def test_a_report_without_an_entry_answers_the_period_after_another_of_its_author(life: Life) -> None:
    """Each was filed while no entry of its author was on record, months apart; then the two turn out to be one."""
    life.begin(assurance="mail", ago=60)
    life.a_stranger_comes(assurance="mail", reports=False, mixed_up=True, is_the_same=False)
    life.decide(which=0, outcome="accepted", name="one", days=None)
    life.a_row_turns_out_to_be_about_another(kind="movements", which=0)
    life.time_passes(days=80, working=True)
    life.file(who=1, road="Sukhumvit")
    life.the_stranger_turns_out_to_be_the_same()
    life.the_worker_works(rounds=())
    life.the_promises_hold()
    first, second = (life.look().picture.report(number) for number in life.acknowledged)
    assert (first["status"], first["period"], first["contradicted_at"]) == ("accepted", "no-entry", None)
    assert (second["status"], second["period"]) == ("under-review", f"no-entry:{first['number']}")


def test_days_of_grace_count_while_the_records_cannot_be_read_and_the_author_has_left(life: Life) -> None:
    life.begin(assurance="counter", ago=60)
    life.a_report_comes_while_the_source_is_away(who=0, days=16, away=8, leaves=True)
    life.the_source_goes_down_or_comes_back(down=True)
    life.decide(which=0, outcome="accepted", name="one", days=None)
    life.the_promises_hold()
    (answered,) = life.acknowledged.values()
    due_on = date.fromisoformat(json.loads(answered.text)["due_on"])
    assert life.look().picture.reports[0]["filed_on"] == str(due_on + ONE)
    assert life.look().picture.receipts[0]["next_due_on"] == str(due_on + 90 * ONE)


def test_a_reminder_that_was_taken_back_waits_again_on_the_day_its_step_began(life: Life) -> None:
    """The round for what begins that day leaves it to the one that looks at everybody."""
    life.begin(assurance="mail", ago=89)
    life.the_worker_works(rounds=("recheck", "refresh", "plan", "relay"))
    life.file(who=0, road="Sukhumvit")
    life.the_worker_works(rounds=("relay", "send"))
    life.decide(which=0, outcome="needs-visit", name="one", days=None)
    life.the_worker_works(rounds=("begin", "relay"))
    life.the_promises_hold()
    life.the_worker_works(rounds=())
    reminders = [n for n in life.look().picture.notifications if n["kind"] == "reminder.due-day"]
    assert [n["status"] for n in reminders] == ["sent"]
