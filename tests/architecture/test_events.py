"""Every event is told or silent, and none is only talked about."""

import ast
import inspect

import pytest

from foundation.events import Event
from foundation.words import LANGUAGES
from immigration import events
from notifications import catalogue
from notifications.services import failures
from tests.architecture.sources import python_files, tree

EVENTS = [
    each
    for each in (*vars(events).values(), failures.MessageRetried)
    if isinstance(each, type) and issubclass(each, Event) and each is not Event
]


def test_no_two_events_have_one_name():
    kinds = [event.kind for event in EVENTS]
    assert sorted(set(kinds)) == sorted(kinds)


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_is_either_told_or_silent(event):
    assert (event.kind in catalogue.NOTIFYING_EVENTS) != (event.kind in catalogue.NON_NOTIFYING_EVENTS)


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_says_what_happened(event):
    assert inspect.getdoc(event).endswith(".")


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_is_written_by_somebody(event):
    used = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for path in python_files(
            "immigration/services", "notifications/services", "immigration/commands", "immigration/registries"
        )
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
    }
    assert event.__name__ in used


def test_the_catalogue_speaks_of_no_event_that_does_not_exist():
    assert catalogue.NOTIFYING_EVENTS | catalogue.NON_NOTIFYING_EVENTS.keys() == {event.kind for event in EVENTS}


def test_silence_has_a_reason():
    assert [kind for kind, reason in catalogue.NON_NOTIFYING_EVENTS.items() if not reason.strip()] == []


@pytest.mark.parametrize("kind", sorted(catalogue.NOTIFYING_EVENTS))
def test_what_is_told_has_words_in_every_language(kind):
    outcomes = catalogue.OUTCOMES if kind == "report.decided" else ("",)
    for entry in (catalogue.template_for(kind, {"outcome": outcome}) for outcome in outcomes):
        assert all(entry in catalogue.TEMPLATES[language] for language in LANGUAGES)
