"""How long a way in stays open, and how often it may be tried: the terms of codes, tokens, keys, sessions."""

from dataclasses import dataclass
from datetime import timedelta

from immigration.rules.codes import Assurance


@dataclass(frozen=True)
class Terms:
    """The terms in force on a day; the values, with grade and source, are in the law file `access`."""

    access_token: timedelta
    refresh_token: timedelta
    same_answer: timedelta
    access_key_overlap: timedelta
    counter_code: timedelta
    mail_code: timedelta
    tries_per_code: int
    failed_activation_floor: timedelta
    mails_per_person: int
    requests_per_address: int
    throttle_span: timedelta
    mail_retry: timedelta
    mail_lease: timedelta
    mail_back_off_first: timedelta
    mail_back_off_most: timedelta
    password_length: int
    wrong_passwords: int
    lockout: timedelta
    officer_idle: timedelta
    officer_session: timedelta
    officer_seen: timedelta

    def code(self, assurance: str) -> timedelta:
        """How long an activation code of that assurance can be used."""
        return self.counter_code if assurance == Assurance.COUNTER else self.mail_code
