"""The words: every kind in both languages, true whenever they are shown, and nothing personal in them."""

import inspect
from datetime import date, timedelta

import pytest

import immigration.events
from foundation.events import Event
from foundation.words import LANGUAGES, long_date
from immigration.registries.law import law
from notifications import catalogue
from notifications.catalogue import (
    CODES,
    DATES,
    NON_NOTIFYING_EVENTS,
    NOTIFYING_EVENTS,
    TEMPLATES,
    YEARLY,
    MissingTemplate,
    render,
)
from notifications.services import failures

REMINDERS = {f"reminder.{step['name']}" for step in law().reminder_steps()}
DUE = {
    "regime": "90-day",
    "opens_on": "2026-03-30",
    "due_on": "2026-04-14",
    "grace_ends_on": "2026-04-21",
    "last_day_to_act": "2026-04-21",
    "late_after": "2026-04-22",
}
RELATIVE = ("today", "tomorrow", "yesterday", "days left", "วันนี้", "พรุ่งนี้", "เมื่อวาน")


def every_entry():
    return [
        pytest.param(language, kind, entry, id=f"{name}-{language}-{kind}")
        for name, table in (("usual", TEMPLATES), ("yearly", YEARLY))
        for language, kinds in table.items()
        for kind, entry in kinds.items()
    ]


def test_every_event_is_either_told_or_silent_and_never_both():
    defined = [inspect.getmembers(module, inspect.isclass) for module in (immigration.events, failures)]
    kinds = {kind.kind for members in defined for _, kind in members if is_event(kind)}
    assert kinds == NOTIFYING_EVENTS | NON_NOTIFYING_EVENTS.keys()
    assert not NOTIFYING_EVENTS & NON_NOTIFYING_EVENTS.keys()


def is_event(kind):
    return issubclass(kind, Event) and kind is not Event


def test_every_told_event_and_every_step_has_words_in_every_language():
    told = {catalogue.template_for(kind, {}) for kind in NOTIFYING_EVENTS - {"report.decided"}}
    told |= {catalogue.template_for("report.decided", {"outcome": outcome}) for outcome in catalogue.OUTCOMES}
    for language in LANGUAGES:
        assert TEMPLATES[language].keys() == told | REMINDERS | {catalogue.DEVICE_ADDED}
        assert YEARLY[language].keys() == REMINDERS


@pytest.mark.parametrize(("language", "kind", "entry"), every_entry())
def test_words_hold_dates_and_codes_only(language, kind, entry):
    assert entry.placeholders() <= DATES | CODES


@pytest.mark.parametrize(("language", "kind", "entry"), every_entry())
def test_words_are_true_whenever_they_are_shown(language, kind, entry):
    for text in (entry.title, *entry.bodies):
        assert not any(words in text.lower() for words in RELATIVE)


@pytest.mark.parametrize("kind", sorted(REMINDERS))
@pytest.mark.parametrize("regime", ["90-day", "yearly"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_both_languages_of_a_kind_say_the_same_dates(kind, regime, language):
    table = YEARLY if regime == "yearly" else TEMPLATES
    assert table[language][kind].placeholders() == table["en"][kind].placeholders()
    words = render(kind, DUE | {"regime": regime}, language)
    assert "{" not in words.title + words.body


def test_a_reminder_in_english():
    words = render("reminder.due-day", DUE, "en")
    assert words.title == "90-day report due on 14 April 2026"
    assert words.body == (
        "File it in this app on or before 14 April 2026. After that day the app still takes the report and an officer "
        "looks at it, or you can go to an immigration office by 21 April 2026."
    )


def test_a_reminder_in_thai_counts_years_of_the_buddhist_era():
    assert render("reminder.due-day", DUE, "th").title == "รายงานตัว 90 วัน ครบกำหนด 14 เม.ย. 2569"


@pytest.mark.parametrize(
    ("language", "written"),
    [
        *[("en", "14 April 2026"), ("de", "14. April 2026"), ("fr", "14 avril 2026"), ("ru", "14 апреля 2026\u202fг.")],
        *[("zh", "2026年4月14日"), ("ja", "2026年4月14日"), ("ko", "2026년 4월 14일"), ("km", "14 មេសា 2026")],
    ],
)
def test_dates_are_written_as_each_language_writes_them(language, written):
    assert long_date(date(2026, 4, 14), language) == written


def test_a_leap_day_can_be_written_in_thai():
    assert long_date(date(2024, 2, 29), "th") == "29 ก.พ. 2567"


def test_every_day_of_2024_to_2040_is_printed_with_its_year_of_the_buddhist_era():
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(366 + 16 * 365 + 4)]
    assert days[-1] == date(2040, 12, 31)
    printed = [long_date(day, "th").split() for day in days]
    assert [(int(number), int(year) - 543) for number, _, year in printed] == [(day.day, day.year) for day in days]
    months = {(day.month, month) for day, (_, month, _) in zip(days, printed, strict=True)}
    assert len(months) == len({month for _, month in months}) == 12


@pytest.mark.parametrize("kind", sorted(REMINDERS))
def test_who_reports_once_a_year_is_sent_to_the_office(kind):
    assert "TM.95" in render(kind, DUE | {"regime": "yearly"}, "en").body


def test_an_acceptance_says_the_next_due_date_where_there_is_one():
    fully = render("report.decided.accepted", {"number": "R-1", "next_due_on": "2026-07-13"}, "en")
    assert fully.body == "Your next report is due on 13 July 2026. The receipt is in the app."
    assert render("report.decided.accepted", {"number": "R-1", "next_due_on": None}, "en").body == (
        "The receipt is in the app."
    )


def test_a_language_that_is_not_served_gets_english():
    assert render("reminder.due-day", DUE, "pt") == render("reminder.due-day", DUE, "en")


@pytest.mark.parametrize("params", [{}, {"due_on": "soon"}, {"due_on": 5}])
def test_a_message_without_its_dates_cannot_be_worded(params):
    with pytest.raises(MissingTemplate):
        render("reminder.due-day", params, "en")


def test_a_kind_that_is_not_in_the_catalogue_cannot_be_worded():
    with pytest.raises(MissingTemplate):
        render("reminder.someday", DUE, "en")


def test_an_outcome_without_words_is_refused():
    with pytest.raises(MissingTemplate):
        catalogue.template_for("report.decided", {"outcome": "under-review"})


def test_braces_in_a_value_are_shown_as_they_are():
    assert "{due_on}" in render("report.decided.needs-visit", {"office": "{due_on}"}, "en").body


@pytest.mark.parametrize("regime", ["90-day", "yearly"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_names_the_last_day_that_is_not_late(regime, language):
    """It only judges: offices differ, and some fine from the day after the days of grace."""
    day = date(2031, 7, 9)
    for kind in (kind for kind in TEMPLATES["en"] if kind.startswith("reminder.")):
        words = render(kind, DUE | {"late_after": day.isoformat(), "regime": regime}, language)
        assert long_date(day, language) not in words.title + words.body


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reminder_planned_before_the_last_day_to_act_was_known_still_has_words(language):
    older = {name: value for name, value in DUE.items() if name != "last_day_to_act"}
    for kind in (kind for kind in TEMPLATES["en"] if kind.startswith("reminder.")):
        for regime in ("90-day", "yearly"):
            assert render(kind, older | {"regime": regime}, language).body


def test_every_message_can_be_previewed_in_every_language():
    for language in LANGUAGES:
        shown = catalogue.previews(language, date(2026, 11, 23))
        assert {each.kind for each in shown} == catalogue.TEMPLATES[language].keys()
        assert [each.kind for each in shown if "{" in each.text.title + each.text.body] == []
        assert {each.kind for each in shown if each.yearly} == set(catalogue.YEARLY[language])
