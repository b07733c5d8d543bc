"""The words of the officers' console: every text is used, and every code that it can be shown has one."""

import re
from pathlib import Path

import pytest

from foundation.words import words
from immigration.rules.codes import CheckName, PassportStatus, Reason
from immigration.rules.reports import OUTCOMES

ROOT = Path(__file__).resolve().parents[2]
ENGLISH = words("en")["console"]
SOURCE = "\n".join(
    path.read_text("utf-8")
    for path in (
        *sorted((ROOT / "web" / "console").glob("**/*")),
        *sorted((ROOT / "operations").glob("**/performance.*")),
    )
    if path.suffix in (".svelte", ".ts", ".html", ".py")
)


def test_every_text_is_used():
    """A text is used by its key as it stands, or by a key that is put together, of which the parts are matched."""
    made = [
        re.compile(r"[\w.-]+".join(re.escape(part) for part in re.split(r"\${[^}]*}", key)))
        for key in re.findall(r"`((?:[\w.-]|\${[^}]*})+)`", SOURCE)
        if "${" in key and re.search("[a-z]{3}", re.sub(r"\${[^}]*}", "", key))
    ]
    unused = [key for key in ENGLISH if f'"{key}"' not in SOURCE and not any(each.fullmatch(key) for each in made)]
    assert unused == [], "delete them"


@pytest.mark.parametrize(
    ("beginning", "codes"),
    [
        ("reason", Reason),
        ("check", CheckName),
        ("passport", PassportStatus),
        ("grade", ("OFF", "COR", "ONE", "CON", "OWN")),
        ("decide", OUTCOMES),
        ("event.decided", (*OUTCOMES, "reopened")),
    ],
)
def test_every_code_has_a_text(beginning, codes):
    assert {f"{beginning}.{code}" for code in codes} <= ENGLISH.keys()
