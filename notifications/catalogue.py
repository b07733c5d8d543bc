"""Every kind of message and its texts, from `words/`; and which events notify no resident, on purpose.

Words hold dates, codes and office names only: they are shown on locked screens. A date is always written out, so that a
message shown a day late is still true. A kind has several bodies where a value may be missing: the first one counts
whose values are all there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from foundation.words import LANGUAGES, long_date, placeholders, words

DATES = frozenset(
    {"opens_on", "due_on", "grace_ends_on", "last_day_to_act", "late_after", "next_due_on", "previous_due_on"}
    | {"reported_on", "on"}
)
CODES = frozenset({"number", "office", "receipt"})
REMINDER = "reminder."
WEEKLY = ("late-second-week", "late-third-week", "late-fourth-week")
"""Steps that say the same as `after-grace`, week by week."""
OUTCOMES = ("accepted", "returned", "rejected", "needs-visit")

ORIGINALS = ("en", "th")
"""Languages in which what the law says needs no other language beside it."""

CONTACT_CHANGED = "resident.contact-changed"
NOTIFYING_EVENTS = frozenset(
    {
        "activation.code-issued",
        "case.answered",
        "case.transferred",
        "obligation.due-date-changed",
        "passports.linked",
        "people.separated",
        "report.address-corrected",
        "report.address-correction-refused",
        "report.contradicted",
        "report.decided",
        "report.reopened",
        "report.taken-at-office",
        "report.transferred",
        "resident.activated",
        CONTACT_CHANGED,
        "resident.data-erased",
        "resident.passkey-added",
        "resident.passkey-removed",
        "resident.sign-in-ended",
        "resident.sign-in-revoked",
        "resident.signed-in",
    }
)
"""Events that become a message to the person they concern."""

AT_ANY_HOUR = ("device.", "report.decided.", "report.reopened", "resident.", "passports.linked", "activation.")
"""How the kinds begin that do not wait for the day: what a person waits for, and what warns of a stranger."""

DEVICE_ADDED = "device.added"
EVERY_CHANNEL = frozenset(
    {
        DEVICE_ADDED,
        "activation.code-issued",
        "resident.activated",
        CONTACT_CHANGED,
        "resident.data-erased",
        "resident.passkey-added",
        "resident.passkey-removed",
        "resident.sign-in-ended",
        "resident.sign-in-revoked",
        "resident.signed-in",
    }
)
"""Messages that warn of a stranger: they go by every channel at once, since the stranger may hold one of them."""

ENCLOSING = frozenset({"report.decided.accepted"})
"""Messages that bring a document: they go by mail as well, at once, to an address that the person gave themselves."""

NON_NOTIFYING_EVENTS: Mapping[str, str] = {
    "approval.requested": "nothing changes until another person approves; what changes then is told by itself",
    "approval.settled": "what an approval changes is told by itself",
    "office-exception.opened": "officers at work; the person's access log has it",
    "office-exception.used": "officers at work; what it changes is told by itself",
    "alarm.raised": "for auditors",
    "case.opened": "the resident did it, and saw the answer",
    "case.read": "an officer at work; it is in the person's access log",
    "resident.exported": "the resident did it, and saw the answer",
    "audit.verification-asked": "concerns no resident",
    "audit.read": "an auditor at work; it is in the person's access log",
    "command.run": "concerns no resident",
    "conflict.declared": "officers among themselves; a colleague goes on with what is the person's",
    "conflict.ended": "officers among themselves",
    "counter-report.taken": "the person has the paper receipt in hand, and hears of the changed due date",
    "law-entry.ended": "what it changes for a person is told as a due date",
    "law-entry.registered": "what it changes for a person is told as a due date",
    "list.exported": "an officer at work, with lists that hold no names",
    "message.retried": "the message itself says what there is to say",
    "officer.added": "concerns no resident",
    "officer.changed": "concerns no resident",
    "officer.moved": "concerns no resident",
    "officer.role-changed": "concerns no resident",
    "officer.locked-out": "concerns no resident",
    "officer.sign-in-failed": "concerns no resident",
    "officer.signed-in": "concerns no resident",
    "passports.unlinked": "whom it separates is told that; where other links stand it changes nothing",
    "people.joined": "the records were put in order; what it changes for the person is told as a due date",
    "rejected-rows.read": "rows that were not taken are of nobody on record",
    "report.address-correction-requested": "the resident did it, and saw the answer; a decision is told by itself",
    "report.corrected": "the resident did it, and saw the answer",
    "report.filed": "the resident did it, and saw the answer; a decision is told by itself",
    "report.opened": "an officer at work; it is in the person's history",
    "report.rechecked": "a decision that follows from it is told by itself",
    "report.withdrawn": "the resident did it, and saw the answer",
    "resident.looked-up": "an officer at work; it is in the person's history",
    "resident.signed-out": "the resident did it, and saw the answer",
    "sampling-rate.set": "concerns no resident",
    "second-review.done": "an officer at work; a report that is reopened is told by itself",
    "signing-key.rotated": "concerns no resident",
}
"""Events that notify no resident, each with the reason."""


class MissingTemplate(Exception):
    """There is no text for this message."""


@dataclass(frozen=True)
class RenderedText:
    """A message as a person reads it."""

    title: str
    body: str


@dataclass(frozen=True)
class Template:
    """The words of one kind in one language: a title, and bodies from the fullest to the barest."""

    title: str
    bodies: tuple[str, ...]

    def placeholders(self) -> set[str]:
        """The names of all values that the words may take."""
        return set().union(*(placeholders(text) for text in (self.title, *self.bodies)))


def template_for(event_kind: str, data: Mapping[str, Any]) -> str | None:
    """The kind of message that tells of an event; None for events that are told to nobody.

    A decision has one entry per outcome; raises MissingTemplate for an outcome that has none. Another language is no
    other contact.
    """
    if event_kind not in NOTIFYING_EVENTS or (event_kind == CONTACT_CHANGED and data.get("fields") == ["language"]):
        return None
    kind = f"{event_kind}.{data.get('outcome')}" if event_kind == "report.decided" else event_kind
    if kind not in TEMPLATES["en"]:
        raise MissingTemplate(kind)
    return kind


def lane(kind: str) -> int:
    """0 for what goes at any hour and before all others, 1 for what waits for the day."""
    return 0 if kind.startswith(AT_ANY_HOUR) else 1


def render(kind: str, params: Mapping[str, Any], language: str) -> RenderedText:
    """The words of a message; a language that is not served gets English. Raises MissingTemplate."""
    served = language if language in LANGUAGES else LANGUAGES[0]
    entry = (YEARLY if params.get("regime") == "yearly" else {}).get(served, {}).get(kind) or TEMPLATES[served].get(
        kind
    )
    if entry is None:
        raise MissingTemplate(kind)
    values = {name: _shown(name, value, served) for name, value in params.items() if value and name in DATES | CODES}
    bodies = (body for body in entry.bodies if placeholders(body) <= values.keys())
    body = next(bodies, None)
    if body is None or not placeholders(entry.title) <= values.keys():
        raise MissingTemplate(f"{kind}: values are missing")
    return RenderedText(entry.title.format_map(values), body.format_map(values))


def original(kind: str, params: Mapping[str, Any], language: str) -> str | None:
    """Title and body in English, to stand beside a translation that no speaker has read; None where there is no need.

    Raises MissingTemplate.
    """
    if language in ORIGINALS:
        return None
    words = render(kind, params, ORIGINALS[0])
    return f"{words.title}. {words.body}"


def _shown(name: str, value: Any, language: str) -> str:
    if name in CODES:
        return str(value.get(language) or value["en"]) if isinstance(value, Mapping) else str(value)
    try:
        return long_date(value if isinstance(value, date) else date.fromisoformat(value), language)
    except (TypeError, ValueError) as error:
        raise MissingTemplate(f"{name} is not a date") from error


def _templates(section: str) -> Mapping[str, Mapping[str, Template]]:
    """The templates of a section of the words, by language and kind; those of the weekly steps are the same."""
    found: dict[str, Mapping[str, Template]] = {}
    for language in LANGUAGES:
        texts = words(language)[section]
        of_kind = {kind: Template(text["title"], _bodies(text["body"])) for kind, text in texts.items()}
        weekly = {f"{REMINDER}{step}": of_kind[f"{REMINDER}after-grace"] for step in WEEKLY}
        found[language] = of_kind | weekly
    return found


def _bodies(body: str | list[str]) -> tuple[str, ...]:
    return (body,) if isinstance(body, str) else tuple(body)


TEMPLATES = _templates("messages")
YEARLY = _templates("yearly-messages")
"""What differs for those who report once a year."""


@dataclass(frozen=True)
class Preview:
    """A message as people would read it, with invented values; `yearly` where those who report once a year read it."""

    kind: str
    yearly: bool
    at_any_hour: bool
    every_channel: bool
    text: RenderedText


def previews(language: str, today: date) -> list[Preview]:
    """Every kind of message in one language, as it would be sent on a day with all its values, by kind."""
    days = {name: today + timedelta(days=10 + n) for n, name in enumerate(sorted(DATES))}
    office = {"en": "Bangkok Immigration Division", "th": "กองบังคับการตรวจคนเข้าเมือง 1"}
    values = {**days, "number": "R26-0000-0000-0000-0", "receipt": "C26-0000-0000-0000-0", "office": office}
    found = []
    for kind in sorted(TEMPLATES[language]):
        for regime in ("90-day", "yearly") if kind in YEARLY[language] else ("90-day",):
            text = render(kind, {**values, "regime": regime}, language)
            found.append(Preview(kind, regime == "yearly", lane(kind) == 0, kind in EVERY_CHANNEL, text))
    return found
