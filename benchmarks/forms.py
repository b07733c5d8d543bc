"""The report form of a resident of a subdistrict."""

import hashlib

from immigration.registries import addresses
from immigration.rules.addresses import Address
from immigration.services.judging import ReportForm, Submission


def form(subdistrict_code: str) -> ReportForm:
    """A form with an address there."""
    place = addresses.lookup(subdistrict_code)
    assert place is not None
    address = Address("1/1", "", "", "Soi 1", "Road", place.code, place.postal_codes[0])
    return ReportForm(address, "+66 81 234 5678", "resident@example.org")


def submission(subdistrict_code: str, key: str) -> Submission:
    """The form as it is sent under a key."""
    return Submission(form(subdistrict_code), key, hashlib.sha256(key.encode()).digest())
