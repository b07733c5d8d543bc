"""What is different in production: no specimens, and the caller's address comes from the reverse proxy."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text

from app import create_app
from foundation.config import Settings
from foundation.db import Database
from immigration.rules.rows import KINDS, BadRow
from immigration.services.activations import UnreadableZone, claim_from_mrz
from tests.conftest import NOW, SECRET
from tests.factories import row

SPECIMEN = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
ASKED = {"document_number": "NOBODY", "issuing_state": "FRA", "birth_date": "1990-01-02"}


def test_the_specimen_passport_is_read_while_developing_and_refused_in_production() -> None:
    assert claim_from_mrz(SPECIMEN, now=NOW).document_number == "L898902C3"
    with pytest.raises(UnreadableZone):
        claim_from_mrz(SPECIMEN, now=NOW, production=True)


def test_records_of_the_specimen_state_are_rejected_in_production() -> None:
    kind, values = KINDS["passports"], row("passports", issuing_state="UTO")
    listed = [values[column] for column in kind.columns]
    assert kind.read(listed)["issuing_state"] == "UTO"
    with pytest.raises(BadRow, match="specimens"):
        kind.read(listed, production=True)


def addresses(database: Database, proxies: int) -> int:
    """From how many addresses two requests seem to come that name two in X-Forwarded-For."""
    settings = replace(Settings(environment="test", secret_keys=(SECRET,)), trusted_proxies=proxies)
    client = create_app(settings, database=database, clock=lambda: NOW).test_client()
    for address in ("192.0.2.1", "192.0.2.2"):
        client.post("/api/v1/activations/requests", json=ASKED, headers={"X-Forwarded-For": address})
    with database.read_session() as session:
        counted = text("select count(distinct address_index) from activation_requests")
        return int(session.execute(counted).scalar_one())


def test_an_address_is_taken_from_a_proxy_only_where_one_is_trusted(app: Flask, database: Database) -> None:
    assert addresses(database, proxies=0) == 1
    assert addresses(database, proxies=1) == 3
