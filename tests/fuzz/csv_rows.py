"""Fuzzing target: any bytes as a CSV file of records, of all five kinds."""

import csv
import io
import os
import tempfile
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from immigration.registries import csv_files
from immigration.registries.csv_files import Row, WrongHeader
from immigration.rules.rows import KINDS, BadRow, Kind
from immigration.services.records import Rejects

LONGEST = 600
NAMES = tuple(KINDS)
OWN_HEADER = 8
"""Added to the first byte, which names the kind: the file's header is ours, not what follows."""
REJECTS = 48
"""Likewise: the file of rejects is written and checked too, which takes time."""
TYPICAL = {
    "document_number": "TEST00001",
    "issuing_state": "FRA",
    "nationality": "FRA",
    "surname": "DURAND",
    "sex": "F",
    "status": "valid",
    "direction": "arrival",
    "visa_class": "NON-O",
    "contact_email": "alix@example.org",
    "kind": "extension",
    "channel": "counter",
    "office": "BKK",
    "subdistrict_code": "103901",
    "address": "1 Sukhumvit 31",
}
TRICKY = '"A ""B"", C","two\nlines",\xe9,"open\n'


def rows_of(path: Path, kind: Kind) -> list[Row]:
    """The rows of a file."""
    with path.open("rb") as file:
        return list(csv_files.rows(file, kind.columns))


def typical_row(name: str) -> list[str]:
    """A valid row of a kind."""
    return [TYPICAL.get(column) or _made_up(column) for column in KINDS[name].columns]


def _made_up(column: str) -> str:
    if column.endswith(("_on", "_date", "_until")):
        return "2026-03-01"
    return "T-1" if column.endswith(("_id", "receipt_number")) else ""


def line(values: list[str]) -> bytes:
    """A row as a line of CSV."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue().encode("utf-8", "surrogateescape")


def seeds() -> tuple[bytes, ...]:
    """Good rows, with our header and with one of their own, and rows that CSV makes hard."""
    inputs = []
    for number, name in enumerate(NAMES):
        good = line(typical_row(name))
        header = ",".join(reversed(KINDS[name].columns)).encode()
        inputs += [
            bytes([number]) + b"\xef\xbb\xbf" + header + b"\r\n" + line(typical_row(name)[::-1]),
            bytes([number + OWN_HEADER]) + good + b"\r\n" + good.replace(b",", b'","') + TRICKY.encode() + good,
            bytes([number + OWN_HEADER]) + b'"' + good.strip().replace(b",", b'","') + b'"\n' + b"," * 9 + b"\n",
        ]
    return tuple(inputs)


@cache
def folder() -> Path:
    """Where the file lies, in memory where the machine has such a place."""
    return Path(tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None))


def check(data: bytes) -> None:
    """No bad row affects another, none is lost; accepted rows read back the same after being written."""
    selector = data[0] if data else 0
    kind = KINDS[NAMES[selector % 8 % len(NAMES)]]
    path = folder() / "records.csv"
    if selector & OWN_HEADER:
        body = ",".join(kind.columns).encode() + b"\n" + data[1:] + b"\n" + line(typical_row(kind.name))
    else:
        body = data[1:]
    path.write_bytes(body)
    try:
        rows = rows_of(path, kind)
    except WrongHeader:
        assert not selector & OWN_HEADER
        return
    assert_in_order(rows, len(body))
    if selector & OWN_HEADER:
        assert rows[-1].values == typical_row(kind.name), "the last row is a good one, whatever came before"
        assert rows[-1].fault is None
    taken = [typed for row in rows if (typed := read(kind, row)) is not None]
    if taken:
        assert_reads_back(path, kind, taken)
    if selector & REJECTS == REJECTS:
        assert_rejects_are_written(path, kind, [row for row in rows if read(kind, row) is None])


def assert_in_order(rows: list[Row], size: int) -> None:
    """Lines and positions only grow, and end within the file."""
    assert all(row.line < later.line and row.position < later.position for row, later in pairwise(rows))
    assert all(row.line >= 2 and row.position <= size for row in rows)


def read(kind: Kind, row: Row) -> dict[str, Any] | None:
    """The typed values of a row; None for one that is refused."""
    if row.fault:
        return None
    try:
        typed = kind.read(row.values, production=True)
    except BadRow:
        return None
    assert list(typed) == list(kind.columns)
    return typed


def assert_reads_back(path: Path, kind: Kind, taken: list[dict[str, Any]]) -> None:
    """Rows that were taken are the same after being written and read once more."""
    written = [line([plain(value) for value in typed.values()]) for typed in taken]
    path.write_bytes(b"".join([line(list(kind.columns)), *written]))
    again = rows_of(path, kind)
    assert [row.fault for row in again] == [None] * len(taken), again
    assert [kind.read(row.values) for row in again] == taken


def plain(value: Any) -> str:
    """A typed value as it stands in a file."""
    if isinstance(value, date):
        return value.isoformat()
    return ":".join(value) if isinstance(value, tuple) else value or ""


def assert_rejects_are_written(path: Path, kind: Kind, refused: list[Row]) -> None:
    """Every row that is refused stands in the file of rejects, with its line."""
    written = path.with_name(path.name + ".rejected.csv")
    with Rejects(written, kind.columns) as rejects:
        for row in refused:
            rejects.add(row.line, row.fault or "a reason", row.values)
    if not refused:
        assert not written.exists()
        return
    with written.open(encoding="utf-8", newline="") as file:
        lines = [row[0] for row in csv.reader(file)]
    assert lines == ["line", *(str(row.line) for row in refused)]
