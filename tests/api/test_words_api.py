"""Sentences beside codes, in the language that a client asks for."""

import pytest

from tests.factories import activate, arrived


def stay(app, accept):
    arrived(app)
    resident = activate(app)
    headers = resident.headers | {"Accept-Language": accept}
    return resident.client.get("/api/v1/me/stay", headers=headers).json["obligation"]


def test_a_date_is_explained_in_sentences(app):
    obligation = stay(app, "en-GB,en;q=0.9")
    assert obligation["text"] == "Your report is due on 29 November 2026. You can file it now."
    by_code = {step["code"]: step["text"] for step in obligation["explanation"]}
    assert by_code["counted-from-arrival"] == "The day you arrived is day 1, so day 90 is 29 November 2026."


def test_and_in_thai_with_years_of_the_buddhist_era(app):
    obligation = stay(app, "th-TH")
    assert obligation["text"] == "ครบกำหนดรายงานตัว 29 พ.ย. 2569 ยื่นได้แล้ว"
    assert all("2026" not in step["text"] for step in obligation["explanation"])


@pytest.mark.parametrize(
    ("accept", "title"),
    [("th", "โปรดเข้าสู่ระบบ"), ("fr, th;q=0.5", "โปรดเข้าสู่ระบบ"), ("fr", "Please sign in."), ("", "Please sign in."),
     ("\u00e9;q=x,,;;" * 50, "Please sign in.")],
)  # fmt: skip
def test_a_problem_has_its_title_in_the_language_asked_for(client, accept, title):
    answer = client.get("/api/v1/me/stay", headers={"Accept-Language": accept})
    assert (answer.status_code, answer.json["code"], answer.json["title"]) == (401, "unauthenticated", title)


def test_a_problem_of_the_library_too(client):
    answer = client.put("/api/v1/me/stay", headers={"Accept-Language": "th"})
    assert (answer.status_code, answer.json["title"]) == (405, "ที่อยู่นี้ไม่รับคำขอแบบนี้")
