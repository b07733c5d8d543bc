"""Every table and column declares its purpose, retention and classification."""

import inspect

import pytest

from foundation.classification import Classification
from foundation.db import Base
from foundation.sealing import Sealed
from operations import documents

TABLES = Base.metadata.sorted_tables
COLUMNS = [column for table in TABLES for column in table.columns]


def test_every_column_has_a_class_and_a_purpose():
    untagged = [
        str(column)
        for column in COLUMNS
        if column.info.get("classification") not in set(Classification) or not column.info.get("purpose", "").strip()
    ]
    assert untagged == []


def test_every_table_has_a_retention():
    assert [table.name for table in TABLES if not table.info.get("retention", "").strip()] == []


@pytest.mark.parametrize("name", [table.name for table in TABLES])
def test_a_table_has_a_docstring_that_is_a_sentence(name):
    assert (inspect.getdoc(documents.models()[name]) or "").split("\n")[0].endswith((".", ":"))


def test_sealed_columns_are_classified_as_sensitive():
    unclassified = [
        c for c in COLUMNS if isinstance(c.type, Sealed) and c.info["classification"] != Classification.SENSITIVE
    ]
    assert unclassified == []


def test_a_sealed_column_is_sealed_under_its_own_name():
    """The name is authenticated with the value, so that a value copied into another column does not open."""
    wrong = [str(c) for c in COLUMNS if isinstance(c.type, Sealed) and c.type.column != f"{c.table.name}.{c.name}"]
    assert wrong == []


def test_a_sealed_column_names_its_row_by_columns_that_are_unique_together():
    """The row is authenticated with the value, so that a value copied into another row does not open."""
    sealed = [c for c in COLUMNS if isinstance(c.type, Sealed)]
    assert [str(c) for c in sealed if not is_unique(c.table, c.type.row)] == ["idempotency_keys.answer"], (
        "a key is made by the phone, at random, and follows its person when people are joined"
    )


def is_unique(table, names):
    """Whether columns of a table are its primary key, or unique, and none of them may be null."""
    columns = {table.c[name] for name in names}
    keys = [set(table.primary_key.columns), *({column} for column in table.columns if column.unique)]
    return bool(names) and columns in keys and not any(column.nullable for column in columns)


def test_no_foreign_key_joins_the_tables_of_the_two_packages():
    notification_tables = {
        "devices",
        "notifications",
        "deliveries",
        "notification_preferences",
        "coverage_gaps",
        "coverage_checks",
        "channel_states",
        "delivery_counts",
    }
    across = [
        str(k)
        for t in TABLES
        for k in t.foreign_keys
        if (t.name in notification_tables) != (k.column.table.name in notification_tables)
    ]
    assert across == []
