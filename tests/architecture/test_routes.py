"""Every route declares who may call it, enforces it, and documents it."""

import re
from uuid import UUID

import pytest

from foundation.identity import Principal, Role
from operations.services import services_of

OPEN = frozenset({Role.ANYONE})
PERSON_ID = UUID("00000000-0000-0000-0000-000000000001")


class Call:
    """One method of one route."""

    def __init__(self, app, rule, method):
        self.view = app.view_functions[rule.endpoint]
        self.rule, self.method, self.name = rule, method, f"{method} {rule.rule}"
        self.roles = getattr(self.view, "allowed_roles", frozenset())

    def path(self, app):
        """The route's path with values for its arguments."""
        values = {name: self._value(name) for name in self.rule.arguments}
        return app.url_map.bind("localhost").build(self.rule.endpoint, values, method=self.method)

    def _value(self, name):
        kind = type(self.rule._converters[name]).__name__
        return {"UUIDConverter": PERSON_ID, "IntegerConverter": 1, "AnyConverter": "swagger-ui.css"}.get(kind, "x")


@pytest.fixture
def calls(app):
    return [
        Call(app, rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
    ]


@pytest.fixture
def as_role(app):
    """A client that has the role that its bearer token names."""
    services_of(app).authenticate = lambda token: Principal(
        Role(token), PERSON_ID, assurance="counter", offices=frozenset({"BKK"})
    )
    return app.test_client()


def test_every_route_says_who_may_call_it(calls):
    assert len(calls) > 30
    assert [call.name for call in calls if not call.roles] == []


def test_a_route_for_anyone_names_no_other_role(calls):
    assert [call.name for call in calls if Role.ANYONE in call.roles and call.roles != OPEN] == []


def test_without_a_token_only_open_routes_answer(app, calls, client):
    guarded = [call for call in calls if Role.ANYONE not in call.roles]
    answers = {call.name: client.open(call.path(app), method=call.method) for call in guarded}
    assert {name: answer.status_code for name, answer in answers.items() if answer.status_code != 401} == {}
    assert {answer.json["code"] for answer in answers.values()} == {"unauthenticated"}
    assert {answer.headers["WWW-Authenticate"] for answer in answers.values()} == {"Bearer"}


def test_a_route_refuses_the_roles_that_it_does_not_name(app, calls, as_role):
    """Each role that a route does not name is refused before anything of the request is read."""
    refused, admitted = set(), []
    for call in calls:
        for role in set(Role) - OPEN - call.roles if Role.ANYONE not in call.roles else ():
            answer = as_role.open(call.path(app), method=call.method, headers={"Authorization": f"Bearer {role}"})
            refused.add(answer.json.get("code"))
            admitted += [f"{role}: {call.name}"] if answer.status_code != 403 else []
    assert admitted == []
    assert refused == {"forbidden"}


def test_every_route_under_the_api_is_in_the_document(app, calls):
    documented = operations(app)
    missing = [call.name for call in calls if "/api/" in call.rule.rule and documented_name(call) not in documented]
    assert missing == ["GET /api/v1/openapi.json"]


def test_the_document_says_which_routes_are_open_and_how_others_refuse(app, calls):
    documented, wrong = operations(app), []
    for call in calls:
        operation = documented.get(documented_name(call))
        if operation is None:
            continue
        if Role.ANYONE in call.roles:
            right = operation.get("security") == []
        else:
            right = operation.get("security") != [] and {"401", "403"} <= operation["responses"].keys()
        wrong += [] if right else [call.name]
    assert wrong == []


def test_every_operation_has_a_summary(app):
    assert [name for name, operation in operations(app).items() if not operation.get("summary")] == []


def documented_name(call):
    """A call as the document names it."""
    return call.method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", call.rule.rule)


def operations(app):
    """Every operation of the document, by method and path."""
    paths = services_of(app).api.spec.to_dict()["paths"]
    return {
        (verb, path): operation
        for path, verbs in paths.items()
        for verb, operation in verbs.items()
        if verb != "parameters"
    }
