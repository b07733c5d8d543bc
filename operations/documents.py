"""The documents in `docs/` that are made from the code, so that they cannot say anything else than it does."""

import inspect
import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from flask import Flask
from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql
from werkzeug.exceptions import default_exceptions

import foundation.answer_counts
import foundation.events
import foundation.key_check
import foundation.leases
import foundation.retention
import foundation.throttle
import foundation.verifications  # noqa: F401 - as below
import immigration.models.access
import immigration.models.approvals
import immigration.models.cases
import immigration.models.claims
import immigration.models.conflicts
import immigration.models.decision_rates
import immigration.models.figures
import immigration.models.obligations
import immigration.models.passkeys
import immigration.models.people
import immigration.models.queue
import immigration.models.records
import immigration.models.reports
import immigration.models.second_reviews  # noqa: F401 - as below
import notifications.models  # noqa: F401 - the tables register themselves
from foundation import classification
from foundation.classification import Classification
from foundation.db import Base
from foundation.errors import Problem, all_problems
from foundation.fields import FieldFault
from foundation.sealing import Sealed
from immigration.rules import reports
from immigration.rules.codes import ContactFault, TripFault
from operations import privacy_documents
from operations.services import services_of

NOTICE = "<!-- Made from the code by `make docs`; changes made here are lost. -->"
OURS = ("foundation.", "immigration.", "notifications.", "operations.")
LIBRARY_STATUSES = (400, 404, 405, 413, 416, 500)
"""What Flask and Werkzeug answer by themselves, before or after our code."""


def write(app: Flask, folder: Path) -> list[Path]:
    """Write every document anew; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, make in DOCUMENTS.items():
        path = folder / name
        path.write_text(make(app), "utf-8")
        written.append(path)
    return written


def stale(app: Flask, folder: Path) -> list[str]:
    """The names of the documents that are missing, or are not what the code makes now."""
    return [name for name, make in DOCUMENTS.items() if _read(folder / name) != make(app)]


def our_problems() -> list[type[Problem]]:
    """Every problem class of the platform, by code."""
    kinds = {kind for kind in all_problems() if kind.__module__.startswith(OURS)}
    return sorted(kinds, key=lambda kind: (kind.code, kind.__name__))


def models() -> dict[str, type[Base]]:
    """The model of each table, by the table's name."""
    tables = {mapper.local_table.name: mapper.class_ for mapper in Base.registry.mappers}  # type: ignore[attr-defined]
    return dict(sorted(tables.items()))


def states(_app: Flask) -> str:
    """The life of a report as a diagram and a table."""
    named = [f'    state "{state}" as {_node(state)}' for state in reports.STATES if _node(state) != state]
    edges = [f"    {_node(a)} --> {_node(b)} : {act} ({who})" for a, b, act, who in reports.TRANSITIONS]
    starts = {start for start, *_ in reports.TRANSITIONS}
    ends = [f"    {_node(state)} --> [*]" for state in reports.STATES if state not in starts]
    rows = [(_code(a) if a else "(none)", act, who, _code(b)) for a, b, act, who in reports.TRANSITIONS]
    return _page(
        "The states of a report",
        "What may happen to a 90-day report, in which state, and by whom; `TRANSITIONS` in\n"
        "`immigration/rules/reports.py`. Whatever is not listed is refused.",
        "\n".join(["```mermaid", "stateDiagram-v2", *named, *edges, *ends, "```"]),
        _table(("from", "act", "by", "to"), rows),
        f"While a report is {_either(reports.HOLDING_STATES)}, no other can be filed for its period.\n"
        f"An officer decides {_either(reports.OUTCOMES)}.",
    )


def problems(app: Flask) -> str:
    """Every problem the API can answer with."""
    ours = [
        (_code(kind.code), str(kind.status), _paragraph(kind), _headers(kind.headers), _code(kind.__module__))
        for kind in our_problems()
    ]
    return _page(
        "Problems",
        "Errors are RFC 9457 documents (`application/problem+json`). `code` is stable: programs tell problems apart\n"
        "by it. `title` is the same each time, `detail` says what happened this time.",
        _table(("code", "status", "title", "headers", "from"), ours),
        "## Values that do not fit",
        "`invalid` (422) says what is wrong twice: `errors` holds sentences per place in the request and per field,\n"
        "and `field_errors` the same as a list of `{in, field, code, message}`. `in` is `json` or `query`, and\n"
        "`field` has dots for what lies within (`address.moo`). A query parameter that a route does not know, or that\n"
        "comes twice, is refused in the same way.",
        _table(("code", "of"), _field_faults()),
        "## From the HTTP library",
        "Answers that our code has no part in.",
        _table(("code", "status", "title"), _library_problems(app)),
    )


def openapi(app: Flask) -> str:
    """The API as an OpenAPI 3.1 document."""
    document = services_of(app).api.spec.to_dict()
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def data_dictionary(_app: Flask) -> str:
    """Every table and column: what it is for, how long it is kept, how much harm it does in the wrong hands."""
    tables = [model.__table__ for model in models().values() if isinstance(model.__table__, Table)]
    columns = [column for table in tables for column in table.columns]
    classes = Counter(column.info["classification"] for column in columns)
    sealed = sum(isinstance(column.type, Sealed) for column in columns)
    meanings = [(kind.value, _meaning(kind), str(classes[kind])) for kind in Classification]
    return _page(
        "Data dictionary",
        f"{len(tables)} tables with {len(columns)} columns. The application encrypts {sealed} of them (AES-256-GCM)\n"
        "before they reach the database.",
        _table(("class", "meaning", "columns"), meanings),
        _table(("table", "kept", "columns"), [_in_short(table) for table in tables]),
        *(part for table in tables for part in _described(table)),
    )


def privacy_notice(_app: Flask) -> str:
    """What residents are told about their data, in English and Thai."""
    heads = ("what for", "which data", "kept", "why", "ground")
    thai = ("เพื่ออะไร", "ข้อมูลใด", "เก็บนานเท่าใด", "เหตุผล", "ฐานกฎหมาย")
    return _page(
        "Privacy notice",
        "The Immigration Bureau keeps these data of people who report their address (Personal Data Protection Act\n"
        "B.E. 2562, section 23). Messages to phones hold dates and codes, and may hold the first letter of a name.\n"
        "The services that carry them get an address of the phone, and nothing else about the person. Where they come\n"
        "to a browser by Firebase, Google can read them, and gives the browser a number until you switch them off.",
        _table(heads, privacy_documents.notice_rows("en")),
        "## Your rights",
        _table(("right", "how", "of the act"), privacy_documents.RIGHTS["en"]),
        "## ประกาศความเป็นส่วนตัว",
        "สำนักงานตรวจคนเข้าเมืองเก็บข้อมูลต่อไปนี้ของผู้แจ้งที่พัก (พระราชบัญญัติคุ้มครองข้อมูลส่วนบุคคล พ.ศ. 2562 มาตรา 23)\n"
        "ข้อความที่ส่งถึงโทรศัพท์มีเพียงวันที่และรหัส และอาจมีอักษรตัวแรกของชื่อ ผู้ให้บริการที่ส่งข้อความได้รับเพียงที่อยู่ของอุปกรณ์ "
        "ไม่ได้รับข้อมูลอื่นของบุคคล\nหากส่งถึงเบราว์เซอร์ผ่าน Firebase บริษัท Google อ่านข้อความได้ "
        "และกำหนดหมายเลขให้เบราว์เซอร์จนกว่าท่านจะปิดการรับข้อความ",
        _table(thai, privacy_documents.notice_rows("th")),
        "## สิทธิของท่าน",
        _table(("สิทธิ", "วิธีใช้สิทธิ", "ตามพระราชบัญญัติ"), privacy_documents.RIGHTS["th"]),
    )


def records_of_processing(_app: Flask) -> str:
    """What the controller records of its processing."""
    heads = ("what for", "table", "columns about people (* encrypted)", "kept", "erased on request", "ground (grade)")
    return _page(
        "Records of processing",
        "By the Personal Data Protection Act B.E. 2562, section 39. Controller: the Immigration Bureau. Recipients:\n"
        "officers of the offices that a person has to do with, auditors, and the services that carry messages: mail\n"
        "servers, push services of browsers, and Google where messages go by Firebase.\n"
        "Security: see [security.md](security.md). Rights: see [privacy-notice.md](privacy-notice.md).",
        _table(heads, privacy_documents.processing_rows()),
    )


DOCUMENTS: dict[str, Callable[[Flask], str]] = {
    "states.md": states,
    "problems.md": problems,
    "openapi.json": openapi,
    "data-dictionary.md": data_dictionary,
    "privacy-notice.md": privacy_notice,
    "records-of-processing.md": records_of_processing,
}


def _field_faults() -> list[tuple[str, str]]:
    contact = [(_code(fault), "a phone number or an e-mail address") for fault in ContactFault]
    days = [(_code(fault), "a day of a trip") for fault in TripFault]
    return [(_code(fault), "any field") for fault in FieldFault] + contact + days


def _library_problems(app: Flask) -> list[tuple[str, str, str]]:
    rows = []
    with app.test_request_context():
        for status in LIBRARY_STATUSES:
            response = services_of(app).api.handle_http_exception(default_exceptions[status]())
            body = response.get_json()
            rows.append((_code(body["code"]), str(body["status"]), body["title"]))
    return sorted(rows)


def _in_short(table: Table) -> tuple[str, str, str]:
    return f"[{table.name}](#{table.name})", _retention(table), str(len(table.columns))


def _described(table: Table) -> Iterable[str]:
    """A table's section: what a row is, how long it is kept, and its columns."""
    yield f"## {table.name}"
    yield f"{_paragraph(models()[table.name])} Kept: {_retention(table)}."
    heads = ("column", "type", "null", "class", "encrypted", "what for")
    yield _table(heads, [_column(column) for column in table.columns])


def _column(column: Column[object]) -> tuple[str, ...]:
    kind = column.type.compile(dialect=postgresql.dialect()).lower()  # type: ignore[no-untyped-call]
    keys = ["key"] if column.primary_key else []
    keys += [f"of {_code(key.target_fullname)}" for key in column.foreign_keys]
    return (
        _code(column.name),
        ", ".join([kind, *keys]),
        "yes" if column.nullable else "no",
        column.info["classification"].value,
        "yes" if isinstance(column.type, Sealed) else "",
        column.info["purpose"],
    )


def _retention(table: Table) -> str:
    kept: str = table.info["retention"]
    return kept


def _meaning(kind: Classification) -> str:
    """What a class means: the docstring of the function that tags a column with it."""
    return _paragraph(_TAGS[kind])


_TAGS = {
    Classification.OPEN: classification.opened,
    Classification.INTERNAL: classification.internal,
    Classification.PERSONAL: classification.personal,
    Classification.SENSITIVE: classification.sensitive,
}


def _node(state: str) -> str:
    """A state's name in the diagram, where hyphens are not allowed and the empty one is the start."""
    return state.replace("-", "_") or "[*]"


def _headers(headers: dict[str, str]) -> str:
    return ", ".join(_code(f"{name}: {value}") for name, value in headers.items())


def _paragraph(thing: object) -> str:
    """A docstring's first paragraph, on one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def _code(text: str) -> str:
    return f"`{text}`"


def _either(names: Iterable[str]) -> str:
    """States in words, in the order of STATES: "`a`, `b` or `c`"."""
    *most, last = [_code(name) for name in sorted(names, key=reports.STATES.index)]
    return f"{', '.join(most)} or {last}"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", NOTICE, *parts]) + "\n"


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None
