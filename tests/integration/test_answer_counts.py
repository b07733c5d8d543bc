"""How the API answered is counted by hour, right with any number of processes, and its errors are published."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import abort

from app import create_app
from foundation import answer_counts
from foundation.answer_counts import AnswerCounts, count_answers
from foundation.db import Database
from foundation.errors import Unavailable
from foundation.http import allow
from foundation.identity import Role
from operations import figures
from tests.access import SETTINGS, SetClock
from tests.factories import query, together
from tests.serving import eventually

HOUR = datetime(2026, 11, 20, 3, tzinfo=UTC)


@pytest.fixture
def clock():
    return SetClock(HOUR + timedelta(minutes=10))


@pytest.fixture
def app(database, clock):
    app = create_app(SETTINGS, database=database, clock=clock)

    @app.get("/api/v1/broken")
    @allow(Role.ANYONE)
    def broken():
        raise RuntimeError("a bug")

    @app.get("/api/v1/away")
    @allow(Role.ANYONE)
    def away():
        abort(503)

    app.testing = False
    return app


@pytest.fixture
def counts(app, database, clock):
    counts = AnswerCounts(database, clock, written_after=3600)
    count_answers(app, counts)
    return counts


def total(database, begins=HOUR, hours=1):
    with database.read_session() as session:
        return answer_counts.total(session, begins, begins + timedelta(hours=hours))


def test_answers_are_counted_by_class_and_hour(app, database, clock, counts):
    client = app.test_client()
    asked = ("/api/v1/broken", "/api/v1/away", "/api/v1/performance", "/api/v1/me/stay", "/api/v1/none", "/healthz")
    assert [client.get(path).status_code for path in asked] == [500, 503, 200, 401, 404, 200]
    clock.pass_by(hours=1)
    client.get("/api/v1/broken")
    assert total(database, hours=2) == (0, 0)
    counts.write()
    assert (total(database), total(database, hours=2)) == ((5, 2), (6, 3))
    assert query(app, "select answered, refused, failed from answer_counts order by hour") == [(1, 2, 2), (0, 0, 1)]


def test_any_number_of_processes_and_threads_adds_up(database, clock):
    processes = [AnswerCounts(database, clock, written_after=3600) for _ in range(3)]

    def answer(counts):
        for n in range(50):
            counts.note(500 if n % 10 == 0 else 200)
            if n % 20 == 0:
                counts.write()

    together([lambda each=each: answer(each) for each in processes for _ in range(2)])
    for each in processes:
        each.write()
        each.write()
    assert total(database) == (300, 30)


def test_what_cannot_be_written_is_kept(database, clock):
    away = Database("postgresql://nobody@127.0.0.1:1/none")
    counts = AnswerCounts(away, clock, written_after=3600)
    counts.note(500)
    with pytest.raises(Unavailable):
        counts.write()
    counts.note(200)
    counts._database = database
    counts.write()
    assert total(database) == (2, 1)


def test_it_is_written_soon_without_another_request(database, clock):
    AnswerCounts(database, clock, written_after=0.05).note(200)
    assert eventually(lambda: total(database) == (1, 0), 10)


def test_errors_are_published_even_a_single_one(app, database, clock, counts):
    client = app.test_client()
    for path in ("/api/v1/broken", "/api/v1/performance", "/api/v1/performance"):
        client.get(path)
    counts.write()
    clock.pass_by(days=4)
    figures.count_round(database, clock())
    assert client.get("/api/v1/performance").json["errors"] == {"answers": 3, "errors": 1}
    page = client.get("/performance?lang=en").get_data(as_text=True)
    assert "requests that this service failed to answer" in page
    assert "errors,errors" in client.get("/performance.csv").get_data(as_text=True)
