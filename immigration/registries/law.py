"""The law files under `immigration/law/`, resolved to the policy of a day."""

import copy
import hashlib
import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple
from datetime import date
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from immigration.registries.calendars import read_calendar
from immigration.registries.dated import in_force
from immigration.rules.law_entries import Entry, EntryKind, Limits
from immigration.rules.policies import Effect, Policy, Regime, Rule, Terms, Waiver
from immigration.rules.visa_classes import VisaClasses, fold

FOLDER = Path(__file__).parent.parent / "law"
Entries = tuple[Entry, ...]


class Law:
    """The law files of one folder, read once, with what is registered beside them."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Raises tomllib.TOMLDecodeError, KeyError or ValueError for a folder that does not make a policy."""
        self._tables = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.toml"))}
        self.calendar = read_calendar(self._tables["holidays"])
        for rule in self._tables["rules"]["rule"]:
            if rule["value"] not in rule["options"]:
                raise ValueError(f"{rule['key']}: {rule['value']!r} is not one of {rule['options']}")
        self._starts = sorted({row["effective_from"] for row in self._dated()})
        self._entries: Callable[[], Entries] = tuple
        self._policies: dict[tuple[Entries, date | None], Policy] = {}

    def with_entries(self, entries: Callable[[], Entries]) -> "Law":
        """The same files with what is registered; `entries` is asked each time, so what is new counts at once."""
        law = copy.copy(self)
        law._entries, law._policies = entries, {}
        return law

    def on(self, day: date) -> Policy:
        """The policy in force on a civil date in Bangkok; the same object for all days and entries it covers."""
        start, entries = max((s for s in self._starts if s <= day), default=None), self._entries()
        if (policy := self._policies.get((entries, start))) is None:
            policy = self._resolve(start or day, entries)
            kept = {key: each for key, each in self._policies.items() if key[0] == entries}
            self._policies = kept | {(entries, start): policy}
        return policy

    def limits(self) -> Limits:
        """How long what is registered may last, and how far from today."""
        row = self._tables["waivers"]["registering"]
        return Limits(row["longest_days"], row["days_back"], row["days_ahead"])

    def rows(self) -> dict[str, dict[str, Any]]:
        """The files as they stand, by their names, for those who read the law."""
        return self._tables

    def reminder_steps(self) -> list[dict[str, Any]]:
        """The steps of the reminder ladder: name, anchor (a date of the obligation), offset in days.

        `optional` is true where a person may switch the step off.
        """
        steps: list[dict[str, Any]] = self._tables["reminders"]["step"]
        return steps

    def reminders_stop_after(self) -> int:
        """How many days after the last day that is not late the reminders end."""
        days: int = self._tables["reminders"]["stop_after_days"]
        return days

    def _dated(self) -> Iterable[dict[str, Any]]:
        classes = self._tables["visa_classes"]
        lists = [self._tables["rules"]["rule"], self._tables["windows"]["window"], self._tables["regimes"]["regime"]]
        return chain(*lists, classes["spelling"], classes["prefix"])

    def _resolve(self, day: date, entries: Entries) -> Policy:
        rules = in_force(self._tables["rules"]["rule"], day)
        windows = in_force(self._tables["windows"]["window"], day, "channel")
        regimes = in_force(self._tables["regimes"]["regime"], day, "regime")
        classes = _visa_classes(self._tables["visa_classes"], regimes.values(), day)
        offices = {row["code"]: row["provinces"][0] for row in self._tables["offices"]["office"]}
        everywhere, by_province = _closed(self.calendar.everywhere, self.calendar.by_province, entries)
        waivers = self._tables["waivers"]["waiver"]
        material = [
            rules,
            windows,
            regimes,
            self._tables["findings"],
            {"waiver": waivers},
            sorted(everywhere),
            {province: sorted(days) for province, days in by_province.items()},
            offices,
            classes.spellings,
            classes.prefixes,
            *([astuple(each) for each in entries],) * bool(entries),
        ]
        digest = hashlib.sha256(json.dumps(material, default=str, sort_keys=True).encode()).hexdigest()[:10]
        return Policy(
            version=f"{day.isoformat()}-{digest}",
            rules={key: _rule(row) for key, row in rules.items()},
            windows={
                key: Terms(row["opens_before"], row["closes_after"], row["grade"], row["source"])
                for key, row in windows.items()
            },
            regimes=_regimes(regimes.values(), rules["cabinet_resolution_workers"]["value"]),
            effects={row["reason"]: _effect(row) for row in self._tables["findings"]["finding"]},
            waivers=_waivers(waivers, entries),
            holidays=everywhere,
            province_holidays=by_province,
            office_provinces=offices,
            visa_classes=classes,
        )


def _closed(
    everywhere: frozenset[date], by_province: Mapping[str, frozenset[date]], entries: Entries
) -> tuple[frozenset[date], Mapping[str, frozenset[date]]]:
    """The closed days of the files and those that are registered: everywhere, and of provinces that have their own."""
    closing = [each for each in entries if each.kind == EntryKind.CLOSING_DAY]
    more = frozenset[date]().union(*(each.days() for each in closing if not each.provinces))
    own: dict[str, frozenset[date]] = {}
    for each in closing:
        own |= {province: own.get(province, frozenset()) | each.days() for province in each.provinces}
    provinces = by_province.keys() | own.keys()
    return everywhere | more, {
        province: by_province.get(province, everywhere) | more | own.get(province, frozenset())
        for province in sorted(provinces)
    }


def _waivers(rows: Iterable[dict[str, Any]], entries: Entries) -> tuple[Waiver, ...]:
    """The waivers and outages of the file, then those that are registered and were not taken back."""
    registered = (each for each in entries if each.kind != EntryKind.CLOSING_DAY and each.first <= each.last)
    return (
        *(Waiver(row["kind"], row["name"], row["from"], row["until"], row["source"]) for row in rows),
        *(Waiver(each.kind, each.name, each.first, each.last, each.source) for each in registered),
    )


def _rule(row: dict[str, Any]) -> Rule:
    return Rule(row["key"], row["value"], row["grade"], row["source"], tuple(row.get("readings", ())))


def _effect(row: dict[str, Any]) -> Effect:
    overrides = row.get("accepting_overrides", False)
    return Effect(row["effect"], row.get("unless"), row["grade"], row["source"], overrides)


def _regimes(rows: Iterable[dict[str, Any]], cabinet: str) -> dict[str, Regime]:
    by_class = {
        visa_class: Regime(row["regime"], row["grade"], row["source"], row.get("where", ""))
        for row in rows
        for visa_class in row["visa_classes"]
    }
    if cabinet != "unclear" and "CABINET" in by_class:
        like = next(regime for regime in by_class.values() if regime.name == cabinet)
        by_class["CABINET"] = like
    return by_class


def _visa_classes(tables: dict[str, Any], regimes: Iterable[dict[str, Any]], day: date) -> VisaClasses:
    """The spellings in force on a day. A class that has a regime is a spelling of itself."""
    spellings = {fold(visa_class): visa_class for row in regimes for visa_class in row["visa_classes"]}
    spellings |= {spelling: row["visa_class"] for spelling, row in _by_spelling(tables["spelling"], day).items()}
    prefixes = {prefix: fold(row["read_as"]) for prefix, row in _by_spelling(tables["prefix"], day).items()}
    return VisaClasses(spellings, tuple(sorted(prefixes.items(), key=lambda pair: (-len(pair[0]), pair[0]))))


def _by_spelling(rows: Iterable[dict[str, Any]], day: date) -> dict[str, dict[str, Any]]:
    """The row in force of each folded spelling."""
    return in_force(({**row, "spelling": fold(each)} for row in rows for each in row["written"]), day, "spelling")


@lru_cache(maxsize=1)
def law() -> Law:
    """The law files that ship with the platform."""
    return Law()
