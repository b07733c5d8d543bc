"""Lists as CSV files: nothing in them is a formula, who took them is recorded, and long ones are refused."""

import csv
import io

import pytest
from sqlalchemy import text

from immigration.routes import list_exports
from immigration.rules import csv_lists
from operations.services import services_of
from tests.conftest import NOW
from tests.factories import officer, query

WHY = "Work for the week."


def export(who, name, **wanted):
    return who.post("/review/exports", {"list": name, "filter": wanted, "purpose": WHY})


def rows(answer):
    assert answer.status_code == 200, answer.json
    sent = answer.get_data(as_text=True)
    assert sent.startswith(csv_lists.MARK)
    return list(csv.DictReader(io.StringIO(sent.removeprefix(csv_lists.MARK))))


@pytest.mark.parametrize(
    "begins", ["=1+1", "+66 81", "-5", "@SUM(A1)", "\tx", "\rx", "\n=x", "  =1", "\u00a0=1", "＝1", "＋1", "－1", "＠x"]
)
def test_no_cell_is_a_formula(begins):
    [_, line] = csv_lists.lines(["a"], [[begins]])
    assert next(csv.reader(io.StringIO(line, newline="")))[0] == f"'{begins}"


@pytest.mark.parametrize("value", ["R26-0000", "a=b", 'say "x", then', "ก ข", ""])
def test_what_is_no_formula_stays(value):
    [_, line] = csv_lists.lines(["a"], [[value]])
    assert next(csv.reader(io.StringIO(line))) == [value]


def test_the_queue_of_the_own_offices_with_its_filter(app, number):
    near, far = officer(app, "near", office="BKK"), officer(app, "far", office="CMI")
    answer = export(near, "queue", reason="first-report")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="queue-2026-11-23.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert [(row["number"], row["reasons"], row["office"]) for row in rows(answer)] == [(number, "first-report", "BKK")]
    assert rows(export(near, "queue", reason="too-late")) == []
    assert rows(export(far, "queue")) == []


def test_it_is_recorded_with_purpose_filter_and_count(app, number):
    export(officer(app, "near", office="BKK"), "queue", reason="first-report")
    told = "select actor, subject, data->>'purpose', data->'filter', data->'count' from events"
    assert query(app, f"{told} where kind = 'list.exported'") == [
        ("officer:near", "queue", WHY, {"reason": "first-report"}, 1)
    ]


def test_every_list_can_be_exported(app, resident, number):
    resident.post("/me/cases", {"about": "=HYPERLINK(1)", "text": "I came by land."})
    asker = officer(app, "asker", office="BKK")
    beyond = {"outcome": "accepted", "next_due_on": "2027-06-01", "note": "=cmd()"}
    asker.post(f"/review/reports/{number}/decision", beyond)
    assert [row["about"] for row in rows(export(asker, "cases"))] == ["'=HYPERLINK(1)"]
    assert [(row["report"], row["why"]) for row in rows(export(asker, "approvals"))] == [(number, "'=cmd()")]
    assert rows(export(asker, "addresses")) == []
    kinds = [row["kind"] for row in rows(export(officer(app, "auditor", "auditor"), "audit", officer="asker"))]
    assert kinds.count("list.exported") == 3


def test_a_long_list_is_sent_page_by_page_and_is_what_was_recorded(app, number, monkeypatch):
    """What comes while it is sent is not in it, the event of the export itself neither."""
    monkeypatch.setattr(list_exports, "BATCH", 3)
    auditor = officer(app, "auditor", "auditor")
    add = text("""insert into events (at, kind, subject, actor, data)
        select :at, 'command.run', n::text, 'command-line:x', '{}' from generate_series(1, 10) n""")
    with services_of(app).database.transaction() as session:
        session.execute(add, {"at": NOW})
    answer = auditor.client.post(
        "/api/v1/review/exports",
        headers=auditor.headers,
        json={"list": "audit", "filter": {}, "purpose": WHY},
        buffered=False,
    )
    [(count,)] = query(app, "select (data->>'count')::int from events where kind = 'list.exported'")
    with services_of(app).database.transaction() as session:
        session.execute(add, {"at": NOW})
    lines = rows(answer)
    assert len(lines) == count
    assert len({line["id"] for line in lines}) == count
    assert "list.exported" not in {line["kind"] for line in lines}
    exported = export(officer(app, "near", office="BKK"), "queue")
    assert [row["number"] for row in rows(exported)] == [number]


def test_reading_a_persons_events_into_a_file_is_recorded_once(app, resident, number, monkeypatch):
    monkeypatch.setattr(list_exports, "BATCH", 1)
    near = officer(app, "near", office="BKK")
    for _ in range(3):
        near.get(f"/review/reports/{number}")
    auditor = officer(app, "auditor", "auditor")
    assert len(rows(export(auditor, "audit", person=resident.id))) == 3
    assert query(app, "select count(*) from events where kind = 'audit.read'") == [(1,)]


def test_a_list_that_is_too_long_is_refused_and_nothing_is_recorded(app):
    auditor = officer(app, "auditor", "auditor")
    with services_of(app).database.transaction() as session:
        session.execute(
            text("""insert into events (at, kind, subject, actor, data)
            select :at, 'command.run', 'x', 'command-line:x', '{}' from generate_series(1, 10001)"""),
            {"at": NOW},
        )
    refused = export(auditor, "audit", kind="command.run")
    assert (refused.status_code, refused.json["code"], refused.json["most"]) == (422, "list-too-long", 10_000)
    assert query(app, "select count(*) from events where kind = 'list.exported'") == [(0,)]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"list": "people", "purpose": WHY},
        {"list": "queue"},
        {"list": "queue", "purpose": "x"},
        {"list": "queue", "purpose": WHY, "filter": {"x": "1"}},
        {"list": "queue", "purpose": WHY, "filter": {"reason": "no"}},
        {"list": "queue", "purpose": WHY, "filter": []},
    ],
)
def test_what_is_no_export_is_refused(app, body):
    assert officer(app).post("/review/exports", body).status_code == 422


def test_a_list_of_others_is_not_exported(app):
    near, auditor = officer(app, "near", office="BKK"), officer(app, "auditor", "auditor")
    assert export(near, "audit").status_code == 403
    assert [export(auditor, name).status_code for name in ("approvals", "addresses")] == [403, 403]
    assert officer(app, "admin", "administrator").post("/review/exports", {}).status_code == 403
