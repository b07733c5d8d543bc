"""Override and return rates by office and officer, for supervisors; small ones are not shown."""

import pytest
from sqlalchemy import text

from immigration.services import decision_rates
from operations.services import services_of
from tests.conftest import NOW
from tests.factories import arrived, officer, query

DECIDED = """
insert into reports (number, person_id, passport_id, period, filed_at, filed_on, status, assurance, subdistrict_code,
  address, contact, office, checks, reasons, policy_version, filing_statement)
select concat(cast(:office as text), cast(:officer as text), '-', n), p.person_id, p.id, 'period-' || n, :at, :day,
  'withdrawn', 'mail', '103901', '', '', :office, '{}', '{}', 'x', ''
from generate_series(1, :many) n, passports p
"""
DECISIONS = """
insert into decisions (report_id, outcome, reasons, policy_version, decided_by, decided_at)
select id, case when row_number() over (order by id) <= :returned then 'returned' else 'accepted' end, '{}', 'x',
  :officer, :at
from reports where number like concat(cast(:office as text), cast(:officer as text), '-%')
"""


@pytest.fixture
def decided(app):
    """Lets an officer decide reports of an office, some of them returned."""
    arrived(app)

    def decide(name, many, returned=0, office="BKK", at=NOW):
        values = {"office": office, "officer": f"officer:{name}", "many": many, "returned": returned, "at": at}
        with services_of(app).database.transaction() as session:
            session.execute(text(DECIDED), values | {"day": at.date()})
            session.execute(text(DECISIONS), values)

    return decide


def rates(app, who):
    with services_of(app).database.transaction() as session:
        decision_rates.count(session, now=services_of(app).clock())
    items = who.get("/review/decision-rates").json["items"]
    return {(each["office"], each["officer"]): each for each in items}


def shown(rated):
    return {key: each["decided"] for key, each in rated.items()}


def test_a_supervisor_sees_rates_of_the_office_and_of_each_officer(app, decided):
    decided("anan", 40, returned=10)
    decided("boonma", 60, returned=3)
    decided("far", 50, office="CMI")
    with services_of(app).database.transaction() as session:
        session.execute(
            text("""insert into second_reviews (report_id, kind, grounds, office, outcome, decided_by, decided_at,
            drawn_at, result) select report_id, 'override', '{}', 'BKK', outcome, decided_by, decided_at, decided_at,
            'flagged' from decisions where decided_by = 'officer:anan' order by id limit 4""")
        )
        session.execute(
            text("""insert into decisions (report_id, outcome, reasons, policy_version, decided_by, decided_at)
            select report_id, 'reopened', '{}', 'x', 'supervisor:chief', :at from decisions
            where decided_by = 'officer:boonma' order by id limit 6"""),
            {"at": NOW},
        )
    rated = rates(app, officer(app, "chief", "supervisor", "BKK"))
    assert shown(rated) == {("BKK", None): 100, ("BKK", "anan"): 40, ("BKK", "boonma"): 60}
    anan, boonma, office = (rated["BKK", name] for name in ("anan", "boonma", None))
    assert (anan["returned"], anan["overridden"], anan["flagged"]["count"]) == (
        {"count": 10, "share": 0.25},
        {"count": 4, "share": 0.1},
        4,
    )
    assert (boonma["reopened"], boonma["overridden"]["count"]) == ({"count": 6, "share": 0.1}, 0)
    assert (office["returned"]["share"], office["reopened"]["count"]) == (0.13, 6)
    assert len(rates(app, officer(app, "everywhere", "supervisor"))) == 5


def test_what_is_small_is_not_shown_nor_found_by_subtraction(app, decided):
    decided("anan", 9, returned=1)
    decided("boonma", 30, returned=30)
    decided("chai", 40)
    rated = rates(app, officer(app, "chief", "supervisor", "BKK"))
    assert shown(rated) == {("BKK", None): 79, ("BKK", "anan"): None, ("BKK", "boonma"): None, ("BKK", "chai"): 40}
    assert rated["BKK", "anan"]["returned"] == {"count": None, "share": None}


def test_only_the_last_weeks_count_and_they_are_counted_anew(app, clock, decided):
    decided("anan", 20)
    chief = officer(app, "chief", "supervisor", "BKK")
    assert shown(rates(app, chief)) == {("BKK", None): 20, ("BKK", "anan"): 20}
    assert shown(rates(app, chief)) == {("BKK", None): 20, ("BKK", "anan"): 20}
    clock.pass_by(days=91)
    with services_of(app).database.transaction() as session:
        decision_rates.count(session, now=clock())
    assert query(app, "select count(*) from decision_rates") == [(0,)]


@pytest.mark.parametrize(("role", "status"), [("officer", 403), ("auditor", 200), ("administrator", 403)])
def test_who_sees_them(app, role, status):
    assert officer(app, role, role, "BKK").get("/review/decision-rates").status_code == status
