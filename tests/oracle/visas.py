"""How visa classes are written, and the reporting regime of each."""

YEARLY, EXEMPT = {"LTR", "SMART"}, {"DIPLOMATIC", "OFFICIAL", "PR"}
NINETY = {"NON-B", "NON-O", "NON-OA", "NON-OX", "NON-ED", "NON-M", "NON-R", "NON-IB", "NON-F", "NON-LA"}
NINETY |= {"TR", "VE", "VOA", "DTV", "PE"}
UNLISTED = {"CABINET", "ODD", "XYZ-9", ""}

# The spellings that random histories use, beside the class's own name.
SPELLINGS = {
    "NON-B": ["non b", "Non.B", "NON_B", "nonb"],
    "NON-O": ["Non O", "NON.O", "non-o"],
    "NON-OA": ["NON-O-A", "O-A", "OA", "Non O A", "NON_O_A"],
    "NON-OX": ["O-X", "NON-O-X"],
    "NON-ED": ["ED", "ED+", "Non-ED", "non ed"],
    "NON-LA": ["L-A", "NON-L-A"],
    "VE": ["VE60", "P60", "VE 30", "P.30"],
    "VOA": ["V.O.A."],
    "DTV": ["dtv"],
    "LTR": ["LTR-P", "LTR-W", "ltr p", "LTR_P"],
    "SMART": ["SMART-T", "Smart S", "SMART_E"],
    "DIPLOMATIC": ["Diplomatic"],
    "PR": ["pr"],
    "CABINET": ["cabinet"],
    "ODD": ["o.d.d."],
}


def fold(written: str) -> str:
    """Without case, spaces, hyphens, dots and underscores."""
    return "".join(letter for letter in written.upper() if letter not in " -._")


CLASSES = {fold(known): known for known in NINETY | YEARLY | EXEMPT}
CLASSES |= {fold(written): known for known, all_written in SPELLINGS.items() for written in all_written}


def visa_class(written: str) -> str:
    """The class of which this is a spelling; the folded text of one that is unknown."""
    return CLASSES.get(fold(written), fold(written))


def regime(written: str) -> str:
    """The reporting regime of a class, however it is written."""
    known = visa_class(written)
    if known in YEARLY:
        return "yearly"
    if known in EXEMPT:
        return "exempt"
    return "90-day" if known in NINETY else "unclear"
