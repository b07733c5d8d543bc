"""What every peer shares with this service: rules, sealing, signing. Tokens are checked as PyJWT's manual has it."""

import hashlib
import json
import os
from datetime import datetime
from typing import Any
from uuid import UUID

import jwt

from benchmarks.nation import NOW, application
from foundation.db import Database
from foundation.identity import Principal, Role
from immigration.registries.records import Case
from immigration.rules.addresses import Address
from immigration.schemas.reports import filed_json
from immigration.services import judging, reports, storing
from immigration.services.judging import ReportForm, Submission
from operations.services import services_of

_app = application(Database(os.environ["DATABASE_URL"], pool_size=1))
CONTEXT = services_of(_app).filing
_AUDIENCE = f"{services_of(_app).settings.public_url}/api/v1"
_ISSUER = services_of(_app).settings.public_url


class Refused(Exception):
    """The token is not valid."""


def _public_keys() -> dict[str, Any]:
    with _app.test_client() as client:
        key_set = client.get("/.well-known/jwks.json").json
    assert key_set is not None
    return {key["kid"]: jwt.PyJWK(key).key for key in key_set["keys"]}


_KEYS = _public_keys()


def author(authorization: str) -> Principal:
    """Whose bearer token this is; raises Refused."""
    token = authorization.removeprefix("Bearer ")
    try:
        key = _KEYS[jwt.get_unverified_header(token)["kid"]]
        options = {"verify_exp": False, "verify_iat": False}  # the nation's clock stands still
        claims = jwt.decode(token, key, algorithms=["ES256"], audience=_AUDIENCE, issuer=_ISSUER, options=options)
    except (jwt.PyJWTError, KeyError) as error:
        raise Refused from error
    return Principal(Role.RESIDENT, UUID(claims["sub"]), assurance=claims["asr"])


def submission(body: dict[str, Any], key: str) -> Submission:
    """A loaded body as the rules take it."""
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    return Submission(ReportForm(Address(**body["address"]), body["phone"], body["email"]), key, digest)


def values(case: Case, submission: Submission, who: Principal, now: datetime = NOW) -> tuple[dict[str, Any], str]:
    """What is to be written for a filing, and the answer to it."""
    office = judging.office_of(submission.form.address)
    assert office is not None
    filed = reports.write_up(case, submission, office, author=who, context=CONTEXT, now=now)
    answer = filed_json(filed)
    return storing.parameters(filed, answer), answer


def rows(parameters: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The parameters of the service's one statement as rows: table, then column. Events are a list of rows in JSON."""
    tables = ("obligations", "reports", "decisions", "receipts", "idempotency_keys")
    works: dict[str, dict[str, Any]] = {
        table: {
            name.removeprefix(f"{table}_"): value for name, value in parameters.items() if name.startswith(f"{table}_")
        }
        for table in tables
    }
    return works | {"events": {"rows": json.loads(parameters["events"])}}
