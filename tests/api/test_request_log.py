"""One log line a request: what was asked of which route and how long it took, and nothing about the person."""

import json
import logging

import pytest

from foundation import logs
from foundation.http import allow
from foundation.identity import Role
from tests.factories import activate, arrived


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.DEBUG, logger="requests")
    return lambda: [record for record in caplog.records if record.name == "requests"]


def as_json(record):
    return json.loads(logs.JsonLines().format(record))


def test_a_request_is_one_line_with_the_id_that_the_answer_carries(app, lines):
    answer = app.test_client().get("/api/v1/offices")
    (record,) = lines()
    line = as_json(record)
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert (line["method"], line["route"], line["status"], line["level"]) == ("GET", "/api/v1/offices", 200, "INFO")
    assert line["ms"] > 0


def test_neither_query_nor_token_nor_number_nor_name_is_logged(app, lines):
    arrived(app)
    resident = activate(app)
    number = resident.file().json["number"]
    resident.get(f"/reports/{number}")
    resident.get("/addresses?q=Sukhumvit")
    resident.client.get("/no/such/page/for/ALIX?name=DURAND")
    token = resident.headers["Authorization"].removeprefix("Bearer ")
    said = "\n".join(logs.JsonLines().format(record) + logs.ReadableLines().format(record) for record in lines())
    for secret in (number, token, "Sukhumvit", "ALIX", "DURAND", "TEST00001", resident.id):
        assert secret not in said
    assert "/api/v1/reports/<number>" in said


def test_an_unexpected_error_is_logged_with_its_id_and_where_it_came_from(app, lines, monkeypatch):
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setitem(app.view_functions, "pages.healthz", broken)
    answer = app.test_client().get("/healthz?secret=1")
    assert answer.status_code == 500
    error = as_json(next(record for record in lines() if record.levelno == logging.ERROR))
    assert error["request_id"] == answer.headers["X-Request-Id"]
    assert "ZeroDivisionError" in error["exception"]
    assert "secret" not in json.dumps(error)


@allow(Role.ANYONE)
def broken():
    return 1 / 0


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
def test_probes_are_logged_for_debugging_only(app, lines, path):
    app.test_client().get(path)
    assert [record.levelno for record in lines()] == [logging.DEBUG]


def test_a_line_of_any_text_stays_one_line(app):
    record = logging.LogRecord("x", logging.INFO, "", 0, "two\nlines ครบ", (), None)
    line = logs.JsonLines().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == "two\nlines ครบ"
