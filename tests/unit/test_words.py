"""The words: the same keys and values in each language, and a sentence for every code."""

from datetime import date

import pytest

from foundation.fields import FieldFault
from foundation.words import LANGUAGES, placeholders, preferred_language, sentence, words
from immigration.registries.law import law
from immigration.rules.birth_dates import BirthDate
from immigration.rules.codes import (
    Channel,
    ContactFault,
    ObligationState,
    Reason,
    RegimeName,
    ReportStatus,
    StepCode,
    TripFault,
    VerdictStatus,
)
from immigration.rules.due_dates import obligation
from immigration.rules.explanations import Step
from immigration.rules.facts import Facts, Movement, Passport
from immigration.schemas.words import state_text, step_text
from operations.documents import our_problems

SECTIONS = {
    "steps": StepCode, "states": ObligationState, "regimes": RegimeName, "statuses": ReportStatus, "channels": Channel,
    "reasons": Reason, "where": RegimeName, "verdicts": VerdictStatus,
    "faults": [*FieldFault, *ContactFault, *TripFault],
}  # fmt: skip


def texts(content, path=()):
    """Each text of a language with its place, and its values."""
    if isinstance(content, dict):
        return {
            place: sentence for key, below in content.items() for place, sentence in texts(below, (*path, key)).items()
        }
    if isinstance(content, bool):  # a mark of the file, which nobody reads as a text
        return {}
    every = [content] if isinstance(content, str) else content
    return {path: (every, [placeholders(text) for text in every])}


PLURALS = {"zero", "one", "two", "few", "many"}
"""Forms of a counted text that a language may have beside `other`, where English has fewer (CLDR)."""


OFFICERS = {"en", "th"}
"""The languages of the console; the other ones have no section of that name."""


def test_there_are_english_and_thai():
    assert set(LANGUAGES) >= OFFICERS
    assert {language for language in LANGUAGES if "console" in words(language)} == OFFICERS


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_the_same_keys_and_values_as_the_first(language):
    first, other = texts(words(LANGUAGES[0])), texts(words(language))
    if language not in OFFICERS:
        first = {place: text for place, text in first.items() if place[0] != "console"}
    plurals = {place for place in other if place[-1].rpartition(".")[2] in PLURALS}
    assert {place: names for place, (_, names) in other.items() if place not in plurals - first.keys()} == {
        place: names for place, (_, names) in first.items()
    }


def test_each_file_says_whether_a_speaker_has_read_it():
    marks = {language: words(language)["read_by_a_speaker"] for language in LANGUAGES}
    assert {language for language in LANGUAGES if marks[language] is False} == set(LANGUAGES) - {"en"}
    assert marks["en"] is True


SCRIPTS = {
    "th": ("\u0e01", "\u0e5b"),
    "km": ("\u1780", "\u17ff"),
    "my": ("\u1000", "\u109f"),
    "ru": ("\u0400", "\u04ff"),
}
"""The first and last letter of the script of a language, where it is not shared with others."""
WITHOUT_LETTERS = {("steps", "where-to-go"), ("screens", "report.visit.hours"), ("screens", "report.visit.to")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_written_in_its_language(language):
    for place, (every, _) in texts(words(language)).items():
        for text in every:
            assert text.strip() == text != "", place
            scripts = {name for name, (a, z) in SCRIPTS.items() if any(a <= letter <= z for letter in text)}
            assert scripts <= {language}, (place, text)
            assert scripts or language not in SCRIPTS or place in WITHOUT_LETTERS, (place, text)


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_sentence_and_every_sentence_a_code(language, section):
    assert words(language)[section].keys() == {str(code) for code in SECTIONS[section]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_has_a_title(language):
    assert {problem.code for problem in our_problems()} <= words(language)["problems"].keys()


SAID = {place: every for place, (every, _) in texts(words("en")).items() if "messages" not in place[0]}


@pytest.mark.parametrize("text", [text for every in SAID.values() for text in every])
def test_a_sentence_is_short_and_blames_nobody(text):
    assert max(len(part.split()) for part in text.split(".")) <= 25
    assert not {"illegal", "violation", "punish", "offence", "arrest"} & set(text.lower().split())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("visa_class", ["NON-O", "LTR", "PR", "ODD", None])
@pytest.mark.parametrize("on", [date(2026, 9, 3), date(2026, 11, 20), date(2027, 12, 31)])
def test_every_explanation_is_said_in_full(language, visa_class, on):
    facts = Facts(
        (Passport(1, "valid", date(2036, 1, 1), BirthDate(1990, 1, 1), False, True),),
        (Movement("A", "arrival", date(2026, 9, 3), visa_class, date(2027, 9, 1)),),
    )
    owed = obligation(facts, on, law().on(on))
    said = [step_text(step, language) for step in owed.explanation] + [state_text(owed, on, language)]
    assert all(text and "{" not in text for text in said)


def test_a_step_says_dates_as_people_write_them():
    step = Step(StepCode.COUNTED_FROM_REPORT, date(2027, 2, 27), "x", "CON", {"days": 90, "counted_from": "2026-11-29"})
    assert step_text(step, "en") == "90 days from 29 November 2026 end on 27 February 2027."
    assert step_text(step, "th") == "90 วันนับจาก 29 พ.ย. 2569 ครบวันที่ 27 ก.พ. 2570"


def test_an_office_is_named_and_one_that_is_in_no_list_is_left_out():
    step = Step(StepCode.REPORTED, date(2026, 11, 2), "x", None, {"channel": "counter", "office": "BKK"})
    assert "BKK" not in step_text(step, "en")
    unknown = Step(StepCode.REPORTED, date(2026, 11, 2), "x", None, {"channel": "post", "office": "XYZ"})
    assert step_text(unknown, "en") == "You reported on 2 November 2026 (by post)."


def test_a_sentence_whose_values_are_missing_is_an_error():
    with pytest.raises(KeyError):
        sentence("en", "steps", "opens", {})


@pytest.mark.parametrize(
    ("tags", "language"),
    [(["th-TH", "en"], "th"), (["pt", "TH"], "th"), (["pt"], "en"), ([], "en"), (["x" * 10_000, "\x00", "th"], "th")],
)
def test_the_first_language_that_is_served_counts(tags, language):
    assert preferred_language(tags) == language
