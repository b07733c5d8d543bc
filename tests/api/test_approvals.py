"""What waits for a second person: nothing changes until another one approves, and then once."""

from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from immigration.models.reports import Report
from immigration.services import conflicts, officers
from operations.services import services_of
from tests.access import SetClock
from tests.factories import ADDRESS, Resident, approve, officer, query, together

BY_POLICY = "2027-02-27"
BEYOND = {"outcome": "accepted", "next_due_on": "2027-02-28", "note": "A long stay in hospital."}
YES = {"outcome": "approved", "note": "Seen."}


@pytest.fixture
def asker(app: Flask) -> Resident:
    return officer(app, "asker", office="BKK")


@pytest.fixture
def asked(asker: Resident, number: str) -> Any:
    """A next due date a day beyond the policy's, asked for by an officer of Bangkok."""
    answer = asker.post(f"/review/reports/{number}/decision", BEYOND)
    assert answer.status_code == 202
    return answer


def path_of(asked: Any) -> str:
    return f"/review/approvals/{asked.json['approval']}"


def status(app: Flask) -> list[tuple[Any, ...]]:
    """The state of every report, and its decisions by officers."""
    return query(
        app, "select status, (select count(*) from decisions d where d.report_id = r.id) from reports r order by id"
    )


def test_nothing_changes_until_another_person_approves_and_then_it_is_done(app, resident, number, asked) -> None:
    assert (status(app), resident.get(f"/reports/{number}").json["receipt"]) == ([("under-review", 0)], None)
    settled = approve(app, asked, office="BKK")
    assert (settled.status_code, settled.json["state"], settled.json["report"]) == (200, "approved", number)
    assert resident.get(f"/reports/{number}").json["receipt"]["next_due_on"] == "2027-02-28"
    assert query(app, "select decided_by, overridden from decisions") == [("officer:asker", True)]
    events = query(app, "select actor, data->>'requested_by' from events where kind = 'approval.settled'")
    assert events[0][0].startswith("officer:second")
    assert events[0][1] == "officer:asker"


def test_a_date_of_the_policy_or_before_it_waits_for_nobody(asker, number) -> None:
    answer = asker.post(f"/review/reports/{number}/decision", BEYOND | {"next_due_on": BY_POLICY})
    assert (answer.status_code, answer.json["receipt"]["next_due_on"]) == (200, BY_POLICY)


def test_who_asked_does_not_approve(app, asker, asked) -> None:
    answer = asker.post(path_of(asked), YES)
    assert (answer.status_code, answer.json["code"]) == (409, "own-request")
    assert asker.post(path_of(asked), YES | {"outcome": "refused"}).status_code == 409
    assert status(app) == [("under-review", 0)]


def test_a_refusal_changes_nothing_and_stands(app, asked) -> None:
    assert approve(app, asked, "refused", office="BKK").json["state"] == "refused"
    again = approve(app, asked, office="BKK")
    assert (again.status_code, again.json["code"]) == (409, "approval-settled")
    assert status(app) == [("under-review", 0)]


def test_an_approval_of_another_office_is_not_found(app, asked) -> None:
    stranger = officer(app, "stranger", office="CMI")
    assert stranger.get("/review/approvals").json["items"] == []
    unknown = stranger.post(f"/review/approvals/{uuid4()}", YES)
    foreign = stranger.post(path_of(asked), YES)
    assert (foreign.status_code, foreign.json) == (unknown.status_code, unknown.json) == (404, unknown.json)


@pytest.mark.parametrize(("role", "refused"), [("auditor", 403), ("administrator", 404)])
def test_who_does_not_decide_does_not_approve(app, asked, role, refused) -> None:
    assert officer(app, role, role).post(path_of(asked), YES).status_code == refused


def test_the_list_shows_what_waits_and_who_asked(app, number, asked) -> None:
    colleague = officer(app, "colleague", office="BKK")
    [item] = colleague.get("/review/approvals").json["items"]
    assert (item["id"], item["kind"], item["state"]) == (asked.json["approval"], "next-due-date", "waiting")
    assert (item["report"], item["requested_by"]) == (number, "officer:asker")
    assert (item["asked"]["next_due_on"], item["asked"]["note"]) == (BEYOND["next_due_on"], BEYOND["note"])
    assert item["mine"] is False
    approve(app, asked)
    assert colleague.get("/review/approvals").json["items"] == []


def test_what_an_officer_asked_for_is_marked_as_theirs(asker, asked) -> None:
    assert [item["mine"] for item in asker.get("/review/approvals").json["items"]] == [True]


def test_the_same_again_waits_once(app, asker, number, asked) -> None:
    again = asker.post(f"/review/reports/{number}/decision", BEYOND)
    assert (again.status_code, again.json) == (202, asked.json)
    other = asker.post(f"/review/reports/{number}/decision", BEYOND | {"note": "Another reason."})
    assert other.json != asked.json
    assert query(app, "select count(*) from events where kind = 'approval.requested'") == [(2,)]


def test_an_approval_sent_again_has_the_same_answer(app, asked) -> None:
    second = officer(app, "second", office="BKK")
    first = second.post(path_of(asked), YES)
    again = second.post(path_of(asked), YES)
    assert (first.status_code, first.json) == (again.status_code, again.json)
    assert status(app) == [("accepted", 1)]


def test_after_three_days_it_has_to_be_asked_for_again(app, clock: SetClock, number, asked) -> None:
    clock.pass_by(days=3)
    late = approve(app, asked, office="BKK")
    assert (late.status_code, late.json["code"]) == (409, "approval-expired")
    assert officer(app, "reader", office="BKK").get("/review/approvals").json["items"] == []
    again = officer(app, "asks-again", office="BKK").post(f"/review/reports/{number}/decision", BEYOND)
    assert again.json != asked.json


def changed_by_a_decision(app: Flask, resident: Resident, number: str) -> None:
    colleague = officer(app, "colleague", office="BKK")
    colleague.post(f"/review/reports/{number}/decision", {"outcome": "rejected", "reasons": ["other"]})


def changed_by_a_withdrawal(app: Flask, resident: Resident, number: str) -> None:
    assert resident.post(f"/reports/{number}/withdrawal").status_code == 200


def changed_by_a_correction(app: Flask, resident: Resident, number: str) -> None:
    colleague = officer(app, "colleague", office="BKK")
    colleague.post(f"/review/reports/{number}/decision", {"outcome": "returned", "reasons": ["address-mismatch"]})
    corrected = {"address": ADDRESS | {"soi": "Sukhumvit 33"}}
    assert resident.post(f"/reports/{number}/correction", corrected).json["status"] == "under-review"


@pytest.mark.parametrize("change", [changed_by_a_decision, changed_by_a_withdrawal, changed_by_a_correction])
def test_what_was_asked_before_the_report_changed_is_not_done(app, resident, number, asked, change) -> None:
    change(app, resident, number)
    before = status(app)
    outdated = approve(app, asked, office="BKK")
    assert (outdated.status_code, outdated.json["code"]) == (409, "approval-outdated")
    assert status(app) == before


def disabled(session: Any, now: Any) -> None:
    officers.disable(session, "asker", actor="test", now=now)


def moved(session: Any, now: Any) -> None:
    officers.move(session, "asker", ["CMI"], actor="test", now=now)


def given_another_role(session: Any, now: Any) -> None:
    officers.get(session, "asker").role = "auditor"


def conflicted(session: Any, now: Any) -> None:
    asker, author = officers.get(session, "asker"), session.scalars(select(Report.person_id)).one()
    conflicts.declare(session, author, "My neighbour.", name=None, by=officers.principal_of(asker), now=now)


@pytest.mark.parametrize("change", [disabled, moved, given_another_role, conflicted])
def test_what_an_account_asked_for_is_not_done_once_it_may_not(app, clock, asked, change) -> None:
    with services_of(app).database.transaction() as session:
        change(session, clock())
    outdated = approve(app, asked, office="BKK")
    assert (outdated.status_code, outdated.json["code"]) == (409, "approval-outdated")
    assert status(app) == [("under-review", 0)]


def test_of_two_who_answer_at_once_one_settles_it(app, asked) -> None:
    staff = [officer(app, f"second-at-once-{n}", office="BKK") for n in range(4)]
    answers = together([partial(each.post, path_of(asked), YES) for each in staff])
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {answer.json["code"] for answer in answers if answer.status_code == 409} == {"approval-settled"}
    assert status(app) == [("accepted", 1)]


def test_a_decision_and_an_approval_at_once_make_one_decision(app, number, asked) -> None:
    approver, decider = officer(app, "approver", office="BKK"), officer(app, "decider", office="BKK")
    decision = {"outcome": "rejected", "reasons": ["other"]}
    answers = together(
        [
            lambda: approver.post(path_of(asked), YES),
            lambda: decider.post(f"/review/reports/{number}/decision", decision),
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert [made for _, made in status(app)] == [1]


@pytest.mark.parametrize(
    "body", [{}, {"outcome": "maybe"}, {"outcome": "approved", "note": "x" * 2001}, {"outcome": "approved", "x": 1}]
)
def test_what_is_no_answer_is_refused(app, asked, body) -> None:
    assert officer(app, "second", office="BKK").post(path_of(asked), body).status_code == 422
    assert status(app) == [("under-review", 0)]


def test_pages_of_approvals_neither_repeat_nor_skip(app, asker, number, asked) -> None:
    for n in range(4):
        asker.post(f"/review/reports/{number}/decision", BEYOND | {"note": f"Reason {n}."})
    seen, cursor = [], ""
    while cursor is not None:
        page = asker.get(f"/review/approvals?limit=2{cursor and '&cursor=' + cursor}").json
        seen += [item["asked"]["note"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [BEYOND["note"], *(f"Reason {n}." for n in range(4))]
