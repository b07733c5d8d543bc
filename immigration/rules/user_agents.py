"""What a phone is called until its owner gives it a name: the system that its app or browser says it runs on."""

_SYSTEMS = (
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("android", "Android"),
    ("windows", "Windows"),
    ("cros", "ChromeOS"),
    ("macintosh", "Mac"),
    ("linux", "Linux"),
)


def system_of(user_agent: str) -> str:
    """The system in a User-Agent header; empty where it is none of those people have."""
    text = user_agent.casefold()
    return next((name for sign, name in _SYSTEMS if sign in text), "")
