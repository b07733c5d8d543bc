"""How many honest reports the records decide alone, in the demo country: everybody whose window is open files.

Run with `make bench`, or `python benchmarks/decided_by_records.py [PEOPLE]`. The goal is 90 %.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from app import create_app
from benchmarks import forms
from devtools.demo import country
from devtools.postgres import temporary_server
from foundation.clock import bangkok_date
from foundation.config import Settings
from foundation.db import Database
from foundation.errors import Problem
from foundation.identity import Principal, Role
from immigration.rules.rows import KINDS
from immigration.schemas.reports import filed_json
from immigration.services import records, reports
from operations import migrating
from operations.services import services_of

GOAL = 0.90
_OPEN = """
select o.person_id, r.subdistrict_code, r.address from obligations o
join lateral (
  select r.subdistrict_code, r.address from residences r join passports p on p.id = r.passport_id
  where p.person_id = o.person_id order by r.from_on desc limit 1
) r on true
where o.regime = '90-day' and o.expected and o.opens_on <= :today and o.online_closes_on >= :today
"""


def main(people: int) -> None:
    """Load a country, let everybody file who can, and print the share decided at once."""
    with temporary_server() as server, tempfile.TemporaryDirectory() as folder:
        server.ensure_database("bench")
        database = Database(server.url("bench"), statement_timeout=0)
        migrating.bring_up_to_date(database)
        app = create_app(Settings(environment="test"), database=database)
        filing, now = services_of(app).filing, services_of(app).clock()
        country.generate(Path(folder), people, bangkok_date(now))
        for kind in KINDS:
            path = Path(folder) / f"{kind}.csv"
            records.import_file(database, kind, path, records=filing.records, law=filing.law, now=now)
        with database.read_session() as session:
            waiting = session.execute(text(_OPEN), {"today": bangkok_date(now)}).all()
        outcomes: Counter[str] = Counter()
        for person_id, subdistrict_code, _ in waiting:
            outcomes[_file(app, person_id, subdistrict_code)] += 1
        database.close()
    _print(people, outcomes)


def _file(app: Flask, person_id: object, subdistrict_code: str) -> str:
    """File from the phone of one person, activated by mail; the status, or the problem's code."""
    author = Principal(Role.RESIDENT, person_id, assurance="mail")  # type: ignore[arg-type]
    services = services_of(app)
    submission = forms.submission(subdistrict_code, "bench")
    try:
        with services.database.transaction() as session:
            reports.file(
                session.connection(),
                submission,
                author=author,
                context=services.filing,
                render=filed_json,
                now=services.clock(),
            )
            of_person = text("select status, reasons from reports where person_id = :person")
            status, reasons = session.execute(of_person, {"person": person_id}).one()
    except Problem as problem:
        return f"refused: {problem.code}"
    return "accepted" if status == "accepted" else "under review: " + ", ".join(reasons)


def _print(people: int, outcomes: Counter[str]) -> None:
    total = sum(outcomes.values())
    print(f"\nDecided by the records alone: demo country of {people} people, {total} inside their window,")
    print("every phone activated by mail (the harder case: no officer saw the passport)\n")
    for outcome, count in outcomes.most_common():
        print(f"  {outcome:<40} {count:>7} {count / total:>8.1%}")
    print(f"\n  accepted at once {outcomes['accepted'] / total:.1%}, goal {GOAL:.0%}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
