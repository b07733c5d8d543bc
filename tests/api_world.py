"""The application with somebody of each role, for the tests of what it answers to bad input."""

import re
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import text

from foundation.db import Base
from foundation.http import PROBLEM
from operations.services import services_of
from tests.api_operations import Operation
from tests.architecture.sources import ROOT

CODES = set(re.findall(r"^\| `([a-z-]+)` \|", (ROOT / "docs/problems.md").read_text("utf-8"), re.M))


@dataclass
class World:
    """The application with somebody of each role, and something at each address."""

    app: Flask
    headers: dict[str, dict[str, str]]
    values: dict[str, str]

    def call(self, operation: Operation, role: str, **more: Any) -> Any:
        """Call an operation in a role."""
        headers = self.headers[role] | {"Idempotency-Key": "bad-input"} | more.pop("headers", {})
        path = operation.at(**self.values) + more.pop("query", "")
        return self.app.test_client().open(path, method=operation.method.upper(), headers=headers, **more)

    def stored(self) -> dict[str, str]:
        """A digest of the rows of every table that holds some, but for the counts of what fails."""
        each = [
            f"select '{table.name}', md5(string_agg(r::text, '|' order by r::text)) from {table.name} r"
            for table in Base.metadata.sorted_tables
            if table.name != "throttles"
        ]
        with services_of(self.app).database.read_session() as session:
            return {name: digest for name, digest in session.execute(text(" union all ".join(each))) if digest}


def problem(answer: Any) -> dict[str, Any]:
    """The problem document of an answer, which is one that a caller can mend something by."""
    body: dict[str, Any] = answer.get_json()
    assert (answer.content_type, body["status"]) == (PROBLEM, answer.status_code)
    assert 400 <= answer.status_code < 500
    assert body["code"] in CODES, "not in docs/problems.md"
    assert body["title"]
    return body
