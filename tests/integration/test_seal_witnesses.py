"""Witnesses of seals: a file, an address, a table of another role; what one took, it gives back."""

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from sqlalchemy import text

from foundation.witnesses import AddressWitness, FileWitness, TableWitness, WitnessAway, WitnessedStatement
from operations import auditing
from tests.conftest import NOW
from tests.sealing import happen, tamper, verified


def test_a_witness_that_is_away_keeps_nothing_from_being_sealed(database, signer, tmp_path):
    away = FileWitness(tmp_path / "nowhere" / "seals.jsonl")
    happen(database, 2)
    assert auditing.seal_round(database, signer, NOW, witness=away) == 2
    back = FileWitness(tmp_path / "seals.jsonl")
    happen(database, 1, first=2)
    assert auditing.seal_round(database, signer, NOW, witness=back) == 1
    assert [each.number for each in back.taken()] == [1, 2]


def test_two_workers_that_hand_over_the_same_seals_do_no_harm(sealed, signer, witness, faults):
    with sealed.transaction() as session:
        session.execute(text("delete from witnessed_seals where number > 1"))
    auditing.seal_round(sealed, signer, NOW, witness=witness)
    assert [each.number for each in witness.taken()] == [1, 2, 3, 2, 3]
    assert faults() == []


@pytest.mark.parametrize("kept", [1, 40, -2, -1])
def test_a_line_that_was_cut_off_spoils_no_other(sealed, seal, signer, witness, tmp_path, faults, kept):
    place = tmp_path / "seals.jsonl"
    happen(sealed, 1, first=15)
    before = place.read_bytes()
    seal()
    place.write_bytes(before + place.read_bytes()[len(before) :][:kept])  # all but the last sign, or less
    tamper(sealed, "delete from witnessed_seals where number = 4")
    happen(sealed, 1, first=16)
    seal()
    assert {each.number for each in witness.taken()} == {1, 2, 3, 4, 5}
    assert faults() == []


class _Busy(FileWitness):
    """A witness that takes another seal while it is read."""

    def __init__(self, path, seal):
        super().__init__(path)
        self._seal = seal

    def taken(self):
        assert self._seal() == 1
        yield from super().taken()


def test_a_seal_that_is_made_while_the_witness_is_read_is_no_fault(sealed, seal, signer, tmp_path):
    happen(sealed, 1, first=15)
    assert verified(sealed, signer, _Busy(tmp_path / "seals.jsonl", seal))[0] == []


def test_a_seal_that_was_only_noted_as_taken_is_named(sealed, seal, signer, tmp_path, faults):
    """Who may write to the database keeps a seal from the witness so, to put another one in its place."""
    tamper(sealed, "insert into witnessed_seals (number, witnessed_at) values (4, now())")
    happen(sealed, 1, first=15)
    seal()
    named = ["seal 4: noted as taken, but the witness does not have it"]
    assert faults() == named
    tamper(sealed, "delete from seals where number = 4", "delete from events where id = 16")
    assert faults() == named


def test_a_copy_of_the_witness_may_lack_the_latest_seals_but_none_between(sealed, signer, witness, tmp_path):
    lines = (tmp_path / "seals.jsonl").read_text().splitlines(keepends=True)
    place = tmp_path / "copy.jsonl"
    found = []
    for kept in (lines[:2], lines[::2]):
        place.write_text("".join(kept))
        auditing.verify(sealed, signer, FileWitness(place), lambda each: found.append(str(each)), now=NOW, is_copy=True)
    assert found == ["seal 2: noted as taken, but the witness does not have it"]


def test_a_new_witness_begins_where_the_one_before_ended(sealed, signer, tmp_path):
    new = FileWitness(tmp_path / "new.jsonl")
    happen(sealed, 1, first=15)
    auditing.seal_round(sealed, signer, NOW, witness=new)
    assert [each.number for each in new.taken()] == [4]
    assert verified(sealed, signer, new)[0] == []


@pytest.mark.parametrize("is_copy", [False, True])
def test_a_witness_that_has_nothing_is_not_taken_for_one_that_agrees(sealed, signer, tmp_path, is_copy):
    with pytest.raises(WitnessAway, match="no seal, 3 are noted as taken"):
        auditing.verify(sealed, signer, FileWitness(tmp_path / "typo"), lambda _: None, now=NOW, is_copy=is_copy)


def test_a_table_of_another_role_is_a_witness(sealed, signer, faults):
    with sealed.transaction() as session:
        session.execute(text("delete from witnessed_seals"))
        session.execute(
            text(
                """create table seal_witness (
                number bigint, statement text, leaves bytea, taken_at timestamptz default clock_timestamp())"""
            )
        )
        session.execute(text("create role seal_keeper login"))
        session.execute(text("grant insert, select on seal_witness to seal_keeper"))
    keeper = TableWitness(sealed.url.set(username="seal_keeper").render_as_string(hide_password=False))
    try:
        auditing.seal_round(sealed, signer, NOW, witness=keeper)
        assert [each.number for each in keeper.taken()] == [1, 2, 3]
        tamper(sealed, "delete from seals where number = 3")
        assert verified(sealed, signer, keeper)[0] == ["seal 3: only the witness has it"]
    finally:
        with sealed.transaction() as session:
            session.execute(text("drop table seal_witness"))
            session.execute(text("drop role seal_keeper"))


class Keeper(BaseHTTPRequestHandler):
    """An address that keeps what it is sent; it fails while `refusing`, and sends on to `elsewhere`."""

    lines: ClassVar[list[bytes]] = []
    refusing: ClassVar[bool] = False
    elsewhere: ClassVar[str] = ""

    def do_POST(self):
        line = self.rfile.read(int(self.headers["Content-Length"]))
        if self.elsewhere:
            self.send_response(302)
            self.send_header("Location", self.elsewhere)
        elif self.refusing:
            self.send_response(503)
        else:
            self.lines.append(line)
            self.send_response(201)
        self.end_headers()

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"\n".join(self.lines))

    def log_message(self, *_):
        pass


def test_an_address_is_a_witness(sealed, signer):
    with sealed.transaction() as session:
        session.execute(text("delete from witnessed_seals"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Keeper)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    keeper = AddressWitness(f"http://127.0.0.1:{server.server_port}/seals")
    try:
        Keeper.refusing = True
        auditing.seal_round(sealed, signer, NOW, witness=keeper)
        Keeper.refusing, Keeper.elsewhere = False, "/sign-in"
        auditing.seal_round(sealed, signer, NOW, witness=keeper)
        assert Keeper.lines == []
        with sealed.read_session() as session:
            assert session.scalar(text("select count(*) from witnessed_seals")) == 0
        Keeper.elsewhere = ""
        auditing.seal_round(sealed, signer, NOW, witness=keeper)
        assert [json.loads(line)["seal"] for line in Keeper.lines] == [1, 2, 3]
        assert verified(sealed, signer, keeper)[0] == []
    finally:
        server.shutdown()
        server.server_close()
        Keeper.lines.clear()
    with pytest.raises(WitnessAway):
        verified(sealed, signer, keeper)


@pytest.mark.parametrize("answer", [b"HELLO\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"])
def test_an_address_that_does_not_speak_http_is_a_witness_that_is_away(sealed, signer, answer):
    class Stranger(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(1 << 20)
            self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Stranger) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stranger = AddressWitness(f"http://127.0.0.1:{server.server_address[1]}/seals")
        with pytest.raises(WitnessAway):
            list(stranger.taken())
        if answer.startswith(b"HELLO"):
            with pytest.raises(WitnessAway):
                stranger.take(WitnessedStatement(1, "", b""))
        server.shutdown()
