"""Every kind of message and its texts, in English and Thai; and which events notify no resident, on purpose.

Words hold dates, codes and office names only: they are shown on locked screens. A date is always written out, so that a
message shown a day late is still true. A kind has several bodies where a value may be missing: the first one counts
whose values are all there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from string import Formatter
from typing import Any

from foundation.words import LANGUAGES, long_date

DATES = frozenset(
    {"opens_on", "due_on", "grace_ends_on", "last_day_to_act", "late_after", "next_due_on", "previous_due_on", "on"}
)
CODES = frozenset({"number", "office"})
REMINDER = "reminder."
OUTCOMES = ("accepted", "returned", "rejected", "needs-visit")

NOTIFYING_EVENTS = frozenset(
    {
        "obligation.due-date-changed",
        "report.contradicted",
        "report.decided",
        "report.reopened",
        "resident.activated",
        "resident.sign-in-revoked",
    }
)
"""Events that become a message to the person they concern."""

NON_NOTIFYING_EVENTS: Mapping[str, str] = {
    "activation.code-issued": "the code itself goes to the contact given on arrival, or over the counter",
    "officer.added": "concerns no resident",
    "officer.locked-out": "concerns no resident",
    "officer.signed-in": "concerns no resident",
    "people.joined": "the records were put in order; what it changes for the person is told as a due date",
    "report.corrected": "the resident did it, and saw the answer",
    "report.filed": "the resident did it, and saw the answer; a decision is told by itself",
    "report.opened": "an officer at work; it is in the person's history",
    "report.rechecked": "a decision that follows from it is told by itself",
    "report.withdrawn": "the resident did it, and saw the answer",
    "resident.contact-changed": "the resident did it, and saw the answer",
    "resident.looked-up": "an officer at work; it is in the person's history",
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
        return set().union(*(_names(text) for text in (self.title, *self.bodies)))


def template_for(event_kind: str, data: Mapping[str, Any]) -> str | None:
    """The kind of message that tells of an event; None for events that are told to nobody.

    A decision has one entry per outcome; raises MissingTemplate for an outcome that has none.
    """
    if event_kind not in NOTIFYING_EVENTS:
        return None
    kind = f"{event_kind}.{data.get('outcome')}" if event_kind == "report.decided" else event_kind
    if kind not in TEMPLATES["en"]:
        raise MissingTemplate(kind)
    return kind


def render(kind: str, params: Mapping[str, Any], language: str) -> RenderedText:
    """The words of a message; a language that is not served gets English. Raises MissingTemplate."""
    served = language if language in LANGUAGES else LANGUAGES[0]
    entry = (YEARLY if params.get("regime") == "yearly" else {}).get(served, {}).get(kind) or TEMPLATES[served].get(
        kind
    )
    if entry is None:
        raise MissingTemplate(kind)
    values = {name: _shown(name, value, served) for name, value in params.items() if value and name in DATES | CODES}
    bodies = (body for body in entry.bodies if _names(body) <= values.keys())
    body = next(bodies, None)
    if body is None or not _names(entry.title) <= values.keys():
        raise MissingTemplate(f"{kind}: values are missing")
    return RenderedText(entry.title.format_map(values), body.format_map(values))


def _shown(name: str, value: Any, language: str) -> str:
    if name in CODES:
        return str(value)
    try:
        return long_date(value if isinstance(value, date) else date.fromisoformat(value), language)
    except (TypeError, ValueError) as error:
        raise MissingTemplate(f"{name} is not a date") from error


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


_AFTER_DUE = (
    "After that day the app still takes the report and an officer looks at it, "
    "or you can go to an immigration office by {last_day_to_act}."
)
_AFTER_DUE_TH = "หลังจากวันนั้นแอปยังรับรายงานและเจ้าหน้าที่จะตรวจสอบ หรือไปที่สำนักงานตรวจคนเข้าเมืองภายใน {last_day_to_act}"

_ENGLISH = {
    "reminder.window-opens": Template(
        "90-day report due on {due_on}",
        (
            "You can file it in this app from {opens_on} through {due_on}.",
            "You can file it in this app through {due_on}.",
        ),
    ),
    "reminder.seven-days": Template(
        "90-day report due on {due_on}",
        ("If you have not filed it yet, file it in this app, on or before {due_on}.",),
    ),
    "reminder.one-day": Template(
        "90-day report due on {due_on}",
        ("The last day to file it on time in this app is {due_on}. " + _AFTER_DUE, "Its last day is {due_on}."),
    ),
    "reminder.due-day": Template(
        "90-day report due on {due_on}",
        ("File it in this app on or before {due_on}. " + _AFTER_DUE, "File it in this app on or before {due_on}."),
    ),
    "reminder.last-day-of-grace": Template(
        "90-day report was due on {due_on}",
        (
            "File it in this app on or before {last_day_to_act} and an officer looks at it, "
            "or go to an immigration office by then.",
            "File it in this app now and an officer looks at it, or go to an immigration office.",
        ),
    ),
    "reminder.after-grace": Template(
        "90-day report was due on {due_on}",
        (
            "It is late, and a fine may be due. File it in this app and an officer looks at it, "
            "or go to an immigration office.",
        ),
    ),
    "report.decided.accepted": Template(
        "Your report is accepted",
        ("Your next report is due on {next_due_on}. The receipt is in the app.", "The receipt is in the app."),
    ),
    "report.decided.returned": Template(
        "Your report needs a correction",
        ("Open the app to see what to put right, and send it again.",),
    ),
    "report.decided.rejected": Template(
        "Your report is not accepted",
        ("Open the app to see why, and what to do next.",),
    ),
    "report.decided.needs-visit": Template(
        "Please visit an immigration office about your report",
        (
            "The office for you is {office}. Open the app to see why, and what to bring.",
            "Open the app to see which office, why, and what to bring.",
        ),
    ),
    "report.reopened": Template(
        "Your report is being looked at again",
        ("Its receipt is no longer valid. You will be told of the new decision.",),
    ),
    "report.contradicted": Template(
        "The records behind your report were corrected",
        (
            "You keep its receipt, but the next due date printed on it no longer counts. "
            "Open the app to see the date that counts; an officer looks at it.",
        ),
    ),
    "obligation.due-date-changed": Template(
        "The due date of your next report has changed",
        (
            "It is due on {due_on}, no longer on {previous_due_on}. Open the app to see why.",
            "It is due on {due_on}. Open the app to see why.",
            "The date {previous_due_on} no longer counts. Open the app to see why.",
            "Open the app to see why.",
        ),
    ),
    "resident.activated": Template(
        "A phone was added to your account",
        ("It was added on {on}. If that was not you, go to an immigration office at once.",),
    ),
    "resident.sign-in-revoked": Template(
        "A sign-in to your account was ended",
        (
            "Somebody may have copied it. It was ended on {on}. "
            "Sign in again; if you cannot, go to an immigration office.",
        ),
    ),
}

_THAI = {
    "reminder.window-opens": Template(
        "รายงานตัว 90 วัน ครบกำหนด {due_on}",
        ("ยื่นในแอปนี้ได้ตั้งแต่ {opens_on} ถึง {due_on}", "ยื่นในแอปนี้ได้ถึง {due_on}"),
    ),
    "reminder.seven-days": Template(
        "รายงานตัว 90 วัน ครบกำหนด {due_on}",
        ("หากยังไม่ได้ยื่น โปรดยื่นในแอปนี้ภายใน {due_on}",),
    ),
    "reminder.one-day": Template(
        "รายงานตัว 90 วัน ครบกำหนด {due_on}",
        ("วันสุดท้ายที่ยื่นตรงเวลาในแอปนี้คือ {due_on} " + _AFTER_DUE_TH, "วันสุดท้ายคือ {due_on}"),
    ),
    "reminder.due-day": Template(
        "รายงานตัว 90 วัน ครบกำหนด {due_on}",
        ("โปรดยื่นในแอปนี้ภายใน {due_on} " + _AFTER_DUE_TH, "โปรดยื่นในแอปนี้ภายใน {due_on}"),
    ),
    "reminder.last-day-of-grace": Template(
        "รายงานตัว 90 วัน ครบกำหนดแล้วเมื่อ {due_on}",
        (
            "ยื่นในแอปนี้ภายใน {last_day_to_act} แล้วเจ้าหน้าที่จะตรวจสอบ หรือไปที่สำนักงานตรวจคนเข้าเมืองภายในวันนั้น",
            "ยื่นในแอปนี้ได้และเจ้าหน้าที่จะตรวจสอบ หรือไปที่สำนักงานตรวจคนเข้าเมือง",
        ),
    ),
    "reminder.after-grace": Template(
        "รายงานตัว 90 วัน ครบกำหนดแล้วเมื่อ {due_on}",
        ("ล่าช้าแล้ว และอาจมีค่าปรับ ยื่นในแอปนี้ได้และเจ้าหน้าที่จะตรวจสอบ หรือไปที่สำนักงานตรวจคนเข้าเมือง",),
    ),
    "report.decided.accepted": Template(
        "รายงานของท่านได้รับการยอมรับแล้ว",
        ("ครบกำหนดครั้งถัดไป {next_due_on} ใบรับอยู่ในแอป", "ใบรับอยู่ในแอป"),
    ),
    "report.decided.returned": Template(
        "รายงานของท่านต้องแก้ไข",
        ("เปิดแอปเพื่อดูสิ่งที่ต้องแก้ไข แล้วส่งอีกครั้ง",),
    ),
    "report.decided.rejected": Template(
        "รายงานของท่านไม่ได้รับการยอมรับ",
        ("เปิดแอปเพื่อดูเหตุผลและสิ่งที่ต้องทำต่อไป",),
    ),
    "report.decided.needs-visit": Template(
        "โปรดไปที่สำนักงานตรวจคนเข้าเมืองเรื่องรายงานของท่าน",
        (
            "สำนักงานของท่านคือ {office} เปิดแอปเพื่อดูเหตุผลและสิ่งที่ต้องนำไป",
            "เปิดแอปเพื่อดูสำนักงาน เหตุผล และสิ่งที่ต้องนำไป",
        ),
    ),
    "report.reopened": Template(
        "รายงานของท่านกำลังถูกพิจารณาใหม่",
        ("ใบรับใช้ไม่ได้แล้ว จะแจ้งผลการพิจารณาใหม่ให้ทราบ",),
    ),
    "report.contradicted": Template(
        "ข้อมูลที่ใช้กับรายงานของท่านถูกแก้ไข",
        ("ใบรับยังเป็นของท่าน แต่วันครบกำหนดครั้งถัดไปบนใบรับใช้ไม่ได้แล้ว เปิดแอปเพื่อดูวันที่ถูกต้อง เจ้าหน้าที่จะตรวจสอบ",),
    ),
    "obligation.due-date-changed": Template(
        "วันครบกำหนดรายงานตัวครั้งถัดไปเปลี่ยนแปลง",
        (
            "ครบกำหนด {due_on} แทน {previous_due_on} เปิดแอปเพื่อดูเหตุผล",
            "ครบกำหนด {due_on} เปิดแอปเพื่อดูเหตุผล",
            "วันที่ {previous_due_on} ใช้ไม่ได้แล้ว เปิดแอปเพื่อดูเหตุผล",
            "เปิดแอปเพื่อดูเหตุผล",
        ),
    ),
    "resident.activated": Template(
        "มีการเพิ่มโทรศัพท์ในบัญชีของท่าน",
        ("เพิ่มเมื่อ {on} หากไม่ใช่ท่าน โปรดไปที่สำนักงานตรวจคนเข้าเมืองทันที",),
    ),
    "resident.sign-in-revoked": Template(
        "การเข้าสู่ระบบบัญชีของท่านถูกยกเลิก",
        ("อาจมีผู้คัดลอกไป ยกเลิกเมื่อ {on} โปรดเข้าสู่ระบบอีกครั้ง หากทำไม่ได้ โปรดไปที่สำนักงานตรวจคนเข้าเมือง",),
    ),
}

_ELSEWHERE = "It is made with form TM.95 at the office that serves you, not in this app. "
_ELSEWHERE_TH = "ใช้แบบ ตม.95 ที่สำนักงานที่ให้บริการท่าน ไม่ใช่ในแอปนี้ "

YEARLY: Mapping[str, Mapping[str, Template]] = {
    "en": {
        "reminder.window-opens": Template(
            "Yearly report due on {due_on}",
            (_ELSEWHERE + "The office takes it from {opens_on}.", _ELSEWHERE + "Go on a working day."),
        ),
        "reminder.seven-days": Template(
            "Yearly report due on {due_on}",
            (
                _ELSEWHERE + "Go on a working day, at the latest on {last_day_to_act}.",
                _ELSEWHERE + "Go on a working day.",
            ),
        ),
        "reminder.one-day": Template(
            "Yearly report due on {due_on}",
            (
                _ELSEWHERE + "Go on a working day, at the latest on {last_day_to_act}.",
                _ELSEWHERE + "Go on a working day.",
            ),
        ),
        "reminder.due-day": Template(
            "Yearly report due on {due_on}",
            (
                _ELSEWHERE + "Go on a working day, at the latest on {last_day_to_act}.",
                _ELSEWHERE + "Go on a working day.",
            ),
        ),
        "reminder.last-day-of-grace": Template(
            "Yearly report was due on {due_on}",
            (_ELSEWHERE + "Go at the latest on {last_day_to_act}.", _ELSEWHERE + "Go as soon as you can."),
        ),
        "reminder.after-grace": Template(
            "Yearly report was due on {due_on}",
            (_ELSEWHERE + "It is late, and a fine may be due. Go on the next working day.",),
        ),
    },
    "th": {
        "reminder.window-opens": Template(
            "รายงานตัวประจำปี ครบกำหนด {due_on}",
            (_ELSEWHERE_TH + "สำนักงานรับตั้งแต่ {opens_on}", _ELSEWHERE_TH + "โปรดไปในวันทำการ"),
        ),
        "reminder.seven-days": Template(
            "รายงานตัวประจำปี ครบกำหนด {due_on}",
            (_ELSEWHERE_TH + "โปรดไปในวันทำการ อย่างช้าวันที่ {last_day_to_act}", _ELSEWHERE_TH + "โปรดไปในวันทำการ"),
        ),
        "reminder.one-day": Template(
            "รายงานตัวประจำปี ครบกำหนด {due_on}",
            (_ELSEWHERE_TH + "โปรดไปในวันทำการ อย่างช้าวันที่ {last_day_to_act}", _ELSEWHERE_TH + "โปรดไปในวันทำการ"),
        ),
        "reminder.due-day": Template(
            "รายงานตัวประจำปี ครบกำหนด {due_on}",
            (_ELSEWHERE_TH + "โปรดไปในวันทำการ อย่างช้าวันที่ {last_day_to_act}", _ELSEWHERE_TH + "โปรดไปในวันทำการ"),
        ),
        "reminder.last-day-of-grace": Template(
            "รายงานตัวประจำปี ครบกำหนดแล้วเมื่อ {due_on}",
            (_ELSEWHERE_TH + "โปรดไปอย่างช้าวันที่ {last_day_to_act}", _ELSEWHERE_TH + "โปรดไปโดยเร็วที่สุด"),
        ),
        "reminder.after-grace": Template(
            "รายงานตัวประจำปี ครบกำหนดแล้วเมื่อ {due_on}",
            (_ELSEWHERE_TH + "ล่าช้าแล้ว และอาจมีค่าปรับ โปรดไปในวันทำการถัดไป",),
        ),
    },
}
"""What differs for those who report once a year."""

TEMPLATES: Mapping[str, Mapping[str, Template]] = {"en": _ENGLISH, "th": _THAI}
