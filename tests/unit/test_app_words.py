"""The words of the phone app: every language has every text with the same values, and codes of the API have words."""

import json
import re
from pathlib import Path

import pytest

from immigration.registries import offices
from immigration.rules.codes import Reason, ReportStatus, StepCode

ROOT = Path(__file__).resolve().parents[2]
WORDS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((ROOT / "words" / "app").glob("*.json"))}
ENGLISH = WORDS["en"]
SOURCES = [
    path.read_text("utf-8")
    for path in sorted((ROOT / "web").glob("*/**/*"))
    if path.suffix in (".svelte", ".ts") and not {"node_modules", "dist"} & set(path.parts)
]
LONGEST_SENTENCE = 22  # words


def values(text):
    """The names of the values that a text takes."""
    return sorted(set(re.findall(r"{(\w+)}", text)))


def test_there_are_english_and_thai():
    assert {"en", "th"} <= WORDS.keys()


@pytest.mark.parametrize("language", WORDS)
def test_a_language_has_every_text_in_the_same_order(language):
    assert list(WORDS[language]) == list(ENGLISH)


@pytest.mark.parametrize("language", WORDS)
def test_a_text_has_words_and_the_values_of_the_english_one(language):
    texts = WORDS[language]
    assert [key for key, text in texts.items() if not text.strip() or text != text.strip()] == []
    assert [key for key, text in texts.items() if values(text) != values(ENGLISH[key])] == []


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_has_a_title_and_says_what_to_do(reason):
    assert {f"reason.{reason}.title", f"reason.{reason}.remedy"} <= ENGLISH.keys()


@pytest.mark.parametrize("step", StepCode)
def test_a_step_of_the_explanation_has_a_text(step):
    assert f"step.{step}" in ENGLISH


@pytest.mark.parametrize("status", ReportStatus)
def test_a_state_of_a_report_has_a_text(status):
    assert {f"report.{status}", f"report.{status}.text"} <= ENGLISH.keys()


def test_what_an_office_asks_to_bring_has_a_text():
    things = {thing for office in offices.all_offices() for thing in office.bring}
    assert {f"bring.{thing}" for thing in things} <= ENGLISH.keys()


def test_every_text_is_used():
    """A text is used by its key as it stands, or by a key that is put together, of which the parts are matched."""
    source = "\n".join(SOURCES)
    made = [
        re.compile(r"[\w-]+".join(re.escape(part) for part in re.split(r"\${[^}]*}", key)))
        for key in re.findall(r"`((?:[\w.-]|\${[^}]*})+)`", source)
        if "${" in key and re.search("[a-z]{3}", re.sub(r"\${[^}]*}", "", key))
    ]
    counted = re.findall(r'plural\("([^"]+)"', source)
    used = {f"{stem}.{form}" for stem in counted for form in ("one", "other")}
    unused = [
        key
        for key in ENGLISH
        if f'"{key}"' not in source and key not in used and not any(each.fullmatch(key) for each in made)
    ]
    assert unused == [], "delete them"


def test_english_sentences_are_short():
    sentences = {
        key: len(sentence.split()) for key, text in ENGLISH.items() for sentence in re.split(r"(?<=[.?!])\s+", text)
    }
    assert {key: count for key, count in sentences.items() if count > LONGEST_SENTENCE} == {}


@pytest.mark.parametrize("word", ["please", "sorry", "invalid", "alien", "submit", "window"])
def test_english_has_none_of_the_words_that_frighten_or_blame(word):
    """`please` is right where a person is asked to come or to correct something."""
    allowed = {"please": {"home.needs-visit", "report.needs-visit", "report.returned"}}.get(word, set())
    assert {key for key, text in ENGLISH.items() if re.search(rf"\b{word}", text, re.I)} <= allowed
