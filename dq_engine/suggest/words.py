"""What the name of a column says of what it holds. Names are hints: the values decide. Pure."""

from __future__ import annotations

import re

CODES = frozenset({"code", "codes", "id", "identifier", "key", "no", "num", "number", "ref", "reference", "row", "hesid"})
"""Last words of the names of columns that hold identifiers, also where they are numbers."""
PERIODS = frozenset({"period", "month", "quarter", "year", "fy", "snapshot", "census", "extract", "publication", "edition", "ym"})
_IDENTIFYING = re.compile(
    r"\b(?:nhs (?:no|num|number)|(?:patient|person|client|pseudo|hes) ?(?:id|hesid|identifier|number|name)|hesid"
    r"|(?:fore|sur|first|last|middle|given|family|full|maiden) ?names?|initials"
    r"|post ?code|(?:home|patient|street)? ?addr(?:ess)?|[a-z]*dob|(?:date of )?birth(?: ?(?:date|day))?"
    r"|(?:tele)?phone|mobile|e ?mail|national insurance|ni(?:no| number)|passport|latitude|longitude|easting|northing|uprn)\b"
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def words(name: str) -> tuple[str, ...]:
    """The words of a name, in small letters: "GP_PRACTICE_CODE", "gpPracticeCode" and "GP Practice Code" have the same."""
    return tuple(re.findall(r"[a-z]+|[0-9]+", _CAMEL.sub(" ", name).lower()))


def says(name: str, *any_of: str) -> bool:
    """Whether one of these words is in the name."""
    return not frozenset(any_of).isdisjoint(words(name))


def is_identifier(name: str) -> bool:
    """Whether the name is that of a code or number that tells things apart; "number of patients" is not."""
    said = [word for word in words(name) if not word.isdigit()]
    return bool(said) and (said[-1] in CODES or said[-1].endswith("code"))


def is_identifying(name: str) -> bool:
    """Whether the name is that of a column by which somebody could be known."""
    return bool(_IDENTIFYING.search(" ".join(words(name))))


def slug(name: str) -> str:
    """The name as part of the name of a rule, a feed or a file: small letters, digits, underscores; a letter first."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return plain if plain[:1].isalpha() else f"column_{plain}".rstrip("_")


def feed_name(file: str) -> str:
    """The feed that a file is of, by its name without what looks like a date or number at its end."""
    plain = slug(file).removeprefix("column_")
    short = re.sub(r"(?:_(?:\d+|raw|typed))+$", "", plain)
    chosen = short if short[:1].isalpha() else plain
    return chosen if chosen[:1].isalpha() else f"feed_{chosen}".rstrip("_")
