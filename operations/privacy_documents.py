"""The privacy notice and the records of processing, made from the data dictionary and the law file `processing`."""

from collections.abc import Iterable

from sqlalchemy import Column, Table

from foundation.classification import Classification
from foundation.db import Base
from foundation.sealing import Sealed
from immigration.registries.processing import Purpose, kept_for, purpose_of, purposes

RIGHTS = {
    "en": (
        ("to know what is kept, and to have a copy", "`GET /me/export`", "sections 30 and 31"),
        ("to know who looked at it", "`GET /me/access-log`", "beyond what the law asks for"),
        ("to have it corrected", "`POST /me/cases`, answered within 30 days", "sections 35 and 36"),
        ("to have it erased, as far as no law keeps it", "`POST /me/erasure`, at once", "section 33"),
        ("to complain", "to the Personal Data Protection Committee", "section 73"),
    ),
    "th": (
        ("ขอทราบและขอสำเนาข้อมูลที่เก็บไว้", "`GET /me/export`", "มาตรา 30 และ 31"),
        ("ขอทราบว่าใครเปิดดูข้อมูล", "`GET /me/access-log`", "นอกเหนือจากที่กฎหมายกำหนด"),
        ("ขอแก้ไขข้อมูล", "`POST /me/cases` ตอบภายใน 30 วัน", "มาตรา 35 และ 36"),
        ("ขอลบข้อมูลที่ไม่มีกฎหมายให้เก็บ", "`POST /me/erasure` ทันที", "มาตรา 33"),
        ("ร้องเรียน", "ต่อคณะกรรมการคุ้มครองข้อมูลส่วนบุคคล", "มาตรา 73"),
    ),
}
"""What a person may ask for, where, and by which section of the Personal Data Protection Act B.E. 2562, by language."""
_PERSONAL = (Classification.PERSONAL, Classification.SENSITIVE)


def personal_data() -> dict[str, list[Column[object]]]:
    """The columns about people, by table."""
    tables = {table.name: [*_about_people(table)] for table in Base.metadata.sorted_tables}
    return {name: columns for name, columns in sorted(tables.items()) if columns}


def purpose_of_column(column: Column[object]) -> Purpose:
    """What a column is kept for: that of the column itself where one names it, else of its table."""
    name = f"{column.table.name}.{column.name}"
    named = next((each for each in purposes() if name in each.data), None)
    return named or purpose_of(column.table.name)


def data_of(purpose: Purpose) -> list[Column[object]]:
    """All columns about people that are kept for a purpose."""
    return [each for columns in personal_data().values() for each in columns if purpose_of_column(each) is purpose]


def notice_rows(language: str) -> list[tuple[str, ...]]:
    """For people: what for, which data, how long, on what ground; nothing of staff."""
    return [
        (
            each.title(language),
            each.what(language),
            _kept(data_of(each), language),
            each.why(language),
            each.source(language),
        )
        for each in purposes()
        if each.key != "staff"
    ]


def processing_rows() -> list[tuple[str, ...]]:
    """For the controller: each table by purpose, with its classes, encryption, retention, ground and grade."""
    return [
        (
            each.title("en"),
            f"[{table}](data-dictionary.md#{table})",
            ", ".join(f"`{column.name}`" + ("*" if isinstance(column.type, Sealed) else "") for column in columns),
            _kept(columns, "en"),
            "at once" if each.goes else "when its time ends",
            f"{each.source('en')} ({each.grade})",
        )
        for each in purposes()
        for table, columns in _by_table(data_of(each))
    ]


def _about_people(table: Table) -> Iterable[Column[object]]:
    return (column for column in table.columns if column.info["classification"] in _PERSONAL)


def _by_table(columns: list[Column[object]]) -> Iterable[tuple[str, list[Column[object]]]]:
    names = dict.fromkeys(column.table.name for column in columns)
    return ((name, [column for column in columns if column.table.name == name]) for name in names)


def _kept(columns: list[Column[object]], language: str) -> str:
    return "; ".join(dict.fromkeys(kept_for(column.table.info["retention"], language) for column in columns))
