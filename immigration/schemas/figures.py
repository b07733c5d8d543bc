"""The published figures as officers and the public see them: a number that is null is small, or would give one away."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from marshmallow import Schema, fields

from foundation.fields import Instant
from immigration.registries.figures import Province, provinces, terms
from immigration.rules.figures import AHEAD, EVERYWHERE, STEP, TOTAL, Cell, FigureKind
from immigration.rules.law_entries import EntryKind
from immigration.rules.offices import EVERY_OFFICE
from immigration.rules.policies import Policy
from immigration.schemas.queue import known_office
from immigration.services.figures import Published

LICENCE = {"name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"}
CHANNELS = ("app", "counter", "agent", "post", "online")


def _count(**more: Any) -> fields.Integer:
    return fields.Integer(required=True, allow_none=True, **more)


def _share() -> fields.Float:
    return fields.Float(required=True, allow_none=True, metadata={"description": "0 to 1", "example": 0.934})


class FiguresArgs(Schema):
    """Of which office; `all`: of all together for the headquarters, else of the account's first."""

    office = fields.String(load_default=EVERY_OFFICE, validate=known_office)


class BarOut(Schema):
    """People whose report is due within five days."""

    begins_on = fields.Date(required=True)
    people = _count()


class ForecastOut(Schema):
    """People whose report is due soon: within 15, 30 and 90 days, and by five days."""

    within_15 = _count()
    within_30 = _count()
    within_90 = _count()
    bars = fields.List(fields.Nested(BarOut), required=True)


class OfficeForecastOut(Schema):
    """The forecast of one office."""

    office = fields.String(required=True)
    within_15 = _count()
    within_30 = _count()
    within_90 = _count()


class RatesOut(Schema):
    """Reports that were due in the weeks counted: made, not made in time, and both."""

    reported = _count()
    missed = _count()
    total = _count()
    share = _share()


class ProvinceRatesOut(RatesOut):
    """The same of a province, with its square on the map: columns from the west, rows from the north."""

    province = fields.String(required=True, metadata={"description": "ISO 3166-2", "example": "TH-50"})
    office = fields.String(required=True)
    name_en = fields.String(required=True)
    name_th = fields.String(required=True)
    column = fields.Integer(required=True)
    row = fields.Integer(required=True)


class NationalityRatesOut(RatesOut):
    """The same of a nationality."""

    nationality = fields.String(required=True, metadata={"description": "ICAO 9303 code"})


class ReportChannelOut(Schema):
    """Reports made in one way."""

    channel = fields.String(required=True)
    reports = _count()


class DecisionsOut(Schema):
    """First decisions: by the records alone, by officers, and both; how long the half and 95 of 100 took at most."""

    records = _count()
    officers = _count()
    total = _count()
    share = _share()
    seconds_p50 = _count()
    seconds_p95 = _count()
    officers_seconds_p50 = _count()
    officers_seconds_p95 = _count()


class WeekOut(Schema):
    """First decisions of a week."""

    begins_on = fields.Date(required=True)
    records = _count()
    officers = _count()
    total = _count()
    share = _share()


class RemindersSentOut(Schema):
    """Reminders that left within an hour of their time, later, or not at all."""

    in_time = _count()
    late = _count()
    not_sent = _count()
    total = _count()
    share = _share()


class ToldOut(Schema):
    """People who had to be told by an evening, added up over the evenings: told, or not."""

    told = _count()
    not_told = _count()
    total = _count()
    share = _share()


class RegisteredOutageOut(Schema):
    """Days on which this service was away, which do not count against anybody."""

    name = fields.String(required=True)
    first_on = fields.Date(required=True)
    last_on = fields.Date(required=True)


class OutagesOut(Schema):
    """Reports that waited for records that could not be read and were then decided by them; on how many days.

    `registered` are outages of this service since the first of the weeks.
    """

    waited = _count()
    days = _count()
    registered = fields.List(fields.Nested(RegisteredOutageOut), required=True)


class ChangesOut(Schema):
    """Decisions that did not stand: reopened, then decided otherwise, or contradicted by corrected records."""

    reopened = _count()
    overturned = _count()
    contradicted = _count()


class ErrorsOut(Schema):
    """Requests to the API that were answered, and those of them that this service failed (5xx)."""

    answers = _count()
    errors = _count()


class _Counted(Schema):
    """When and over which days was counted (null before the first time), and what is hidden."""

    counted_at = Instant(required=True, allow_none=True)
    today = fields.Date(required=True, allow_none=True)
    since = fields.Date(required=True, allow_none=True)
    until = fields.Date(required=True, allow_none=True)
    least = fields.Integer(required=True, metadata={"description": "smaller counts than this are not shown"})
    rounded_to = fields.Integer(required=True)


class OfficeForecastPage(_Counted):
    """The forecast of an office, or of all."""

    office = fields.String(required=True, allow_none=True, metadata={"description": "null: all together"})
    forecast = fields.Nested(ForecastOut, required=True)


class PerformanceOut(_Counted):
    """How the service does: what anyone may know."""

    licence = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    decisions = fields.Nested(DecisionsOut, required=True)
    weeks = fields.List(fields.Nested(WeekOut), required=True)
    changes = fields.Nested(ChangesOut, required=True)
    reminders = fields.Nested(RemindersSentOut, required=True)
    coverage = fields.Nested(ToldOut, required=True)
    outages = fields.Nested(OutagesOut, required=True)
    errors = fields.Nested(ErrorsOut, required=True)
    channels = fields.List(fields.Nested(ReportChannelOut), required=True)
    rates = fields.Nested(RatesOut, required=True)
    provinces = fields.List(fields.Nested(ProvinceRatesOut), required=True)


class FiguresOut(PerformanceOut):
    """The figures of an office, or of all, for supervisors and auditors; weeks, reminders and maps are of all."""

    office = fields.String(required=True, allow_none=True, metadata={"description": "null: all together"})
    offices = fields.List(
        fields.Nested(OfficeForecastOut), required=True, metadata={"description": "those that may be asked for"}
    )
    forecast = fields.Nested(ForecastOut, required=True)
    nationalities = fields.List(fields.Nested(NationalityRatesOut), required=True)


PUBLIC = tuple(kind for kind in FigureKind if kind not in (FigureKind.FORECAST, FigureKind.DUE))
"""What anyone may see, but for rates by nationality."""


def performance_view(published: Published, policy: Policy, office: str = EVERYWHERE) -> dict[str, Any]:
    """Figures as PerformanceOut shows them, with the outages that the policy of today knows."""
    return _counted(published) | {
        "licence": LICENCE,
        "decisions": _decisions(published, office),
        "weeks": _weeks(published),
        "changes": _items(published, FigureKind.CHANGES, "reopened", "overturned", "contradicted"),
        "reminders": _parts(published, FigureKind.REMINDERS, "in-time", "late", "not-sent"),
        "coverage": _parts(published, FigureKind.COVERAGE, "told", "not-told"),
        "outages": _items(published, FigureKind.OUTAGES, "waited", "days")
        | {"registered": _outages(published, policy)},
        "errors": _items(published, FigureKind.ERRORS, "answers", "errors"),
        "channels": [
            {"channel": each, "reports": published.number(FigureKind.CHANNELS, each, office)} for each in CHANNELS
        ],
        "rates": _parts(published, FigureKind.RATES, "reported", "missed", office=office),
        "provinces": [_province(published, each) for each in provinces()],
    }


def figures_view(published: Published, policy: Policy, office: str, offices: Sequence[str]) -> dict[str, Any]:
    """Figures as FiguresOut shows them; `offices` are those that the account may ask for."""
    nations = sorted({cell.nationality for cell in published.rows(FigureKind.RATES) if cell.nationality})
    return performance_view(published, policy, office) | {
        "office": office or None,
        "offices": [{"office": each} | _within(published, each) for each in offices],
        "forecast": forecast_view(published, office),
        "nationalities": [{"nationality": each} | _nation(published, each) for each in nations],
    }


def forecast_page_view(published: Published, office: str) -> dict[str, Any]:
    """Figures as OfficeForecastPage shows them."""
    return _counted(published) | {"office": office or None, "forecast": forecast_view(published, office)}


def forecast_view(published: Published, office: str) -> dict[str, Any]:
    """The forecast of an office: its three spans, and its bars."""
    today = published.count and published.count.today
    bars = [
        {
            "begins_on": today + timedelta(days=bar * STEP),
            "people": published.number(FigureKind.DUE, str(bar), office),
        }
        for bar in range(AHEAD // STEP)
        if today
    ]
    return _within(published, office) | {"bars": bars}


def share(part: int | None, total: int | None) -> float | None:
    """A part of a total, None where one of them is not shown or there is nothing."""
    return None if part is None or not total else min(round(part / total, 3), 1.0)


def _counted(published: Published) -> dict[str, Any]:
    count = published.count
    valid = terms(count.today if count else date.max)
    return {
        "counted_at": count and count.counted_at,
        "today": count and count.today,
        "since": count and count.since,
        "until": count and count.until,
        "least": valid.least,
        "rounded_to": valid.rounded_to,
    }


def _within(published: Published, office: str) -> dict[str, int | None]:
    first, second = (published.number(FigureKind.FORECAST, span, office) for span in ("0-14", "15-29"))
    both = None if first is None or second is None else first + second
    return {
        "within_15": first,
        "within_30": both,
        "within_90": published.number(FigureKind.FORECAST, TOTAL, office),
    }


def _decisions(published: Published, office: str) -> dict[str, Any]:
    waits = {
        f"{prefix}seconds_{each}": published.shown.get(Cell(FigureKind.WAITS, f"{decider}-{each}", office))
        for prefix, decider in (("", "all"), ("officers_", "officers"))
        for each in ("p50", "p95")
    }
    return _parts(published, FigureKind.DECISIONS, "records", "officers", office=office) | waits


def _weeks(published: Published) -> list[dict[str, Any]]:
    days = sorted({cell.day for cell in published.rows(FigureKind.WEEKS) if cell.day})
    found = []
    for day in days:
        items: dict[str, int | None] = {
            item: published.shown.get(Cell(FigureKind.WEEKS, item, day=day), 0)
            for item in ("records", "officers", TOTAL)
        }
        found.append({"begins_on": day, **items, "share": share(items["records"], items[TOTAL])})
    return found


def _items(published: Published, kind: FigureKind, *items: str) -> dict[str, int | None]:
    return {item: published.number(kind, item) for item in items}


def _outages(published: Published, policy: Policy) -> list[dict[str, Any]]:
    since = published.count.since if published.count else date.max
    return [
        {"name": each.name, "first_on": each.first, "last_on": each.last}
        for each in sorted(policy.waivers, key=lambda waiver: waiver.first)
        if each.kind == EntryKind.OUTAGE and each.last >= since
    ]


def _parts(published: Published, kind: FigureKind, *items: str, office: str = EVERYWHERE) -> dict[str, Any]:
    """The items of a kind with their total, and which share of it the first is."""
    found = {item.replace("-", "_"): published.number(kind, item, office) for item in (*items, TOTAL)}
    return found | {"share": share(published.number(kind, items[0], office), found[TOTAL])}


def _province(published: Published, province: Province) -> dict[str, Any]:
    return _parts(published, FigureKind.RATES, "reported", "missed", office=province.office) | {
        "province": province.iso,
        "office": province.office,
        "name_en": province.name_en,
        "name_th": province.name_th,
        "column": province.column,
        "row": province.row,
    }


def _nation(published: Published, nationality: str) -> dict[str, Any]:
    found = {
        item: published.shown.get(Cell(FigureKind.RATES, item, nationality=nationality), 0)
        for item in ("reported", "missed", TOTAL)
    }
    return found | {"share": share(found["reported"], found[TOTAL])}
