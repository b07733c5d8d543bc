"""The list of security requirements names each one once, and files that there are."""

import re

from tests.architecture.sources import ROOT

ROWS = re.findall(
    r"^\| (V\d+\.\d+\.\d+) \| (.+?) \| (.+?) \| (.+) \|$", (ROOT / "docs/asvs.md").read_text("utf-8"), re.M
)
OUTCOMES = {"met": "met", "not applicable": "not applicable", "**not met**": "not met"}


def test_every_requirement_of_the_first_two_levels_has_one_row():
    assert len(ROWS) == len({number for number, *_ in ROWS}) == 253
    assert {outcome for _, _, outcome, _ in ROWS} == OUTCOMES.keys()
    counts = [sum(outcome == each for _, _, outcome, _ in ROWS) for each in OUTCOMES]
    said = re.search(
        r"(\d+) are met, (\d+) do not apply,\s+(\d+) are not\s+met", (ROOT / "docs/asvs.md").read_text("utf-8")
    )
    assert [int(number) for number in said.groups()] == counts


def test_the_files_that_show_it_are_there():
    named = {path for *_, how in ROWS for path in re.findall(r"`([\w.-]+/[\w./-]+\.\w+)`", how)}
    assert [path for path in sorted(named) if not (ROOT / path).is_file()] == []
    assert len(named) > 50
