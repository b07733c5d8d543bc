"""The operations of the API, read from its document, so that tests cover new ones without a change."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from foundation.db import Database
from operations.services import services_of
from tests.conftest import application

WRITING = ("post", "put", "patch")


@dataclass(frozen=True)
class Operation:
    """One operation: its method and path, who may call it (none: anyone), its body's schema and query parameters."""

    method: str
    path: str
    roles: frozenset[str]
    body: str | None
    query: frozenset[str]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path.removeprefix('/api/v1')}"

    def at(self, **values: str) -> str:
        """The address, with values in place of its arguments; "1" for those not given."""
        return re.sub(r"{(\w+)}", lambda name: values.get(name[1], "1"), self.path)


@dataclass(frozen=True)
class Field:
    """A member of a body: where it stands, and its resolved schema; `item` marks the items of a list."""

    place: tuple[str, ...]
    schema: dict[str, Any]
    item: bool = False

    @property
    def kinds(self) -> set[str]:
        """The JSON types it may have."""
        found = self.schema.get("type", "object")
        return {found} if isinstance(found, str) else set(found)

    def body(self, value: Any) -> dict[str, Any]:
        """A body with nothing but this member."""
        for name in reversed(self.place):
            value = {name: value}
        found: dict[str, Any] = value
        return found

    def complaint(self, errors: Any) -> Any:
        """What the problem document says of it, or None."""
        for name in self.place:
            errors = errors.get(name) if isinstance(errors, dict) else None
        return errors


@cache
def document() -> dict[str, Any]:
    """The API document of the application; no database is asked."""
    api = services_of(application(Database("postgresql://nobody@/none"))).api
    found: dict[str, Any] = api.spec.to_dict()
    return found


def operations(*methods: str) -> list[Operation]:
    """Every operation, of these methods only if any are named."""
    return [
        _operation(method, path, operation)
        for path, operations in sorted(document()["paths"].items())
        for method, operation in operations.items()
        if method in (methods or ("get", "delete", *WRITING))
    ]


def _operation(method: str, path: str, operation: dict[str, Any]) -> Operation:
    content = operation.get("requestBody", {}).get("content", {})
    body = content.get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2] or None
    query = frozenset(each["name"] for each in operation.get("parameters", []) if each.get("in") == "query")
    return Operation(method, path, frozenset(operation.get("x-roles", ())), body, query)


def schema(name: str) -> dict[str, Any]:
    """A schema of the document."""
    found: dict[str, Any] = document()["components"]["schemas"][name]
    return found


def members(name: str, place: tuple[str, ...] = ()) -> Iterator[Field]:
    """Every member of a schema that can be sent, with those of nested objects."""
    for member, found in schema(name)["properties"].items():
        if found.get("readOnly"):
            continue
        nested = found.get("$ref", "").rpartition("/")[2]
        yield Field((*place, member), {"type": "object"} if nested else found)
        if nested:
            yield from members(nested, (*place, member))
