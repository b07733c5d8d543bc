"""The audit trail is verified once a day and when an auditor asks, and what came of it is kept."""

import pytest
from sqlalchemy import text

from foundation.witnesses import WitnessAway, witness_at
from operations import auditing, verifying
from operations.services import services_of
from tests.access import SetClock, make_app
from tests.factories import activate, arrived, officer, query, together


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def app(database, clock):
    made = make_app(database, clock)
    arrived(made)
    activate(made).file()
    seal(made)
    return made


def seal(app, witness=None):
    services = services_of(app)
    return auditing.seal_round(services.database, services.filing.signer, services.clock(), witness=witness)


def verify(app, witness=None):
    services = services_of(app)
    now = services.clock()
    return verifying.verify_round(services.database, services.filing.signer, now, clock=services.clock, witness=witness)


def last(auditor):
    return auditor.get("/audit/verifications").json["items"][0]


def test_it_is_made_once_a_day(app, clock):
    assert [verify(app), verify(app)] == [1, 0]
    clock.pass_by(hours=23)
    assert verify(app) == 0
    clock.pass_by(hours=1)
    assert verify(app) == 1


def test_an_auditor_sees_up_to_which_seal_it_was_sound(app, tmp_path):
    witness = witness_at(str(tmp_path / "seals"))
    seal(app, witness)
    auditor = officer(app, "auditor", "auditor")
    verify(app, witness)
    shown = last(auditor)
    counted = query(app, "select count(*), (select max(number) from seals) from events_to_seal")[0]
    sealed = query(app, "select count(*) from events")[0][0] - counted[0]
    assert (shown["state"], shown["faults"], shown["asked_by"], shown["witnessed"]) == ("sound", 0, None, True)
    assert (shown["up_to_seal"], shown["events"], shown["waiting"]) == (counted[1], sealed, counted[0])


def test_an_auditor_asks_for_one_and_it_is_recorded(app):
    verify(app)
    auditor, other = officer(app, "auditor", "auditor"), officer(app, "other", "auditor")
    answers = together([lambda who=who: who.post("/audit/verifications") for who in (auditor, other)])
    assert {answer.status_code for answer in answers} == {202}
    assert last(auditor)["state"] == "waiting"
    assert query(app, "select count(*) from verifications where ended_at is null") == [(1,)]
    assert query(app, "select count(*) from events where kind = 'audit.verification-asked'") == [(1,)]
    assert verify(app) == 1
    assert (last(auditor)["state"], last(auditor)["asked_by"][:8]) == ("sound", "auditor:")


def test_what_was_changed_is_named(app, caplog):
    with services_of(app).database.transaction() as session:
        session.execute(text("set local session_replication_role = replica"))
        session.execute(text("update events set kind = 'report.withdrawn' where kind = 'report.filed'"))
        session.execute(text("delete from events where kind = 'report.decided'"))
    verify(app)
    shown = last(officer(app, "auditor", "auditor"))
    assert (shown["state"], shown["faults"]) == ("faults", 2)
    assert "changed" in shown["first_fault"]
    assert "the audit trail has 2 faults" in caplog.text


class Away:
    """A witness that cannot be asked."""

    def take(self, seal):
        """Not now."""
        raise WitnessAway("the witness is away")

    taken = take


def test_while_the_witness_is_away_nothing_is_said_to_be_sound(app):
    away = Away()
    away.taken = lambda: away.take(None)
    verify(app, away)
    shown = last(officer(app, "auditor", "auditor"))
    assert (shown["state"], shown["faults"], shown["first_fault"]) == ("failed", None, "the witness is away")


def test_one_that_a_worker_left_is_made_by_the_next(app):
    auditor = officer(app, "auditor", "auditor")
    auditor.post("/audit/verifications")
    with services_of(app).database.transaction() as session:
        session.execute(text("update verifications set began_at = now()"))
    assert last(auditor)["state"] == "running"
    assert verify(app) == 1
    assert last(auditor)["state"] == "sound"


@pytest.mark.parametrize("role", ["officer", "supervisor", "administrator"])
def test_only_auditors_see_and_ask(app, role):
    who = officer(app, role, role)
    assert [who.get("/audit/verifications").status_code, who.post("/audit/verifications").status_code] == [403, 403]
