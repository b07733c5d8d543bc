"""Requests nobody thought of, made from the API document: never a 5xx, and always what the document says."""

import os

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app import create_app
from foundation.config import Settings
from foundation.db import Database
from tests.conftest import NOW, SECRET
from tests.factories import activate, arrived, officer

CASES = int(os.environ.get("ANY_REQUEST_CASES", "20"))
ROLES = ("nobody", "resident", "officer", "supervisor", "auditor", "administrator")
CHECKS: list[CheckFunction] = [
    schemathesis.checks.not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.fixture(scope="module")
def world(empty_database: Database) -> tuple[Flask, dict[str, dict[str, str]]]:
    """The application with somebody signed in for each role."""
    app = create_app(Settings(environment="test", secret_keys=(SECRET,)), database=empty_database, clock=lambda: NOW)
    arrived(app)
    headers = {"resident": activate(app).headers, "nobody": {}}
    for role in ("officer", "supervisor", "auditor", "administrator"):
        headers[role] = officer(app, f"any-{role}", role).headers
    return app, headers


@pytest.mark.parametrize("role", ROLES)
def test_no_request_breaks_it(world: tuple[Flask, dict[str, dict[str, str]]], role: str) -> None:
    app, headers = world
    for result in schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app).get_all_operations():
        operation = result.ok()

        @settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
        @given(case=operation.as_strategy())
        def try_it(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=headers[role], checks=CHECKS)

        try_it()
