"""The environment makes a configuration or a list of all its faults; production takes no development default."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url
from sqlalchemy.dialects.postgresql import psycopg

from devtools import service_account
from foundation.config import (
    DEVELOPMENT_SECRET,
    FirebaseWebSettings,
    InvalidSettings,
    OpenIdSettings,
    Settings,
    from_environment,
)

MOMENT = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """A complete environment of production."""
    credentials = service_account.write(tmp_path / "firebase.json")
    return {
        "ENVIRONMENT": "production",
        "DATABASE_URL": "postgresql://app@db.internal/platform",
        "SECRET_KEY": "a-secret-of-production-that-is-long-enough",
        "FIREBASE_CREDENTIALS": str(credentials),
        "FCM_PROJECT_ID": "reports-90",
        "SMTP_URL": "smtps://mail.internal:465",
        "PUBLIC_URL": "https://reports.example.org/",
        "MAIL_FROM": "90-day reporting <no-reply@reports.example.org>",
        "AUDIT_WITNESS": "https://witness.example.org/seals",
    }


def faults(env: Mapping[str, str]) -> list[str]:
    with pytest.raises(InvalidSettings) as caught:
        from_environment(env)
    return caught.value.faults


def test_nothing_set_means_development() -> None:
    assert from_environment({}) == Settings()


def test_set_and_empty_means_not_set() -> None:
    names = ("DATABASE_URL", "PORT", "SECRET_KEY", "FIREBASE_CREDENTIALS", "FCM_ENDPOINT", "SMTP_URL", "DEV_NOW")
    assert from_environment(dict.fromkeys(names, "")) == Settings()


def test_the_public_address_follows_the_port() -> None:
    assert from_environment({"PORT": "9000"}).public_url == "http://localhost:9000"


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    env = {
        "ENVIRONMENT": "staging",
        "PORT": "eighty",
        "FIREBASE_CREDENTIALS": str(tmp_path / "nothing.json"),
        "SMTP_URL": "http://mail",
        "PUBLIC_URL": "ftp://x",
        "DEV_NOW": "yesterday",
        "TRUSTED_PROXIES": "-1",
        "DEMO_PEOPLE": "many",
    }
    lines = faults(env)
    assert {fault.split()[0].rstrip(":") for fault in lines} == env.keys()
    with pytest.raises(InvalidSettings, match="\n".join(f"  - {name}.*" for name in ("DEMO_PEOPLE", "DEV_NOW"))):
        from_environment({"DEMO_PEOPLE": "x", "DEV_NOW": "x"})


@pytest.mark.parametrize("port", ["0", "65536", "-1", "80.0", "80 ", "²"])
def test_a_port_is_a_number_that_ports_can_be(port: str) -> None:
    assert faults({"PORT": port}) == [f"PORT is {port!r}: a number from 1 to 65535"]


def test_proxies_are_networks_or_a_number() -> None:
    assert from_environment({"TRUSTED_PROXIES": "2"}).trusted_proxies.hops == 2
    networks = from_environment({"TRUSTED_PROXIES": "10.0.0.0/24, 2001:db8::1"}).trusted_proxies.networks
    assert [str(network) for network in networks] == ["10.0.0.0/24", "2001:db8::1/128"]


@pytest.mark.parametrize("text", ["10", "10.0.0.1/24", "proxy.internal", "10.0.0.0/33"])
def test_proxies_that_are_neither_are_refused(text: str) -> None:
    assert faults({"TRUSTED_PROXIES": text})[0].startswith(f"TRUSTED_PROXIES is {text!r}: networks")


def test_production_takes_a_complete_environment(production: dict[str, str]) -> None:
    config = from_environment(production)
    assert (config.production, config.public_url, config.fcm_endpoint) == (True, "https://reports.example.org", None)


def test_production_without_anything_names_everything_it_lacks(production: dict[str, str]) -> None:
    lines = faults({"ENVIRONMENT": "production"})
    for name in production.keys() - {"ENVIRONMENT"}:
        assert f"{name} is required in production" in lines


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"SECRET_KEY": DEVELOPMENT_SECRET}, "SECRET_KEY is the development default"),
        ({"SECRET_KEY_PREVIOUS": DEVELOPMENT_SECRET}, "SECRET_KEY is the development default"),
        ({"SECRET_KEY": "short"}, "a secret key is 5 characters long: at least 32 in production"),
        ({"SECRET_KEY_PREVIOUS": "brief"}, "a secret key is 5 characters long: at least 32 in production"),
        ({"PUBLIC_URL": "http://reports.example.org"}, "PUBLIC_URL must be https in production"),
        ({"DEV_NOW": MOMENT.isoformat()}, "DEV_NOW is refused in production"),
        ({"DEMO_PEOPLE": "10"}, "DEMO_PEOPLE is refused in production"),
    ],
)
def test_production_refuses(production: dict[str, str], change: dict[str, str], fault: str) -> None:
    assert faults(production | change) == [fault]


OPENID = {"OIDC_ISSUER": "https://id.example.org", "OIDC_CLIENT_ID": "ninety", "OIDC_CLIENT_SECRET": "hush"}


def test_an_identity_provider_is_read_with_its_claims() -> None:
    plain = from_environment(OPENID).openid
    assert plain == OpenIdSettings("https://id.example.org", "ninety", "hush")
    more = {"OIDC_ACR_VALUES": "two  three", "OIDC_ROLE_CLAIM": "groups", "OIDC_OFFICES_CLAIM": "units"}
    named = from_environment(OPENID | more).openid
    assert named
    assert (named.acr_values, named.role_claim, named.offices_claim) == (("two", "three"), "groups", "units")


def test_an_identity_provider_needs_a_client_and_in_production_two_factors(production: dict[str, str]) -> None:
    assert faults({"OIDC_ISSUER": "https://id.example.org"}) == [
        "OIDC_CLIENT_ID is required with OIDC_ISSUER",
        "OIDC_CLIENT_SECRET is required with OIDC_ISSUER",
    ]
    assert faults(production | OPENID | {"OIDC_ISSUER": "http://id.example.org"}) == [
        "OIDC_ISSUER must be https in production",
        "OIDC_ACR_VALUES is required in production with OIDC_ISSUER: which sign-ins have two factors",
    ]
    assert from_environment(production | OPENID | {"OIDC_ACR_VALUES": "two"}).openid


VAPID_KEY = "BEgeW4A90VDIAAB8mn7x9XZEa2jVYxlPRw2V6XzS91z633Vc4PJkodIE4vOAmUgqdxNUK0mNznfvLXoT7gCTDZ8"
FIREBASE_WEB = {
    "FCM_PROJECT_ID": "reports-90",
    "FIREBASE_WEB_API_KEY": "a-key-of-the-web-app",
    "FIREBASE_WEB_APP_ID": "1:123456789012:web:0a1b2c3d4e5f",
    "FIREBASE_WEB_SENDER_ID": "123456789012",
    "FIREBASE_WEB_VAPID_KEY": VAPID_KEY,
}


def test_a_web_app_of_firebase_is_read(production: dict[str, str]) -> None:
    web = FirebaseWebSettings(*list(FIREBASE_WEB.values())[1:])
    assert from_environment(FIREBASE_WEB).firebase_web == web
    assert from_environment(production | FIREBASE_WEB).firebase_web == web
    assert from_environment(production).firebase_web is None


def test_a_web_app_of_firebase_is_given_whole() -> None:
    assert faults({"FIREBASE_WEB_APP_ID": FIREBASE_WEB["FIREBASE_WEB_APP_ID"]}) == [
        "FIREBASE_WEB_API_KEY is required with FIREBASE_WEB_APP_ID",
        "FIREBASE_WEB_SENDER_ID is required with FIREBASE_WEB_APP_ID",
        "FIREBASE_WEB_VAPID_KEY is required with FIREBASE_WEB_APP_ID",
        "FCM_PROJECT_ID is required with FIREBASE_WEB_APP_ID: the project of the web app",
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("API_KEY", "AIza key"),
        ("API_KEY", "<script>"),
        ("APP_ID", "1:123456789012:android:0a1b2c3d4e5f"),
        ("APP_ID", "reports-90"),
        ("SENDER_ID", "reports-90"),
        ("SENDER_ID", "١٢٣"),
        ("SENDER_ID", "123456789013"),
        ("VAPID_KEY", "A" * 87),
        ("VAPID_KEY", VAPID_KEY[:-1]),
        ("VAPID_KEY", f"{VAPID_KEY}="),
        ("VAPID_KEY", "x" * 10_000),
        ("VAPID_KEY", "p" * 43),
    ],
)
def test_what_cannot_be_of_a_web_app_of_firebase_is_refused(name: str, text: str) -> None:
    (fault,) = faults(FIREBASE_WEB | {f"FIREBASE_WEB_{name}": text})
    assert fault.startswith(f"FIREBASE_WEB_{name} is ")


def test_faults_never_tell_a_secret(production: dict[str, str]) -> None:
    messages = faults(production | {"SECRET_KEY": "hush", "SECRET_KEY_PREVIOUS": "hushhush", "PORT": "x"})
    assert "hush" not in " ".join(messages)


def test_retired_secrets_come_after_the_present_one() -> None:
    env = {"SECRET_KEY": "now", "SECRET_KEY_PREVIOUS": "before,long-before"}
    assert from_environment(env).secret_keys == ("now", "before", "long-before")


@pytest.mark.parametrize("text", ["2026-11-23T17:00:00+07:00", "2026-11-23T10:00:00Z", "2026-11-23T10:00:00+00:00"])
def test_the_service_can_be_set_to_a_moment(text: str) -> None:
    assert from_environment({"DEV_NOW": text}).dev_now == MOMENT


@pytest.mark.parametrize("text", ["2026-11-23T17:00:00", "2026-11-23", "17:00", "2026-02-30T00:00:00Z"])
def test_a_moment_has_an_offset_and_exists(text: str) -> None:
    assert faults({"DEV_NOW": text}) == [f"DEV_NOW is {text!r}: an RFC 3339 time with its offset"]


def test_settings_can_be_had_for_another_moment() -> None:
    since = from_environment({"DEV_NOW": MOMENT.isoformat(), "DEV_NOW_SINCE": MOMENT.isoformat()})
    later = since.at(MOMENT + timedelta(days=1))
    assert (later.dev_now, later.dev_now_since) == (MOMENT + timedelta(days=1), None)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("mysql://app@db/platform", "DATABASE_URL is of 'mysql': only postgresql:// is served"),
        ("sqlite:///platform.db", "DATABASE_URL is of 'sqlite': only postgresql:// is served"),
        ("db.internal", "DATABASE_URL cannot be read"),
        ("postgresql://app@db:port/platform", "DATABASE_URL cannot be read"),
        ("postgresql://app:hush@db.internal", "DATABASE_URL names no host or no database"),
        ("postgresql:///platform", "DATABASE_URL names no host or no database"),
        ("postgresql://a,b/platform?target_session_attrs=read-write", "DATABASE_URL: target_session_attrs=read-write"),
        ("postgresql://a/platform?target_session_attrs=read-write", "DATABASE_URL: target_session_attrs=read-write"),
    ],
)
def test_an_address_of_no_postgresql_is_one_fault_without_its_password(url: str, fault: str) -> None:
    (only,) = faults({"DATABASE_URL": url})
    assert only.startswith(fault)
    assert "hush" not in only


def test_read_write_is_refused_in_the_environment_of_the_driver_too() -> None:
    env = {"DATABASE_URL": "postgresql://a/platform", "PGTARGETSESSIONATTRS": "read-write"}
    assert "primary is what is meant" in faults(env)[0]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app:p%40ss@one:5432,two:5433/platform?target_session_attrs=primary",
        "postgresql://app:p%40ss@/platform?host=one:5432&host=two:5433&target_session_attrs=primary",
    ],
)
def test_a_database_may_have_several_hosts(url: str) -> None:
    address = from_environment({"DATABASE_URL": url}).database_url
    assert address
    _, arguments = psycopg.dialect().create_connect_args(make_url(address))
    assert arguments["host"].split(",") == ["one", "two"]
    assert arguments["port"].split(",") == ["5432", "5433"]
    assert (arguments["password"], arguments["target_session_attrs"]) == ("p@ss", "primary")


@pytest.mark.parametrize("text", ["", "not json", "[]", "{}", '{"type": "authorized_user"}', "\xff\xfe"])
def test_a_file_that_is_no_service_account_is_one_fault(tmp_path: Path, text: str) -> None:
    file = tmp_path / "firebase.json"
    file.write_bytes(text.encode("latin-1"))
    assert faults({"FIREBASE_CREDENTIALS": str(file)}) == [
        f"FIREBASE_CREDENTIALS: {str(file)!r} is not the JSON file of a Firebase service account with its private key"
    ]


def test_a_service_account_with_a_broken_key_is_one_fault(tmp_path: Path) -> None:
    file = service_account.write(tmp_path / "firebase.json")
    file.write_text(file.read_text().replace("BEGIN PRIVATE KEY", "BEGIN SOMETHING"))
    assert len(faults({"FIREBASE_CREDENTIALS": str(file)})) == 1
