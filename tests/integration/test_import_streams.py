"""Importing from a pipe, and where bad rows go: as in a container that can write nowhere."""

import csv
import io
import os
import subprocess
import sys

import pytest

from devtools.postgres import temporary_server
from foundation.db import Database
from immigration.rules.rows import KINDS
from operations import migrating
from tests.conftest import SECRET
from tests.factories import row

GOOD, BAD = row("passports"), row("passports", document_number="BAD000001", birth_date="1990-02-30")
HEADER = ",".join(KINDS["passports"].columns)


@pytest.fixture(scope="module")
def url():
    with temporary_server() as server:
        url = server.ensure_database("streams")
        database = Database(url)
        migrating.bring_up_to_date(database)
        database.close()
        yield url


def text(*rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, KINDS["passports"].columns)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def run(url, *arguments, cwd=".", **more):
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR", "PG_BIN")}
    environment = kept | {"ENVIRONMENT": "test", "DATABASE_URL": url, "SECRET_KEY": SECRET}
    command = [sys.executable, "-m", "flask", "--app", "app", "records", "import", "passports", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, **more)


def last_line(done):
    return done.stdout.strip().splitlines()[-1]


def test_standard_input_is_imported_and_bad_rows_go_to_standard_error(url):
    done = run(url, "-", input=text(GOOD, BAD))
    assert last_line(done).endswith("rejected 1")
    assert "3,birth_date" in done.stderr
    assert "BAD000001" in done.stderr


def test_bad_rows_go_where_they_are_wanted(url, tmp_path):
    rejects = tmp_path / "bad.csv"
    done = run(url, "-", "--rejects", str(rejects), input=text(GOOD, BAD))
    assert last_line(done).endswith("rejected 1")
    (only,) = csv.DictReader(rejects.read_text().splitlines())
    assert (only["line"], only["document_number"]) == ("3", "BAD000001")
    assert "BAD000001" not in done.stderr


def test_an_earlier_file_of_bad_rows_is_removed_where_none_are_left(url, tmp_path):
    file = tmp_path / "passports.csv"
    file.write_text(text(GOOD, BAD))
    run(url, str(file))
    rejects = tmp_path / "passports.csv.rejected.csv"
    assert rejects.exists()
    file.write_text(text(GOOD))
    assert last_line(run(url, str(file))).endswith("rejected 0")
    assert not rejects.exists()


def test_where_nothing_can_be_written_bad_rows_are_not_lost(url, tmp_path):
    nowhere = tmp_path / "is-a-file"
    nowhere.write_text("")
    done = run(url, "-", "--rejects", str(nowhere / "bad.csv"), input=text(GOOD, BAD))
    assert (done.returncode, last_line(done)[-1]) == (0, "1")
    assert "cannot be written" in done.stderr
    assert "BAD000001" in done.stderr


def test_the_file_that_is_imported_is_not_written_over(url, tmp_path):
    file = tmp_path / "passports.csv"
    file.write_text(text(GOOD, BAD))
    done = run(url, str(file), "--rejects", str(file))
    assert done.returncode != 0
    assert file.read_text().splitlines() == text(GOOD, BAD).splitlines()


@pytest.mark.parametrize(("given", "status"), [("", 1), (HEADER, 0), (HEADER + "\r\n", 0), ("a,b\n1,2\n", 1)])
def test_an_empty_input_or_a_header_alone_is_no_traceback(url, given, status):
    done = run(url, "-", input=given)
    assert done.returncode == status
    assert "Traceback" not in done.stderr


def test_lines_may_end_as_on_windows(url):
    done = run(url, "-", input=text(GOOD).replace("\n", "\r\n").replace("\r\r", "\r"))
    assert last_line(done).endswith("rejected 0")


def test_a_closed_standard_input_is_one_line(url):
    done = run(url, "-", stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_a_folder_is_no_file_to_import(url, tmp_path):
    done = run(url, str(tmp_path))
    assert done.returncode == 2
    assert "directory" in done.stderr
