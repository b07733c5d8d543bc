"""The generated documents agree with the code."""

import json

import pytest

from foundation.db import Base
from immigration.rules import reports
from operations import documents
from tests.architecture.sources import ROOT


def test_the_documents_in_the_repository_are_current(app):
    assert documents.stale(app, ROOT / "docs") == [], "run `make docs`"


@pytest.fixture
def folder(app, tmp_path):
    """A folder with freshly generated documents."""
    documents.write(app, tmp_path)
    return tmp_path


def test_documents_just_written_are_not_stale(app, folder):
    assert documents.stale(app, folder) == []


def test_an_altered_or_missing_document_is_stale(app, folder):
    (folder / "states.md").write_text("# Edited\n")
    (folder / "openapi.json").unlink()
    assert documents.stale(app, folder) == ["states.md", "openapi.json"]


def test_the_diagram_has_an_arrow_for_every_transition(folder):
    lines = (folder / "states.md").read_text().splitlines()
    arrows = [line for line in lines if line.startswith("    ") and "-->" in line and not line.endswith("[*]")]
    assert len(arrows) == len(reports.TRANSITIONS)
    assert not any("-" in arrow.replace("-->", "").split(":")[0] for arrow in arrows), (
        "Mermaid reads no hyphens in names"
    )


def test_the_data_dictionary_has_every_column(folder):
    lines = (folder / "data-dictionary.md").read_text().splitlines()
    columns = sum(len(table.columns) for table in Base.metadata.sorted_tables)
    assert sum(line.startswith("| `") for line in lines) == columns


def test_the_api_document_is_json_in_a_stable_order(folder):
    text = (folder / "openapi.json").read_text()
    document = json.loads(text)
    assert document["openapi"].startswith("3.1")
    assert list(document["paths"]) == sorted(document["paths"])
