"""Importing records: repeatable, whatever is wrong with a file, and people joined by their passports only."""

import csv
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from immigration.registries.csv_files import WrongHeader
from immigration.rules.rows import KINDS
from operations.services import services_of
from tests.factories import activate, arrived, import_file, load, query, row, together, write


def due(app: Flask) -> list[str | None]:
    return [str(row[0]) if row[0] else None for row in query(app, "select due_on from obligations order by due_on")]


def test_a_file_can_be_imported_again_and_changes_nothing(app: Flask, tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", "passports", row("passports"), row("passports", document_number="TEST00002"))
    assert import_file(app, "passports", path) == "imported 2, updated 0, unchanged 0, rejected 0"
    assert import_file(app, "passports", path) == "imported 0, updated 0, unchanged 2, rejected 0"
    write(path, "passports", row("passports", surname="MARTIN"), row("passports", document_number="TEST00002"))
    assert import_file(app, "passports", path) == "imported 0, updated 1, unchanged 1, rejected 0"


def test_bad_rows_are_set_aside_with_line_and_reason_and_stop_nothing(app: Flask, tmp_path: Path) -> None:
    header = ",".join(KINDS["passports"].columns).encode()
    good = b"TEST00001,FRA,FRA,DURAND,ALIX,1990-01-02,F,2035-01-01,valid,"
    bad = [
        b"TEST00002,FRA,FRA,DURAND,ALIX,1990-02-30,F,2035-01-01,valid,",
        b"TEST00003,FRA,FRA,DUR\xe9,ALIX,1990-01-02,F,2035-01-01,valid,",
        b"TEST00004,FRA,FRA,DURAND",
        b"TEST00005,ZZZ,FRA,DURAND,ALIX,1990-01-02,F,2035-01-01,valid,",
        b'TEST00006,FRA,FRA,"DURAND,ALIX,1990-01-02,F,2035-01-01,valid,',
        b"TEST00007,FRA,FRA,DU\x00RAND,ALIX,1990-01-02,F,2035-01-01,valid,",
        b"TEST00008,FRA,FRA,DURAND,ALIX,2533-01-02,F,2035-01-01,valid,",
        b"TEST00009,FRA,FRA," + b"X" * 40_000 + b",ALIX,1990-01-02,F,2035-01-01,valid,",
        b"TEST00010,FRA,FRA,,,1990-01-02,F,2035-01-01,valid,",
        b"TEST00011,FRA,FRA,DURAND,ALIX,1990-01-02,F,2035-01-01,mislaid,",
    ]
    last = good.replace(b"TEST00001", b"TEST00012")
    path = tmp_path / "p.csv"
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join([header, good, *bad, b"", last]) + b"\r\n")
    assert import_file(app, "passports", path) == f"imported 2, updated 0, unchanged 0, rejected {len(bad)}"
    rejected = (tmp_path / "p.csv.rejected.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in rejected[1:]] == [str(n) for n in range(3, 3 + len(bad))]
    assert "birth_date" in rejected[1]
    assert "not UTF-8" in rejected[2]
    assert "4 values, expected 10" in rejected[3]


def test_a_file_with_another_header_is_refused_whole(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    for header in (b"document_number,issuing_state\n", b"\xff\xfe\x00\n", b"", b"a" * 100_000):
        path.write_bytes(header + b"TEST00001,FRA\n")
        with pytest.raises(WrongHeader):
            import_file(app, "passports", path)


def test_columns_may_come_in_any_order_and_values_may_be_quoted(app: Flask, tmp_path: Path) -> None:
    columns = list(reversed(KINDS["residences"].columns))
    load(app, "passports", row("passports"))
    values = row("residences", address='"12/3 Soi 4, Rim ""Khlong"""')
    path = tmp_path / "r.csv"
    path.write_text("\n".join([",".join(columns), ",".join(values[c] for c in columns)]))
    assert import_file(app, "residences", path) == "imported 1, updated 0, unchanged 0, rejected 0"


@pytest.mark.parametrize("code", ["XQ7", "HQ", "bkk", "BKK,", "10"])
def test_a_report_of_an_office_that_there_is_not_is_rejected(app: Flask, tmp_path: Path, code: str) -> None:
    load(app, "passports", row("passports"))
    reports = [
        row("reports", filed_on="2026-09-10", office=office, receipt_number=f"B-{n}")
        for n, office in enumerate((code, "BKK", ""))
    ]
    path = write(tmp_path / "r.csv", "reports", *reports)
    assert import_file(app, "reports", path) == "imported 2, updated 0, unchanged 0, rejected 1"
    assert f"no immigration office has the code {code}" in (tmp_path / "r.csv.rejected.csv").read_text()
    assert query(app, "select office from office_reports order by receipt_number") == [("BKK",), ("",)]


def test_a_row_whose_passport_is_unknown_is_rejected(app: Flask, tmp_path: Path) -> None:
    path = write(tmp_path / "m.csv", "movements", row("movements", document_number="NOBODY1"))
    assert import_file(app, "movements", path).endswith("rejected 1")
    assert "passport unknown" in (tmp_path / "m.csv.rejected.csv").read_text()


def test_numbers_addresses_and_contacts_are_nowhere_in_plain(app: Flask) -> None:
    arrived(app)
    load(app, "residences", row("residences", host="HOST OF ALIX"))
    with services_of(app).database.engine.connect() as connection:
        dumped = "".join(
            str(connection.execute(text(f"select {table}::text from {table}")).all())
            for table in ("passports", "movements", "residences")
        )
    for secret in ("TEST00001", "alix@example.org", "Sukhumvit", "HOST OF"):
        assert secret not in dumped
        assert secret.encode().hex() not in dumped


def test_passports_that_replace_one_another_are_one_person_in_whatever_order_they_come(app: Flask) -> None:
    third = row("passports", document_number="TEST00003", replaces="FRA:TEST00002")
    second = row("passports", document_number="TEST00002", replaces="FRA:TEST00001", status="cancelled")
    first = row("passports", status="cancelled")
    load(app, "passports", third)
    load(app, "passports", first)
    load(app, "movements", row("movements"))
    load(app, "passports", second)
    assert query(app, "select count(distinct person_id), count(*) from passports") == [(1, 3)]
    assert due(app) == ["2026-11-29"]


def test_the_same_name_and_birth_date_make_nobody_one_person(app: Flask) -> None:
    load(app, "passports", row("passports"), row("passports", document_number="TEST00002"))
    assert query(app, "select count(*) from people") == [(2,)]


def test_a_phone_stays_joined_when_its_owner_turns_out_to_be_known(app: Flask) -> None:
    load(app, "passports", row("passports", document_number="TEST00002", replaces="FRA:TEST00001"))
    load(app, "movements", row("movements", document_number="TEST00002"))
    resident = activate(app, "TEST00002")
    load(app, "passports", row("passports", status="cancelled"))
    assert resident.get("/me/stay").json["obligation"]["due_on"] == "2026-11-29"
    assert activate(app, "TEST00002").id == resident.id


def test_late_and_corrected_rows_move_the_due_date_and_say_so(app: Flask) -> None:
    arrived(app, "2026-09-01", movement_id="M-1")
    assert due(app) == ["2026-11-29"]
    load(app, "movements", row("movements", movement_id="M-1", occurred_on="2026-09-05"))
    assert due(app) == ["2026-12-03"]
    load(app, "movements", row("movements", direction="departure", occurred_on="2026-10-01"))
    assert due(app) == [None]
    load(app, "movements", row("movements", occurred_on="2026-10-03"))
    assert due(app) == ["2026-12-31"]
    load(app, "permissions", row("permissions", granted_on="2026-10-10"))
    assert due(app) == ["2027-01-08"]
    load(app, "reports", row("reports", filed_on="2026-11-20", next_due_on="2027-02-18"))
    assert due(app) == ["2027-02-18"]
    kinds = query(app, "select kind, data->>'due_on' from events order by id")
    assert [d for k, d in kinds if k == "obligation.due-date-changed"] == [
        "2026-12-03",
        None,
        "2027-01-08",
        "2027-02-18",
    ]


def test_a_row_that_moves_to_another_passport_changes_both_people(app: Flask) -> None:
    arrived(app, movement_id="M-1")
    load(app, "passports", row("passports", document_number="TEST00002"))
    load(app, "movements", row("movements", movement_id="M-1", document_number="TEST00002"))
    owed = "select p.document_number is not null, o.due_on::text from obligations o join passports p using (person_id)"
    assert sorted(obligation[1] or "" for obligation in query(app, owed)) == ["", "2026-11-29"]


def test_imports_at_the_same_time_end_as_one_after_the_other(app: Flask, tmp_path: Path) -> None:
    passports = [row("passports", document_number=f"TEST{n:05}") for n in range(300)]
    path = write(tmp_path / "p.csv", "passports", *passports)
    twin = write(tmp_path / "q.csv", "passports", *reversed(passports))
    done = together([partial(import_file, app, "passports", each) for each in (path, twin)])
    assert sorted(done) == [
        "imported 0, updated 0, unchanged 300, rejected 0",
        "imported 300, updated 0, unchanged 0, rejected 0",
    ]
    assert query(app, "select count(*) from people") == [(300,)]


def test_the_last_of_several_rows_with_one_id_holds(app: Flask) -> None:
    load(app, "passports", row("passports"))
    counted = load(
        app,
        "movements",
        row("movements", movement_id="M-1", occurred_on="2026-08-01"),
        row("movements", movement_id="M-1", occurred_on="2026-09-01"),
    )
    assert counted == {"imported": 1, "unchanged": 1, "rejected": 0}
    assert due(app) == ["2026-11-29"]


def test_a_bad_contact_address_is_left_out_with_a_warning_and_the_arrival_stays(app: Flask, tmp_path: Path) -> None:
    load(app, "passports", row("passports"))
    path = write(tmp_path / "m.csv", "movements", row("movements", contact_email="alix at example"))
    assert import_file(app, "movements", path) == "imported 1, updated 0, unchanged 0, rejected 0"
    assert due(app) == ["2026-11-29"]
    warned = (tmp_path / "m.csv.rejected.csv").read_text().splitlines()[1]
    assert "the row is imported: contact_email: left out: not an e-mail address" in warned
    assert warned.startswith("2,")
    assert query(app, "select contact_email from movements") == [(None,)]


def test_a_row_with_a_bad_address_and_an_unknown_passport_is_named_once(app: Flask, tmp_path: Path) -> None:
    path = write(tmp_path / "m.csv", "movements", row("movements", contact_email="x"))
    assert import_file(app, "movements", path).endswith("rejected 1")
    (line,) = (tmp_path / "m.csv.rejected.csv").read_text().splitlines()[1:]
    assert "passport unknown" in line


def rejected_rows(path: Path) -> list[list[str]]:
    with path.with_name(path.name + ".rejected.csv").open(newline="") as file:
        return [*csv.reader(file)]


def test_a_file_of_rejects_is_corrected_and_imported_as_it_is(app: Flask, tmp_path: Path) -> None:
    load(app, "passports", row("passports"))
    good, bad = row("movements", direction="arrivel"), row("movements", occurred_on="2026-02-30", movement_id="M-2")
    path = write(tmp_path / "m.csv", "movements", good, bad)
    assert import_file(app, "movements", path).endswith("rejected 2")
    rejects = tmp_path / "m.csv.rejected.csv"
    rejects.write_text(rejects.read_text().replace("arrivel", "arrival").replace("2026-02-30", "2026-02-28"))
    assert import_file(app, "movements", rejects) == "imported 2, updated 0, unchanged 0, rejected 0"
    assert due(app) == ["2026-11-29"]
    assert not (tmp_path / "m.csv.rejected.csv.rejected.csv").exists()


def test_a_file_of_rejects_that_nobody_corrected_imports_nothing_however_often(app: Flask, tmp_path: Path) -> None:
    bad = [
        b"TEST00003,FRA,FRA,DUR\xe9,ALIX,1990-01-02,F,2035-01-01,valid,",
        b"TEST00004,FRA,FRA,DURAND",
        b'TEST00006,FRA,FRA,"DURAND,ALIX,1990-01-02,F,2035-01-01,valid,',
        b"TEST00007,FRA,FRA,DU\x00RAND,ALIX,1990-01-02,F,2035-01-01,valid,",
        b"TEST00009,FRA,FRA," + b"X" * 40_000 + b",ALIX,1990-01-02,F,2035-01-01,valid,",
        b"TEST00010,FRA,FRA,DURAND,ALIX,1990-01-02,F,2035-01-01,valid,," + b"," * 20_000,
    ]
    path = tmp_path / "p.csv"
    path.write_bytes(b"\n".join([",".join(KINDS["passports"].columns).encode(), *bad]))
    for _ in range(3):
        assert import_file(app, "passports", path) == f"imported 0, updated 0, unchanged 0, rejected {len(bad)}"
        rows = rejected_rows(path)
        assert {tuple(line[:2]) for line in rows[:1]} == {("line", "reason")}
        assert [line[2] for line in rows[1:]] == [line[:9].decode() for line in bad]
        path = path.with_name(path.name + ".rejected.csv")


def test_a_warning_in_a_file_of_rejects_changes_nothing_when_it_is_imported(app: Flask, tmp_path: Path) -> None:
    load(app, "passports", row("passports"))
    path = write(tmp_path / "m.csv", "movements", row("movements", contact_email="alix at example"))
    import_file(app, "movements", path)
    rejects = tmp_path / "m.csv.rejected.csv"
    assert import_file(app, "movements", rejects) == "imported 0, updated 0, unchanged 1, rejected 0"
    rejects.write_text(rejects.read_text().replace("alix at example", "alix@example.org"))
    assert import_file(app, "movements", rejects) == "imported 0, updated 1, unchanged 0, rejected 0"


@pytest.mark.parametrize("header", ["reason,{}", "{},line", "{},reason,line"])
def test_line_and_reason_may_stand_anywhere_or_be_left_out(app: Flask, tmp_path: Path, header: str) -> None:
    columns = header.format(",".join(KINDS["passports"].columns)).split(",")
    values = row("passports") | {"line": "2", "reason": "birth_date: missing"}
    path = tmp_path / "p.csv"
    path.write_text("\n".join([",".join(columns), ",".join(values[c] for c in columns)]))
    assert import_file(app, "passports", path) == "imported 1, updated 0, unchanged 0, rejected 0"


def test_a_passport_that_a_file_names_twice_is_reported_and_the_last_row_counts(app: Flask, tmp_path: Path) -> None:
    twice = [row("passports", status="valid"), row("passports", document_number=" test00001", status="lost")]
    path = write(tmp_path / "p.csv", "passports", twice[0], row("passports", document_number="TEST00002"), twice[1])
    assert import_file(app, "passports", path).endswith("rejected 0")
    ((line, reason, *_),) = rejected_rows(path)[1:]
    assert (line, "this passport stands in line 2 too; this row replaces it" in reason) == ("4", True)
    assert query(app, "select status from passports order by status") == [("lost",), ("valid",)]
    assert import_file(app, "passports", tmp_path / "p.csv.rejected.csv") == (
        "imported 0, updated 0, unchanged 1, rejected 0"
    )
