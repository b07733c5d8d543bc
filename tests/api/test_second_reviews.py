"""A second pair of eyes: on a random sample of what the records accepted, and on what goes against them."""

from hashlib import sha256
from itertools import count

import pytest
from sqlalchemy import text

from foundation.events import EventRecord
from foundation.sealing import keyring
from immigration.rules import numbers
from immigration.rules.fairness import is_drawn
from immigration.services import officers, second_reviews
from operations.services import services_of
from tests.factories import (
    PASSWORD,
    Resident,
    activate,
    approve,
    arrived,
    load,
    officer,
    query,
    row,
    together,
)
from tests.linking import relay

OK = {"outcome": "confirmed", "note": ""}
BAD = {"outcome": "flagged", "note": "The passport had expired."}


def assign(app):
    with services_of(app).database.transaction() as session:
        return second_reviews.assign(session, now=services_of(app).clock())


def numbers_drawn(rate, drawn):
    """Report numbers of which each is in a sample of so many in 1,000, or is not."""
    made = (numbers.report_number(sha256(str(n).encode()).digest()[:12]) for n in count())
    return (number for number in made if is_drawn(keyring().digest("second-review", number), rate) is drawn)


@pytest.fixture
def accept(app, clock):
    """Lets the records accept a report of a number in the sample of a rate, or not; its number, once a worker drew."""

    def file(rate=20, *, drawn=True):
        arrived(app)
        load(app, "residences", row("residences"))
        answer = activate(app).file().json
        assert answer["status"] == "accepted"
        number = next(numbers_drawn(rate, drawn))
        with services_of(app).database.transaction() as session:
            session.execute(text("update reports set number = :number"), {"number": number})
            second_reviews.draw(session, acceptance_of(number, clock()))
        return number

    return file


def acceptance_of(number, at):
    """The event that the records accepted a report."""
    data = {"outcome": "accepted", "office": "BKK"}
    return EventRecord(at=at, kind="report.decided", subject=number, actor="system", data=data)


@pytest.fixture
def overridden(app):
    """A report of an expired passport that an officer accepted all the same."""
    load(app, "passports", row("passports", expires_on="2026-11-01"))
    load(app, "movements", row("movements", occurred_on="2026-09-01"))
    number = activate(app).file().json["number"]
    decider = officer(app, "decider", office="BKK")
    assert decider.post(f"/review/reports/{number}/decision", {"outcome": "accepted"}).status_code == 200
    return number


def reviews(who, query_string=""):
    return who.get(f"/review/second-reviews{query_string}").json["items"]


def settle(who, review, body):
    return who.post(f"/review/second-reviews/{review['id']}", body)


def test_an_acceptance_in_the_sample_is_given_to_one_officer_of_the_office(app, accept):
    staff = [officer(app, name, office="BKK") for name in ("anan", "boonma")]
    stranger = officer(app, "far", office="CMI")
    number = accept()
    assert [assign(app), assign(app)] == [1, 0]
    [found] = [review for each in staff for review in reviews(each)]
    assert (found["report"], found["kind"], found["outcome"], found["mine"]) == (number, "sample", "accepted", True)
    assert reviews(stranger) == []
    assert query(app, "select per_mille, decided_by from second_reviews") == [(20, "system")]


def test_what_is_not_in_the_sample_is_not_drawn(app, accept):
    accept(drawn=False)
    assert query(app, "select count(*) from second_reviews") == [(0,)]


def test_what_the_worker_draws_is_what_the_key_draws_again(app, resident):
    """An officer's acceptance and a filing that waits are in no sample; what the records accept is, by its number."""
    load(app, "residences", row("residences"))
    load(app, "passports", row("passports", document_number="OTHER0001"))
    load(app, "movements", row("movements", document_number="OTHER0001"))
    waits, accepted = resident.file().json, activate(app, "OTHER0001").file().json
    assert (waits["status"], accepted["status"]) == ("under-review", "accepted")
    officer(app).post(f"/review/reports/{waits['number']}/decision", {"outcome": "accepted"})
    relay(app)
    drawn = is_drawn(keyring().digest("second-review", accepted["number"]), 20)
    assert query(app, "select count(*) from second_reviews") == [(int(drawn),)]


def test_an_event_that_is_relayed_twice_is_drawn_once(app, clock, accept):
    number = accept()
    with services_of(app).database.transaction() as session:
        second_reviews.draw(session, acceptance_of(number, clock()))
    assert query(app, "select count(*) from second_reviews") == [(1,)]


def test_the_rate_counts_that_was_in_force_at_the_acceptance(app, clock, accept):
    chief = officer(app, "chief", "supervisor", "BKK")
    before = clock()
    clock.pass_by(minutes=1)
    chief.post("/review/sampling-rates", {"office": "BKK", "per_mille": 5, "reason": "Few officers."})
    number = next(each for each in numbers_drawn(20, True) if not is_drawn(keyring().digest("second-review", each), 5))
    accept(5)
    assert query(app, "select per_mille from second_reviews") == [(5,)]
    with services_of(app).database.transaction() as session:
        session.execute(text("update reports set number = :number"), {"number": number})
        second_reviews.draw(session, acceptance_of(number, clock()))
        assert session.scalar(text("select count(*) from second_reviews")) == 1
        second_reviews.draw(session, acceptance_of(number, before))
        assert session.scalar(text("select count(*) from second_reviews")) == 2


def test_a_rate_has_limits_and_says_who_set_it_and_is_kept(app, clock):
    supervisor, auditor = officer(app, "chief", "supervisor", "BKK"), officer(app, "auditor", "auditor")

    def set_to(per_mille, **more):
        wanted = {"office": "BKK", "per_mille": per_mille, "reason": "New officers."} | more
        return supervisor.post("/review/sampling-rates", wanted)

    assert [set_to(each).status_code for each in (4, 201, 0)] == [422, 422, 422]
    assert set_to(50, office="CMI").status_code == 404
    assert set_to(50, reason="").status_code == 422
    assert (set_to(50).status_code, set_to(50).status_code) == (201, 201)
    clock.pass_by(minutes=5)
    set_to(80)
    shown = auditor.get("/review/sampling-rates").json
    assert [(each["per_mille"], each["set_by"]) for each in shown["items"]] == [
        (80, "supervisor:chief"),
        (50, "supervisor:chief"),
    ]
    assert (shown["default"], shown["least"], shown["most"]) == (20, 5, 200)
    told = query(
        app, "select data->>'former', data->>'per_mille' from events where kind = 'sampling-rate.set' order by id"
    )
    assert told == [("20", "50"), ("50", "80")]
    for role in ("officer", "auditor"):
        other = officer(app, f"a-{role}", role, "BKK")
        assert (
            other.post("/review/sampling-rates", {"office": "BKK", "per_mille": 9, "reason": "Less."}).status_code
            == 403
        )


def test_a_decision_against_the_records_is_looked_at_by_another_officer(app, overridden):
    second = officer(app, "second", office="BKK")
    assert assign(app) == 1
    [review] = reviews(second)
    assert (review["report"], review["kind"], review["grounds"]) == (overridden, "override", ["against-finding"])
    assert "decider" not in str(review)
    assert settle(second, review, OK).json["result"] == "confirmed"
    assert reviews(second) == []
    assert [each["result"] for each in reviews(second, "?settled=true")] == ["confirmed"]
    assert query(app, "select status from reports") == [("accepted",)]
    assert query(app, "select actor, data->>'decided_by' from events where kind = 'second-review.done'") == [
        ("officer:second", "officer:decider")
    ]


def test_who_decided_is_never_drawn(app, overridden):
    assert assign(app) == 0
    officer(app, "hq", "supervisor")
    assert assign(app) == 1, "of an office with no other officer, one of the headquarters reviews"


def test_a_decision_that_follows_from_the_records_is_not_looked_at(app, number):
    decider = officer(app, "decider", office="BKK")
    assert decider.post(f"/review/reports/{number}/decision", {"outcome": "accepted"}).status_code == 200
    assert query(app, "select count(*) from second_reviews") == [(0,)]


def test_a_flagged_one_goes_to_a_supervisor_who_may_reopen_it(app, overridden):
    second = officer(app, "second", office="BKK")
    assign(app)
    flagged = settle(second, reviews(second)[0], BAD).json
    assert query(app, "select status from reports") == [("accepted",)]
    path = f"/review/approvals/{flagged['approval']}"
    yes = {"outcome": "approved", "note": "Indeed."}
    assert second.post(path, yes).json["code"] == "own-request"
    assert officer(app, "third", office="BKK").post(path, yes).json["code"] == "forbidden"
    assert officer(app, "chief", "supervisor", "BKK").post(path, yes).status_code == 200
    assert query(app, "select status from reports") == [("under-review",)]
    assert query(app, "select outcome, decided_by from decisions order by id") == [
        ("accepted", "officer:decider"),
        ("reopened", "officer:second"),
    ]


def test_who_decided_has_no_say_whether_it_is_reopened(app, overridden):
    second = officer(app, "second", office="BKK")
    assign(app)
    flagged = settle(second, reviews(second)[0], BAD).json
    answer = sign_in(app, "decider").post(f"/review/approvals/{flagged['approval']}", {"outcome": "refused"})
    assert (answer.status_code, answer.json["code"]) == (409, "own-decision")


def test_the_same_again_is_answered_and_another_answer_is_not(app, overridden):
    second = officer(app, "second", office="BKK")
    assign(app)
    [review] = reviews(second)
    first, again = settle(second, review, BAD), settle(second, review, BAD)
    assert first.json == again.json
    other = settle(second, review, OK)
    assert (other.status_code, other.json["code"]) == (409, "second-review-done")
    assert query(app, "select count(*) from approvals") == [(1,)]


def test_of_two_answers_at_once_one_is_taken(app, overridden):
    second = officer(app, "second", office="BKK")
    assign(app)
    [review] = reviews(second)
    answers = together([lambda body=body: settle(second, review, body) for body in (OK, BAD)])
    assert sorted(answer.status_code for answer in answers) == [200, 409]


@pytest.mark.parametrize(
    "body", [{}, {"outcome": "maybe"}, {"outcome": "flagged"}, OK | {"note": "x" * 2001}, OK | {"x": 1}]
)
def test_what_is_no_answer_is_refused(app, overridden, body):
    second = officer(app, "second", office="BKK")
    assign(app)
    assert settle(second, reviews(second)[0], body).status_code == 422


def test_a_look_of_another_officer_is_not_found(app, overridden):
    staff = [officer(app, name, office="BKK") for name in ("anan", "boonma", "chai")]
    assign(app)
    (review,) = [review for each in staff for review in reviews(each)]
    others = [each for each in staff if not reviews(each)]
    assert [settle(each, review, OK).status_code for each in others] == [404, 404]
    chief = officer(app, "chief", "supervisor", "BKK")
    assert [each["mine"] for each in reviews(chief)] == [False]
    assert settle(chief, review, OK).status_code == 404
    assert officer(app, "auditor", "auditor").post(f"/review/second-reviews/{review['id']}", OK).status_code == 403


def test_one_that_is_not_taken_in_time_goes_to_the_next(app, clock, overridden):
    staff = {name: officer(app, name, office="BKK") for name in ("anan", "boonma")}
    assign(app)
    (first,) = (name for name, each in staff.items() if reviews(each))
    clock.pass_by(days=4, hours=23)
    assert assign(app) == 0
    clock.pass_by(hours=2)
    staff = {name: sign_in(app, name) for name in staff}
    assert assign(app) == 1
    assert [name for name, each in staff.items() if reviews(each)] == [name for name in staff if name != first]


def test_one_whose_officer_left_goes_to_the_next(app, clock, overridden):
    staff = {name: officer(app, name, office="BKK") for name in ("anan", "boonma")}
    assign(app)
    (first,) = (name for name, each in staff.items() if reviews(each))
    with services_of(app).database.transaction() as session:
        officers.disable(session, first, actor="test", now=clock())
    assert assign(app) == 1
    (other,) = staff.keys() - {first}
    assert len(reviews(staff[other])) == 1


def test_a_report_that_changed_since_is_flagged_without_asking_for_anything(app, overridden):
    second = officer(app, "second", office="BKK")
    assign(app)
    [review] = reviews(second)
    chief = officer(app, "chief", "supervisor", "BKK")
    approve(app, chief.post(f"/review/reports/{overridden}/reopening", {"note": "A check."}))
    assert settle(second, review, BAD).json["approval"] is None


def sign_in(app, name):
    """Sign in again with an account that there is."""
    client = app.test_client()
    answer = client.post("/api/v1/officers/sessions", json={"name": name, "password": PASSWORD})
    return Resident(client, {"Authorization": f"Bearer {answer.json['access_token']}"}, "")
