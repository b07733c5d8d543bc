"""Lists of the console as CSV files, safe to open in a spreadsheet."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, stream_with_context
from marshmallow import Schema, ValidationError

from foundation.clock import bangkok_date
from foundation.db import ReadSession, Session
from foundation.errors import Forbidden, Unprocessable
from foundation.http import Blueprint, allow, now, principal
from foundation.identity import Role
from foundation.paging import Page
from foundation.services import read_session, transaction
from immigration.routes.cases import case_filter
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


BATCH = 1000
"""Lines that are read at once: a long list is never whole in memory."""
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """A list: who may export it, the query it takes, its columns, and how a page of it is read.

    `note` records what reading it records. A list of the newest first names its rows by `id`, its cursor.
    """

    roles: frozenset[Role]
    args: type[Schema]
    columns: Sequence[str]
    read: Callable[[ReadSession, dict[str, Any], str | None, int], Page[Row]]
    note: Callable[[Session, dict[str, Any]], None] = lambda session, wanted: None
    newest_first: bool = False


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
        first, count = _count(session, kind, wanted, most)
        kind.note(session, wanted)
        list_exports.record(
            session,
            name,
            data["filter"],
            count,
            is_all=count <= most,
            purpose=data["purpose"],
            officer=officer,
            now=now(),
        )
    rows = _rows(kind, wanted, first, count)
    sent = csv_lists.lines(kind.columns, ([row[column] for column in kind.columns] for row in rows))
    file = f"{name}-{bangkok_date(now()).isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(stream_with_context(sent), content_type="text/csv; charset=utf-8", headers=headers)


def _count(session: ReadSession, kind: _Kind, wanted: dict[str, Any], most: int) -> tuple[str | None, int]:
    """Where a list begins now, and how many lines it has, one page after the other; more than `most` means more."""
    page = kind.read(session, wanted, None, BATCH)
    first = str(page.items[0]["id"] + 1) if kind.newest_first and page.items else None
    count = len(page.items)
    while page.next_cursor and count <= most:
        page = kind.read(session, wanted, page.next_cursor, BATCH)
        count += len(page.items)
    return first, count


def _rows(kind: _Kind, wanted: dict[str, Any], cursor: str | None, count: int) -> Iterator[Row]:
    """The lines from a cursor on, page by page while they are sent; never more than were recorded.

    Each page is a read of its own, so that a slow client holds no transaction open.
    """
    while count > 0:
        with read_session() as session:
            page = kind.read(session, wanted, cursor, min(BATCH, count))
        yield from page.items
        count -= len(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return


def _shown(page: Page[Any], view: Callable[[Any], Row]) -> Page[Row]:
    return Page([view(each) for each in page.items], page.next_cursor)


def _queue(session: ReadSession, args: dict[str, Any], cursor: str | None, limit: int) -> Page[Row]:
    today = bangkok_date(now())
    policy = filing_context().law.on(today)
    page = queue.queue(session, queue_filter(args), officer=principal(), now=now(), cursor=cursor, limit=limit)
    return _shown(page, lambda entry: queue_view(entry, principal(), policy, today))


def _cases(session: ReadSession, args: dict[str, Any], cursor: str | None, limit: int) -> Page[Row]:
    wanted = case_filter(args | {"cursor": cursor, "limit": limit})
    policy = filing_context().law.on(bangkok_date(now()))
    page = cases.list_waiting(session, officer=principal(), **wanted)
    return _shown(page, lambda case: queue_line(case, policy, now()))


def _addresses(session: ReadSession, _args: dict[str, Any], cursor: str | None, limit: int) -> Page[Row]:
    page = address_corrections.queue(session, officer=principal(), cursor=cursor, limit=limit)
    columns = _KINDS[ExportedList.ADDRESSES].columns
    return _shown(
        page, lambda each: {"report": each[1].number} | {n: getattr(each[0], n, "") for n in columns if n != "report"}
    )


def _approvals(session: ReadSession, _args: dict[str, Any], cursor: str | None, limit: int) -> Page[Row]:
    page = approvals.list_waiting(session, officer=principal(), now=now(), cursor=cursor, limit=limit)
    return _shown(page, lambda entry: _asked(approval_view(*entry, reader=principal(), now=now())))


def _asked(shown: dict[str, Any]) -> Row:
    asked = shown["asked"]
    return shown | {"outcome": asked.get("outcome"), "why": asked.get("reason") or asked.get("note")}


def _audit(session: ReadSession, args: dict[str, Any], cursor: str | None, limit: int) -> Page[Row]:
    page = audit.find(session, args["wanted"], auditor=principal(), cursor=cursor, limit=limit)
    return _shown(page, lambda event: {**vars(event), "data": json.dumps(event.data, ensure_ascii=False)})


def _note_audit(session: Session, args: dict[str, Any]) -> None:
    audit.note_reading(session, args["wanted"], auditor=principal(), now=now())


_KINDS: Mapping[ExportedList, _Kind] = {
    ExportedList.QUEUE: _Kind(
        roles=_READING,
        args=QueueArgs,
        columns=(
            *("number", "status", "filed_at", "due_on", "answer_by", "office", "at_office_since", "office_days"),
            *("reasons", "nationality", "visa_class", "assurance", "claimed_by"),
        ),
        read=_queue,
    ),
    ExportedList.CASES: _Kind(
        roles=_READING,
        args=CaseQueueArgs,
        columns=(
            "number",
            "status",
            "about",
            "office",
            "at_office_since",
            "office_days",
            "opened_at",
            "due_by",
            "overdue",
        ),
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
        note=_note_audit,
        newest_first=True,
    ),
}
