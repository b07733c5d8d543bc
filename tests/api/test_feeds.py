"""How fresh the feeds of records are, and the rows that an import refused, read for a purpose by the headquarters."""

from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from immigration.registries.csv_files import WrongHeader
from immigration.registries.feeds import rows_kept
from tests.factories import Resident, import_file, officer, query, row, write

WHY = {"purpose": "The border bureau asks what was wrong."}


@pytest.fixture
def admin(app: Flask) -> Resident:
    return officer(app, "admin", "administrator")


def rejects(who: Resident, import_id: str, body: object = WHY):
    return who.post(f"/feeds/imports/{import_id}/rejects", body)


def test_feeds_say_how_fresh_they_are_and_rejects_are_read_for_a_purpose(app, clock, admin, tmp_path: Path) -> None:
    empty = admin.get("/feeds").json
    assert {each["state"] for each in empty["feeds"]} == {"never"}
    bad = row("passports", document_number="BAD0001", birth_date="1990-13-01", surname="=HYPERLINK(1)")
    file = write(tmp_path / "passports.csv", "passports", row("passports"), bad)
    assert import_file(app, "passports", file) == "imported 1, updated 0, unchanged 0, rejected 1"
    feeds = {each["kind"]: each for each in admin.get("/feeds").json["feeds"]}
    assert (feeds["passports"]["state"], feeds["passports"]["last"]["rejected"]) == ("fresh", 1)
    [done] = admin.get("/feeds").json["imports"]
    read = rejects(admin, done["id"])
    assert (read.status_code, [each["line"] for each in read.json["items"]]) == (200, [3])
    values = dict(zip(read.json["columns"], read.json["items"][0]["values"], strict=True))
    assert (values["document_number"], values["surname"]) == ("BAD0001", "=HYPERLINK(1)")
    written = query(app, "select actor, data->>'purpose', data->>'rows' from events where kind = 'rejected-rows.read'")
    assert written == [("administrator:admin", WHY["purpose"], "1")]
    assert query(app, "select content from rejected_rows where content like '%BAD0001%'::bytea") == []
    clock.pass_by(hours=25)
    later = officer(app, "later", "administrator").get("/feeds").json["feeds"]
    assert {each["kind"]: each["state"] for each in later}["passports"] == "late"


def test_who_may_read_rejects_and_for_what(app, admin, tmp_path: Path) -> None:
    import_file(app, "passports", write(tmp_path / "p.csv", "passports", row("passports", sex="?")))
    import_id = admin.get("/feeds").json["imports"][0]["id"]
    local, supervisor = officer(app, "local", "administrator", "BKK"), officer(app, "sup", "supervisor")
    assert [rejects(who, import_id).status_code for who in (local, supervisor)] == [403, 403]
    assert officer(app, "plain").get("/feeds").status_code == 403
    for wrong in ({}, {"purpose": ""}, {"purpose": "x" * 201}, {"purpose": "About AB1234567"}, {"purpose": None}):
        assert rejects(admin, import_id, wrong).status_code == 422
    assert rejects(admin, str(uuid4())).status_code == 404
    assert query(app, "select count(*) from events where kind = 'rejected-rows.read'") == [(0,)]


def test_only_so_many_refused_rows_are_kept_and_a_file_that_cannot_be_read_is_noted(app, admin, tmp_path) -> None:
    rows = [row("passports", document_number=f"N{n}", sex="?") for n in range(rows_kept() + 5)]
    assert import_file(app, "passports", write(tmp_path / "p.csv", "passports", *rows)).endswith("rejected 505")
    assert query(app, "select count(*) from rejected_rows") == [(rows_kept(),)]
    (tmp_path / "wrong.csv").write_text("a,b\n1,2\n")
    with pytest.raises(WrongHeader):
        import_file(app, "movements", tmp_path / "wrong.csv")
    shown = admin.get("/feeds").json
    assert {each["kind"]: each["state"] for each in shown["feeds"]}["movements"] == "never"
    assert [each["fault"] is not None for each in shown["imports"] if each["kind"] == "movements"] == [True]
