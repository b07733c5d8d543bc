"""Every operation turns a bad body away with a clear problem document, for each role, and stores nothing of it."""

import json
from typing import Any

import pytest

from foundation.fields import MISSING, UNKNOWN
from foundation.identity import STAFF
from tests.api_operations import WRITING, Field, Operation, members, operations, schema
from tests.api_world import World, problem
from tests.factories import ADDRESS

BODIES = [operation for operation in operations(*WRITING) if operation.body]
ROLES = ("anyone", "resident", *sorted(STAFF))


def refused(world: World, operation: Operation, *expected: Any, **sent: Any) -> None:
    """A body is refused as expected, (status, code); other roles learn only that the operation is not for them."""
    for role in ROLES:
        answer = world.call(operation, role, **sent)
        refusal = problem(answer)
        if not operation.roles or role in operation.roles:
            assert (answer.status_code, refusal["code"]) == expected, (role, sent["data"][:40], refusal)
        else:
            wanted = (401, "unauthenticated") if role == "anyone" else (403, "forbidden")
            assert (answer.status_code, refusal["code"]) == wanted, role


def complaint(world: World, operation: Operation, field: Field, value: Any) -> Any:
    """What an operation says about one member of a body."""
    role = min(operation.roles, default="anyone")
    answer = world.call(operation, role, data=json.dumps(field.body(value)), content_type="application/json")
    assert answer.status_code == 422, (field.place, value, answer.get_data(as_text=True))
    for fault in problem(answer)["field_errors"]:
        sentence = fault["message"]
        assert (sentence[0].isupper(), sentence[-1]) == (True, "."), sentence
    return field.complaint(problem(answer)["errors"]["json"])


NOT_JSON: dict[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[1]",
    "a number": b"7",
    "a text": b'"x"',
    "true": b"true",
    "words": b"hello",
    "half an object": b'{"a": ',
    "two objects": b"{}{}",
    "a comma too many": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "a comment": b"{} // x",
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": Infinity}',
    "minus Infinity": b'{"a": -Infinity}',
    "1e999": b'{"a": 1e999}',
    "an endless integer": b'{"a": ' + b"9" * 5000 + b"}",
    "a key twice": b'{"a": 1, "a": 1}',
    "a key twice, deeper": b'{"a": [{"b": 1, "b": 2}]}',
    "a key twice, spelled otherwise": b'{"a": 1, "\\u0061": 1}',
    "NUL": b'{"a": "\x00"}',
    "NUL, escaped": b'{"a": "\\u0000"}',
    "NUL in a key": b'{"\\u0000": 1}',
    "a line end in a text": b'{"a": "\n"}',
    "half a surrogate pair": b'{"a": "\\ud800"}',
    "the other half": b'{"a": ["\\udc00"]}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "Latin-1": '{"a": "é"}'.encode("latin-1"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "depth 21": b'{"a": ' + b"[" * 20 + b"]" * 20 + b"}",
    "depth 10,000": b"[" * 10_000 + b"]" * 10_000,
    "depth 10,000, not closed": b'{"a":' * 10_000,
}


@pytest.mark.parametrize("operation", BODIES, ids=str)
def test_what_is_not_json_as_this_service_reads_it_is_refused(world: World, operation: Operation) -> None:
    for body in NOT_JSON.values():
        refused(world, operation, 400, "invalid-json", data=body, content_type="application/json")


@pytest.mark.parametrize("operation", BODIES, ids=str)
def test_a_body_of_more_than_64_kb_is_not_read(world: World, operation: Operation) -> None:
    for size in (64 * 1024 + 1, 1024 * 1024, 3 * 1024 * 1024):
        body = b'{"a": "%s"}' % (b"x" * (size - 9))
        refused(world, operation, 413, "too-large", data=body, content_type="application/json")


@pytest.mark.parametrize("operation", BODIES, ids=str)
def test_a_body_that_calls_itself_something_else_is_not_read(world: World, operation: Operation) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/xml"):
        refused(world, operation, 415, "unsupported-media-type", data=b"{}", content_type=kind)


@pytest.mark.parametrize("operation", BODIES, ids=str)
def test_depth_20_is_read_and_judged_by_the_schema(world: World, operation: Operation) -> None:
    body = b'{"surprise": ' + b"[" * 19 + b"]" * 19 + b"}"
    refused(world, operation, 422, "invalid", data=body, content_type="application/json")


def is_open(field: Field) -> bool:
    """Whether it is an object of another standard, whose members are judged by what it is for."""
    return "additionalProperties" in field.schema


def may_be_empty(definition: dict[str, Any]) -> bool:
    """Whether it is an object that need not have any member."""
    nested = definition.get("$ref", "").rpartition("/")[2]
    return bool(nested) and not schema(nested).get("required")


@pytest.mark.parametrize("operation", BODIES, ids=str)
def test_a_member_that_is_not_known_is_named(world: World, operation: Operation) -> None:
    nested = {each.place for each in members(operation.body or "") if each.kinds == {"object"} and not is_open(each)}
    for place in [(), *sorted(nested)]:
        assert complaint(world, operation, Field((*place, "surprise"), {}), 1) == [UNKNOWN]


@pytest.mark.parametrize(
    "operation", [operation for operation in BODIES if schema(operation.body or "").get("required")], ids=str
)
def test_each_member_that_is_missing_is_named(world: World, operation: Operation) -> None:
    for name in schema(operation.body or "")["required"]:
        definition = schema(operation.body or "")["properties"][name]
        if not (is_open(Field((name,), definition)) or may_be_empty(definition)):
            assert complaint(world, operation, Field((name,), {}), {}) is not None
        others = Field(("surprise",), {})
        answer = world.call(operation, min(operation.roles, default="anyone"), json=others.body(1))
        assert problem(answer)["errors"]["json"][name] == [MISSING]


FIELDS = [(operation, field) for operation in BODIES for field in members(operation.body or "")]
WRONG_TYPES: dict[str, list[Any]] = {
    "string": [0, 7, 1.5, True, [], ["a"], {}, {"a": "b"}, None],
    "integer": ["x", 1.5, [], {}, None],
    "boolean": ["true", "x", 7, [], {}, None],
    "array": ["a", 7, True, {}, [7], [None], [["other"]], None],
    "object": ["a", 7, True, [], None],
}


def named(case: Any) -> str | None:
    return ".".join(case.place) if isinstance(case, Field) else str(case)


@pytest.mark.parametrize(("operation", "field"), FIELDS, ids=named)
def test_a_member_of_another_type_is_named(world: World, operation: Operation, field: Field) -> None:
    (kind,) = field.kinds - {"null"}
    for value in WRONG_TYPES[kind]:
        if value is not None or ("null" not in field.kinds and not is_optional_line(field)):
            assert complaint(world, operation, field, value), value


def is_optional_line(field: Field) -> bool:
    """Whether null stands for an empty line."""
    return field.schema.get("default") == ""


TEXTS = [(operation, field) for operation, field in FIELDS if "string" in field.kinds]
DATES = [(operation, field) for operation, field in TEXTS if field.schema.get("format") == "date"]


@pytest.mark.parametrize(("operation", "field"), TEXTS, ids=named)
def test_a_text_that_is_too_long_is_named(world: World, operation: Operation, field: Field) -> None:
    assert complaint(world, operation, field, "1" * (field.schema.get("maxLength", 5000) + 1))


@pytest.mark.parametrize(("operation", "field"), DATES, ids=named)
def test_a_date_that_is_none_is_named(world: World, operation: Operation, field: Field) -> None:
    for value in ("", "2026-02-30", "2026-13-01", "1 May 2026", "01/05/2026", "10000-01-01", "0000-01-01"):
        assert complaint(world, operation, field, value), value


_SECRETS = {"acknowledgement", "activation_code", "current_password", "password", "refresh_token", "totp"}
COMPARED = _SECRETS | {"mrz", "name", "receipt", "target"}
"""Members that nobody reads: they are compared with what is kept, or handed on to a provider as they are."""
READ = [(operation, field) for operation, field in TEXTS if field.place[-1] not in COMPARED]


@pytest.mark.parametrize(("operation", "field"), READ, ids=named)
def test_control_characters_are_refused_in_what_people_read(world: World, operation: Operation, field: Field) -> None:
    for sign in ("\x01", "\t", "\n", "\r\n", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066"):
        if sign != "\n" or "x-several-lines" not in field.schema:
            assert complaint(world, operation, field, f"12{sign}34"), repr(sign)
            assert complaint(world, operation, field, f"1234{sign}"), repr(sign)


def is_required_line(field: Field) -> bool:
    return field.schema.get("minLength", 0) > 0 and field.place[-1] not in COMPARED


@pytest.mark.parametrize(("operation", "field"), [pair for pair in TEXTS if is_required_line(pair[1])], ids=named)
def test_spaces_are_nothing(world: World, operation: Operation, field: Field) -> None:
    assert complaint(world, operation, field, " " * field.schema["minLength"])


def operation(name: str) -> Operation:
    return next(each for each in operations() if str(each) == name)


def test_wrong_check_digits_of_a_passport_are_named(world: World) -> None:
    zone = "P<FRADURAND<<ALIX<<<<<<<<<<<<<<<<<<<<<<<<<<<\nTEST000011FRA9001020F3501010<<<<<<<<<<<<<<00"
    answer = world.call(operation("POST /activations"), "anyone", json={"mrz": zone, "activation_code": "1"})
    assert (answer.status_code, problem(answer)["code"]) == (422, "invalid-mrz")
    assert {"code": "check-digit:document-number", "line": 2, "position": 10} in answer.json["faults"]


@pytest.mark.parametrize("who", [{}, {"issuing_state": "FRA"}, {"mrz": "P<", "birth_date": "1990-01-02"}])
def test_a_code_comes_with_the_details_or_with_the_zone(world: World, who: dict[str, str]) -> None:
    answer = world.call(operation("POST /activations"), "anyone", json=who | {"activation_code": "1"})
    assert (answer.status_code, problem(answer)["code"]) == (422, "invalid")


@pytest.mark.parametrize("change", [{"subdistrict_code": "999999"}, {"postal_code": "99999"}])
def test_an_address_that_does_not_exist_is_refused_with_suggestions(world: World, change: dict[str, str]) -> None:
    answer = world.call(operation("POST /reports"), "resident", json={"address": ADDRESS | change})
    assert (answer.status_code, problem(answer)["code"]) == (422, "address-unknown")
    assert isinstance(answer.json["suggestions"], list)


@pytest.mark.parametrize("key", ["", " ", "k" * 256, "a\x01b", "a\x00b", "a\tb", "a\x85b"])
def test_an_idempotency_key_is_printable(world: World, key: str) -> None:
    answer = world.call(
        operation("POST /reports"), "resident", json={"address": ADDRESS}, headers={"Idempotency-Key": key}
    )
    assert (answer.status_code, problem(answer)["code"]) == (400, "idempotency-key-required")


@pytest.mark.parametrize("day", ["0001-01-01", "2026-11-22", "2026-11-23", "2027-11-25", "2062-02-27", "9999-12-31"])
def test_no_typing_error_in_a_next_due_date_excuses_anybody_for_years(world: World, day: str) -> None:
    decision = {"outcome": "accepted", "reasons": [], "note": "Set by hand.", "next_due_on": day}
    answer = world.call(operation("POST /review/reports/{number}/decision"), "officer", json=decision)
    assert (answer.status_code, problem(answer)["code"]) == (409, "cannot-decide")
    assert answer.json["obstacles"] == ["a next due date lies 1 to 366 days after the report was filed"]
