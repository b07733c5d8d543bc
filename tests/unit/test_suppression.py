"""What is hidden of a table, so that no small count can be worked out, by itself or from a sum."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immigration.registries.figures import provinces, terms
from immigration.rules.figures import EVERYWHERE, TOTAL, Cell, FigureKind, FigureTerms, period, publish, table
from immigration.rules.suppression import Line, determined, hidden, rounded

TERMS = FigureTerms(least=10, rounded_to=5, weeks=13, reminded_within=timedelta(hours=1))
COUNTS = st.dictionaries(
    st.tuples(st.sampled_from(["BKK", "CBI", "CMI", "PKT"]), st.sampled_from(["app", "counter", "post"])),
    st.integers(0, 40),
    min_size=1,
)


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ({"a": 40, "b": 25}, {"a": 40, "b": 25, "sum": 65}),
        ({"a": 40, "b": 25, "c": 3}, {"a": 40, "sum": 68}),  # b is hidden with c: 68 - 40 is not c
        ({"a": 40, "b": 2, "c": 3}, {"sum": 45}),  # b and c are 5 together, so a is hidden too
        ({"a": 40, "b": 6, "c": 7}, {"a": 40, "sum": 53}),
        ({"a": 40, "b": 0, "c": 0}, {"a": 40, "b": 0, "c": 0, "sum": 40}),
        ({"a": 0, "b": 3}, {"a": 0}),  # nothing else can be hidden but the sum
        ({"a": 9, "b": 40}, {"sum": 49}),
    ],
)
def test_a_small_count_cannot_be_worked_out_from_the_sum(parts: dict[str, int], shown: dict[str, int]) -> None:
    numbers = {**parts, "sum": sum(parts.values())}
    secret = hidden(numbers, [Line("sum", tuple(parts))], least=10)
    assert {key: number for key, number in numbers.items() if key not in secret} == shown


@given(COUNTS)
def test_no_arithmetic_on_what_is_shown_of_a_table_gives_a_small_count(counts: dict[tuple[str, str], int]) -> None:
    numbers, lines = table(counts, FigureKind.CHANNELS, by="office")
    shown = publish(numbers, lines, TERMS)
    secret = {cell for cell, number in shown.items() if number is None}
    assert {cell for cell, number in numbers.items() if 0 < number < TERMS.least} <= secret
    assert not determined(lines, secret)
    for line in lines:  # nor is a group small of which the sum is known
        parts = [part for part in line.parts if part in secret]
        assert line.total in secret or not parts or sum(numbers[part] for part in parts) >= TERMS.least
    assert {number % TERMS.rounded_to for number in shown.values() if number is not None} <= {0}


def test_two_hidden_cells_in_each_row_and_column_do_not_suffice_where_one_of_them_joins_two_groups() -> None:
    """What rows and columns alone do not see: between two squares of hidden cells one stands by itself."""
    small = {("a", "1"), ("a", "2"), ("b", "1"), ("b", "2"), ("b", "3"), ("c", "3"), ("c", "4"), ("d", "3"), ("d", "4")}
    counts = {(row, item): 6 if (row, item) in small else 50 for row in "abcd" for item in "1234"}
    numbers, lines = table(counts, FigureKind.CHANNELS, by="office")
    bridge = Cell(FigureKind.CHANNELS, "3", "b")
    assert bridge in determined(lines, {Cell(FigureKind.CHANNELS, item, row) for row, item in small})
    assert not determined(lines, hidden(numbers, lines, least=10))


def test_a_table_has_the_sums_of_rows_and_columns() -> None:
    numbers, _ = table({("BKK", "app"): 30, ("BKK", "post"): 20, ("CMI", "app"): 12}, FigureKind.CHANNELS, by="office")
    assert numbers[Cell(FigureKind.CHANNELS, TOTAL, "BKK")] == 50
    assert numbers[Cell(FigureKind.CHANNELS, "app", EVERYWHERE)] == 42
    assert numbers[Cell(FigureKind.CHANNELS, TOTAL, EVERYWHERE)] == 62


@pytest.mark.parametrize(("number", "shown"), [(10, 10), (12, 10), (13, 15), (0, 0)])
def test_what_is_shown_is_rounded(number: int, shown: int) -> None:
    assert rounded(number, 5) == shown


@pytest.mark.parametrize("today", ["2026-11-23", "2026-11-25", "2026-11-29"])
def test_whole_weeks_are_counted(today: str) -> None:
    over = period(date.fromisoformat(today), 13)
    assert (over.since, over.until) == (date(2026, 8, 24), date(2026, 11, 22))


def test_the_shipped_terms_hide_what_is_below_ten() -> None:
    assert terms(date(2026, 11, 23)).least >= 10


def test_every_province_has_a_square_of_its_own_on_the_map() -> None:
    squares = {(province.column, province.row) for province in provinces()}
    assert len(provinces()) == len(squares) == 77
    assert {province.iso for province in provinces()} >= {"TH-10", "TH-38", "TH-96"}
