"""The one reader of JSON bodies: what it takes it takes as Python's own does, and what it refuses it says why."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from foundation.errors import TooLarge
from foundation.json_reader import MAX_BYTES, MAX_DEPTH, InvalidJSON, read

# Characters that may stand in a body: no NUL, no halves of surrogate pairs.
TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4))


@given(VALUES, st.booleans(), st.sampled_from([None, 2]))
@example({"a": '[[[[[["\\'}, False, None)
@example("\U0001f600", True, None)
def test_json_of_reasonable_size_is_read_as_it_was_written(value: Any, ascii_only: bool, indent: int | None) -> None:
    assert read(json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()) == value


@given(st.binary(max_size=200))
@example(b"\xff\xfe{\x00}\x00")
@example(b'{"a": "\\ud800"}')
@example(b"9" * 5000)
@example(b"[" * 30_000)
def test_whatever_the_bytes_there_is_a_value_or_a_problem(body: bytes) -> None:
    value: Any = None
    with suppress(InvalidJSON, TooLarge):
        value = read(body)
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "Expecting value"),
        (b"{} {}", "Extra data"),
        (b'{"a": 1, "a": 2}', "names a key twice"),
        (b'[{"b": {"c": 1, "\\u0063": 2}}]', "names a key twice"),
        (b"NaN", "NaN is not JSON"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b"1e999", "out of range"),
        (b"-1e999", "out of range"),
        (b'"\\u0000"', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
        (b'"\x00"', "Invalid control character"),
        (b'"\\ud800"', "lone surrogate"),
        (b'["\\udc00\\ud800"]', "lone surrogate"),
        (b'{"\\udfff": 1}', "lone surrogate"),
        (b"\xff\xfe1\x00", "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b'"\xc0\x80"', "not UTF-8"),
        (b"\xef\xbb\xbf{}", "BOM"),
    ],
)
def test_what_is_refused_says_why(body: bytes, why: str) -> None:
    with pytest.raises(InvalidJSON, match=why):
        read(body)


@pytest.mark.parametrize("pair", [(b"[", b"]"), (b'{"a":', b"}")])
def test_depth_is_counted_up_to_the_limit_and_not_beyond(pair: tuple[bytes, bytes]) -> None:
    opening, closing = pair
    assert read(opening * MAX_DEPTH + b"1" + closing * MAX_DEPTH)
    for depth in (MAX_DEPTH + 1, 10_000):
        with pytest.raises(InvalidJSON, match="nested deeper than 20"):
            read(opening * depth + b"1" + closing * depth)


def test_brackets_in_a_text_are_not_depth() -> None:
    assert read(b'["' + b"[{" * 100 + b'", "\\"' + b"[" * 100 + b'\\\\"]') == ["[{" * 100, '"' + "[" * 100 + "\\"]


def test_many_brackets_side_by_side_are_not_depth() -> None:
    assert read(b"[" + b"[]," * 1000 + b"{}]") == [[]] * 1000 + [{}]


def test_size_is_counted_in_bytes_up_to_the_limit_and_not_beyond() -> None:
    assert len(read(b'"' + b"x" * (MAX_BYTES - 2) + b'"')) == MAX_BYTES - 2
    with pytest.raises(TooLarge):
        read(b'"' + "ก".encode() * (MAX_BYTES // 3) + b'"')
