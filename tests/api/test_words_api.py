"""Sentences beside codes, in the language that a client asks for."""

import pytest

from foundation.words import LANGUAGES
from tests.factories import activate, arrived


def stay(app, accept):
    arrived(app)
    resident = activate(app)
    headers = resident.headers | {"Accept-Language": accept}
    return resident.client.get("/api/v1/me/stay", headers=headers).json["obligation"]


def test_a_date_is_explained_in_sentences(app):
    obligation = stay(app, "en-GB,en;q=0.9")
    assert obligation["text"] == (
        "You can file your report now. It is due on 29 November 2026. It takes about one minute."
    )
    by_code = {step["code"]: step["text"] for step in obligation["explanation"]}
    assert by_code["counted-from-arrival"] == "The day you arrived is day 1, so day 90 is 29 November 2026."


def test_and_in_thai_with_years_of_the_buddhist_era(app):
    obligation = stay(app, "th-TH")
    assert obligation["text"] == "ยื่นรายงานตัวได้แล้ว ครบกำหนด 29 พ.ย. 2569 ใช้เวลาประมาณ 1 นาที"
    assert all("2026" not in step["text"] for step in obligation["explanation"])


@pytest.mark.parametrize(
    ("accept", "title"),
    [("th", "โปรดเข้าสู่ระบบ"), ("pt, th;q=0.5", "โปรดเข้าสู่ระบบ"), ("pt", "Please sign in."), ("", "Please sign in."),
     ("\u00e9;q=x,,;;" * 50, "Please sign in.")],
)  # fmt: skip
def test_a_problem_has_its_title_in_the_language_asked_for(client, accept, title):
    answer = client.get("/api/v1/me/stay", headers={"Accept-Language": accept})
    assert (answer.status_code, answer.json["code"], answer.json["title"]) == (401, "unauthenticated", title)


def test_what_is_wrong_with_a_value_is_said_in_the_language_asked_for(app):
    arrived(app)
    resident = activate(app)
    said = {}
    for language in ("en", "th", "th-TH;q=0.9, en;q=0.1"):
        headers = resident.headers | {"Accept-Language": language}
        answer = resident.client.patch("/api/v1/me", json={"phone": "call me", "email": 5}, headers=headers)
        assert answer.status_code == 422
        said[language] = {(fault["field"], fault["code"]): fault["message"] for fault in answer.json["field_errors"]}
    assert said["en"].keys() == said["th"].keys()
    assert said["en"]["phone", "phone-invalid"] == "Enter a phone number, like 081 234 5678 or +66 81 234 5678."
    assert said["th"] == said["th-TH;q=0.9, en;q=0.1"]
    assert said["th"]["phone", "phone-invalid"].startswith("กรอกหมายเลขโทรศัพท์")


def test_a_problem_of_the_library_too(client):
    answer = client.put("/api/v1/me/stay", headers={"Accept-Language": "th"})
    assert (answer.status_code, answer.json["title"]) == (405, "ที่อยู่นี้ไม่รับคำขอแบบนี้")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_statement_of_law_in_another_language_has_the_english_beside_it(app, language):
    in_english = [step["text"] for step in stay(app, "en")["explanation"]]
    steps = stay(app, language)["explanation"]
    translated = language not in ("en", "th")
    assert [step["original"] for step in steps] == (in_english if translated else [None] * len(steps))
