"""A profile -> the rules that are worth a look. Pure.

Almost all come from a fixed list: what an NHS analyst would ask of a column of that name, type and shape. Nothing of the data
is in them, so they can be written down whatever the column holds, and that somebody looked first does not spoil what is said of
how surely they hold. Rules that are made of the data (``chosen`` says of how many rows) are the shapes of codes, and what columns
that somebody calls public have: their values and their bounds.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from msgspec import Struct

from dq_engine.catalog.codes import BNF_LEVELS
from dq_engine.model import Column, Severity
from dq_engine.suggest.profile import ColumnProfile, Profile
from dq_engine.suggest.words import PERIODS, is_identifier, is_identifying, says, slug, words

Family = Literal["present", "form", "companion", "clean", "range", "set", "key", "pair", "other", "layout"]
"""What a rule is about. Of the rules of one family about one column, the best is proposed."""

LOOKS_LIKE = 0.9
"""The share of previewed values that must have a fitting shape."""
OF_ITS_OWN = 100
"""From this rank on a form is none of the catalogue, but one that is read off the values."""
FREQUENT = 0.02
"""The share of values that must have a shape for it to be one of the form, and no fault."""
MOST_SHAPES = 3
"""Shapes that may make the form of a code."""
FEW = 12
"""Columns among which pairs and keys are looked for."""
ALONE = 0.9
"""The share of values that must seem to be different, by the estimate, for a column to be a key."""
MOST_KEYS = 60
"""Combinations of columns of which it is estimated how many are different."""
CATEGORIES = ("type", "code", "status", "category", "class", "method", "function", "specialty", "kind")
"""Words of the names of columns whose numbers are codes."""
NUMBER = re.compile(r"-?9+(?:\.9+)?")
"""The shape of a number that is stored as text."""
TYPES = {
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMPTZ",
    "boolean": "BOOLEAN",
    "integer": "INTEGER",
    "decimal": "DECIMAL",
    "float": "FLOAT",
}
"""What a column of a kind is stored as; whole numbers and fractions of any size."""
NOW = {"$PARAMETER": "now()"}


class Rule(Struct, frozen=True):
    """A rule that may hold. ``suffix`` ends its name, ``why`` says why it was looked at.

    ``ready`` are the arguments that are proposed, where they are not those that are counted.
    ``chosen``: by how many rows it was made, where it was made of the data. ``rank``: of several that hold alike, the least.
    """

    type: str
    kwargs: dict[str, Any]
    family: Family
    columns: tuple[str, ...]
    suffix: str
    severity: Severity = "warning"
    why: str = ""
    chosen: int = 0
    rank: int = 0
    ready: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        """The short name of the rule."""
        return "_".join([*map(slug, self.columns), self.suffix])


class Form(Struct, frozen=True):
    """A form of the catalogue: of which lengths and shapes its codes are, and which words a column's name must have.

    ``named``: one of these, if there are any; ``unless``: none of these. ``least_different``: so many different values at least.
    """

    type: str
    suffix: str
    lengths: tuple[int, ...]
    arguments: dict[str, Any] = {}
    named: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    shape: str = r"[A9]+"
    least_different: int = 1


_CODED = ("snomed", "sctid", "code", "concept", "term", "event")


def _form(name: str, suffix: str, lengths: Sequence[int], **rest: Any) -> Form:
    return Form(f"expect_column_values_to_be_valid_{name}", suffix, tuple(lengths), **rest)


WITH_LETTER = "9*A[A9]*"
_COMMISSIONERS = ("pct", "pcg", "pcgt", "ccg", "ccgcode", "pco", "commissioner", "sub", "lhb", "parent")
_PROVIDERS = ("trust", "provider", "hospital", "procode", "site")
_ORGANISATIONS = ("org", "organisation", "practice", "gp", *_PROVIDERS)
_AREAS = ("gss", "ons", "lsoa", "msoa", "ward", "area", "region", "geography", "lad", "oa", "cd")
_DRUGS = ("dmd", "vmp", "amp", "vmpp", "ampp", "drug")


def _organisations(kind: str, suffix: str, lengths: Sequence[int], **rest: Any) -> tuple[Form, ...]:
    """The forms of codes of organisations, and the same where a code may say that there is none."""
    settings = {"shape": WITH_LETTER, **rest}
    strict = _form("ods_code", suffix, lengths, arguments={"kind": kind}, **settings)
    lenient = _form("ods_code", f"{suffix}_or_default", lengths, arguments={"kind": kind, "defaults": True}, **settings)
    return strict, lenient


FORMS: tuple[Form, ...] = (
    _form("nhs_number", "is_nhs_number", [10], shape="9+"),
    _form("gss_code", "is_gss_code", [9], shape="A9{8}", named=_AREAS),
    *(
        _form("uk_postcode", "is_postcode", range(5, 9), arguments={"spacing": spacing}, shape="[A9]{2,4} *9AA")
        for spacing in ("one blank", "eight characters", "any")
    ),
    *_organisations("practice", "is_practice_code", [5, 6], shape="A9{5}|AAA999|A9A9A", unless=("pcn",), least_different=3),
    *_organisations("pcgt", "is_commissioner_code", [3, 5], named=_COMMISSIONERS),
    *_organisations("trust", "is_trust_code", [3, 5], named=_PROVIDERS),
    *(
        _form("bnf_code", f"is_bnf_{level}", [length], arguments={"level": level}, named=() if length == 15 else ("bnf", "chem"))
        for level, length in BNF_LEVELS.items()
    ),
    _form("dmd_code", "is_dmd_code", range(6, 19), shape="9+", named=_DRUGS),
    _form("snomed_ct_code", "is_snomed_concept", range(6, 19), shape="9+", arguments={"component": "concept"}, named=_CODED),
    _form("icd10_code", "is_icd10_code", range(3, 7), named=("diag", "diagnosis", "icd", "icd10", "cause")),
    _form("opcs4_code", "is_opcs4_code", range(3, 6), named=("procedure", "oper", "operation", "opertn", "opcs", "opcs4")),
    _form("read_code", "is_read_code", [5, 7], shape=r"[A9a.]+", named=("read", "readcode")),
    _form("read_code", "is_ctv3_code", [5], shape=r"[A9a.]+", arguments={"scheme": "ctv3"}, named=("read", "ctv3")),
    _form("ethnic_category", "is_ethnic_category", [1, 2], named=("ethnic", "ethnicity", "ethnos")),
    *(
        _form("gender_code", "is_gender_code", [1], arguments={"scheme": scheme}, named=("gender", "sex"))
        for scheme in ("current", "stated")
    ),
    _form("ods_code", "is_organisation_code", range(3, 7), shape=WITH_LETTER, named=_ORGANISATIONS),
)
"""The forms, the likelier first where values have several."""
IDENTIFYING_FORMS = ("is_nhs_number", "is_postcode")
ORGANISATIONS = {
    "is_practice_code": "practice",
    "is_practice_code_or_default": "practice",
    "is_commissioner_code": "pcgt",
    "is_commissioner_code_or_default": "pcgt",
    "is_trust_code": "pcgt",
    "is_trust_code_or_default": "pcgt",
    "is_organisation_code": "practice",
}
"""Forms of the codes of organisations, and the level of these."""
COMPANIONS = {
    "is_nhs_number": ("expect_column_values_to_not_be_reserved_nhs_number", "is_no_placeholder"),
    "is_postcode": ("expect_column_values_to_not_be_pseudo_postcode", "is_no_pseudo_postcode"),
}
"""What is asked of values that have a form, too."""

_YEAR, _MONTH = "(?:19|20)[0-9]{2}", "(?:0[1-9]|1[0-2])"
PERIOD_FORMS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "9999-99": (
        ("is_month", rf"\A{_YEAR}-{_MONTH}\Z", "a month"),
        ("is_financial_year", rf"\A{_YEAR}-[0-9]{{2}}\Z", "a financial year"),
    ),
    "999999": (("is_month", rf"\A{_YEAR}{_MONTH}\Z", "a month"),),
    "9999/99": (("is_financial_year", rf"\A{_YEAR}/[0-9]{{2}}\Z", "a financial year"),),
    "9999A9": (("is_quarter", rf"\A{_YEAR}Q[1-4]\Z", "a quarter"),),
    "9999": (("is_year", rf"\A{_YEAR}\Z", "a year"),),
}
"""Shapes of periods: for each form the name of the rule, its pattern, and what it says; the likelier first."""
DATE_FORMS = {
    "9999-99-99": ("%Y-%m-%d", rf"\A{_YEAR}-{_MONTH}-(?:0[1-9]|[12][0-9]|3[01])\Z"),
    "99999999": ("%Y%m%d", rf"\A{_YEAR}{_MONTH}(?:0[1-9]|[12][0-9]|3[01])\Z"),
    "99/99/9999": ("%d/%m/%Y", rf"\A(?:0[1-9]|[12][0-9]|3[01])/{_MONTH}/{_YEAR}\Z"),
    "99AAA9999": ("%d%b%Y", rf"\A(?:0[1-9]|[12][0-9]|3[01])[A-Z]{{3}}{_YEAR}\Z"),
}
"""Shapes of dates that are stored as text: their format and pattern."""


def candidates(profile: Profile, today: dt.date) -> list[Rule]:
    """The rules that are worth to be counted, but those about keys and other extracts."""
    found: list[Rule] = []
    for column in profile.columns:
        if column.values:
            found += [_present(column), *_of_values(column, today)]
    return [*found, *_dates_in_order(profile), *_numbers_in_order(profile)]


def layout(profile: Profile) -> Iterator[Rule]:
    """What the extract looks like: its columns, and what they are stored as. Known, not counted."""
    if len(set(profile.names)) == len(profile.names):
        yield Rule(
            "expect_table_columns_to_match_set", {"column_set": list(profile.names)}, "layout", (), "columns_as_known", "critical"
        )
    for column in profile.columns:
        kind = column.column.kind
        if kind in TYPES or (kind == "text" and is_identifier(column.name)):
            arguments = {"column": column.name, "type_": TYPES.get(kind, "VARCHAR")}
            why = "as a number it would lose its leading zeros" if kind == "text" else ""
            yield Rule("expect_column_values_to_be_of_type", arguments, "layout", (column.name,), "type", why=why)


def is_measure(column: ColumnProfile) -> bool:
    """Whether the column counts or measures something, so that it is no part of a key."""
    if column.column.kind in ("float", "decimal"):
        return True
    numbers = column.column.kind == "integer" or is_number_as_text(column)
    return numbers and not is_identifier(column.name) and not says(column.name, "age", "band", "group", "month", *PERIODS)


def is_number_as_text(column: ColumnProfile) -> bool:
    """Whether the values are numbers that are stored as text."""
    numbers = [shape for shape, _ in column.shapes if NUMBER.fullmatch(shape)]
    return column.column.kind == "text" and column.share(*numbers) >= LOOKS_LIKE


def period_form(column: ColumnProfile) -> str | None:
    """The shape of the periods that the column names; None for a column of anything else."""
    kinds = ("text", "integer") if says(column.name, *PERIODS, "date") else ("text",)
    if column.column.kind not in kinds:
        return None
    shape = next((shape for shape in PERIOD_FORMS if column.share(shape) >= LOOKS_LIKE), None)
    if shape == "9999" and not says(column.name, *PERIODS):
        return None
    return None if shape == "999999" and not says(column.name, *PERIODS) else shape


# -------------------------------------------------------------------------------------------------------- of one column


def _rule(column: ColumnProfile, name: str, family: Family, suffix: str, **rest: Any) -> Rule:
    arguments = rest.pop("arguments", {})
    return Rule(f"expect_column_values_to_{name}", {"column": column.name, **arguments}, family, (column.name,), suffix, **rest)


def _present(column: ColumnProfile) -> Rule:
    return _rule(column, "not_be_null", "present", "present")


def _of_values(column: ColumnProfile, today: dt.date) -> Iterator[Rule]:
    kind = column.column.kind
    if column.listed and not is_identifying(column.name):
        yield _values(column)
    if kind in ("text", "integer"):
        yield from _forms(column)
    if kind == "text":
        yield from _texts(column)
    if kind in ("integer", "decimal", "float"):
        yield from _numbers(column)
    if kind in ("date", "timestamp"):
        yield from _moments(column, today)


def _values(column: ColumnProfile) -> Rule:
    why = f"somebody calls {column.name} public"
    listed = list(column.listed)
    return _rule(column, "be_in_set", "set", "known", arguments={"value_set": listed}, chosen=len(listed), why=why)


def _forms(column: ColumnProfile) -> Iterator[Rule]:
    """Forms of the catalogue, and the shapes of periods, dates and numbers."""
    shape = period_form(column)
    if shape is not None:
        for rank, (suffix, pattern, meaning) in enumerate(PERIOD_FORMS[shape]):
            why = f"the values look like {meaning}"
            yield _rule(column, "match_regex", "form", suffix, arguments={"regex": pattern}, why=why, rank=rank)
        return
    for rank, form in enumerate(FORMS):
        if (form.named and not says(column.name, *form.named)) or says(column.name, *form.unless):
            continue
        fitting = [s for s, _ in column.shapes if len(s) in form.lengths and re.fullmatch(form.shape, s)]
        if column.different < form.least_different or column.share(*fitting) < LOOKS_LIKE:
            continue
        kwargs = {"column": column.name, **form.arguments}
        yield Rule(form.type, kwargs, "form", (column.name,), form.suffix, rank=rank, why="the values look like it")
        if form.suffix in COMPANIONS and form.arguments.get("spacing") in (None, "one blank"):
            name, suffix = COMPANIONS[form.suffix]
            yield Rule(name, {"column": column.name}, "companion", (column.name,), suffix, why="such values stand for nobody")


def _texts(column: ColumnProfile) -> Iterator[Rule]:
    dates = next((shape for shape in DATE_FORMS if column.share(shape) >= LOOKS_LIKE), None)
    if dates is not None and (dates != "99999999" or says(column.name, "date", "dt", "day")):
        form, pattern = DATE_FORMS[dates]
        why = f"the values look like dates of the form {form}"
        yield _rule(column, "match_regex", "form", "is_date", arguments={"regex": pattern}, why=why, rank=OF_ITS_OWN)
    read_off = _code_pattern(column)
    if read_off is not None:
        shapes = read_off.count("|") + 1
        why = f"the values have {shapes} shape{'' if shapes == 1 else 's'} of letters and digits"
        yield _rule(
            column, "match_regex", "form", "shape", arguments={"regex": read_off}, why=why, chosen=shapes, rank=OF_ITS_OWN + 1
        )
    if is_number_as_text(column) and not is_identifier(column.name):
        whole = column.share(*(shape for shape, _ in column.shapes if set(shape) == {"9"})) >= LOOKS_LIKE
        patterns = {"is_whole_number": r"\A[0-9]+\Z"} if whole else {}
        patterns["is_number"] = r"\A-?[0-9]+(?:\.[0-9]+)?\Z"
        for rank, (suffix, regex) in enumerate(patterns.items(), OF_ITS_OWN + 2):
            yield _rule(
                column, "match_regex", "form", suffix, arguments={"regex": regex}, why="the values look like it", rank=rank
            )
    why = "blanks that nobody sees make two values of one, and a blank value is missing, though it is not NULL"
    yield _rule(column, "not_match_regex", "clean", "not_padded", arguments={"regex": r"\A\s|\s\Z|\A\Z"}, why=why)


def _code_pattern(column: ColumnProfile) -> str | None:
    """A pattern of the shapes of codes: few, short, each with a digit, without small letters and without blanks; else None."""
    shapes = sorted(shape for shape, count in column.shapes if count >= FREQUENT * column.previewed)
    if not 1 <= len(shapes) <= MOST_SHAPES or column.different < 2 or column.share(*shapes) < LOOKS_LIKE:
        return None
    if not all(re.fullmatch(r"[A9][A9./_|-]{0,19}", shape) and "9" in shape for shape in shapes):
        return None
    a_number = all(NUMBER.fullmatch(shape) for shape in shapes) and not is_identifier(column.name)
    if a_number and (len(shapes) > 1 or "." in shapes[0] or not (len(shapes[0]) > 2 or says(column.name, *CATEGORIES))):
        return None
    return rf"\A(?:{'|'.join(map(_pattern, shapes))})\Z" if len(shapes) > 1 else rf"\A{_pattern(shapes[0])}\Z"


def _pattern(shape: str) -> str:
    classes = {"A": "[A-Z]", "9": "[0-9]", ".": r"\.", "|": r"\|"}
    runs = ((classes.get(letter, letter), len(list(run))) for letter, run in itertools.groupby(shape))
    return "".join(one if length == 1 else f"{one}{{{length}}}" for one, length in runs)


_PERCENTAGES = ("percent", "percentage", "pct", "perc")
RANGES: tuple[tuple[tuple[str, ...], tuple[float, float], str], ...] = (
    (_PERCENTAGES, (0, 1), "is_share"),
    (_PERCENTAGES, (0, 100), "is_percentage"),
    (("share", "proportion", "ratio", "fraction", "probability", "target"), (0, 1), "is_share"),
)
"""What a word in the name of a column of numbers says of its range."""
RANGES_BY_LAST: dict[str, tuple[tuple[float, float], str]] = {
    "age": ((0, 120), "is_age"),
    "decile": ((1, 10), "is_decile"),
    "quintile": ((1, 5), "is_quintile"),
    "quarter": ((1, 4), "is_quarter"),
    "month": ((1, 12), "is_month"),
    "year": ((1900, 2100), "is_year"),
}
"""What the last word says: "patients_under_age_5" is no age."""


def _numbers(column: ColumnProfile) -> Iterator[Rule]:
    kind = column.column.kind
    if kind == "integer" and column.different <= 2 and not is_identifier(column.name):
        why = "two numbers that say yes and no"
        yield _rule(column, "be_in_set", "range", "is_flag", arguments={"value_set": [0, 1]}, why=why)
    told = [(bounds, suffix) for named, bounds, suffix in RANGES if says(column.name, *named)]
    if found := RANGES_BY_LAST.get((words(column.name) or ("",))[-1]):
        told.append(found)
    for rank, ((low, high), suffix) in enumerate(told, 1):
        arguments = {"min_value": low, "max_value": high}
        why = "the name of the column says what it is"
        yield _rule(column, "be_between", "range", suffix, arguments=arguments, why=why, rank=rank)
    if _is_finite(column.least) and _is_finite(column.most) and not is_identifier(column.name):
        low, high = _with_margin(column.least, column.most)
        why = f"somebody calls {column.name} public; the bounds are wider by half of the spread, as others may lie further"
        arguments = {"min_value": low, "max_value": high}
        yield _rule(column, "be_between", "range", "in_known_range", arguments=arguments, why=why, chosen=2, rank=50)
    running = kind == "integer" and column.different >= LOOKS_LIKE * column.values
    if not column.column.type.startswith("U") and not is_identifier(column.name) and not running:
        why = "nothing that is counted or paid is below 0, unless it corrects something else"
        yield _rule(column, "be_between", "range", "not_negative", arguments={"min_value": 0}, why=why, rank=60)


def _is_finite(value: str | int | float | None) -> bool:
    return value is not None and math.isfinite(float(value))


def _with_margin(least: Any, most: Any) -> tuple[float, float]:
    """Bounds that are wider than what was seen by half of the spread, in round numbers; 0 is not crossed."""
    spread = float(most) - float(least)
    step = 10.0 ** (len(str(int(spread or abs(float(most)) or 1))) - 1)
    low = (float(least) - spread / 2) // step * step
    high = -(-(float(most) + spread / 2) // step) * step
    low = 0.0 if least >= 0 > low else low
    high = 0.0 if most <= 0 < high else high
    return (int(low) if low == int(low) else low), (int(high) if high == int(high) else high)


def _moments(column: ColumnProfile, today: dt.date) -> Iterator[Rule]:
    """Dates lie between 1900 and today; or after 1900."""
    why = "a date before 1900 stands for one that is not known, and one that is to come for a wrong one"
    moment = f"{today}T23:59:59" if column.column.kind == "timestamp" else today.isoformat()
    both = {"min_value": "1900-01-01", "max_value": moment}
    ready = {"column": column.name, "min_value": "1900-01-01", "max_value": NOW}
    yield _rule(column, "be_between", "range", "not_in_future", arguments=both, why=why, ready=ready)
    why = "a date before 1900 stands for one that is not known"
    yield _rule(column, "be_between", "range", "not_before_1900", arguments={"min_value": "1900-01-01"}, why=why, rank=1)


# ----------------------------------------------------------------------------------------------------- of several columns


def _pair(later: ColumnProfile, earlier: ColumnProfile, why: str) -> Rule:
    pair = {"column_A": later.name, "column_B": earlier.name, "or_equal": True, "ignore_row_if": "either_value_is_missing"}
    names = (later.name, earlier.name)
    return Rule("expect_column_pair_values_a_to_be_greater_than_b", pair, "pair", names, "in_order", why=why)


def _dates_in_order(profile: Profile) -> Iterator[Rule]:
    for kind in ("date", "timestamp"):
        dates = [column for column in profile.columns if column.column.kind == kind and column.values][:FEW]
        for later, earlier in itertools.permutations(dates, 2):
            yield _pair(later, earlier, "both are dates")


def _numbers_in_order(profile: Profile) -> Iterator[Rule]:
    """Pairs of numbers of which the names say that one is a part of the other."""
    numbers = [column for column in profile.columns if column.column.kind in ("integer", "decimal", "float") and column.values]
    for whole, part in itertools.permutations(numbers, 2):
        ours, theirs = frozenset(words(whole.name)), frozenset(words(part.name))
        if "denominator" in ours and "numerator" in theirs and ours - {"denominator"} == theirs - {"numerator"}:
            yield _pair(whole, part, "the names say which is the numerator")
        elif ours < theirs and not is_identifier(whole.name) and not (theirs - ours).isdisjoint({"of", *_PARTS}):
            yield _pair(whole, part, f'the name "{part.name}" is that of a part of "{whole.name}"')


_PARTS = frozenset({"unknown", "male", "female", "known", "only", "excluding", "including", "nitrofurantoin", "type"})


def key_columns(profile: Profile) -> list[ColumnProfile]:
    """The columns that may be part of a key: those that tell rows apart, and are filled; the likeliest first."""
    fitting = [
        column
        for column in profile.columns
        if column.column.kind in ("text", "date", "integer", "timestamp")
        and column.different > 1
        and column.values >= LOOKS_LIKE * profile.read
        and not is_measure(column)
        and not (column.column.kind == "text" and says(column.name, "name", "description", "descr", "address"))
    ]
    ranked = sorted(fitting, key=lambda column: (not is_identifier(column.name), period_form(column) is None))
    return ranked[:FEW]


def alone(profile: Profile) -> list[ColumnProfile]:
    """The columns that seem to tell all rows apart by themselves."""
    return [column for column in key_columns(profile) if column.different >= ALONE * column.values]


def combinations(profile: Profile, size: int) -> list[tuple[Column, ...]]:
    """Combinations of columns that may tell all rows apart together: none of them does so alone."""
    keys = alone(profile)
    among = [column for column in key_columns(profile) if column not in keys]
    order = {column.name: place for place, column in enumerate(profile.columns)}
    found = []
    for chosen in itertools.combinations(among, size):
        product = 1
        for column in chosen:
            product *= column.different
        if product >= LOOKS_LIKE * profile.read:
            found.append((product, tuple(sorted(chosen, key=lambda column: order[column.name]))))
    found.sort(key=lambda each: each[0])
    return [tuple(column.column for column in chosen) for _, chosen in found[:MOST_KEYS]]


def reference(column: str, other: str, other_column: str) -> Rule:
    """The rule that each value of a column is one of a column of another extract."""
    kwargs = {"column": column, "other": other, "other_column": other_column}
    name = "expect_column_values_to_exist_in_other_extract"
    why = "what is not there belongs to nobody that is known"
    return Rule(name, kwargs, "other", (column,), f"in_{slug(other)}", why=why)


def key(columns: Sequence[str]) -> Rule:
    """The rule that no two rows have the same values in these columns."""
    why = "rows that stand twice are counted twice"
    if len(columns) == 1:
        kwargs: dict[str, Any] = {"column": columns[0]}
        return Rule("expect_column_values_to_be_unique", kwargs, "key", (columns[0],), "unique", "critical", why)
    kwargs = {"column_list": list(columns), "ignore_row_if": "any_value_is_missing"}
    return Rule("expect_compound_columns_to_be_unique", kwargs, "key", tuple(columns), "unique", "critical", why)
