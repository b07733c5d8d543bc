"""Fuzzing target: any bytes as the body of a request."""

import json
from typing import Any

from foundation.errors import TooLarge
from foundation.json_reader import MAX_BYTES, MAX_DEPTH, InvalidJSON, read

LONGEST = 400
BODIES = (
    b'{"address": {"house_number": "1", "soi": "Sukhumvit 31"}, "phone": "+66 2 000 0000", "ok": [true, null]}',
    b'{"a": 1, "\\u0061": 2}',
    b'["\\ud83d\\ude00", "\\ud800", "\\u0000"]',
    b"[1e999, -1.5E-3, 1e-999, 9007199254740993, -0, -0.0]",
    b"[NaN, Infinity, -Infinity]",
    b'["[[[{{{", "\\"", "\\\\"]' + b" " * 3,
    b'["\\"' + b"[" * 30 + b'", "\\\\"]',
    b"[" * 20 + b"]" * 20,
    b"[" * 21 + b"]" * 21,
    b'{"a":' * 21 + b"1" + b"}" * 21,
    b"9" * 390,
    b"\xef\xbb\xbf{}",
    b'"\xed\xa0\x80"',
    '["ก", "ß", "\U0001f600"]'.encode(),
)


def seeds() -> tuple[bytes, ...]:
    """Some valid inputs, and some invalid ones."""
    return BODIES


def check(data: bytes) -> None:
    """What is read is what Python's own reader reads, and can be sent again; what is refused has a known fault."""
    try:
        value = read(data)
    except (InvalidJSON, TooLarge):
        check_refusal(data)
        return
    text = data.decode()
    assert same(json.loads(text), value)
    assert not has_fault(data), data
    again = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    assert same(read(again), value)


def check_refusal(data: bytes) -> None:
    """What is refused is too large, or has a fault that a second check finds as well."""
    assert len(data) > MAX_BYTES or has_fault(data), data


def same(first: Any, second: Any) -> bool:
    """Equal, and of the same types: 1, 1.0 and true are three things."""
    return repr(first) == repr(second)


def has_fault(data: bytes) -> bool:
    """Whether a body is not JSON as the service promises to read it, judged by the value that Python reads."""
    twice: list[bool] = []

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        twice.append(len({key for key, _ in members}) < len(members))
        return dict(members)

    try:
        value = json.loads(data.decode(), object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return True
    return any(twice) or is_strange(value, MAX_DEPTH)


def is_strange(value: Any, depth: int) -> bool:
    """Nested deeper than `depth`, or holding a number or a text that must not come in."""
    if isinstance(value, str):
        return any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, float):
        return value != value or value in (float("inf"), float("-inf"))
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    return isinstance(value, list) and (depth == 0 or any(is_strange(item, depth - 1) for item in value))
