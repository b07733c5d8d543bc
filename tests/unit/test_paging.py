"""Pages of a list."""

import pytest

from foundation.paging import page


@pytest.mark.parametrize(
    ("rows", "items", "cursor"),
    [([], [], None), ([1], [1], None), ([1, 2], [1, 2], None), ([1, 2, 3], [1, 2], "2")],
)
def test_only_a_page_that_is_not_the_last_has_a_cursor(rows, items, cursor):
    shown = page(rows, 2, str)
    assert (shown.items, shown.next_cursor) == (items, cursor)
