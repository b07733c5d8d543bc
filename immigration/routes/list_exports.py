"""Lists of the console as CSV files, safe to open in a spreadsheet."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response
from marshmallow import Schema, ValidationError

from foundation.clock import bangkok_date
from foundation.db import Session
from foundation.errors import Forbidden, Unprocessable
from foundation.http import Blueprint, allow, now, principal
from foundation.identity import Role
from foundation.paging import Page
from foundation.services import transaction
from immigration.routes.context import filing_context
from immigration.routes.queue import queue_filter
from immigration.rules import csv_lists
from immigration.schemas.approvals import approval_view
from immigration.schemas.audit import AuditArgs
from immigration.schemas.cases import CaseQueueArgs, queue_line
from immigration.schemas.common import PageArgs
from immigration.schemas.list_exports import ExportedList, ListExportIn
from immigration.schemas.queue import QueueArgs, queue_view
from immigration.services import address_corrections, approvals, audit, cases, list_exports, queue

blueprint = Blueprint("list_exports", __name__, url_prefix="/api/v1/review", description=__doc__)
_ACTING = frozenset({Role.OFFICER, Role.SUPERVISOR})
_READING = _ACTING | {Role.AUDITOR}


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """A list: who may export it, the query it takes, its columns, and how its lines are read, at most so many."""

    roles: frozenset[Role]
    args: type[Schema]
    columns: Sequence[str]
    read: Callable[[Session, dict[str, Any], int], tuple[list[Mapping[str, Any]], bool]]


@blueprint.post("/exports")
@allow(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
@blueprint.arguments(ListExportIn)
@blueprint.response(200, content_type="text/csv")
def export(data: dict[str, Any]) -> Response:
    """A list as a CSV file, with its filter; recorded with the purpose, and refused where it is too long."""
    name, officer = data["list"], principal()
    kind = _KINDS[ExportedList(name)]
    if officer.role not in kind.roles:
        raise Forbidden("this list is not yours to see")
    try:
        wanted = kind.args().load(data["filter"])
    except ValidationError as error:
        raise Unprocessable(
            "the filter is not one of this list", errors={"json": {"filter": error.messages}}
        ) from error
    most = list_exports.longest(now())
    with transaction() as session:
        rows, is_all = kind.read(session, wanted, most)
        list_exports.record(
            session, name, data["filter"], len(rows), is_all=is_all, purpose=data["purpose"], officer=officer, now=now()
        )
    sent = csv_lists.lines(kind.columns, ([row[column] for column in kind.columns] for row in rows))
    file = f"{name}-{bangkok_date(now()).isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(sent, content_type="text/csv; charset=utf-8", headers=headers)


def _all(page: Page[Any], view: Callable[[Any], Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], bool]:
    return [view(each) for each in page.items], page.next_cursor is None


def _queue(session: Session, args: dict[str, Any], most: int) -> tuple[list[Mapping[str, Any]], bool]:
    policy = filing_context().law.on(bangkok_date(now()))
    page = queue.queue(session, queue_filter(args), officer=principal(), now=now(), limit=most)
    return _all(page, lambda entry: queue_view(entry, principal(), policy))


def _cases(session: Session, args: dict[str, Any], most: int) -> tuple[list[Mapping[str, Any]], bool]:
    page = cases.list_waiting(session, officer=principal(), answered=args["answered"], limit=most)
    return _all(page, lambda case: queue_line(case, now()))


def _addresses(session: Session, _args: dict[str, Any], most: int) -> tuple[list[Mapping[str, Any]], bool]:
    page = address_corrections.queue(session, officer=principal(), limit=most)
    columns = _KINDS[ExportedList.ADDRESSES].columns
    return _all(
        page, lambda each: {"report": each[1].number} | {n: getattr(each[0], n, "") for n in columns if n != "report"}
    )


def _approvals(session: Session, _args: dict[str, Any], most: int) -> tuple[list[Mapping[str, Any]], bool]:
    page = approvals.list_waiting(session, officer=principal(), now=now(), limit=most)
    return _all(page, lambda entry: _asked(approval_view(*entry, reader=principal(), now=now())))


def _asked(shown: dict[str, Any]) -> Mapping[str, Any]:
    asked = shown["asked"]
    return shown | {"outcome": asked.get("outcome"), "why": asked.get("reason") or asked.get("note")}


def _audit(session: Session, args: dict[str, Any], most: int) -> tuple[list[Mapping[str, Any]], bool]:
    page = audit.read(session, args["wanted"], auditor=principal(), now=now(), limit=most)
    return _all(page, lambda event: {**vars(event), "data": json.dumps(event.data, ensure_ascii=False)})


_KINDS: Mapping[ExportedList, _Kind] = {
    ExportedList.QUEUE: _Kind(
        roles=_READING,
        args=QueueArgs,
        columns=(
            *("number", "status", "filed_at", "due_on", "answer_by", "office"),
            *("reasons", "nationality", "visa_class", "assurance", "claimed_by"),
        ),
        read=_queue,
    ),
    ExportedList.CASES: _Kind(
        roles=_READING,
        args=CaseQueueArgs,
        columns=("number", "status", "about", "office", "opened_at", "due_by", "overdue"),
        read=_cases,
    ),
    ExportedList.ADDRESSES: _Kind(
        roles=_ACTING,
        args=PageArgs,
        columns=("number", "report", "status", "requested_at", "office", "subdistrict_code"),
        read=_addresses,
    ),
    ExportedList.APPROVALS: _Kind(
        roles=_ACTING,
        args=PageArgs,
        columns=("id", "kind", "state", "report", "outcome", "why", "requested_by", "requested_at", "expires_at"),
        read=_approvals,
    ),
    ExportedList.AUDIT: _Kind(
        roles=frozenset({Role.AUDITOR}),
        args=AuditArgs,
        columns=("id", "at", "kind", "actor", "subject", "person_id", "data"),
        read=_audit,
    ),
}
