"""The report form of a resident of a subdistrict."""

import hashlib

from immigration.registries import addresses
from immigration.rules.addresses import Address
from immigration.services.judging import Form, Sent


def form(subdistrict_code: str) -> Form:
    """A form with an address there."""
    place = addresses.lookup(subdistrict_code)
    assert place is not None
    address = Address("1/1", "", "", "Soi 1", "Road", place.code, place.postal_codes[0])
    return Form(address, "+66 81 234 5678", "resident@example.org")


def sent(subdistrict_code: str, key: str) -> Sent:
    """The form as it is sent under a key."""
    return Sent(form(subdistrict_code), key, hashlib.sha256(key.encode()).digest())
