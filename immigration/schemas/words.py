"""An obligation and its explanation in words."""

from datetime import date

from foundation.words import long_date, sentence
from immigration.registries import offices
from immigration.rules.codes import ObligationState, RegimeName, StepCode
from immigration.rules.due_dates import Obligation
from immigration.rules.explanations import Step

LANGUAGES_OF_LAW = ("en", "th")
"""What the law and its sources are read in; a statement of law in another language has the first one beside it."""
_DATES = ("counted_from", "last_day_to_act")
_CODES = {"regime": "regimes", "channel": "channels"}


def step_text(step: Step, language: str) -> str:
    """A step of an explanation as a sentence."""
    values = {"date": long_date(step.date, language)} if step.date else {}
    for name, value in step.params.items():
        if value is None:
            continue
        if name in _DATES:
            values[name] = long_date(date.fromisoformat(value), language)
        elif name in _CODES:
            values[name] = sentence(language, _CODES[name], value)
        elif name == "office":
            values |= _office(value, language)
        else:
            values[name] = str(value)
    if "text" in step.params:  # the law file says it in English
        values["where"] = sentence(language, "where", step.params["regime"])
    return sentence(language, "steps", step.code, values)


def _office(code: str, language: str) -> dict[str, str]:
    """The name of an office; nothing for one that is in no list."""
    office = offices.office(code)
    return {"office": office.name_th if language == "th" else office.name_en} if office else {}


def state_text(owed: Obligation, today: date, language: str) -> str:
    """What the state of an obligation means, in a sentence with its dates."""
    if owed.regime is None:
        return sentence(language, "steps", StepCode.ABROAD)
    if owed.window is None:
        return sentence(language, "where", owed.regime)
    state = owed.state(today)
    section = "yearly-states" if owed.regime == RegimeName.YEARLY and state != ObligationState.NONE else "states"
    dates = {name: getattr(owed.window, name) for name in ("due_on", "opens_on", "last_day_to_act")}
    if owed.permitted_until:
        dates["permitted_until"] = owed.permitted_until
    values = {name: long_date(day, language) for name, day in dates.items()}
    return " ".join(sentence(language, section, state, values, part=part) for part in ("title", "text"))
