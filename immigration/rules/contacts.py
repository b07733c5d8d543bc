"""Phone numbers and e-mail addresses, checked one way wherever they come in: a form, a profile, a row of records.

People type and paste them with spaces, brackets, dots and signs that cannot be seen. All of that is accepted and
cleaned up; what cannot be one is refused, with a code and a sentence for its author. Nothing is put into a form of our
own: a number is kept as its owner groups it, since the habits of all countries are not known here.
"""

import re
import unicodedata
from collections.abc import Callable

from immigration.rules.codes import ContactFault

LONGEST_EMAIL, LONGEST_LOCAL_PART, LONGEST_DOMAIN, LONGEST_LABEL = 254, 64, 253, 63
"""In octets. Source: RFC 5321, 4.5.3.1; RFC 3696, erratum 1690; RFC 1035, 2.3.4."""
FEWEST_DIGITS, MOST_DIGITS = 6, 15
"""Of a phone number without its extension. Source: ITU-T E.164, 6.1, for the most."""
LONGEST_PHONE = 50
LONGEST_TYPED = 1_000
"""What is longer is no address or number with decoration, and is not looked at."""

_DASHES = "‐‑‒–—―−⁻"
_TYPED_AS = str.maketrans(
    {
        **{dash: "-" for dash in _DASHES},
        **{quote: "'" for quote in "‘’‛′"},
        **{quote: '"' for quote in "“”„″"},
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
        "。": ".",
        "｡": ".",
        "․": ".",
    }
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# Source: RFC 5322, 3.2.3 and RFC 6531, 3.3: letters, digits and these signs, or what is not ASCII.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\U0010ffff-]+"
_LOCAL_PART = re.compile(rf'{_ATOM}(?:\.{_ATOM})*|"(?:[^"\\@]|\\.)+"')
_LABEL = re.compile(r"[A-Za-z0-9\u00a1-\U0010ffff](?:[A-Za-z0-9\u00a1-\U0010ffff-]*[A-Za-z0-9\u00a1-\U0010ffff])?")
_PHONE = re.compile(r"\+?[0-9(][0-9 ()./-]*[0-9)]")
_EXTENSION = re.compile(r"[\s,;]*(?:;ext=|extension|ext|x|#|ต่อ)[\s.:]*([0-9]{1,10})$", re.IGNORECASE)


class NotContact(ValueError):
    """What was typed cannot be a phone number or an e-mail address; `str` is a sentence for its author."""

    def __init__(self, code: ContactFault, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def normalise_email(typed: str) -> str:
    """An e-mail address without what was typed around it; letters of any script. Raises NotContact.

    Whether its server takes mail, and whether ours can write to letters that are not ASCII, only a delivery shows.
    """
    address = re.sub(r"^(?:mailto:\s*)?<?\s*|\s*>?$", "", _cleaned(typed, _bad_email), flags=re.IGNORECASE)
    address = unicodedata.normalize("NFC", address)
    local_part, _, domain = address.rpartition("@")
    if not _LOCAL_PART.fullmatch(local_part) or not _is_domain(domain):
        raise _bad_email()
    if len(address.encode()) > LONGEST_EMAIL or len(local_part.encode()) > LONGEST_LOCAL_PART:
        raise NotContact(ContactFault.EMAIL_TOO_LONG, "This e-mail address is too long to be one. Check it.")
    return address


def normalise_phone(typed: str) -> str:
    """A phone number in plain digits, grouped as it was typed, with ` ext. 12` where it has one. Raises NotContact."""
    text = "".join(_digit(sign) for sign in _cleaned(typed, _bad_phone))
    text = re.sub(r"^tel:\s*", "", text, flags=re.IGNORECASE)
    extension = _EXTENSION.search(text)
    number = " ".join((text[: extension.start()] if extension else text).split())
    if not _PHONE.fullmatch(number) or not _balanced(number):
        raise _bad_phone()
    digits = sum(sign.isdigit() for sign in number.replace("(0)", "", 1))
    if not FEWEST_DIGITS <= digits <= MOST_DIGITS or len(number) > LONGEST_PHONE - len(" ext. 1234567890"):
        sentence = f"A phone number has {FEWEST_DIGITS} to {MOST_DIGITS} digits. Check it."
        raise NotContact(ContactFault.PHONE_LENGTH, sentence)
    return f"{number} ext. {extension[1]}" if extension else number


def _bad_email() -> NotContact:
    return NotContact(ContactFault.EMAIL_INVALID, "Enter an e-mail address, like name@example.org.")


def _bad_phone() -> NotContact:
    return NotContact(ContactFault.PHONE_INVALID, "Enter a phone number, like 081 234 5678 or +66 81 234 5678.")


def is_blank(typed: str) -> bool:
    """Whether a text has nothing in it that can be seen."""
    return all(sign.isspace() or unicodedata.category(sign) == "Cf" for sign in typed)


def _cleaned(typed: str, fault: Callable[[], NotContact]) -> str:
    """A text without invisible signs and without spaces around it, typographic signs as those of a keyboard.

    Control characters inside are no slip of a keyboard but an attempt to add lines: refused.
    """
    if len(typed) > LONGEST_TYPED:
        raise fault()
    if typed.isascii():
        text = typed.strip()
    else:
        text = "".join(" " if unicodedata.category(sign) == "Zs" else sign for sign in typed if not _invisible(sign))
        text = text.translate(_TYPED_AS).strip()
    if _CONTROL.search(text):
        raise fault()
    return text


def _invisible(sign: str) -> bool:
    """Whether a sign only directs others: joiners, marks of direction, byte order marks, variation selectors."""
    return unicodedata.category(sign) == "Cf" or "\ufe00" <= sign <= "\ufe0f"


def _digit(sign: str) -> str:
    """A digit of any script, such as Thai, as the digit of ours; another sign as it is."""
    value = unicodedata.decimal(sign, None)
    return sign if value is None else str(value)


def _balanced(number: str) -> bool:
    """Whether brackets stand in pairs around digits, one pair within no other."""
    return not re.sub(r"\([0-9 -]*[0-9][0-9 -]*\)", "", number).strip("+0123456789 ./-")


def _is_domain(domain: str) -> bool:
    """Whether a text can be the name of a mail domain, of at least two labels that are no numbers alone."""
    labels = domain.split(".")
    if len(labels) < 2 or labels[-1].isdigit() or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    if domain.isascii():
        return len(domain) <= LONGEST_DOMAIN and all(len(label) <= LONGEST_LABEL for label in labels)
    try:
        return len(domain.encode("idna")) <= LONGEST_DOMAIN
    except UnicodeError:
        return False
