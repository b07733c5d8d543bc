"""The words that the phone app shows: every text is used, codes of the API have words, and sentences are plain."""

import re
from pathlib import Path

import pytest

from foundation.words import words
from immigration.registries import offices
from immigration.rules.codes import AccessAct

ROOT = Path(__file__).resolve().parents[2]
ENGLISH = words("en")["screens"]
SOURCES = {
    path.name: path.read_text("utf-8")
    for part in ("app", "shared", "build")
    for path in sorted((ROOT / "web" / part).glob("**/*"))
    if path.suffix in (".svelte", ".ts")
}
FIRST_SCREEN = ("App.svelte", "Banner.svelte", "Page.svelte", "Home.svelte", "Welcome.svelte", "home.ts")
LONGEST_SENTENCE = 22  # words
SHOWN = ("states", "yearly-states", "statuses", "reasons", "steps")
"""Sections beside the screens whose texts the app shows."""
HARDEST, HARD = 9.0, 4.0
"""Grades of school (Flesch-Kincaid): of one text of eight words or more, where one long name of the trade weighs much,
and of all of them together. A child of twelve is in grade 6 or 7."""


def texts(content):
    """Every text below a section, by its key."""
    for key, below in content.items():
        if isinstance(below, dict):
            yield from ((f"{key}.{deeper}", text) for deeper, text in texts(below))
        else:
            yield from ((key, text) for text in ([below] if isinstance(below, str) else below))


def syllables(word):
    """About how many syllables an English word has: groups of vowels, without a silent e."""
    letters = re.sub("[^a-z]", "", word.lower())
    count = len(re.findall("[aeiouy]+", letters))
    silent = re.search("[^l]e$|[^td]ed$|[^sxzcg]es$", letters) and count > 1
    return max(1, count - bool(silent))


def grade(text):
    """The grade of school for which a text is readable (Kincaid and others, 1975); a value counts as a short word."""
    said = re.sub(r"\{\w+\}", "Monday", text)
    sentences = [each for each in re.split(r"(?<=[.?!])\s+", said) if each.strip()]
    found = re.findall(r"[A-Za-z0-9'’&-]+", said)
    return 0.39 * len(found) / len(sentences) + 11.8 * sum(map(syllables, found)) / len(found) - 15.59


def test_the_grade_is_that_of_the_formula():
    assert grade("The cat sat on the mat.") == pytest.approx(0.39 * 6 + 11.8 - 15.59)
    assert grade("Immigration authorities investigate circumstances extraordinarily.") > 20


def test_english_can_be_read_by_a_child_of_twelve():
    every = [(key, text) for name in SHOWN for key, text in texts(words("en")[name])] + list(ENGLISH.items())
    sentences = [(key, text) for key, text in every if len(text.split()) >= 8]
    assert {key: round(grade(text), 1) for key, text in sentences if grade(text) > HARDEST} == {}
    assert grade(" ".join(text if text[-1] in ".?!" else f"{text}." for _, text in sentences)) <= HARD


def test_what_an_office_asks_to_bring_has_a_text():
    things = {thing for office in offices.all_offices() for thing in office.bring}
    assert {f"bring.{thing}" for thing in things} <= ENGLISH.keys()


def test_a_person_is_told_what_each_look_at_their_data_was():
    assert [act for act in AccessAct if f"access.{act}" not in ENGLISH] == []


def test_every_text_is_used():
    """A text is used by its key as it stands, or by a key that is put together, of which the parts are matched."""
    source = "\n".join(SOURCES.values())
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


def test_the_first_screen_needs_only_the_words_that_are_loaded_with_it():
    """The build loads keys with these beginnings first, and the others with the screen that needs them."""
    beginnings = re.search(r"FIRST = /\^\(([^)]+)\)", SOURCES["words.ts"])
    assert beginnings is not None
    keys = {
        key
        for name in FIRST_SCREEN
        for key in re.findall(r"""\bt\([`"]([\w-]+\.[\w.-]*)""", SOURCES[name])
        if key.partition(".")[0] not in beginnings[1].split("|")
    }
    assert keys == set()


def test_english_sentences_are_short():
    sentences = {
        key: len(sentence.split()) for key, text in ENGLISH.items() for sentence in re.split(r"(?<=[.?!])\s+", text)
    }
    assert {key: count for key, count in sentences.items() if count > LONGEST_SENTENCE} == {}


@pytest.mark.parametrize("word", ["please", "sorry", "invalid", "alien", "submit", "window"])
def test_english_has_none_of_the_words_that_frighten_or_blame(word):
    """`please` is right where a person is asked to come or to correct something."""
    allowed = {"please": {"home.needs-visit"}}.get(word, set())
    assert {key for key, text in ENGLISH.items() if re.search(rf"\b{word}", text, re.I)} <= allowed
