"""The public page of the service: how it does, for anyone, without a sign-in and without a script; and as open data."""

import csv
import io
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup, escape

from foundation.http import allow, language
from foundation.identity import Role
from foundation.services import read_session
from foundation.words import long_date, words
from immigration.registries.figures import provinces
from immigration.routes.figures import performance
from immigration.schemas.figures import LICENCE, PUBLIC
from immigration.services import figures
from operations.web import CONSOLE

blueprint = Blueprint("performance", __name__, template_folder="templates")
LANGUAGES = {"en": "English", "th": "ไทย"}
FRESH_FOR = 300
"""Seconds for which a cache may show the page without asking."""
BANDS = (("high", 95), ("good", 90), ("fair", 80), ("low", 0))
"""The colours of the map, each from so many of a hundred on."""
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@blueprint.get("/performance")
@allow(Role.ANYONE)
def page() -> Response:
    """The page, in English or Thai."""
    wanted = request.args.get("lang", "")
    shown = wanted if wanted in LANGUAGES else language() if language() in LANGUAGES else "en"
    said = performance()
    content = render_template("performance.html", said=said, **_helpers(shown, said))
    response = Response(_page(content, shown), content_type="text/html; charset=utf-8")
    response.headers["Vary"] = "Accept-Language"
    return _cacheable(response)


@blueprint.get("/performance.csv")
@allow(Role.ANYONE)
def open_data() -> Response:
    """The same figures, one a line; an empty number is not shown."""
    with read_session() as session:
        published = figures.read(session, PUBLIC)
    iso = {province.office: province.iso for province in provinces()}
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(["figure", "item", "office", "province", "week", "number", "licence"])
    for cell in published.rows():
        if not cell.nationality:
            number = published.shown[cell]
            where = (cell.office, iso.get(cell.office, ""), cell.day or "")
            lines.writerow([cell.kind, cell.item, *where, "" if number is None else number, LICENCE["name"]])
    response = Response(text.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="90-day-reporting.csv"'
    return _cacheable(response)


def _cacheable(response: Response) -> Response:
    response.headers["Cache-Control"] = f"public, max-age={FRESH_FOR}"
    response.add_etag()
    response.make_conditional(request)
    return response


def _page(content: str, shown: str) -> str:
    """The content in the built page, which has the styles; as it is where nothing was built."""
    built = CONSOLE / "performance.html"
    whole = Path(built).read_text("utf-8") if built.is_file() else _PLAIN
    title = escape(words(shown)["console"]["public.title"])
    whole = re.sub(r'<html lang="\w+"', f'<html lang="{shown}"', whole, count=1)
    whole = re.sub("<title>.*?</title>", lambda _: f"<title>{title}</title>", whole, count=1)
    return whole.replace('<div id="content"></div>', content, 1)


_PLAIN = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title></title></head>
<body><div id="content"></div></body></html>"""


def _helpers(shown: str, said: dict[str, Any]) -> dict[str, Any]:
    """What the template needs beside the figures: words, dates, shares and bands, in a language."""
    texts: dict[str, str] = words(shown)["console"]

    def t(key: str, **values: Any) -> str:
        return texts[key].format(**values)

    other = "th" if shown == "en" else "en"
    return {
        "t": t,
        "day": lambda day: long_date(day, shown),
        "short": lambda day: f"{day.day}/{day.month}",
        "percent": _percent,
        "wait": _waiting(t),
        "band": _band,
        "bands": BANDS,
        "name": lambda province: province[f"name_{shown}"],
        "weeks": said["weeks"],
        "most": max([each["reports"] or 0 for each in said["channels"]] + [1]),
        "other": other,
        "other_name": LANGUAGES[other],
    }


def _hundredths(share: float) -> int:
    """A share in whole hundredths, rounded down, so that no colour and no text says more than there is."""
    return math.floor(share * 100 + 1e-9)


def _percent(share: float) -> str:
    return f"{_hundredths(share)} %"


def _waiting(t: Callable[..., str]) -> Callable[[int | None], Markup | str]:
    """How long in words, in the largest unit of which there are two, rounded up."""

    def wait(seconds: int | None) -> Markup | str:
        if seconds is None:
            return "–"
        if seconds < _MINUTE:
            return t("figures.at-once")
        for unit, length in (("days", _DAY), ("hours", _HOUR)):
            if seconds >= 2 * length:
                return t(f"figures.{unit}", count=math.ceil(seconds / length))
        return t("figures.minutes", count=math.ceil(seconds / _MINUTE))

    return wait


def _band(share: float | None) -> str:
    """The class of a share's colour."""
    return "none" if share is None else next(name for name, least in BANDS if _hundredths(share) >= least)
