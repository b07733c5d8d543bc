"""Witnesses of seals: a file, an address, a table of another role; what one took, it gives back."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from sqlalchemy import text

from foundation.witnesses import AddressWitness, FileWitness, TableWitness, WitnessAway
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
    """An address that keeps what it is sent; it fails while `refusing`."""

    lines: ClassVar[list[bytes]] = []
    refusing: ClassVar[bool] = False

    def do_POST(self):
        line = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.refusing:
            self.lines.append(line)
        self.send_response(503 if self.refusing else 201)
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
        assert Keeper.lines == []
        Keeper.refusing = False
        auditing.seal_round(sealed, signer, NOW, witness=keeper)
        assert [json.loads(line)["seal"] for line in Keeper.lines] == [1, 2, 3]
        assert verified(sealed, signer, keeper)[0] == []
    finally:
        server.shutdown()
        server.server_close()
        Keeper.lines.clear()
    with pytest.raises(WitnessAway):
        verified(sealed, signer, keeper)
