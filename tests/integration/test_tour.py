"""The guided tour: ten reports of ten kinds on a development server, and nothing of it anywhere else."""

from dataclasses import replace

import pytest
from flask import Flask

from app import create_app
from devtools.demo.tour import LESSONS
from tests.access import SETTINGS
from tests.conftest import NOW
from tests.factories import Resident, activate, arrived, officer

HOLDS = {
    "first": ["first-report"],
    "elsewhere": ["first-report"],
    "no-residence": ["first-report"],
    "incomplete": ["first-report"],
    "unclear": ["other-regime", "first-report"],
    "late": ["too-late", "first-report"],
    "stolen": ["passport-invalid", "first-report"],
    "stay-ended": ["stay-expired", "first-report"],
    "new-passport": ["new-passport"],
    "duplicate": ["duplicate"],
}


def app_in(database, environment: str) -> Flask:
    app = create_app(replace(SETTINGS, environment=environment), database=database, clock=lambda: NOW)
    app.testing = True
    return app


def begin(who: Resident):
    return who.client.post("/training/tour", headers=who.headers)


def test_ten_reports_wait_for_the_reasons_that_each_teaches(database) -> None:
    app = app_in(database, "development")
    learner = officer(app, "learner", office="BKK")
    made = begin(learner).json["items"]
    assert [each["key"] for each in made] == [lesson.key for lesson in LESSONS] == list(HOLDS)
    assert {each["status"] for each in made} == {"under-review"}
    opened = {each["key"]: learner.get(f"/review/reports/{each['number']}").json for each in made}
    assert {key: review["report"]["reasons"] for key, review in opened.items()} == HOLDS
    checks = {key: {each["reason"] for each in review["report"]["checks"]} for key, review in opened.items()}
    assert {key for key, found in checks.items() if "address-mismatch" in found} == {"elsewhere", "incomplete"}
    assert {key for key, found in checks.items() if "no-residence-record" in found} == {"no-residence"}
    again = begin(learner).json["items"]
    assert {each["number"] for each in again}.isdisjoint(each["number"] for each in made)


def test_it_is_for_officers_of_bangkok(database) -> None:
    app = app_in(database, "development")
    assert app.test_client().post("/training/tour").status_code == 401
    assert begin(officer(app, "far", office="CMI")).status_code == 409
    assert begin(officer(app, "auditor", "auditor")).status_code == 403
    arrived(app)
    assert begin(activate(app)).status_code == 403


@pytest.mark.parametrize("environment", ["production", "test"])
def test_nothing_else_than_a_development_server_has_it(database, environment) -> None:
    assert app_in(database, environment).test_client().post("/training/tour").status_code == 404
