"""Drill: every operation of the API document, as everyone who may not, on objects that are not theirs.

A new operation is probed without a change here. One whose address takes an argument of a new name breaks the drill
until `_FOREIGN` says what another person's value of it is.
"""

import itertools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from sqlalchemy import text

from drills import second_lock
from drills.calls import Answer, Caller, NoAnswer, form
from drills.installation import Installation, installation
from drills.residents import Resident, add
from drills.rows import Row
from drills.sizes import Sizes
from drills.staff import add_officer, sign_in
from foundation.clock import bangkok_date, system_clock
from foundation.identity import Role
from immigration.models.access import TokenFamily

HOME, AWAY = "BKK", "CMI"
"""The office of the report that is sought, and that of the officers who seek it."""
MARK = 77_001
"""The number in the e-mail address and the house number of the person sought."""
HOSTILE = (
    "", "0", "-1", "1", "99999999999999999999", "null", "*", "%", "_", "'", "' or '1'='1", "\"", ";--", "../../me",
    "..%2f..%2fme", "{number}", "${7*7}", "{{7*7}}", "<script>", "\u202e", "\u0e01", "\U0001f600", "a" * 300, "a\nb",
)  # fmt: skip
"""Values in place of an argument, which name nothing."""
BODIES: tuple[Any, ...] = (None, {}, [], "x", {"person_id": "x", "role": "administrator", "status": "accepted"})
PASSABLE = {400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429}
SIGN_OUT = ("/officers/sessions/current", "/console/session")
Document = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One operation of the document, and who may call it; no role means anyone."""

    method: str
    path: str
    roles: frozenset[str]

    @property
    def arguments(self) -> list[str]:
        """The names in its path."""
        return re.findall(r"{(\w+)}", self.path)

    def address(self, values: dict[str, str]) -> str:
        """Its address below the base of the API, with these values."""
        filled = re.sub(r"{(\w+)}", lambda name: quote(values[name[1]], safe=""), self.path)
        return filled.removeprefix("/api/v1")


@dataclass
class Prober:
    """Somebody who calls: a name, a role (none: not signed in), how to get a token, and the one held."""

    name: str
    role: str
    sign_in: Callable[[], str]
    token: str = ""


@dataclass(frozen=True)
class Target:
    """What is sought: values of arguments that are another's, and texts that only that person may read."""

    values: dict[str, str]
    marks: tuple[str, ...]


def run(sizes: Sizes) -> Row:
    """The drill: a row."""
    row = Row("probes")
    with installation() as system:
        operations = list(operations_of(Caller(system.ports).ask("GET", "/openapi.json").json))
        (who, target), probers = _target(system), list(_probers(system))
        _probe_all(row, Caller(system.ports), operations, target, probers, sizes.probes)
        own = [(each.method, each.address(target.values)) for each in operations if Role.RESIDENT in each.roles]
        (other,) = add(system, 1)
        second_lock.probe(row, system, own, who, target.marks, other, max(len(own), sizes.probes))
        row.figure(leaks=len(row.broken))
        row.figure(operations=len(operations), roles=len(probers))
    return row


def operations_of(document: Document) -> Iterator[Operation]:
    """The operations of an API document, those below its base only."""
    for path, methods in sorted(document["paths"].items()):
        for method, described in methods.items():
            if method in ("get", "post", "put", "patch", "delete") and path.startswith("/api/"):
                yield Operation(method.upper(), path, frozenset(described.get("x-roles", ())))


def _target(system: Installation) -> tuple[Resident, Target]:
    """Somebody whose report waits for an officer of HOME, with a phone, and an act on it that waits for approval."""
    caller, (who,) = Caller(system.ports), add(system, 1, assurance="mail")
    number = caller.ask("POST", "/reports", form(MARK), token=who.token, Idempotency_Key="k").json["number"]
    far = {"outcome": "accepted", "note": "Seen.", "next_due_on": str(bangkok_date(system_clock()) + timedelta(300))}
    home = add_officer(system, "home", office=HOME)
    waiting = caller.ask("POST", f"/review/reports/{number}/decision", far, token=home)
    view = caller.ask("POST", "/review/views", {"name": "Mine", "filter": {"mine": True}}, token=home)
    with system.database.transaction() as session:
        officer_id = session.scalar(text("select id from officers where name = 'home'"))
        message = session.scalar(text("select id from notifications where person_id = :id"), {"id": who.id})
        family = TokenFamily(person_id=who.id, assurance="mail", created_at=system_clock(), expires_at=system_clock())
        session.add(family)
        session.flush()
        session_id = str(family.id)
    values = {
        "number": number,
        "session_id": session_id,
        "resident_id": str(who.id),
        "notification_id": str(message),
        "device_id": "phone",
        "reference": waiting.json["approval"],
        "link_id": str(uuid4()),
        "passkey_id": str(uuid4()),
        "message_id": str(uuid4()),
        "officer_id": str(officer_id),
        "conflict_id": str(uuid4()),
        "review_id": str(uuid4()),
        "import_id": str(uuid4()),
        "view_id": view.json["id"],
        "secret": uuid4().hex,
    }
    return who, Target(values, (f"drill-{MARK}@", f'"{MARK}"', str(who.id), number))


def _probers(system: Installation) -> Iterator[Prober]:
    (resident,) = add(system, 1)
    yield Prober("nobody", "", str)
    yield Prober("forger", "", lambda: resident.token[:-4] + "AAAA")
    yield Prober("another resident", Role.RESIDENT, lambda: resident.token)
    for role in (Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR):
        add_officer(system, f"{role}-away", role=role, office=AWAY)
        yield Prober(f"{role} of {AWAY}", role, partial(sign_in, system, f"{role}-away"))


def _probe_all(
    row: Row, caller: Caller, operations: list[Operation], target: Target, probers: list[Prober], wanted: int
) -> None:
    """Round after round of probes, each with another body and another hostile value, until there were enough."""
    counts: Counter[str] = Counter()
    for each in operations:
        unknown = [name for name in each.arguments if name not in target.values]
        row.require(f"{each.method} {each.path}: what another's {unknown} is has to be said here", not unknown)
    for number in itertools.count():
        if counts.total() >= wanted or row.broken:
            break
        for prober in probers:
            prober.token = prober.sign_in()
        for operation, prober in itertools.product(operations, probers):
            body, hostile = BODIES[number % len(BODIES)], HOSTILE[number % len(HOSTILE)]
            for kind, values in _values(operation, target, hostile, number):
                counts[kind] += 1
                answer = _ask(caller, operation, values, body, prober)
                _judge(row, operation, prober, kind, answer, target)
                if answer and answer.status == 204 and operation.path.endswith(SIGN_OUT):
                    prober.token = prober.sign_in()
    row.figure(probes=counts.total(), **{kind.replace(" ", "_"): count for kind, count in counts.items()})


def _values(operation: Operation, target: Target, hostile: str, number: int) -> Iterator[tuple[str, dict[str, str]]]:
    """What stands in an operation's address: another's object, one that does not exist, something hostile."""
    names = operation.arguments
    yield "foreign", {name: target.values[name] for name in names}
    if names:
        yield "nonexistent", {name: str(uuid4()) for name in names}
        yield "hostile", dict.fromkeys(names, f"{hostile}{number}" if hostile else f"{number}")


def _ask(caller: Caller, operation: Operation, values: dict[str, str], body: Any, prober: Prober) -> Answer | None:
    sent = None if operation.method in ("GET", "DELETE") else body
    with suppress(NoAnswer):
        return caller.ask_again(
            operation.method, operation.address(values), sent, token=prober.token, Idempotency_Key=str(uuid4())
        )
    return None


def _judge(row: Row, operation: Operation, prober: Prober, kind: str, answer: Answer | None, target: Target) -> None:
    """What every answer has to be like, whatever was asked."""
    where = f"{operation.method} {operation.path} ({kind}) as {prober.name}"
    row.require(f"{where}: it is answered", answer is not None)
    if answer is None:
        return
    status = answer.status
    row.require(f"{where}: no error of the service, got {status}", status < 500)
    if operation.roles and prober.role not in operation.roles:
        refused = 403 if prober.role else 401
        row.require(
            f"{where}: {refused}, got {status}", status == refused or (kind == "hostile" and status in (404, 405))
        )
    elif kind != "foreign" or operation.arguments:
        row.require(f"{where}: nothing is found, got {status}", _finds_nothing(operation, status))
    said = answer.body.decode("utf-8", "replace")
    row.require(f"{where}: nothing of another person is said", not any(m in _without_echo(said) for m in target.marks))


def _finds_nothing(operation: Operation, status: int) -> bool:
    """Whether an answer is one for an object that is not there; a phone may name and remove a device as it likes."""
    return status in PASSABLE or (operation.path.endswith("/{device_id}") and status in (200, 204))


def _without_echo(said: str) -> str:
    """An answer without the address that was asked for, which a problem document repeats."""
    try:
        content = json.loads(said)
    except ValueError:
        return said
    if isinstance(content, dict):
        content.pop("instance", None)
    return json.dumps(content, ensure_ascii=False)
