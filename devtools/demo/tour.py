"""Ten reports of differing kinds for an officer who learns: made when a tour is begun, for people who were never there.

Only a development server has it: production is built without this package.
"""

import csv
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import select

from devtools.demo.loading import HOME
from foundation.clock import bangkok_date
from foundation.db import Database
from foundation.errors import Conflict
from foundation.http import allow, now, principal
from foundation.identity import Principal, Role
from immigration.models.people import Passport, document_index
from immigration.models.reports import Report
from immigration.rules.addresses import Address
from immigration.rules.offices import covers
from immigration.rules.rows import KINDS
from immigration.schemas.reports import filed_json
from immigration.services import records, reports
from immigration.services.judging import FilingContext, ReportForm, Submission
from operations.services import PlatformServices, services_of

OFFICE = "BKK"
STATE = "FRA"
_NAMES = (
    ("MARTIN", "LOUISE"), ("BERNARD", "HUGO"), ("THOMAS", "JADE"), ("PETIT", "LEO"), ("ROBERT", "EMMA"),
    ("RICHARD", "PAUL"), ("DURAND", "ALICE"), ("DUBOIS", "LUCAS"), ("MOREAU", "CHLOE"), ("LAURENT", "ADAM"),
)  # fmt: skip
_ELSEWHERE = Address("99", "", "", "", "Rama IV", "103901", "10110")
_INCOMPLETE = Address("-", "", "", "", "-", "103901", "10110")


class NotOfBangkok(Conflict):
    """The reports of the tour are of the office of Bangkok."""

    code = "conflict"


@dataclass(frozen=True)
class Lesson:
    """A report of the tour: what is different about the records, and about what is filed."""

    key: str
    arrived: int = 85
    stays: int = 200
    visa_class: str = "NON-O"
    status: str = "valid"
    has_residence: bool = True
    replaced: bool = False
    taken: bool = False
    address: Address = field(default=HOME)


LESSONS = (
    Lesson("first"),
    Lesson("elsewhere", address=_ELSEWHERE),
    Lesson("no-residence", has_residence=False),
    Lesson("incomplete", address=_INCOMPLETE),
    Lesson("unclear", visa_class="CABINET"),
    Lesson("late", arrived=130),
    Lesson("stolen", status="stolen"),
    Lesson("stay-ended", stays=-2),
    Lesson("new-passport", arrived=175, replaced=True),
    Lesson("duplicate", arrived=85, taken=True),
)
"""The ten, in the order in which they are learnt; their texts are in `words/`, under `tour.<key>`."""

blueprint = Blueprint("tour", __name__, url_prefix="/training")


@blueprint.post("/tour")
@allow(Role.OFFICER, Role.SUPERVISOR)
def begin() -> Response:
    """Make the ten reports of a tour, for who asks; their numbers in order."""
    if not covers(principal().offices, OFFICE):
        raise NotOfBangkok("sign in as an officer of Bangkok or of the headquarters")
    return jsonify({"items": make(services_of(current_app), now())})


def make(platform: PlatformServices, at: datetime) -> list[dict[str, str]]:
    """Import the records of ten people, and file a report for each."""
    mark, context = secrets.token_hex(3).upper(), platform.filing
    database = platform.database.without_timeout()
    try:
        with TemporaryDirectory() as folder:
            for kind in KINDS:
                rows = [row for n, each in enumerate(LESSONS) for row in _rows(kind, each, n, mark, bangkok_date(at))]
                path = _write(Path(folder) / f"{kind}.csv", kind, rows)
                records.import_file(database, kind, path, records=context.records, law=context.law, now=at)
        return [_filed(database, each, n, mark, context, at) for n, each in enumerate(LESSONS)]
    finally:
        database.close()


def _number(n: int, mark: str, *, old: bool = False) -> str:
    return f"T{'P' if old else 'N'}{mark}{n}"


def _rows(kind: str, lesson: Lesson, n: int, mark: str, today: date) -> Iterable[dict[str, str]]:
    """The rows of one person of a kind."""
    held = {"document_number": _number(n, mark), "issuing_state": STATE}
    old = held | {"document_number": _number(n, mark, old=True)}
    arrived = today - timedelta(days=lesson.arrived)
    if kind == "passports":
        surname, given = _NAMES[n]
        who = {"nationality": STATE, "surname": surname, "given_names": given, "birth_date": f"19{70 + n}-04-12"}
        who |= {"sex": "F" if n % 2 == 0 else "M", "expires_on": (today + timedelta(days=1500)).isoformat()}
        if lesson.replaced:
            yield old | who | {"status": "cancelled", "replaces": ""}
        replaces = f"{STATE}:{old['document_number']}" if lesson.replaced else ""
        yield held | who | {"status": lesson.status, "replaces": replaces}
    elif kind == "movements":
        until = (today + timedelta(days=lesson.stays)).isoformat()
        stay = {"visa_class": lesson.visa_class, "permitted_until": until, "checkpoint": "Suvarnabhumi"}
        came = {
            "direction": "arrival",
            "occurred_on": arrived.isoformat(),
            "movement_id": f"M-{held['document_number']}",
        }
        yield (old if lesson.replaced else held) | stay | came
    elif kind == "residences" and lesson.has_residence:
        place = {"subdistrict_code": HOME.subdistrict_code, "address": "1 Sukhumvit 31", "from_on": arrived.isoformat()}
        yield held | place | {"residence_id": f"H-{held['document_number']}"}
    elif kind == "reports" and (lesson.replaced or lesson.taken):
        ago, due = (87, 3) if lesson.replaced else (3, 4)
        days = {"filed_on": today - timedelta(days=ago), "next_due_on": today + timedelta(days=due)}
        taken = {name: day.isoformat() for name, day in days.items()} | {"channel": "counter", "office": OFFICE}
        yield (old if lesson.replaced else held) | taken | {"receipt_number": f"P-{held['document_number']}"}


def _write(path: Path, kind: str, rows: list[dict[str, str]]) -> Path:
    columns = KINDS[kind].columns
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def _filed(
    database: Database, lesson: Lesson, n: int, mark: str, context: FilingContext, at: datetime
) -> dict[str, str]:
    """File the report of a lesson, as a phone does that was activated by mail."""
    context.signer.refresh()
    with database.transaction() as session:
        index = document_index(STATE, _number(n, mark))
        passport = session.scalars(select(Passport).where(Passport.document_index == index)).one()
        resident = Principal(Role.RESIDENT, passport.person_id, assurance="mail", passport_id=passport.id)
        form = ReportForm(lesson.address, "+66 2 000 0000", f"{lesson.key}@example.org")
        submission = Submission(form, secrets.token_hex(8), hashlib.sha256(lesson.key.encode()).digest())
        reports.file(session.connection(), submission, author=resident, context=context, render=filed_json, now=at)
        report = session.scalars(select(Report).where(Report.person_id == passport.person_id)).one()
        return {"key": lesson.key, "number": report.number, "status": report.status}
