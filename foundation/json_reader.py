"""One strict reader for every JSON body: 64 kB, depth 20, UTF-8; no NaN, duplicate keys, NUL or lone surrogates."""

import json
from typing import Any

from foundation.errors import BadRequest, TooLarge

MAX_BYTES = 64 * 1024
MAX_DEPTH = 20


class InvalidJSON(BadRequest):
    """The body is not JSON as this service reads it."""

    code = "invalid-json"


def read(body: bytes) -> Any:
    """The value of a JSON body.

    Raises TooLarge over MAX_BYTES and InvalidJSON for anything else that is wrong, saying what.
    """
    if len(body) > MAX_BYTES:
        raise TooLarge(f"at most {MAX_BYTES} bytes are read")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidJSON("the body is not UTF-8") from error
    if _depth(text) > MAX_DEPTH:
        raise InvalidJSON(f"nested deeper than {MAX_DEPTH}")
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_no_duplicates)
    except (json.JSONDecodeError, RecursionError, ValueError) as error:
        raise InvalidJSON(str(error)[:200]) from error
    if "\\u" in text or "\x00" in text:
        _clean(value)
    return value


def _depth(text: str) -> int:
    """The deepest nesting, counting brackets outside strings; 0 where there are too few brackets to matter."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            in_string = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    if (number := float(text)) in (float("inf"), float("-inf")):
        raise ValueError("a number is out of range")
    return number


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("an object names a key twice")
    return members


def _clean(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise InvalidJSON("a string contains NUL")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise InvalidJSON("a string contains a lone surrogate")
    elif isinstance(value, dict):
        for key, item in value.items():
            _clean(key)
            _clean(item)
    elif isinstance(value, list):
        for item in value:
            _clean(item)
