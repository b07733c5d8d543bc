"""The API document is valid, complete and true: a valid OpenAPI 3.1, with every promised call, as really answered."""

import json
import re
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from foundation.http import PROBLEM
from tests.api_operations import Operation, document, operations, schema
from tests.factories import ADDRESS, activate, arrived, code, officer

PROMISED = """
POST /activations/requests
POST /activations
POST /tokens
GET /me
PATCH /me
GET /me/stay
POST /reports
GET /reports
GET /reports/{number}
POST /reports/{number}/correction
POST /reports/{number}/withdrawal
GET /reports/{number}/receipt
PUT /devices/{device_id}
DELETE /devices/{device_id}
GET /notifications
POST /notifications/{}/read
GET /addresses
POST /officers/sessions
GET /review/reports
GET /review/reports/{number}
POST /review/reports/{number}/decision
POST /review/reports/{number}/reopening
POST /review/residents/search
POST /review/residents/{}/activation-codes
POST /receipts/verify
"""
"""What the phone app, the console and other agencies' clients are written against."""


def described(operation: Operation) -> dict[str, Any]:
    operation_object: dict[str, Any] = document()["paths"][operation.path][operation.method]
    return operation_object


def resolved(response: dict[str, Any]) -> dict[str, Any]:
    """A response itself, where the document refers to one of its components."""
    if name := response.get("$ref", "").rpartition("/")[2]:
        definition: dict[str, Any] = document()["components"]["responses"][name]
        return definition
    return response


def test_the_document_is_a_valid_openapi_3_1(app: Flask) -> None:
    served: dict[str, Any] = app.test_client().get("/api/v1/openapi.json").get_json()
    assert served["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(served).iter_errors()) == []


def test_every_promised_call_is_there() -> None:
    there = {re.sub(r"{(notification|resident)_id}", "{}", str(operation)) for operation in operations()}
    assert set(PROMISED.strip().splitlines()) - there == set()


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_every_refusal_is_a_problem_document(operation: Operation) -> None:
    responses = {status: resolved(response) for status, response in described(operation)["responses"].items()}
    refusals = {status: response for status, response in responses.items() if not status.startswith(("2", "304"))}
    assert "default" in refusals
    assert {kind for response in refusals.values() for kind in response["content"]} == {PROBLEM}
    for response in refusals.values():
        assert response["content"][PROBLEM]["schema"] == {"$ref": "#/components/schemas/Problem"}


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_every_call_says_what_it_is_for_and_what_it_answers(operation: Operation) -> None:
    description = described(operation)
    assert description["summary"].endswith((".", "?"))
    assert [status for status in description["responses"] if status.startswith("2")]
    assert (description["security"] == []) == (not operation.roles)
    assert operation.roles == set() or {"401", "403"} <= description["responses"].keys()


@pytest.mark.parametrize("operation", [operation for operation in operations() if operation.body], ids=str)
def test_a_body_is_required_and_takes_nothing_unknown(operation: Operation) -> None:
    assert described(operation)["requestBody"]["required"] is (operation.method != "delete")
    assert schema(operation.body or "")["additionalProperties"] is False


def calls(app: Flask) -> dict[str, Any]:
    """One true answer of each of many calls, by what was called; in the order in which people do them."""
    arrived(app)
    resident, staff = activate(app, assurance="mail"), officer(app)
    who = {"document_number": "TEST00001", "issuing_state": "FRA", "birth_date": "1990-01-02"}
    search = {"document_number": "TEST00001", "issuing_state": "FRA", "purpose": "an inquiry"}
    phone = {"platform": "android", "kind": "token", "target": "token-1", "language": "en"}
    filed = resident.file()
    number = filed.json["number"]
    pair = resident.post("/activations", who | {"activation_code": code(app)})
    put = resident.client.put("/api/v1/devices/phone", json=phone, headers=resident.headers)
    return {
        "POST /activations/requests": resident.post("/activations/requests", who),
        "POST /activations": pair,
        "POST /tokens": resident.post("/tokens", {"refresh_token": pair.json["refresh_token"]}),
        "GET /me": resident.get("/me"),
        "PATCH /me": resident.client.patch("/api/v1/me", json={"language": "th"}, headers=resident.headers),
        "GET /me/stay": resident.get("/me/stay"),
        "POST /reports": filed,
        "GET /reports": resident.get("/reports"),
        "GET /reports/{number}": resident.get(f"/reports/{number}"),
        "PUT /devices/{device_id}": put,
        "DELETE /devices/{device_id}": resident.client.delete("/api/v1/devices/phone", headers=resident.headers),
        "GET /notifications": resident.get("/notifications"),
        "GET /addresses": resident.get("/addresses?q=10110"),
        "GET /review/reports": staff.get("/review/reports"),
        "GET /review/reports/{number}": staff.get(f"/review/reports/{number}"),
        "POST /review/reports/{number}/decision": staff.post(
            f"/review/reports/{number}/decision", {"outcome": "accepted"}
        ),
        "GET /reports/{number}/receipt": resident.get(f"/reports/{number}/receipt"),
        "POST /receipts/verify": staff.post("/receipts/verify", {"receipt": number}),
        "POST /review/residents/search": staff.post("/review/residents/search", search),
    }


def test_true_answers_have_the_status_and_the_members_that_the_document_says(app: Flask) -> None:
    by_name = {str(operation): described(operation) for operation in operations()}
    for name, answer in calls(app).items():
        documented = by_name[name]["responses"]
        assert str(answer.status_code) in documented, (name, answer.get_data(as_text=True))
        if answer.status_code != 204:
            assert answer.content_type == "application/json"
            reference = documented[str(answer.status_code)]["content"]["application/json"]["schema"]["$ref"]
            promised = schema(reference.rpartition("/")[2])
            assert set(promised.get("required", ())) <= answer.json.keys() <= promised["properties"].keys(), name


def test_a_refused_filing_has_a_documented_shape(app: Flask) -> None:
    arrived(app, "2026-10-20")
    answer = activate(app).file()
    problem = schema("Problem")
    assert (answer.status_code, answer.content_type) == (409, PROBLEM)
    assert set(problem["required"]) <= answer.json.keys()
    assert ADDRESS["road"] not in answer.get_data(as_text=True)


ENUMS = {
    "StepOut": {"code"},
    "ObligationOut": {"regime", "state"},
    "CheckOut": {"check", "outcome", "reason"},
    "ReportOut": {"status"},
    "FiledOut": {"status"},
    "QueueItem": {"status"},
    "DecisionOut": {"outcome"},
}


@pytest.mark.parametrize("name", ENUMS)
def test_codes_are_enums_so_that_generated_clients_are_exhaustive(name: str) -> None:
    members = schema(name)["properties"]
    assert {member for member in ENUMS[name] if not members[member].get("enum")} == set()


@pytest.mark.parametrize("name", ["ReportOut", "FiledOut", "QueueItem", "DecisionOut"])
def test_reasons_are_enums_in_lists_too(name: str) -> None:
    assert schema(name)["properties"]["reasons"]["items"]["enum"]


def test_no_pattern_is_one_that_only_python_reads() -> None:
    patterns = re.findall(r'"pattern": "([^"]*)"', json.dumps(document()))
    assert patterns
    assert [pattern for pattern in patterns if "Z" in pattern.replace("A-Z", "")] == []
