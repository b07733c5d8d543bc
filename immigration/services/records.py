"""Importing records: repeatable, concurrent imports safe, a bad row stops nothing, people joined by links only."""

import csv
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from sqlalchemy import text

from foundation.clock import bangkok_date
from foundation.db import Database, Session
from immigration.registries import csv_files, offices
from immigration.registries.csv_files import WrongHeader
from immigration.registries.feeds import rows_kept
from immigration.registries.law import Law
from immigration.registries.records import Records
from immigration.rules.policies import Policy
from immigration.rules.rows import KINDS, BadRow, Kind
from immigration.services import feeds, linking, refreshing, sessions, staging
from immigration.services.feeds import Refused

CHUNK = 20_000
WORK_MEM = "64MB"
"""What sorting and joining a chunk may take, so that none of it goes to disk."""
ACTOR = "import"
_log = logging.getLogger(__name__)
ANALYZED = "passports, movements, permissions, office_reports, residences, obligations"


@dataclass
class Outcome:
    """What an import did, row by row counted; `warnings` are about rows that were taken all the same.

    `unknown_classes` are of rows that were taken, and in no list.
    """

    counts: Counter[str] = field(default_factory=Counter)
    unknown_classes: Counter[str] = field(default_factory=Counter)
    warnings: int = 0

    def __str__(self) -> str:
        return ", ".join(f"{what} {self.counts[what]}" for what in ("imported", "updated", "unchanged", "rejected"))


def import_file(
    database: Database,
    kind_name: str,
    path: Path,
    *,
    records: Records,
    law: Law,
    now: datetime,
    production: bool = False,
    progress: Callable[[int], None] = lambda position: None,
    actor: str = ACTOR,
) -> Outcome:
    """Import a CSV file as `import_stream` does; bad rows go to `FILE.rejected.csv`."""
    with path.open("rb") as file:
        return import_stream(
            database,
            kind_name,
            file,
            rejects=rejects_beside(path),
            records=records,
            law=law,
            now=now,
            production=production,
            progress=progress,
            actor=actor,
        )


def rejects_beside(path: Path) -> Path:
    """Where the bad rows of a file go by default."""
    return path.with_name(path.name + ".rejected.csv")


def import_stream(
    database: Database,
    kind_name: str,
    file: BinaryIO,
    *,
    rejects: Path | TextIO,
    records: Records,
    law: Law,
    now: datetime,
    production: bool = False,
    progress: Callable[[int], None] = lambda position: None,
    actor: str = ACTOR,
) -> Outcome:
    """Import an open CSV file, which may be a pipe, see `import_rows`; and bring what people owe up to date.

    Where recomputing is cut short, a worker's next round does it.
    """
    refused: list[Refused] = []
    done = partial(_keep, database, kind_name, refused, actor=actor, now=now)
    try:
        outcome = import_rows(
            database,
            kind_name,
            file,
            rejects=rejects,
            law=law,
            now=now,
            production=production,
            progress=progress,
            refused=refused,
        )
    except (WrongHeader, OSError, csv.Error) as error:
        done({}, fault=str(error))
        raise
    done(outcome.counts, fault=None)
    if outcome.counts["imported"] > CHUNK:
        _analyze_tables(database)
    refreshing.refresh(database, records=records, law=law, now=now, actor=ACTOR)
    return outcome


def _keep(
    database: Database,
    kind: str,
    refused: Sequence[Refused],
    counts: Mapping[str, int],
    *,
    fault: str | None,
    actor: str,
    now: datetime,
) -> None:
    with database.transaction() as session:
        feeds.record(session, kind, counts, refused, fault=fault, actor=actor, now=now)


def import_rows(
    database: Database,
    kind_name: str,
    file: BinaryIO,
    *,
    rejects: Path | TextIO,
    law: Law,
    now: datetime,
    production: bool = False,
    progress: Callable[[int], None] = lambda position: None,
    refused: list[Refused] | None = None,
) -> Outcome:
    """Check, seal and merge a CSV file in chunks, each a transaction; bad rows go to `rejects`.

    While the database merges a chunk, the next one is read.
    `progress` is told the position in the file, in bytes; `refused` is given the first of the bad rows.
    In production the specimen state is refused.
    Raises csv_files.WrongHeader and OSError.
    """
    kind, outcome, policy = KINDS[kind_name], Outcome(), law.on(bangkok_date(now))
    with Rejects(rejects, kind.columns, kept=refused) as rejected, ThreadPoolExecutor(1) as merging:
        reader = _Reader(kind=kind, rejects=rejected, production=production)
        under_way: _UnderWay | None = None
        for chunk in _chunks(csv_files.rows(file, kind.columns)):
            unknown: dict[int, str] = {}
            warnings: list[_Warning] = []
            rows = _note_unknown_classes(reader.read(chunk, warnings), policy, unknown)
            good = staging.staged(kind_name, rows)
            _conclude(under_way, outcome, rejected, progress)
            merged = merging.submit(_merge_alone, database, kind_name, good, law, now)
            under_way = _UnderWay(chunk, unknown, warnings, merged)
        _conclude(under_way, outcome, rejected, progress)
        outcome.counts["rejected"], outcome.warnings = rejected.count, rejected.warnings
    return outcome


_Warning = tuple[int, str]
"""A line, and what is said about it though it is taken."""


@dataclass(frozen=True)
class _UnderWay:
    """A chunk that the database is merging while the next one is read; `unknown_classes` are by line."""

    chunk: list[csv_files.Row]
    unknown_classes: dict[int, str]
    warnings: list[_Warning]
    merging: Future["Merged"]


def _chunks(rows: Iterator[csv_files.Row]) -> Iterator[list[csv_files.Row]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _merge_alone(database: Database, kind_name: str, rows: list[staging.Staged], law: Law, now: datetime) -> "Merged":
    with database.transaction({"statement_timeout": "0", "lock_timeout": "0", "work_mem": WORK_MEM}) as session:
        return merge(session, kind_name, rows, law=law, now=now)


def _conclude(
    under_way: _UnderWay | None, outcome: Outcome, rejects: "Rejects", progress: Callable[[int], None]
) -> None:
    """Wait for a chunk and count what came of it; raises what merging it raised."""
    if under_way is None:
        return
    merged = under_way.merging.result()
    if merged.rejected or under_way.warnings:
        originals = {row.line: row.values for row in under_way.chunk}
        for line, reason in merged.rejected.items():
            rejects.add(line, reason, originals[line])
        for line, sentences in groupby(under_way.warnings, key=itemgetter(0)):
            if line not in merged.rejected:
                rejects.warn(line, "; ".join(sentence for _, sentence in sentences), originals[line])
    outcome.counts += merged.counts
    taken = (name for line, name in under_way.unknown_classes.items() if line not in merged.rejected)
    outcome.unknown_classes.update(taken)
    progress(under_way.chunk[-1].position)


def _note_unknown_classes(
    rows: Iterator[tuple[int, dict[str, Any]]], policy: Policy, unknown: dict[int, str]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows as they are; the visa classes that no list knows are written to `unknown` by line."""
    for line, row in rows:
        written = row.get("visa_class")
        if written and policy.visa_class(written) is None:
            unknown[line] = written
        yield line, row


def _analyze_tables(database: Database) -> None:
    """Tell the planner how large the tables have become: it would find out in a minute, and goes astray until then."""
    with database.transaction() as session:
        session.execute(text(f"analyze {ANALYZED}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Reads the rows of one file. `lines` remembers where each passport was named, by a number of 64 bits.

    That takes about 100 bytes a passport: 300 MB for 3 million.
    """

    kind: Kind
    rejects: "Rejects"
    production: bool
    lines: dict[int, int] = field(default_factory=dict)

    def read(self, chunk: Iterable[csv_files.Row], warnings: list[_Warning]) -> Iterator[tuple[int, dict[str, Any]]]:
        """The typed values of the good rows; the others are rejected, and what is doubtful goes to `warnings`."""
        for row in chunk:
            if row.fault:
                self.rejects.add(row.line, row.fault, row.values)
                continue
            left_out: list[str] = []
            try:
                values = self.kind.read(row.values, self.production, left_out.append)
                _check_office(values)
            except BadRow as error:
                self.rejects.add(row.line, str(error), row.values)
                continue
            warnings += [(row.line, sentence) for sentence in (*left_out, *self._repeated(row.line, values))]
            yield row.line, values

    def _repeated(self, line: int, values: dict[str, Any]) -> tuple[str, ...]:
        """That the file names a passport again. The last row counts, which is the one that is reported."""
        if self.kind.name != staging.PASSPORTS:
            return ()
        key = hash((values["issuing_state"], values["document_number"]))
        before, self.lines[key] = self.lines.get(key), line
        return (f"document_number: this passport stands in line {before} too; this row replaces it",) if before else ()


def _check_office(values: dict[str, Any]) -> None:
    """Raises BadRow for the code of an office that there is not: nobody acts for such a report."""
    code = values.get("office")
    if code and offices.office(code) is None:
        raise BadRow(f"office: no immigration office has the code {code}")


@dataclass
class Merged:
    """What one chunk did: counts, and the lines that the records do not admit, with the reason."""

    counts: Counter[str]
    rejected: dict[int, str]


def merge(session: Session, kind_name: str, rows: list[staging.Staged], *, law: Law, now: datetime) -> Merged:
    """Merge rows that `staging.staged` made in this transaction; join and separate people.

    What the people owe is only marked as out of date: `refreshing.refresh` brings it in step.
    """
    linking.take_turns(session)
    staging.stage(session, kind_name, rows)
    today = bangkok_date(now)
    policy = law.on(today)
    are_passports = kind_name == staging.PASSPORTS
    linked: list[int] = []
    if are_passports:
        rejected, linked = linking.refuse_staged(session)
    else:
        rejected = staging.refuse_unknown_passports(session)
    lost = sessions.reported_by_staged(session) if are_passports else []
    counts = Counter(staging.merge_staged(session, kind_name, today=today, policy_version=policy.version))
    if are_passports:
        linking.relink_staged(session, linked, policy=policy, now=now, actor=ACTOR)
        sessions.end_with_passports(session, lost, now=now)
    counts["unchanged"] += len(rows) - counts.total() - len(rejected)
    return Merged(counts, rejected)


class Rejects:
    """The rows that were not taken, or with a warning, as CSV with line number and reason. Made when there is one.

    What an earlier import left there is removed, where it can be. A file that cannot be written does not stop the
    import, whose earlier chunks are stored: the rows go to standard error then.
    """

    def __init__(self, target: Path | TextIO, columns: Iterable[str], *, kept: list[Refused] | None = None) -> None:
        self._target = target
        self._columns = tuple(columns)
        self._kept = kept
        self._opened: TextIO | None = None
        self._writer: Any = None
        self.count = self.warnings = 0

    def __enter__(self) -> "Rejects":
        if isinstance(self._target, Path):
            with suppress(OSError):
                self._target.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._opened:
            self._opened.close()

    def add(self, line: int, reason: str, values: Iterable[str]) -> None:
        """Write one rejected row."""
        self.count += 1
        values = tuple(value.replace("\x00", "\\x00") for value in values)
        if self._kept is not None and len(self._kept) < rows_kept():
            self._kept.append(Refused(line, reason, values))
        self._write(line, reason, values)

    def warn(self, line: int, sentence: str, values: Iterable[str]) -> None:
        """Write one row that was taken, with what its sender should know; imported again, it changes nothing."""
        self.warnings += 1
        self._write(line, f"warning, the row is imported: {sentence}", values)

    def _write(self, line: int, reason: str, values: Iterable[str]) -> None:
        if self._writer is None:
            self._writer = csv.writer(self._open())
            self._writer.writerow(["line", "reason", *self._columns])
        self._writer.writerow([line, reason, *(value.replace("\x00", "\\x00") for value in values)])

    def _open(self) -> TextIO:
        if not isinstance(self._target, Path):
            return self._target
        try:
            self._opened = self._target.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        except OSError as error:
            _log.warning("%s cannot be written (%s): rejected rows go to standard error", self._target, error.strerror)
            return sys.stderr
        return self._opened
