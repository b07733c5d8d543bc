"""Pages of a list. A query asks for one row more than a page holds, so that the last page is known to be the last."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """A page of a list, and the cursor of the next one; None on the last page."""

    items: list[Item]
    next_cursor: str | None


def page(rows: Sequence[Row], limit: int, cursor: Callable[[Row], str]) -> Page[Row]:
    """The page that the rows of a query make which asked for `limit` + 1; `cursor` says how a row is found again."""
    items = list(rows[:limit])
    return Page(items, cursor(items[-1]) if len(rows) > limit else None)
