"""The law files under `immigration/law/`, resolved to the policy of a day."""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from immigration.registries.calendars import read_calendar
from immigration.registries.dated import in_force
from immigration.rules.policies import Effect, Policy, Regime, Rule, Terms, Waiver
from immigration.rules.visa_classes import VisaClasses, fold

FOLDER = Path(__file__).parent.parent / "law"


class Law:
    """The law files of one folder, read once."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Raises tomllib.TOMLDecodeError, KeyError or ValueError for a folder that does not make a policy."""
        self._tables = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.toml"))}
        self.calendar = read_calendar(self._tables["holidays"])
        for rule in self._tables["rules"]["rule"]:
            if rule["value"] not in rule["options"]:
                raise ValueError(f"{rule['key']}: {rule['value']!r} is not one of {rule['options']}")
        self._starts = sorted({row["effective_from"] for row in self._dated()})
        self._policies: dict[date | None, Policy] = {}

    def on(self, day: date) -> Policy:
        """The policy in force on a civil date in Bangkok; the same object for all days it covers."""
        start = max((s for s in self._starts if s <= day), default=None)
        if start not in self._policies:
            self._policies[start] = self._resolve(start or day)
        return self._policies[start]

    def reminder_steps(self) -> list[dict[str, Any]]:
        """The steps of the reminder ladder: name, anchor (a date of the obligation) and offset in days."""
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

    def _resolve(self, day: date) -> Policy:
        rules = in_force(self._tables["rules"]["rule"], day)
        windows = in_force(self._tables["windows"]["window"], day, "channel")
        regimes = in_force(self._tables["regimes"]["regime"], day, "regime")
        classes = _visa_classes(self._tables["visa_classes"], regimes.values(), day)
        offices = {row["code"]: row["provinces"][0] for row in self._tables["offices"]["office"]}
        material = [
            rules,
            windows,
            regimes,
            self._tables["findings"],
            self._tables["waivers"],
            sorted(self.calendar.everywhere),
            {province: sorted(days) for province, days in self.calendar.by_province.items()},
            offices,
            classes.spellings,
            classes.prefixes,
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
            effects={
                row["reason"]: Effect(row["effect"], row.get("unless")) for row in self._tables["findings"]["finding"]
            },
            waivers=tuple(
                Waiver(row["kind"], row["name"], row["from"], row["until"], row["source"])
                for row in self._tables["waivers"]["waiver"]
            ),
            holidays=self.calendar.everywhere,
            province_holidays=self.calendar.by_province,
            office_provinces=offices,
            visa_classes=classes,
        )


def _rule(row: dict[str, Any]) -> Rule:
    return Rule(row["key"], row["value"], row["grade"], row["source"], tuple(row.get("readings", ())))


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
    spellings |= {fold(spelling): row["visa_class"] for spelling, row in _written(tables["spelling"], day)}
    prefixes = {fold(prefix): fold(row["read_as"]) for prefix, row in _written(tables["prefix"], day)}
    return VisaClasses(spellings, tuple(sorted(prefixes.items(), key=lambda pair: (-len(pair[0]), pair[0]))))


def _written(rows: Iterable[dict[str, Any]], day: date) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each spelling of the rows in force with its row; the row that took effect last comes last."""
    for row in sorted(rows, key=lambda row: row["effective_from"]):
        if row["effective_from"] <= day:
            for spelling in row["written"]:
                yield spelling, row


@lru_cache(maxsize=1)
def law() -> Law:
    """The law files that ship with the platform."""
    return Law()
