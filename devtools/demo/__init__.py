"""A plausible demo country: invented people with passports, stays, reports and residences, to develop and test with."""

from devtools.demo.country import Summary, generate
from devtools.demo.scenarios import Scenario, scenarios

__all__ = ["Scenario", "Summary", "generate", "scenarios"]
