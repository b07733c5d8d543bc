"""Every operation turns away queries, paths, methods and tokens that make no sense, and stores nothing of them."""

from typing import Any

import pytest

from foundation.fields import REPEATED, UNKNOWN
from tests.api_operations import WRITING, Operation, operations
from tests.api_world import World, problem

LISTS = [operation for operation in operations("get") if operation.query]
WRONG_QUERIES: dict[str, list[str]] = {
    "limit": ["-1", "0", "101", "9" * 30, "9" * 5000, "1.5", "x", "", "1e3", "%00"],
    "cursor": ["x", "-1", "1%0A", "9" * 40, "%FF", "%00", "!" * 300],
    "status": ["x", "ACCEPTED", "%00"],
    "office": ["x" * 21, "%00"],
    "language": ["xx", "EN", "%00"],
    "contradicted": ["maybe", "2", "%00"],
    "q": ["x" * 201, "%0A", "%00"],
}


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_a_query_parameter_that_is_not_known_or_comes_twice_is_named(world: World, operation: Operation) -> None:
    role = min(operation.roles, default="anyone")
    body: dict[str, Any] = {"json": {}} if operation.method in WRITING else {}
    for query, name in [("?surprise=1", "surprise"), ("?surprise", "surprise"), ("?a%5B0%5D=1&a%5B0%5D=2", "a[0]")]:
        answer = world.call(operation, role, query=query, **body)
        assert (answer.status_code, problem(answer)["errors"]) == (422, {"query": {name: [UNKNOWN]}})
        listed = {"in": "query", "field": name, "code": "unknown", "message": UNKNOWN}
        assert answer.json["field_errors"] == [listed]
    for name in operation.query:
        answer = world.call(operation, role, query=f"?{name}=1&{name}=1", **body)
        assert (answer.status_code, problem(answer)["errors"]) == (422, {"query": {name: [REPEATED]}})


def test_pages_and_probes_take_the_parameters_of_links_and_load_balancers(world: World) -> None:
    answers = [
        world.app.test_client().get(f"{path}?utm_source=mail") for path in ("/", "/docs", "/healthz", "/metrics")
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200]


@pytest.mark.parametrize("operation", LISTS, ids=str)
def test_a_query_that_makes_no_sense_is_refused(world: World, operation: Operation) -> None:
    for name in operation.query:
        for value in WRONG_QUERIES.get(name, ["%00"]):
            answer = world.call(operation, min(operation.roles, default="anyone"), query=f"?{name}={value}")
            assert answer.status_code in (400, 422), (name, value)
            problem(answer)


ARGUMENTS = [operation for operation in operations() if "{" in operation.path]
TRICKS = (
    "%00", "a%00b", "..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "%ff%fe", "a%0D%0AX-Evil:%201",
    "x" * 4000, "'--", "😀",
)  # fmt: skip


@pytest.mark.parametrize("operation", ARGUMENTS, ids=str)
def test_an_address_that_names_nothing_is_refused(world: World, operation: Operation) -> None:
    for trick in TRICKS:
        path = operation.filled(trick)
        headers = world.headers[min(operation.roles, default="anyone")]
        answer = world.app.test_client().open(path, method=operation.method.upper(), headers=headers)
        problem(answer)
        assert "X-Evil" not in answer.headers


@pytest.mark.parametrize("id_", ["1", "not-a-uuid", "00000000-0000-0000-0000-00000000000", "{}", "0x1"])
def test_an_id_that_is_no_uuid_is_the_id_of_nothing(world: World, id_: str) -> None:
    for operation in ARGUMENTS:
        if operation.identifiers:
            path = operation.at(**dict.fromkeys(operation.identifiers, id_))
            headers = world.headers[min(operation.roles, default="anyone")]
            answer = world.app.test_client().open(path, method=operation.method.upper(), headers=headers)
            assert (answer.status_code, problem(answer)["code"]) == (404, "not-found")


@pytest.mark.parametrize("path", sorted({operation.path for operation in operations()}))
def test_another_method_is_answered_with_those_there_are(world: World, path: str) -> None:
    address = next(operation.at() for operation in operations() if operation.path == path)
    here = [each for each in operations() if each.answers(address)]
    there_are = {operation.method.upper() for operation in here}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - there_are:
        answer = world.app.test_client().open(address, method=method)
        assert (answer.status_code, problem(answer)["code"]) == (405, "method-not-allowed")
        assert there_are <= set(answer.headers["Allow"].split(", ")) <= there_are | {"HEAD", "OPTIONS"}


@pytest.mark.parametrize(
    "path", ["", "/", "/nothing", "/reports/", "/reports/1/2/3", "/../healthz", "/REPORTS", "/me;x=1"]
)
def test_what_is_not_there_is_a_problem_document_too(world: World, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = world.app.test_client().open(f"/api/v1{path}", method=method)
        assert (answer.status_code, problem(answer)["code"]) == (404, "not-found")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "ofc_", "ofc_x", "\xff.\xff.\xff", "e30.e30.", "x" * 20_000])
def test_a_token_that_is_none_opens_nothing(world: World, token: str) -> None:
    for operation in operations():
        if operation.roles:
            headers = {"Authorization": f"Bearer {token}"}
            answer = world.app.test_client().open(operation.at(), method=operation.method.upper(), headers=headers)
            assert (answer.status_code, problem(answer)["code"]) in ((401, "unauthenticated"), (401, "invalid-token"))
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_every_answer_has_an_id_to_find_it_by(world: World) -> None:
    answers = [world.app.test_client().get(path) for path in ("/api/v1/me", "/api/v1/nothing", "/api/v1/reasons")]
    assert [answer.status_code for answer in answers] == [401, 404, 200]
    assert len({answer.headers["X-Request-Id"] for answer in answers} - {""}) == 3
