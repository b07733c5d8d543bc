"""What is different in production: no specimens, and the caller's address comes from the reverse proxy."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text

from app import create_app
from foundation.client_address import NO_PROXIES, ProxyRule, read_networks
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


def networks(database: Database, proxies: ProxyRule) -> int:
    """From how many networks two requests seem to come that name two in X-Forwarded-For."""
    settings = replace(Settings(environment="test", secret_keys=(SECRET,)), trusted_proxies=proxies)
    client = create_app(settings, database=database, clock=lambda: NOW).test_client()
    for address in ("192.0.2.1", "198.51.100.2"):
        client.post("/api/v1/activations/requests", json=ASKED, headers={"X-Forwarded-For": address})
    with database.read_session() as session:
        counted = text("select count(distinct address_index) from activation_requests")
        return int(session.execute(counted).scalar_one())


def test_an_address_is_taken_from_a_proxy_only_where_one_is_trusted(app: Flask, database: Database) -> None:
    assert networks(database, NO_PROXIES) == 1
    assert networks(database, ProxyRule(read_networks("203.0.113.0/24"))) == 1
    assert networks(database, ProxyRule(hops=1)) == 3
    assert networks(database, ProxyRule(read_networks("127.0.0.1"))) == 3


@pytest.mark.parametrize(("environment", "promised"), [("production", True), ("test", False)])
def test_browsers_are_told_what_a_page_may_do_and_to_use_tls_only_for_two_years(
    database: Database, environment: str, promised: bool
) -> None:
    settings = Settings(environment=environment, secret_keys=(SECRET,), public_url="https://ninety.example")
    client = create_app(settings, database=database, clock=lambda: NOW).test_client()
    for path in ("/healthz", "/", "/api/v1/me", "/nowhere"):
        headers = client.get(path).headers
        strict = "max-age=63072000; includeSubDomains" if promised else None
        assert headers.get("Strict-Transport-Security") == strict, path
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Referrer-Policy"] == "no-referrer"
        policy = headers["Content-Security-Policy"].split("; ")
        assert {"default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= {*policy}
        assert headers.get("Cache-Control") == {"/": "no-cache", "/api/v1/me": "no-store"}.get(path), path
        assert "Access-Control-Allow-Origin" not in headers
        assert client.open(path, method="TRACE").status_code in (404, 405)
