"""In which province a person deals with the immigration office, as far as the records say."""

from datetime import date

from immigration.rules.facts import Facts
from immigration.rules.policies import Policy


def province_of(facts: Facts, today: date, policy: Policy) -> str | None:
    """The province (two digits) whose closed days count for a person; None where the records do not say.

    It is that of the office that took the last report, else that of the residence that began last.
    """
    last = max((r for r in facts.reports if r.on <= today), key=lambda r: (r.on, r.ours, r.number), default=None)
    if last is not None and last.office in policy.office_provinces:
        return policy.office_provinces[last.office]
    lived = max((r for r in facts.residences if r.from_on <= today), key=lambda r: r.from_on, default=None)
    return lived.subdistrict_code[:2] if lived else None
