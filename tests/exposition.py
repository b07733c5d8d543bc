"""The part of Prometheus' language that docs/alerts.yml uses, on what /metrics really says."""

import operator
import re
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

COMPARE = {">": operator.gt, "<": operator.lt, "==": operator.eq}
EXPRESSION = re.compile(
    r"(?:(?P<function>\w+)\()?(?P<name>[a-z0-9_]+)(?:\{(?P<matchers>[^}]*)\})?(?:\[(?P<span>\d+[smh])\])?\)?"
    r"(?: (?P<compare>>|<|==) (?P<than>[\d.]+))?"
)
MATCHER = re.compile(r'(\w+)(=|!~)"([^"]*)"')


@dataclass(frozen=True)
class Scrape:
    """What one answer of /metrics says: values by name and labels."""

    values: dict[tuple[str, tuple[tuple[str, str], ...]], float]

    @classmethod
    def of(cls, page: str) -> "Scrape":
        samples = [sample for family in text_string_to_metric_families(page) for sample in family.samples]
        return cls({(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in samples})

    def names(self) -> set[str]:
        return {name for name, _ in self.values}


def fires(expression: str, before: Scrape, after: Scrape) -> bool:
    """Whether an alert's expression is true after two scrapes; AssertionError for what is not understood here."""
    parsed = EXPRESSION.fullmatch(expression)
    assert parsed, f"not understood: {expression}"
    matchers = MATCHER.findall(parsed["matchers"] or "")
    assert len(matchers) == (parsed["matchers"] or "").count('"') // 2, expression
    of = {
        labels: value
        for (name, labels), value in after.values.items()
        if name == parsed["name"] and all(_matches(dict(labels), *matcher) for matcher in matchers)
    }
    return _holds(parsed, of, before)


def _holds(parsed: re.Match[str], of: dict, before: Scrape) -> bool:
    if parsed["function"] == "absent":
        return not of
    if parsed["function"] == "increase":
        assert parsed["span"], "an increase is one of a time"
        of = {labels: value - before.values.get((parsed["name"], labels), 0) for labels, value in of.items()}
    elif parsed["function"] == "sum":
        of = {(): sum(of.values())} if of else {}
    else:
        assert parsed["function"] is None, parsed["function"]
    compare, than = COMPARE[parsed["compare"]], float(parsed["than"])
    return any(compare(value, than) for value in of.values())


def _matches(labels: dict[str, str], name: str, how: str, value: str) -> bool:
    if how == "=":
        return labels.get(name, "") == value
    return not re.fullmatch(value, labels.get(name, ""))
