"""Reading a CSV file of records row by row, so that one bad row costs that row only, whatever is wrong with it."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

LONGEST_LINE = 16 * 1024
_UNDECODED = re.compile("[\ud800-\udfff]")
LONGEST_RECORD = 4  # physical lines that one quoted record may span
IGNORED = ("line", "reason")
"""Columns that an import adds to the rows it rejects: with them a corrected file of rejects is imported as it is."""
# What an import writes in place of a byte that is no UTF-8, of NUL, and of a quotation mark that does not end. Read
# again it would be plain text, and make a wrong name of a row that was not corrected.
_NOT_CORRECTED = re.compile(r'\\udc[89a-f][0-9a-f]|\\x00|^[^"]*"(?:[^"]*"[^"]*")*[^"]*$')


class WrongHeader(ValueError):
    """The file does not begin with the columns of its kind."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row as found: its line number, its values (or why there are none), and how many bytes were read so far."""

    line: int
    values: list[str]
    fault: str | None
    position: int


def rows(file: BinaryIO, columns: Sequence[str]) -> Iterator[Row]:
    """The rows below the header, values in the order of `columns` whatever the order in the file.

    The file is read forwards only, so it may be a pipe. Raises WrongHeader, OSError.
    """
    header_line = file.readline(LONGEST_LINE)
    layout = _layout(header_line, columns)
    lines = _Lines(file, len(header_line))
    while (first := lines.next()) is not None:
        if not first.strip():
            continue
        line = lines.number
        values, fault = layout.pick(*_parse(first, lines, layout.width))
        yield Row(line, values, fault, lines.position)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the columns stand in a file: how many values a row has, and the places of those that are wanted."""

    width: int
    order: list[int]
    as_is: bool
    ignored: frozenset[int]

    def pick(self, values: list[str], fault: str | None) -> tuple[list[str], str | None]:
        """The wanted values in their order. Those of a faulty row as they stand, without what is ignored."""
        if self.as_is:
            return values, fault
        if fault:
            return [value for place, value in enumerate(values) if place not in self.ignored], fault
        wanted = [values[place] for place in self.order]
        if self.ignored and any(_NOT_CORRECTED.search(value) for value in wanted):
            return wanted, "not corrected: a value has signs that stand for bytes which could not be read"
        return wanted, None


class _Lines:
    """Physical lines with their number, which can be given back."""

    def __init__(self, file: BinaryIO, position: int) -> None:
        self._file = file
        self._returned: list[bytes] = []
        self.number, self.position = 1, position

    def next(self) -> bytes | None:
        line: bytes = self._returned.pop() if self._returned else self._file.readline()
        if not line:
            return None
        self.number += 1
        self.position += len(line)
        return line

    def give_back(self, lines: Sequence[bytes]) -> None:
        for line in reversed(lines):
            self._returned.append(line)
            self.number -= 1
            self.position -= len(line)


def _layout(header: bytes, columns: Sequence[str]) -> _Layout:
    try:
        names = [name.strip().lower() for name in next(csv.reader([header.decode("utf-8-sig")]), [])]
    except (UnicodeDecodeError, csv.Error) as error:
        raise WrongHeader("the first line is not a UTF-8 CSV header") from error
    missing = [column for column in columns if column not in names]
    unknown = [name for name in names if name not in columns and name not in IGNORED]
    if missing or unknown or len(set(names)) != len(names):
        raise WrongHeader(f"expected {', '.join(columns)}; missing {missing or 'none'}, unknown {unknown or 'none'}")
    order = [names.index(column) for column in columns]
    ignored = frozenset(names.index(name) for name in IGNORED if name in names)
    return _Layout(len(names), order, order == list(range(len(names))), ignored)


def _parse(first: bytes, lines: _Lines, width: int) -> tuple[list[str], str | None]:
    """The values of the record that begins with `first`, or why there are none."""
    if b'"' not in first:
        return _decode(first, width)
    record = first
    more: list[bytes] = []
    while True:
        try:
            values = next(csv.reader([record.decode("utf-8", "surrogateescape")], strict=True))
            return _checked(record, values, width)
        except csv.Error:
            following = lines.next() if len(more) < LONGEST_RECORD - 1 else None
            if following is None:
                lines.give_back(more)
                return _plain(first), "a quoted value does not end, or is not followed by a comma"
            more.append(following)
            record += following


def _decode(line: bytes, width: int) -> tuple[list[str], str | None]:
    return _checked(line, _plain(line), width)


def _plain(line: bytes) -> list[str]:
    return line[:LONGEST_LINE].decode("utf-8", "surrogateescape").rstrip("\r\n").split(",")


def _checked(record: bytes, values: list[str], width: int) -> tuple[list[str], str | None]:
    if len(record) > LONGEST_LINE:
        return values, f"longer than {LONGEST_LINE} bytes"
    if not record.isascii() and any(_UNDECODED.search(value) for value in values):
        return values, "not UTF-8"
    if len(values) != width:
        return values, f"{len(values)} values, expected {width}"
    return values, None
