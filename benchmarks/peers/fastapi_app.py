"""The report path in FastAPI with asyncpg: `plain` with a statement for each thing, `terse` with our two statements."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from os import environ
from typing import Any
from uuid import UUID

import asyncpg
from fastapi import FastAPI, Header, HTTPException, Response
from pydantic import BaseModel, Field

from benchmarks.peers import work
from foundation.sealing import keyring
from immigration.registries import records
from immigration.registries.records import Case
from immigration.rules.codes import StepCode
from immigration.rules.due_dates import Obligation, Step, Window
from immigration.rules.facts import Facts, Movement, Passport, Permission, Report, Residence
from immigration.rules.reports import HOLDING_STATES, Held
from immigration.services import storing


class AddressIn(BaseModel):
    """An address."""

    house_number: str = Field(min_length=1, max_length=100)
    building: str = Field("", max_length=200)
    moo: str = Field("", max_length=100)
    soi: str = Field("", max_length=150)
    road: str = Field("", max_length=150)
    subdistrict_code: str = Field(pattern="^[0-9]{6}$")
    postal_code: str = Field(pattern="^[0-9]{5}$")


class ReportIn(BaseModel):
    """A report."""

    address: AddressIn
    phone: str = Field("", max_length=30)
    email: str = Field("", max_length=254)


def numbered(statement: str) -> tuple[str, list[str]]:
    """A statement with $1, $2 ... for its named parameters, and their names in that order."""
    names = list(dict.fromkeys(re.findall(r"(?<!:):([a-z_]+)", statement)))
    return re.sub(r"(?<!:):([a-z_]+)", lambda match: f"${names.index(match[1]) + 1}", statement), names


READ, READ_NAMES = numbered(records.ONE_CASE.sql)
# asyncpg asks for one type a parameter; ours are used in two places with one type each, and the server finds it.
WRITE, WRITE_NAMES = numbered(storing.STORE_ACCEPTED.sql)


async def _set_up(connection: asyncpg.Connection) -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, encoder=lambda v: v, decoder=json.loads, schema="pg_catalog")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """A pool of connections while the application runs."""
    async with asyncpg.create_pool(environ["DATABASE_URL"], min_size=8, max_size=8, init=_set_up) as pool:
        app.state.pool = pool
        yield


def _common(app: FastAPI, body: ReportIn, authorization: str, key: str) -> tuple[Any, Any]:
    try:
        return work.author(authorization), work.submission(body.model_dump(), key)
    except work.Refused as error:
        raise HTTPException(401) from error


plain = FastAPI(lifespan=lifespan)
terse = FastAPI(lifespan=lifespan)


@terse.post("/api/v1/reports")
async def file_tersely(body: ReportIn, authorization: str = Header(), idempotency_key: str = Header()) -> Response:
    """One read, one write."""
    who, sent = _common(terse, body, authorization, idempotency_key)
    async with terse.state.pool.acquire() as db:
        given = {"person_id": who.id, "key": idempotency_key}
        row = await db.fetchval(READ, *(given[name] for name in READ_NAMES))
        case = records.as_case(row)
        if case.answered:
            return Response(case.answered.answer, 201, media_type="application/json")
        values, answer = work.values(case, sent, who)
        if await db.fetchrow(WRITE, *(values[name] for name in WRITE_NAMES)) is None:
            raise HTTPException(503)
    return Response(answer, 201, media_type="application/json")


@plain.post("/api/v1/reports")
async def file_plainly(body: ReportIn, authorization: str = Header(), idempotency_key: str = Header()) -> Response:
    """A transaction with a statement for each thing."""
    who, sent = _common(plain, body, authorization, idempotency_key)
    async with plain.state.pool.acquire() as db, db.transaction():
        again = await db.fetchval(
            "select answer from idempotency_keys where person_id = $1 and key = $2", who.id, idempotency_key
        )
        if again:
            opened = keyring().open(again, "idempotency_keys.answer", idempotency_key)
            return Response(opened, 201, media_type="application/json")
        values, answer = work.values(await _case(db, who.id), sent, who)
        await _write(db, work.rows(values))
    return Response(answer, 201, media_type="application/json")


async def _case(db: Any, person: UUID) -> Case:
    owed = await db.fetchrow("select * from obligations where person_id = $1 for update", person)
    passports = await db.fetch("select * from passports where person_id = $1 order by id", person)
    ids = [p["id"] for p in passports]
    moved = await db.fetch("select * from movements where passport_id = any($1)", ids)
    granted = await db.fetch("select * from permissions where passport_id = any($1)", ids)
    counted = await db.fetch("select * from office_reports where passport_id = any($1)", ids)
    lived = await db.fetch("select * from residences where passport_id = any($1)", ids)
    own = await db.fetch(
        """select r.*, c.next_due_on from reports r left join receipts c on c.report_id = r.id and c.voided_at is null
        where r.person_id = $1 order by r.id""",
        person,
    )
    facts = Facts(
        tuple(_passport(p, {q["replaces_index"] for q in passports}) for p in passports),
        tuple(Movement(m["movement_id"], m["direction"], m["occurred_on"], m["visa_class"], m["permitted_until"])
              for m in moved),
        tuple(Permission(m["permission_id"], m["kind"], m["granted_on"], m["permitted_until"], m["visa_class"])
              for m in granted),
        (*(Report(r["receipt_number"], r["filed_on"], r["channel"], r["next_due_on"], r["passport_id"], r["office"])
           for r in counted),
         *(_own(r) for r in own if r["status"] == "accepted")),
        tuple(Residence(r["subdistrict_code"], keyring().open(r["address"], "residences.address"), r["from_on"],
                        r["until_on"]) for r in lived),
    )  # fmt: skip
    held = tuple(Held(r["number"], r["status"], r["period"]) for r in own if r["status"] in HOLDING_STATES)
    documents = {p["id"]: keyring().open(p["document_number"], "passports.document_number") for p in passports}
    return Case(
        person_id=person, revision=owed["revision"], kept=_kept(owed), facts=facts, held=held, documents=documents
    )


def _passport(row: Any, replaced: set[Any]) -> Passport:
    current = row["document_index"] not in replaced
    return Passport(
        row["id"], row["status"], row["expires_on"], row["birth_date"], row["replaces_index"] is not None, current
    )


def _own(row: Any) -> Report:
    day: date = row["filed_on"]
    return Report(
        row["number"], day, "online", row["next_due_on"], row["passport_id"], row["office"], True, row["entered_on"]
    )


def _kept(row: Any) -> Obligation:
    dates = [row[name] for name in ("due_on", "opens_on", "online_closes_on", "grace_ends_on", "late_after")]
    known = (row["regime"], row["visa_class"], row["entered_on"], row["permitted_until"], row["basis"])
    return Obligation(*known, Window(*dates), row["expected"], (Step(StepCode.RECORDS_UNAVAILABLE, None, ""),))


async def _write(db: Any, rows: dict[str, dict[str, Any]]) -> None:
    kept = rows["obligations"]
    names = [name for name in kept if name not in ("person_id", "revision")]
    changes = ", ".join(f"{name} = ${n}" for n, name in enumerate(names, 2))
    await db.execute(
        f"update obligations set revision = revision + 1, {changes} where person_id = $1",
        kept["person_id"],
        *(kept[name] for name in names),
    )
    report_id = await _insert(db, "reports", rows["reports"], " returning id")
    await _insert(db, "decisions", rows["decisions"] | {"report_id": report_id})
    await _insert(db, "receipts", rows["receipts"] | {"report_id": report_id})
    await _insert(db, "idempotency_keys", rows["idempotency_keys"])
    for event in rows["events"]["rows"]:
        times = {"at": datetime.fromisoformat(event["at"]), "data": json.dumps(event["data"])}
        await _insert(db, "events", event | times)


async def _insert(db: Any, table: str, row: dict[str, Any], ending: str = "") -> Any:
    places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    statement = f"insert into {table} ({', '.join(row)}) values ({places}){ending}"
    return await db.fetchval(statement, *row.values())
