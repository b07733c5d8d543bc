"""Every table and column says what it is for, how long it is kept, and how much harm it does in the wrong hands."""

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


def test_every_table_says_how_long_its_rows_are_kept():
    assert [table.name for table in TABLES if not table.info.get("retention", "").strip()] == []


@pytest.mark.parametrize("name", [table.name for table in TABLES])
def test_a_table_says_what_a_row_of_it_is(name):
    assert (inspect.getdoc(documents.models()[name]) or "").split("\n")[0].endswith((".", ":"))


def test_what_the_application_encrypts_is_classed_as_sensitive():
    lax = [c for c in COLUMNS if isinstance(c.type, Sealed) and c.info["classification"] != Classification.SENSITIVE]
    assert lax == []


def test_a_sealed_column_is_sealed_under_its_own_name():
    """The name is authenticated with the value, so that a value copied into another column does not open."""
    wrong = [str(c) for c in COLUMNS if isinstance(c.type, Sealed) and c.type.column != f"{c.table.name}.{c.name}"]
    assert wrong == []


def test_the_wings_share_no_key_between_their_tables():
    theirs = {"devices", "notifications", "deliveries"}
    across = [str(k) for t in TABLES for k in t.foreign_keys if (t.name in theirs) != (k.column.table.name in theirs)]
    assert across == []
