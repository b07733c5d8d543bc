"""For auditors: what staff did, who sought a passport, and what is unusual."""

from typing import Any

from foundation.http import Blueprint, allow, now, principal
from foundation.identity import Role
from foundation.services import read_session, transaction
from foundation.verifications import Verification
from immigration.schemas.audit import (
    AlarmArgs,
    AlarmsOut,
    AuditArgs,
    AuditOut,
    SeekersIn,
    VerificationOut,
    VerificationsOut,
)
from immigration.schemas.common import PageArgs
from immigration.services import audit

blueprint = Blueprint("audit", __name__, url_prefix="/api/v1/audit", description=__doc__)


@blueprint.get("/events")
@allow(Role.AUDITOR)
@blueprint.arguments(AuditArgs, location="query")
@blueprint.response(200, AuditOut)
def list_events(args: dict[str, Any]) -> dict[str, Any]:
    """What officers, auditors and the command line did, newest first; of the auditor's offices."""
    with transaction() as session:
        page = audit.read(session, auditor=principal(), now=now(), **args)
        return {"items": page.items, "next_cursor": page.next_cursor}


@blueprint.get("/alarms")
@allow(Role.AUDITOR)
@blueprint.arguments(AlarmArgs, location="query")
@blueprint.response(200, AlarmsOut)
def list_alarms(args: dict[str, Any]) -> dict[str, Any]:
    """What was unusual, newest first: many reads or misses, no link of the office, acts beyond it."""
    with read_session() as session:
        page = audit.alarms(session, auditor=principal(), **args)
    return {"items": page.items, "next_cursor": page.next_cursor}


@blueprint.get("/verifications")
@allow(Role.AUDITOR)
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, VerificationsOut)
def list_verifications(args: dict[str, Any]) -> dict[str, Any]:
    """When the audit trail was compared with its seals, how far, and what came of it; newest first."""
    with read_session() as session:
        page = audit.list_verifications(session, **args)
    return {"items": page.items, "next_cursor": page.next_cursor}


@blueprint.post("/verifications")
@allow(Role.AUDITOR)
@blueprint.response(202, VerificationOut)
def ask_verification() -> Verification:
    """Have the audit trail verified now by a worker; while a verification waits or runs, that is the one."""
    with transaction() as session:
        return audit.ask_verification(session, auditor=principal(), now=now())


@blueprint.post("/look-ups")
@allow(Role.AUDITOR)
@blueprint.arguments(SeekersIn)
@blueprint.response(200, AuditOut)
def list_seekers(data: dict[str, Any]) -> dict[str, Any]:
    """Who sought a passport by its number, found or not, newest first."""
    with transaction() as session:
        page = audit.seekers(session, auditor=principal(), now=now(), **data)
        return {"items": page.items, "next_cursor": page.next_cursor}
