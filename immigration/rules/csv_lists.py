"""Lists as CSV files that a spreadsheet opens without taking anything in them for a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet computes, in either width (OWASP: CSV injection)."""
MARK = "\ufeff"
"""At the beginning of a file: without it, Excel takes UTF-8 for another encoding."""


def safe(value: Any) -> str:
    """A value as a cell: what would be a formula has an apostrophe before it, which spreadsheets do not show."""
    text = "" if value is None else "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"'{text}" if text.lstrip(" \u00a0").startswith(FORMULA) or text.startswith(FORMULA) else text


def lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A file line by line (RFC 4180): the names of the columns, then the rows; every cell in quotes."""
    yield MARK + _line(columns)
    for row in rows:
        yield _line(row)


def _line(row: Sequence[Any]) -> str:
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL).writerow(safe(value) for value in row)
    return file.getvalue()
