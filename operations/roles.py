"""The roles of the database: whom each kind of process connects as, and what each may do there.

The owner of the tables migrates and does nothing else. The API, the worker, what removes old rows, and the auditor have
roles that own nothing; their names are those in the addresses. Residents' requests take on a role of their own, beside
that of the API, which sees the rows of one person only. See docs/adr/0015-a-role-for-each-kind-of-process.md and
docs/adr/0016-rows-of-one-person.md.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Table, func, make_url, select, text
from sqlalchemy.exc import IntegrityError

from foundation import connections, retention, row_security
from foundation.config import Settings
from foundation.db import Base, Database, Session
from foundation.events import EventRecord
from foundation.retention import Kept
from immigration.services.records import ANALYZED

_QUEUES = ("events_to_relay", "events_to_seal")
"""Tables that a trigger fills for whoever writes an event, and that the worker empties."""
_SEALING = ("seals", "witnessed_seals")
_CERTIFICATES = ("removed_events", "retention_certificates")
_EVENTS = EventRecord.__table__
AUDITED = ("events", "events_to_seal", *_SEALING, "removed_events", "alembic_version")
"""All that the auditor reads."""
OF_RESIDENTS: Mapping[str, str] = {
    **dict.fromkeys(("passports", "passport_links", "movements", "permissions"), "select"),
    **dict.fromkeys(("office_reports", "residences", "activation_codes", "coverage_gaps", "switches"), "select"),
    **dict.fromkeys(("approvals", "office_exceptions", "conflicts", "second_reviews", "reminders_to_plan"), "select"),
    **dict.fromkeys(("people", "obligations", "token_families", "deliveries"), "select, update"),
    **dict.fromkeys(("receipts", "decisions", "cases", "events"), "select, insert"),
    **dict.fromkeys(_QUEUES, "insert"),
    **dict.fromkeys(("reports", "idempotency_keys", "address_corrections"), "select, insert, update"),
    **dict.fromkeys(("devices", "notifications", "notification_preferences"), "select, insert, update"),
    "passkeys": "select, insert, update, delete",
    "former_contacts": "select, insert, delete",
    "throttles": "select, insert, update",
    "used_challenges": "select, insert",
}
"""What residents' requests may do with which table; with rows of their person only where these are about people."""


class Kind(StrEnum):
    """A kind of process that has a role of its own."""

    API = "api"
    WORKER = "worker"
    AUDITOR = "auditor"
    RETENTION = "retention"


class UnfitRole(Exception):
    """A role of an address is missing and cannot be made, or may do more than any grant can take back."""


@dataclass(frozen=True)
class Addresses:
    """Where each kind of process finds the database, and where the tables' owner does; the user says which role."""

    owner: str
    api: str
    worker: str
    auditor: str
    retention: str

    @classmethod
    def of(cls, url: str, settings: Settings | None = None) -> "Addresses":
        """Those of the settings, each `url` where none is given."""
        given = settings or Settings()
        return cls(
            owner=given.migration_database_url or url,
            api=url,
            worker=given.worker_database_url or url,
            auditor=given.audit_database_url or url,
            retention=given.retention_database_url or given.worker_database_url or url,
        )

    @property
    def resident(self) -> str:
        """The role of residents' requests, which nobody connects as."""
        return _user(self.api) + row_security.RESIDENT_SUFFIX

    def roles(self) -> dict[str, set[Kind]]:
        """The roles of the addresses, and the kinds of processes that each is for."""
        found: dict[str, set[Kind]] = {}
        for kind in Kind:
            found.setdefault(_user(getattr(self, kind)), set()).add(kind)
        return found


def _user(address: str) -> str:
    return make_url(address).username or ""


def grant(owner: Database, addresses: Addresses) -> None:
    """Give each role what its processes need, and take away all else; a role that is not there yet is made.

    The owner's own role is left alone, but for becoming a resident's where it is the API's too. What `public` may do is
    taken away as well, since each role may do it. Raises UnfitRole.
    """
    places = (addresses.api, addresses.worker, addresses.auditor, addresses.retention)
    passwords = {_user(each): make_url(each).password for each in places}
    with owner.transaction() as session:
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext("roles"))))
        ours = ", ".join(("alembic_version", *(table.name for table in Base.metadata.sorted_tables)))
        for statement in (f"revoke all on {ours} from public", "revoke create on schema public from public"):
            session.connection().exec_driver_sql(statement)
        others = {role: kinds for role, kinds in addresses.roles().items() if role != _user(addresses.owner)}
        for role in (*others, addresses.resident):
            _make(session, role, passwords.get(role))
            _refuse_unfit(session, role)
        for role, kinds in others.items():
            for statement in (*_statements(session, role, kinds), *_limits(session, role, kinds)):
                session.connection().exec_driver_sql(statement)
        for statement in _of_residents(session, addresses):
            session.connection().exec_driver_sql(statement.replace("%", "%%"))
        for role in (*others, addresses.resident):
            _refuse_member(session, role, but_of=addresses.resident)


def are_granted(database: Database, addresses: Addresses) -> bool:
    """Whether every role is there and may read the tables of this database, and old rows of each may be removed."""
    names = [*addresses.roles(), addresses.resident]
    with database.read_session() as session:
        may = text(
            "select count(*) from pg_roles where rolname = any(:names) and has_table_privilege(oid, 'events', 'select')"
        )
        if session.scalar(may, {"names": names}) != len(names):
            return False
        removes = text(
            "select bool_and(has_table_privilege(:role, each, 'delete')) from unnest(cast(:tables as text[])) each"
        )
        tables = [table.name for table in retention.enforced()]
        return bool(session.scalar(removes, {"role": _user(addresses.retention), "tables": tables}))


def _make(session: Session, role: str, password: str | None) -> None:
    if session.scalar(text("select 1 from pg_roles where rolname = :role"), {"role": role}):
        return
    login = "" if role.endswith(row_security.RESIDENT_SUFFIX) else "login"
    if not session.scalar(text("select rolsuper or rolcreaterole from pg_roles where rolname = current_user")):
        raise UnfitRole(f"there is no role {role}, and the owner may not make one: create role {role} {login} first")
    made = text(
        "select format('create role %I ' || :login || ' password %L', cast(:role as text), cast(:password as text))"
    )
    values = {"role": role, "password": password, "login": login}
    statement = session.execute(made, values).scalar_one().replace("%", "%%")
    with suppress(IntegrityError), session.begin_nested():  # roles are the server's: another database may just make it
        session.connection().exec_driver_sql(statement)


def _refuse_unfit(session: Session, role: str) -> None:
    unfit = session.scalar(
        text(
            """select rolsuper or rolbypassrls or rolcreaterole or exists (
              select from pg_class where relowner = pg_roles.oid and relnamespace = 'public'::regnamespace)
            from pg_roles where rolname = :role"""
        ),
        {"role": role},
    )
    if unfit:
        raise UnfitRole(f"the role {role} is a superuser, makes roles or owns tables: processes shall not use it")


def _refuse_member(session: Session, role: str, *, but_of: str) -> None:
    """Refuse a role that is a member of one with rights here, or over the server's files: it has those rights too."""
    of = session.scalar(
        text(
            """select string_agg(other.rolname, ', ' order by other.rolname) from pg_roles own, pg_roles other
            where own.rolname = :role and other.rolname not in (:role, :but_of)
            and pg_has_role(own.oid, other.oid, 'member') and (
              other.rolsuper or other.rolbypassrls or other.rolcreaterole
              or other.rolname in ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')
              or exists (select from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
                and has_table_privilege(other.oid, pg_class.oid, 'select, insert, update, delete, truncate')))"""
        ),
        {"role": role, "but_of": but_of},
    )
    if of:
        raise UnfitRole(f"the role {role} is a member of {of}, whose rights it has: processes shall not use it")


def _statements(session: Session, role: str, kinds: set[Kind]) -> Iterator[str]:
    """What makes the rights of a role those of its kinds of processes."""
    name = _quoted(session, role)
    yield from _reset(name)
    yield f"grant select on alembic_version to {name}"
    for table in Base.metadata.sorted_tables:
        rights = _rights(table, works=Kind.WORKER in kinds) if kinds & {Kind.API, Kind.WORKER} else set()
        for right in sorted(rights | (_rights_of_retention(table) if Kind.RETENTION in kinds else set())):
            yield f"grant {right} on {table.name} to {name}"
    newer = text("select current_setting('server_version_num')::int >= 170000")
    if kinds & {Kind.API, Kind.WORKER} and session.scalar(newer):
        yield f"grant maintain on {ANALYZED} to {name}"
    if Kind.AUDITOR in kinds:
        yield f"grant select on {', '.join(AUDITED)} to {name}"


def _limits(session: Session, role: str, kinds: set[Kind]) -> Iterator[str]:
    """The limits of a role's sessions; what a process wants otherwise it says in each transaction."""
    limits = {
        "statement_timeout": "5s" if kinds == {Kind.API} else "0",
        "lock_timeout": f"{connections.LOCK_TIMEOUT}s",
        "idle_in_transaction_session_timeout": "60s",
        "timezone": "UTC",
        "default_transaction_read_only": "on" if kinds == {Kind.AUDITOR} else "off",
    }
    for name, value in limits.items():
        yield f"alter role {_quoted(session, role)} set {name} = '{value}'"


def _reset(name: str) -> Iterator[str]:
    yield f"revoke all on all tables in schema public from {name}"
    yield f"revoke create on schema public from {name}"
    yield f"grant usage on schema public to {name}"


def _of_residents(session: Session, addresses: Addresses) -> Iterator[str]:
    """What lets the API work for one resident: a role, its rights, and on each table the policy that goes with it."""
    name, api = _quoted(session, addresses.resident), _quoted(session, _user(addresses.api))
    yield from _reset(name)
    for each, rights in OF_RESIDENTS.items():
        yield f"grant {rights} on {each} to {name}"
    # The API takes the role on, but does not have its rights, and so not its policies, by itself.
    if session.scalar(text("select current_setting('server_version_num')::int >= 160000")):
        yield f"grant {name} to {api} with inherit false, set true"
    else:
        yield f"alter role {api} noinherit"
        yield f"grant {name} to {api}"
    known = {each: mark for each, mark in session.execute(_POLICIES, {"name": addresses.resident})}
    for table in row_security.secured():
        policy = row_security.policy(table, name)
        mark = hashlib.sha256(policy.encode()).hexdigest()
        if known.get(table.name) != mark:  # making one waits for everybody who uses the table
            yield f"drop policy if exists {name} on {table.name}"
            yield policy
            yield f"comment on policy {name} on {table.name} is '{mark}'"


_POLICIES = text("""select c.relname, obj_description(p.oid, 'pg_policy') from pg_policy p
join pg_class c on c.oid = p.polrelid where p.polname = :name""")


def _rights(table: Table, *, works: bool) -> set[str]:
    """What the API may do with a table, and what a worker may (`works`)."""
    if table.info.get("only_added"):
        once, adds = table.info["once"], table.name not in _CERTIFICATES and (works or table.name not in _SEALING)
        return {"select"} | ({"insert"} if adds else set()) | ({f"update ({once})"} if once else set())
    if works:
        return {"select", "insert", "update", "delete"}
    if table.name in _QUEUES:
        return {"select", "insert"}
    return {"select"} if table.name in _SEALING else {"select", "insert", "update", "delete"}


def _rights_of_retention(table: Table) -> set[str]:
    """What may be done with a table by what removes old rows: it alone removes any that are only added."""
    if table.name in _CERTIFICATES:
        return {"select", "insert"}
    return {"select", "delete"} if isinstance(table.info["retention"], Kept) or table is _EVENTS else {"select"}


def _quoted(session: Session, role: str) -> str:
    return session.connection().dialect.identifier_preparer.quote_identifier(role)
