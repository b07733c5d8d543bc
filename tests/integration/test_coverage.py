"""The check of who must have been told by now finds each gap, with its cause, and nothing else."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import literal, text, true

from notifications import rounds
from notifications.rules import GapCause, Outcome
from notifications.services import coverage, planning, preferences
from notifications.services.preferences import Wanted
from operations import worker
from operations.services import services_of
from tests.factories import arrived, load, officer, query, row
from tests.integration.test_notifications_planning import NOW, PARAMS, due, phone, plan
from tests.integration.test_push_rounds import Slow

EVENING = NOW + timedelta(hours=12)
PEOPLE = [uuid.UUID(int=number) for number in range(1, 11)]


def told(database, outcome=Outcome.SENT):
    """Ten people, of whom everyone was told of the due day."""
    for person in PEOPLE:
        phone(database, person)
    plan(database, due(*PEOPLE))
    rounds.send_round(database, Slow(database, outcome), NOW)


def recorded(wanted, as_kept=True):
    """What is due, as `MustBeTold` says it."""
    return wanted.add_columns(literal(as_kept).label("as_kept"))


def gaps(database, wanted=None, at=EVENING):
    """Whom the check finds, with the cause."""
    with database.transaction() as session:
        expected = coverage.compare(session, recorded(due(*PEOPLE) if wanted is None else wanted), now=at)
        coverage.conclude(session, expected=expected, now=at)
    with database.read_session() as session:
        return [(gap.person_id.int, gap.cause) for gap in coverage.last_check(session, of=true()).items]


def spoil(database, statement):
    with database.engine.begin() as connection:
        assert connection.execute(text(statement), {"person": PEOPLE[3]}).rowcount == 1


def test_where_everybody_was_told_there_is_no_gap(database):
    told(database)
    assert gaps(database) == []
    with database.read_session() as session:
        assert coverage.last_check(session, of=true()).expected == 10


_DROP_DELIVERY = "delete from deliveries where person_id = :person"
_DROP_MESSAGE = "delete from notifications where person_id = :person"
_TAKE_BACK = "update notifications set status = 'stale', reason = 'not-owed' where person_id = :person"
_OTHER_DATE = "update notifications set due_on = due_on + 1 where person_id = :person"


@pytest.mark.parametrize(
    ("statements", "cause"),
    [
        ([_DROP_DELIVERY, _DROP_MESSAGE], GapCause.NOT_PLANNED),
        ([_TAKE_BACK], GapCause.TAKEN_BACK),
        ([_OTHER_DATE], GapCause.WRONG_DATE),
        ([_DROP_DELIVERY], GapCause.NO_DELIVERY),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_a_gap_that_was_planted_is_found_with_its_cause(database, statements, cause):
    told(database)
    for statement in statements:
        spoil(database, statement)
    assert gaps(database) == [(4, cause)]


def test_what_was_planned_and_not_addressed_or_sent_is_found(database):
    for person in PEOPLE[:2]:
        phone(database, person)
    plan(database, due(*PEOPLE[:2]))
    with database.transaction() as session:
        planning.retire_stale(session, due(PEOPLE[0]), now=NOW)
    plan(database, due(*PEOPLE[:2]))  # what was taken back waits to be addressed anew
    assert gaps(database, due(*PEOPLE[:2])) == [(1, GapCause.NOT_SENT), (2, GapCause.NOT_ADDRESSED)]


def test_whom_no_channel_reaches_and_where_none_delivered_is_found(database):
    phone(database, PEOPLE[0])
    plan(database, due(*PEOPLE[:2]))
    rounds.send_round(database, Slow(database, Outcome.FAILED), NOW)
    assert gaps(database, due(*PEOPLE[:2])) == [(1, GapCause.NOT_DELIVERED), (2, GapCause.NO_CHANNEL)]


def test_what_a_person_switched_off_is_no_gap(database):
    wanted = due(PEOPLE[0], step="seven-days", params=PARAMS | {"optional": True})
    with database.transaction() as session:
        preferences.choose(session, PEOPLE[0], Wanted(optional_reminders=False), now=NOW)
    plan(database, wanted)
    assert gaps(database, wanted) == []


def test_it_runs_once_an_evening_and_says_what_it_found(database, caplog):
    def today(session, day, /, *, after):
        """Half of the people at a time."""
        rest = [person for person in PEOPLE if person > after][:5]
        return (recorded(due(*rest)), rest[-1]) if rest else None

    assert rounds.coverage_round(database, today, EVENING - timedelta(hours=1)) == 0
    with database.read_session() as session:
        assert coverage.last_check(session, of=true()).checked_at is None
    assert rounds.coverage_round(database, today, EVENING) == 10
    assert "not-planned 10" in caplog.text
    assert rounds.coverage_round(database, today, EVENING + timedelta(hours=1)) == 0
    assert rounds.coverage_round(database, today, EVENING + timedelta(days=1)) == 10


def test_supervisors_see_it_and_nobody_else(app):
    arrived(app)
    supervisor, plain = officer(app, "sam", role="supervisor"), officer(app, "olaf")
    answer = supervisor.get("/review/coverage")
    assert (answer.status_code, answer.json["checked_at"]) == (200, None)
    assert plain.get("/review/coverage").status_code == 403
    assert app.test_client().get("/api/v1/review/coverage").status_code == 401
    assert supervisor.get("/review/coverage?cause=other").status_code == 422
    assert supervisor.get("/review/coverage?cursor=x").status_code == 422


def test_a_supervisor_sees_the_people_of_their_offices(app):
    database = services_of(app).database
    arrived(app)
    load(app, "residences", row("residences", subdistrict_code="500101"))
    load(app, "passports", row("passports", document_number="TEST00002"))
    load(app, "reports", row("reports", document_number="TEST00002", office="PKT", filed_on="2026-09-10"))
    load(app, "passports", row("passports", document_number="TEST00003"))
    people = [id_ for (id_,) in query(app, "select person_id from passports order by document_index")]
    gaps(database, due(*people))
    of = {office: officer(app, f"sam-{office}", "supervisor", office) for office in ("CMI", "PKT", "BKK", "HQ")}
    seen = {office: who.get("/review/coverage").json for office, who in of.items()}
    assert {office: len(answer["items"]) for office, answer in seen.items()} == {"CMI": 1, "PKT": 1, "BKK": 0, "HQ": 3}
    assert {office: sum(c["count"] for c in answer["causes"]) for office, answer in seen.items()} == {
        "CMI": 1,
        "PKT": 1,
        "BKK": 0,
        "HQ": 3,
    }
    assert seen["CMI"]["items"] != seen["PKT"]["items"]
    both = officer(app, "sam-both", "supervisor", ["CMI", "PKT"])
    first = both.get("/review/coverage?limit=1").json
    rest = both.get(f"/review/coverage?limit=1&cursor={first['next_cursor']}").json
    assert len({each["resident_id"] for each in first["items"] + rest["items"]}) == 2
    assert rest["next_cursor"] is None


def test_the_figures_are_metrics(app):
    database = app.extensions["services"].database
    gaps(database)
    page = app.test_client().get("/metrics").text
    assert 'tm47_coverage_gaps{cause="not-planned"} 10.0' in page
    assert 'tm47_coverage_gaps{cause="no-channel"} 0.0' in page
    assert "tm47_coverage_checked_seconds" in page


def test_the_worker_has_a_round_for_it():
    assert "coverage" in [each.name for each in worker.ROUNDS]
