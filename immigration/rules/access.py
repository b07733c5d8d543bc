"""How long a way in stays open, and how often it may be tried: the terms of codes, tokens, keys, sessions."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from immigration.rules.codes import Assurance


class Throttled(StrEnum):
    """What the throttle counts; the limits, with grade and source, are in the law file `throttles`.

    A secret of 50 random bits or more is compared first, and only what fails is refused beyond the limit: the failures
    of others keep nobody out. Of officers' sign-ins, look-ups and requests for mail nothing is looked at beyond it.
    """

    ACTIVATION = "activation"
    ACTIVATION_NETWORK = "activation-network"
    CODE_REQUEST = "code-request"
    CODE_REQUEST_NETWORK = "code-request-network"
    OFFICER_SIGN_IN = "officer-sign-in"
    REFRESH = "refresh"
    VERIFICATION = "verification"
    LOOK_UP = "look-up"
    PASSKEY_SIGN_IN = "passkey-sign-in"
    OPENID_SIGN_IN = "openid-sign-in"


@dataclass(frozen=True)
class Terms:
    """The terms in force on a day; the values, with grade and source, are in the law file `access`."""

    access_token: timedelta
    refresh_token: timedelta
    same_answer: timedelta
    session: timedelta
    verification: timedelta
    recovery_wait: timedelta
    clock_leeway: timedelta
    access_key_overlap: timedelta
    counter_code: timedelta
    mail_code: timedelta
    failed_activation_floor: timedelta
    mails_per_person: int
    throttle_span: timedelta
    mail_retry: timedelta
    mail_lease: timedelta
    mail_back_off_first: timedelta
    mail_back_off_most: timedelta
    password_length: int
    officer_idle: timedelta
    officer_session: timedelta
    officer_first_use: timedelta
    officer_seen: timedelta
    claim: timedelta
    approval: timedelta
    office_exception: timedelta
    reads_per_day: int
    codes_per_hour: int
    first_use_codes_per_hour: int
    own_making: timedelta
    misses_per_day: int

    def code(self, assurance: str) -> timedelta:
        """How long an activation code of that assurance can be used."""
        return self.counter_code if assurance == Assurance.COUNTER else self.mail_code
