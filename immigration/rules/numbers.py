"""Numbers that people read aloud and type: Crockford's base 32, grouped, with a check character that catches slips.

The alphabet's 32 characters stand for the elements of the field GF(32), and the check is a Reed-Solomon one over it:
the number, read as a polynomial, is zero at a primitive element. It therefore catches every wrong character and every
exchange of two characters, neighbours or not. (ISO 7064 MOD 37,36 needs 36 characters, among them the I, L, O and U
that this alphabet leaves out because people mistake them, and it misses some exchanges.)
"""

import unicodedata

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Source: Douglas Crockford, Base 32: no I, L, O or U."""

REPORT = "R"
RECEIPT = "C"
CORRECTION = "A"

CASE = "K"

RANDOM_BYTES = 9
"""How many random bytes a number takes; 70 of their 72 bits are kept."""

CODE_BYTES = 7
"""How many random bytes an activation code takes; 50 of their 56 bits are kept."""

_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_MISREAD = str.maketrans("OIL", "011", "-\u2010\u2011\u2012\u2013\u2014\u2212")
_GROUPS = {16: (3, 4, 4, 4, 1), 10: (5, 5)}
_RANDOM_CHARACTERS = 14
_POLYNOMIAL = 0b100101  # x^5 + x^2 + 1, primitive over GF(2): its powers reach all 31 non-zero elements


def report_number(random_bytes: bytes) -> str:
    """The number of a report, such as `R26-4XQ2-7K3M-9PTC-T`, from RANDOM_BYTES random bytes."""
    return _number(REPORT, random_bytes)


def receipt_number(random_bytes: bytes) -> str:
    """The number of a receipt, such as `C26-4XQ2-7K3M-9PTC-F`, from RANDOM_BYTES random bytes."""
    return _number(RECEIPT, random_bytes)


def case_number(random_bytes: bytes) -> str:
    """The number of a case, such as `K26-4XQ2-7K3M-9PTC-H`, from RANDOM_BYTES random bytes."""
    return _number(CASE, random_bytes)


def correction_number(random_bytes: bytes) -> str:
    """The number of a correction of an address, such as `A26-4XQ2-7K3M-9PTC-J`, from RANDOM_BYTES random bytes."""
    return _number(CORRECTION, random_bytes)


def activation_code(random_bytes: bytes) -> str:
    """A code of ten characters, shown as `XXXXX-XXXXX`, from CODE_BYTES random bytes."""
    return _grouped(_characters(random_bytes, 10))


def compact(text: str) -> str:
    """Text without white space of any kind, nor signs that are not seen (zero width, byte order mark, soft hyphen)."""
    return "".join(sign for sign in text if not sign.isspace() and unicodedata.category(sign) != "Cf")


def has_the_shape(number: str) -> bool:
    """Whether a text has the length and the first letter of a number of this service, right or mistyped."""
    plain = normalise(number).replace("-", "")
    return len(plain) == sum(_GROUPS[16]) and plain[0] in (REPORT, RECEIPT, CORRECTION)


def is_valid(number: str) -> bool:
    """Whether `number`, however it was typed, is one that this service could have given."""
    plain = normalise(number).replace("-", "")
    return has_the_shape(plain) and all(character in _VALUES for character in plain) and _remainder(plain) == 0


def normalise(text: str) -> str:
    """A number or code as it is kept: upper case, without spaces, O as 0, I and L as 1, and grouped by its length.

    Text of another length than a number's or a code's comes back without its spaces and hyphens.
    """
    return _grouped(compact(text).upper().translate(_MISREAD))


def masked(document_number: str) -> str:
    """A document number with its last three characters visible."""
    return "•" * max(len(document_number) - 3, 0) + document_number[-3:]


def _number(kind: str, random_bytes: bytes) -> str:
    body = kind + _characters(random_bytes, _RANDOM_CHARACTERS)
    return _grouped(body + ALPHABET[_times_alpha(_remainder(body))])


def _characters(random_bytes: bytes, count: int) -> str:
    spare = len(random_bytes) * 8 - count * 5
    if spare < 0:
        raise ValueError(f"{count} characters take {-(-count * 5 // 8)} random bytes")
    bits = int.from_bytes(random_bytes, "big") >> spare
    return "".join(ALPHABET[bits >> 5 * place & 31] for place in reversed(range(count)))


def _remainder(characters: str) -> int:
    """The value of the characters as a polynomial at alpha, by Horner's rule."""
    value = 0
    for character in characters:
        value = _times_alpha(value) ^ _VALUES[character]
    return value


def _times_alpha(value: int) -> int:
    return value << 1 ^ _POLYNOMIAL if value & 16 else value << 1


def _grouped(plain: str) -> str:
    groups: list[str] = []
    for size in _GROUPS.get(len(plain), (len(plain),)):
        start = sum(map(len, groups))
        groups.append(plain[start : start + size])
    return "-".join(groups)
