"""Drill: marked people go through everything; then all that leaves the service is searched for their marks.

A mark whose column the data dictionary calls encrypted may stand nowhere in clear. Any other stands in columns that the
dictionary calls personal, and in none of the logs, figures, pages, mails and push messages. Searched for are the mark
itself in any letter case, and as PostgreSQL writes bytes (hex), and in base64.
"""

import base64
import csv
import re
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any

import psycopg
from sqlalchemy import Column, text

from devtools.postgres import find_binaries
from devtools.standins.mailbox import Mailbox, start
from drills import row_swaps
from drills.calls import Caller
from drills.installation import Installation, eventually, installation
from drills.rows import Row
from drills.sizes import Sizes
from drills.staff import add_officer
from foundation.classification import Classification
from foundation.clock import bangkok_date, system_clock
from foundation.db import Base
from foundation.sealing import Sealed
from immigration.registries.law import law
from immigration.registries.records import ImportedRecords
from immigration.rules.rows import KINDS
from immigration.services import activations, records

SETTLED = 90  # seconds until everything that happened is told
PAGES = ("/", "/console", "/healthz", "/readyz", "/metrics", "/.well-known/jwks.json", "/api/v1/openapi.json")


@dataclass(frozen=True)
class Mark:
    """A text that only marked people have: `fixed` begins it, and `home` is the column that it is meant for."""

    name: str
    fixed: str
    home: str

    def of(self, number: int) -> str:
        """The mark of one person."""
        return f"{self.fixed}{number:03}" + ("@canary.example" if "mail" in self.name else "")

    @property
    def column(self) -> Column[Any]:
        """The column that it is meant for, as the data dictionary has it."""
        table, _, column = self.home.partition(".")
        return Base.metadata.tables[table].columns[column]

    @property
    def is_encrypted(self) -> bool:
        """Whether the dictionary says that it is stored encrypted."""
        return isinstance(self.column.type, Sealed)

    def is_in(self, haystack: bytes) -> bool:
        """Whether it stands there, in any of the ways to write it."""
        return any(pattern.search(haystack) for pattern in _spellings(self.fixed))


MARKS = (
    Mark("document number", "CNRYQ7X", "passports.document_number"),
    Mark("surname", "CANARYSURNAME", "passports.surname"),
    Mark("given names", "CANARYGIVEN", "passports.given_names"),
    Mark("mail on arrival", "arrival-canary-", "movements.contact_email"),
    Mark("arrival card", "TDACCNRY", "movements.arrival_card"),
    Mark("residence", "Canaryhosted Lane ", "residences.address"),
    Mark("host", "Canaryhost Somchai ", "residences.host"),
    Mark("own mail", "own-canary-", "people.email"),
    Mark("own phone", "+66812777", "people.phone"),
    Mark("filed road", "Canaryfiled Road ", "reports.address"),
    Mark("filed mail", "filed-canary-", "reports.contact"),
    Mark("push address", "push-canary-", "devices.target"),
    Mark("case", "The canarycase is wrong ", "cases.text"),
    Mark("answer", "The canaryanswer is right ", "cases.answer"),
    Mark("name of a phone", "Canaryphone ", "token_families.name"),
)
M = {mark.name: mark for mark in MARKS}


def run(sizes: Sizes) -> Row:
    """The drill: a row."""
    row = Row("canary")
    with start() as mailbox, installation() as system:
        system.environment["SMTP_URL"] = mailbox.url
        system.start_workers(1)
        _import(system, sizes.marked)
        _live(row, system, sizes.marked)
        eventually(lambda: _waiting(system) == 0, SETTLED, "everything that happened is told")
        row.require("people were written to by mail and by push", mailbox.messages and system.pushed.exists())
        system.end_workers()
        _search(row, system, mailbox)
        row_swaps.swap(row, system.database)
    row.figure(people=sizes.marked, marks=len(MARKS) * sizes.marked, mails=len(mailbox.messages))
    return row


def _import(system: Installation, count: int) -> None:
    """The records of the marked people, by the importer, from files."""
    arrived = bangkok_date(system_clock()) - timedelta(days=80)
    for kind in ("passports", "movements", "residences"):
        path = system.folder / f"{kind}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, KINDS[kind].columns, restval="", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(_record(number, arrived.isoformat()) for number in range(count))
        outcome = records.import_file(
            system.database, kind, path, records=ImportedRecords(), law=law(), now=system_clock()
        )
        if outcome.counts["imported"] != count:
            raise RuntimeError(f"{kind}: {outcome}")


def _record(number: int, arrived: str) -> dict[str, str]:
    return _passport(number) | {
        "nationality": "FRA",
        "surname": _lettered(M["surname"], number),
        "given_names": _lettered(M["given names"], number),
        "sex": "F",
        "expires_on": "2099-01-01",
        "status": "valid",
        "movement_id": f"M-{number}",
        "direction": "arrival",
        "occurred_on": arrived,
        "checkpoint": "Suvarnabhumi",
        "arrival_card": M["arrival card"].of(number),
        "visa_class": "NON-O",
        "permitted_until": "2099-01-01",
        "contact_email": M["mail on arrival"].of(number),
        "residence_id": f"H-{number}",
        "subdistrict_code": "103901",
        "address": M["residence"].of(number),
        "from_on": arrived,
        "host": M["host"].of(number),
    }


def _passport(number: int) -> dict[str, str]:
    return {
        "document_number": M["document number"].of(number),
        "issuing_state": "FRA",
        "birth_date": "1990-01-02",
    }


def _lettered(mark: Mark, number: int) -> str:
    """A mark of letters only, as a name is."""
    return mark.fixed + "".join(chr(ord("A") + int(digit)) for digit in f"{number:03}")


def _live(row: Row, system: Installation, count: int) -> None:
    """What people and officers do, and what goes wrong for them; of each kind of answer there is at least one."""
    caller, seen = Caller(system.ports), set[int]()
    staff = add_officer(system, "canary-officer", office="BKK")
    for number in range(count):
        network = f"198.51.{number // 250}.{number % 250}"
        seen |= _strangers(caller, number, network)
        token = _activate(system, caller, number, network)
        seen |= _resident(caller, token, number)
        seen |= _officer(caller, staff, number)
        if number % 10 == 9:
            seen.add(caller.ask("POST", "/me/erasure", token=token).status)
        if number == count // 2:
            _lose_connections(system)
    row.require(f"people are answered in every way, got {sorted(seen)}", {200, 201, 202, 204, 401, 404, 422} <= seen)
    row.require("no answer is an error of the service, but for lost connections", not {500, 502} & seen)


def _activate(system: Installation, caller: Caller, number: int, network: str) -> str:
    """Sign a marked person in with a code from a counter; the access token."""
    passport = _passport(number)
    with system.database.transaction() as session:
        issued = activations.issue(
            session,
            passport["document_number"],
            passport["issuing_state"],
            assurance="mail" if number % 2 else "counter",
            issued_by="drill",
            now=system_clock(),
        )
    code = {"activation_code": issued.activation_code}
    answer = caller.ask_until_answered("POST", "/activations", passport | code, X_Forwarded_For=network)
    return str(answer.json["access_token"])


def _strangers(caller: Caller, number: int, network: str) -> set[int]:
    """What a caller without a sign-in sends, with marks in places where they do not belong."""
    passport, wrong = _passport(number), {"activation_code": "AAAAA-AAAAA"}
    mail, name = M["own mail"].of(number), M["document number"].of(number)
    asked: list[tuple[str, str, Any]] = [
        ("POST", "/activations/requests", passport),
        ("POST", "/activations", passport | wrong),
        ("POST", "/activations", passport | {"birth_date": mail}),
        ("POST", "/activations", {name: mail, "mrz": f"P<FRA{_lettered(M['surname'], number)}"}),
        ("POST", "/tokens", {"refresh_token": mail}),
        ("POST", "/receipts/verify", {"receipt": name}),
        ("POST", "/officers/sessions", {"name": mail, "password": name}),
        ("GET", f"/reports/{name}", None),
        ("GET", f"/addresses?q={name}&{name}={name}", None),
    ]
    return {caller.ask_until_answered(*each, X_Forwarded_For=network).status for each in asked}


def _resident(caller: Caller, token: str, number: int) -> set[int]:
    """What a marked person does with the app."""

    def ask(method: str, path: str, body: Any = None, **headers: str) -> Any:
        answers.append(caller.ask_until_answered(method, path, body, token=token, **headers))
        return answers[-1]

    answers: list[Any] = []
    device = {"platform": "android", "kind": "fid", "target": M["push address"].of(number), "language": "en"}
    address = {"house_number": "1", "road": M["filed road"].of(number), "subdistrict_code": "103901"}
    filed = {"address": address | {"postal_code": "10110"}, "email": M["filed mail"].of(number), "phone": ""}
    ask("PUT", "/devices/phone", device)
    ask("PATCH", "/me", {"email": M["own mail"].of(number), "phone": M["own phone"].of(number)})
    ask("PUT", "/me/reminders", {"hour": 12, "optional_reminders": True, "mail": True})
    report = ask("POST", "/reports", filed, Idempotency_Key=f"canary-{number}")
    if report.status != HTTPStatus.CREATED:
        raise RuntimeError(f"the report of person {number} was answered {report.status}: {report.json}")
    ask("POST", "/reports", filed | {M["own mail"].of(number): 1}, Idempotency_Key="again")
    ask("POST", "/me/cases", {"about": "entry", "text": M["case"].of(number)})
    session = ask("GET", "/me/sessions").json["items"][0]["id"]
    ask("PATCH", f"/me/sessions/{session}", {"name": M["name of a phone"].of(number)})
    ask("GET", f"/reports/{M['document number'].of(number)}")
    for path in ("/me", "/me/stay", "/me/export", "/me/access-log", "/reports", "/notifications", "/me/cases"):
        ask("GET", path)
    if number % 3 == 1:
        ask("POST", f"/reports/{report.json['number']}/withdrawal")
    if number % 3 == 2:
        ask("DELETE", "/devices/phone")
    return {answer.status for answer in answers}


def _officer(caller: Caller, token: str, number: int) -> set[int]:
    """What an officer does about a marked person."""
    passport = {name: value for name, value in _passport(number).items() if name != "birth_date"}
    sought = caller.ask_until_answered(
        "POST", "/review/residents/search", passport | {"purpose": "A check."}, token=token
    )
    answers = [sought]
    for report in caller.ask_until_answered("GET", "/review/reports", token=token).json["items"]:
        path = f"/review/reports/{report['number']}"
        answers.append(caller.ask_until_answered("GET", path, token=token))
        answers.append(
            caller.ask_until_answered("POST", f"{path}/decision", {"outcome": "accepted", "reasons": []}, token=token)
        )
    for case in caller.ask_until_answered("GET", "/review/cases", token=token).json["items"]:
        answer = {"outcome": "explained", "text": M["answer"].of(number)}
        answers.append(caller.ask_until_answered("POST", f"/review/cases/{case['number']}/answer", answer, token=token))
    body = {"document_number": M["document number"].of(number), "issuing_state": "FRA", "purpose": "", "x": "y"}
    answers.append(caller.ask_until_answered("POST", "/review/residents/search", body, token=token))
    return {answer.status for answer in answers}


def _lose_connections(system: Installation) -> None:
    """End every connection of the service in the middle, so that what it logs of that is searched too."""
    with suppress(psycopg.Error), system.operator() as connection:
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")
    system.await_ready()


def _waiting(system: Installation) -> int:
    """How much of what happened is not told yet, of what does not wait for the day."""
    with system.operator() as connection:
        row = connection.execute(
            """select (select count(*) from events_to_relay)
            + (select count(*) from notifications n left join deliveries d on d.notification_id = n.id
               where n.lane = 0 and (n.fanned_out_at is null or d.status = 'pending'))
            + (select count(*) from activation_requests where settled_at is null)"""
        ).fetchone()
    return int(row[0]) if row else 0


def _computed_from(column: Column[Any]) -> set[str]:
    """The columns of its table that a computed column names."""
    assert column.computed
    return {*re.findall(r"\w+", str(column.computed.sqltext))} & {*column.table.columns.keys()}


def _search(row: Row, system: Installation, mailbox: Mailbox) -> None:
    """Look for every mark in all that leaves the service, and compare with what the dictionary says."""
    dump = _dump(system)
    row.require("the dump holds what the marked people did", M["surname"].is_in(dump))
    logs = {path.name: path.read_bytes() for path in system.folder.glob("*.log") if path.name != "fcm.log"}
    logs["server.log"] = system.cluster.server.log.read_bytes()
    pages = {path: _page(system, path) for path in PAGES}
    mails = {f"mail {n}": _without_address(mail.message.as_bytes()) for n, mail in enumerate(mailbox.messages)}
    pushed = {"push messages": system.pushed.read_bytes()}
    for mark in MARKS:
        encrypted = mark.is_encrypted and mark.is_in(dump)
        row.require(f"{mark.home} is encrypted, but {mark.name} stands in the dump", not encrypted)
        apart = {} if mark.name == "push address" else pushed
        for name, content in (logs | pages | mails | apart).items():
            row.require(f"{mark.name} stands in {name}", not mark.is_in(content))
    found = _columns_in_clear(system)
    for name, marks in found.items():
        table, _, column_name = name.partition(".")
        column = Base.metadata.tables[table].columns[column_name]
        classed = column.info["classification"]
        row.require(f"{name} is {classed}, but holds {marks}", classed == Classification.PERSONAL)
        homes = {name} | ({f"{table}.{each}" for each in _computed_from(column)} if column.computed else set())
        meant = {mark.name for mark in MARKS if mark.home in homes}
        row.require(f"{name} holds {marks - meant}, which is meant for elsewhere", marks <= meant)
    row.figure(searched=f"{(len(dump) + sum(map(len, (logs | pages | mails | pushed).values()))) / 1e6:.1f} MB")
    row.figure(in_clear=" ".join(sorted(found)), elsewhere=len(row.broken))


def _dump(system: Installation) -> bytes:
    """All of the database, as pg_dump writes it."""
    command = [str(find_binaries() / "pg_dump"), "--no-owner", system.url]
    return subprocess.run(command, check=True, capture_output=True, timeout=120).stdout


def _page(system: Installation, path: str) -> bytes:
    connection = HTTPConnection("127.0.0.1", system.ports[0], timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


def _without_address(mail: bytes) -> bytes:
    """A mail without the line that says to whom it goes."""
    return re.sub(rb"(?mi)^(To|X-RcptTo):.*\r?\n", b"", mail)


def _columns_in_clear(system: Installation) -> dict[str, set[str]]:
    """In which columns marks stand, as text or within bytes."""
    found: dict[str, set[str]] = {}
    with system.database.read_session() as session:
        for table in Base.metadata.sorted_tables:
            names = [column.name for column in table.columns]
            listed = ", ".join(f'"{name}"::text' for name in names)
            for values in session.execute(text(f"select {listed} from {table.name}")):  # noqa: S608 - our own names
                for name, marks in zip(names, map(_marks_in, values), strict=True):
                    if marks:
                        found.setdefault(f"{table.name}.{name}", set()).update(marks)
    return found


def _marks_in(value: str | None) -> set[str]:
    content = (value or "").encode()
    return {mark.name for mark in MARKS if content and mark.is_in(content)}


def _spellings(fixed: str) -> Iterable[re.Pattern[bytes]]:
    """The ways to write the beginning of a mark; base64 has one for each place in its groups of three."""
    if fixed not in _PATTERNS:
        plain = fixed.encode()
        patterns = [re.compile(re.escape(each), re.I) for each in (plain, plain.hex().encode())]
        for place in range(3):  # those characters of six bits that hold nothing but the mark
            coded = base64.b64encode(bytes(place) + plain)
            patterns.append(re.compile(re.escape(coded[-(-place * 8 // 6) : (place + len(plain)) * 8 // 6])))
        _PATTERNS[fixed] = patterns
    return _PATTERNS[fixed]


_PATTERNS: dict[str, list[re.Pattern[bytes]]] = {}
