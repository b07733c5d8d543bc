"""Ready-made requests of people whose window is open: each files once, with a token and a key of their own."""

import json
from uuid import UUID, uuid4

from sqlalchemy import text

from benchmarks import forms
from benchmarks.load import request
from benchmarks.nation import NOW, Nation, application
from foundation.clock import bangkok_date
from immigration.registries.access import terms
from immigration.rules.codes import KeyPurpose
from operations.services import services_of

_OPEN = """
with open as (
  select o.person_id from obligations o
  where o.expected and o.opens_on <= :today and o.online_closes_on >= :today
  order by md5(o.person_id::text || :salt) limit :count * 11 / 10 + 10
)
select person_id, newest.subdistrict_code from open
cross join lateral (
  select r.subdistrict_code, r.status from reports r where r.person_id = open.person_id order by id desc limit 1
) newest where newest.status = 'accepted' limit :count
"""


def people(nation: Nation, count: int) -> list[tuple[UUID, str]]:
    """People who can file now, in random order, with the subdistrict they live in. Raises ValueError for too few."""
    database = nation.database()
    with database.read_session() as session:
        values = {"today": NOW.date(), "count": count, "salt": str(uuid4())}
        waiting = [(row[0], row[1]) for row in session.execute(text(_OPEN), values)]
    database.close()
    if len(waiting) < count:
        raise ValueError(f"{len(waiting)} people are left who can file, {count} are wanted: raise BENCH_PEOPLE")
    return waiting


def tokens(nation: Nation, who: list[UUID]) -> dict[UUID, str]:
    """An access token for each."""
    database = nation.database()
    app = application(database)
    settings, signer = services_of(app).settings, services_of(app).filing.signer
    base = {
        "iss": settings.public_url,
        "aud": f"{settings.public_url}/api/v1",
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + terms(bangkok_date(NOW)).access_token).timestamp()),
        "asr": "counter",
    }
    made = {person: signer.sign(KeyPurpose.ACCESS, base | {"sub": str(person), "fam": str(uuid4())}) for person in who}
    database.close()
    return made


def requests(nation: Nation, count: int) -> list[bytes]:
    """One filing of each of `count` people."""
    who = people(nation, count)
    held = tokens(nation, [person for person, _ in who])
    made = []
    for person, code in who:
        form = forms.form(code)
        body = {"address": form.address.as_dict(), **form.contact()}
        headers = {"Authorization": f"Bearer {held[person]}", "Idempotency-Key": str(uuid4())}
        made.append(request("POST", "/api/v1/reports", headers, json.dumps(body).encode()))
    return made
