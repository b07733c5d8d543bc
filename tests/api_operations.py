"""The operations of the API, read from its document, so that tests cover new ones without a change."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from foundation.db import Database
from operations.services import services_of
from tests.conftest import application

_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
WRITING = ("post", "put", "patch")


@dataclass(frozen=True)
class Operation:
    """One operation: method and path, who may call it (none: anyone), the schema of its body, its parameters.

    `identifiers` are the arguments of its path that are UUIDs.
    """

    method: str
    path: str
    roles: frozenset[str]
    body: str | None
    query: frozenset[str]
    identifiers: frozenset[str]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path.removeprefix('/api/v1')}"

    def at(self, **values: str) -> str:
        """The address, with values in place of its arguments; something that names nothing for those not given."""
        return re.sub(r"{(\w+)}", lambda name: values.get(name[1], self._nothing(name[1])), self.path)

    def filled(self, text: str) -> str:
        """The address, with a text in place of every argument."""
        return re.sub(r"{(\w+)}", lambda _: text, self.path)

    def answers(self, address: str) -> bool:
        """Whether an address is one of this operation, with whatever method."""
        pattern = re.sub(r"{(\w+)}", lambda name: _UUID if name[1] in self.identifiers else "[^/]+", self.path)
        return re.fullmatch(pattern, address) is not None

    def _nothing(self, name: str) -> str:
        return "00000000-0000-0000-0000-000000000001" if name in self.identifiers else "1"


@dataclass(frozen=True)
class Field:
    """A member of a body: where it stands, and its resolved schema; `item` marks the items of a list."""

    place: tuple[str, ...]
    schema: dict[str, Any]
    item: bool = False

    @property
    def kinds(self) -> set[str]:
        """The JSON types it may have."""
        kind = self.schema.get("type", "object")
        return {kind} if isinstance(kind, str) else set(kind)

    def body(self, value: Any) -> dict[str, Any]:
        """A body with nothing but this member."""
        for name in reversed(self.place):
            value = {name: value}
        member: dict[str, Any] = value
        return member

    def complaint(self, errors: Any) -> Any:
        """What the problem document says of it, or None."""
        for name in self.place:
            errors = errors.get(name) if isinstance(errors, dict) else None
        return errors


@cache
def document() -> dict[str, Any]:
    """The API document of the application; no database is asked."""
    api = services_of(application(Database("postgresql://nobody@/none"))).api
    specification: dict[str, Any] = api.spec.to_dict()
    return specification


def operations(*methods: str) -> list[Operation]:
    """Every operation, of these methods only if any are named."""
    return [
        _operation(method, path, operation, frozenset(_identifiers(operations)))
        for path, operations in sorted(document()["paths"].items())
        for method, operation in operations.items()
        if method in (methods or ("get", "delete", *WRITING))
    ]


def _identifiers(path_item: dict[str, Any]) -> Iterator[str]:
    for parameter in path_item.get("parameters", []):
        if parameter.get("in") == "path" and parameter["schema"].get("format") == "uuid":
            yield parameter["name"]


def _operation(method: str, path: str, operation: dict[str, Any], identifiers: frozenset[str]) -> Operation:
    content = operation.get("requestBody", {}).get("content", {})
    body = content.get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2] or None
    query = frozenset(each["name"] for each in operation.get("parameters", []) if each.get("in") == "query")
    return Operation(method, path, frozenset(operation.get("x-roles", ())), body, query, identifiers)


def schema(name: str) -> dict[str, Any]:
    """A schema of the document."""
    definition: dict[str, Any] = document()["components"]["schemas"][name]
    return definition


def members(name: str, place: tuple[str, ...] = ()) -> Iterator[Field]:
    """Every member of a schema that can be sent, with those of nested objects."""
    for member, definition in schema(name)["properties"].items():
        if definition.get("readOnly"):
            continue
        nested = definition.get("$ref", "").rpartition("/")[2]
        yield Field((*place, member), {"type": "object"} if nested else definition)
        if nested:
            yield from members(nested, (*place, member))
