"""The answer to a filing is written out by hand; it says what the schemas say of the same report later."""

import pytest

from immigration.schemas.reports import FiledOut
from tests.factories import activate, arrived, load, row


@pytest.mark.parametrize(("assurance", "status"), [("counter", "accepted"), ("mail", "under-review")])
def test_the_answer_says_what_the_report_says_later(app, assurance, status):
    arrived(app)
    load(app, "residences", row("residences"))
    resident = activate(app, assurance=assurance)
    answer = resident.file("k").json
    later = resident.get(f"/reports/{answer['number']}").json
    assert answer == {name: later[name] for name in FiledOut().fields}
    assert answer["status"] == status
