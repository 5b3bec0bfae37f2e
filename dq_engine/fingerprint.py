"""What the results of an extract depend on, besides the bytes of its files -> one SHA-256.

Two extracts with one fingerprint and files with the same checksums have the same results: so much is in it. What is new and
unknown here (an option, a setting of an extract) is in it too, unless it is named as something that changes no result.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from dq_engine._version import __version__
from dq_engine.feeds import Extract, Other, located
from dq_engine.suite import Check

Placed = TypeVar("Placed", Extract, Other)
WITHOUT_EFFECT = frozenset({"fail_on", "threads", "memory_limit", "timeout", "check_timeout", "checksums", "fresh", "split"})
"""Options that change no outcome: how fast, with how much memory, what a run ends with. What a limit ended is not kept at all."""
SPOKEN_FOR = frozenset({"select", "ignore", "as_of", "parameters"})
"""Options of which the effect is here in another way: as the checks that are wanted, the day, the arguments of checks."""
DISTRIBUTIONS = ("duckdb", "python_dateutil", "jsonschema", "jsonschema_specifications", "referencing", "sqlglot", "msgspec")
"""What reads, counts and judges values, by the names of the folders in which it is installed."""
_INSTALLED = re.compile(rf"({'|'.join(DISTRIBUTIONS)})-.+\.dist-info")

_CALLED = re.compile(r"""([\w$]+|"(?:[^"]|"")*")(?=(?:[^\x21-\x7e]|--[^\n]*)*\()""")
"""A name before an opening bracket; white space and comments may stand between."""
_WORD = re.compile(r"[\w$]+")
_UNSTEADY = re.compile(
    r"current_|localtime|duckdb_|pragma_|pg_|sqlite_|information_schema|(session_|system_)?user$|(table)?sample$"
)
"""Words that mean the clock, chance, or the database itself without a bracket behind them."""
_SQL = """
all and any array as between by case distinct else except exclude exists filter from group having in intersect interval is
join lateral limit materialized not nulls offset on or order over partition qualify recursive replace row rows select some
struct then union using values when where window with
"""
_TYPES = """
bigint bit blob bool boolean char date decimal double float hugeint int integer numeric real smallint text time timestamp
timestamptz tinyint varchar
"""
_FUNCTIONS = """
abs add any_value approx_count_distinct arg_max arg_min array_agg avg bit_and bit_or bit_xor bool_and bool_or cast ceil
ceiling coalesce columns concat concat_ws contains corr count count_if count_star covar_pop covar_samp cume_dist date_add
date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear
dense_rank ends_with entropy epoch exp extract first first_value floor generate_series greatest hash hour if ifnull isfinite
isinf isnan isodow isoyear kurtosis lag last last_day last_value lcase lead least left len length levenshtein list
list_contains list_distinct list_sort list_unique ln log log10 log2 lower lpad ltrim mad make_date make_time make_timestamp
max max_by md5 mean median min min_by minute mod mode month monthname nth_value ntile nullif octet_length ord percent_rank pow
power product quantile quantile_cont quantile_disc quarter range rank regexp_extract regexp_extract_all regexp_full_match
regexp_matches regexp_replace repeat replace reverse right round row_number rpad rtrim second sha256 sign skewness split
split_part sqrt starts_with stddev stddev_pop stddev_samp strftime string_agg string_split strip_accents strlen strpos
strptime substr substring sum translate trim trunc try_cast try_strptime typeof ucase unicode unnest upper var_pop var_samp
variance week weekday weekofyear year yearweek
"""
STEADY = frozenset(f"{_SQL} {_TYPES} {_FUNCTIONS}".split())
"""What may stand before a bracket in SQL of a suite whose results may be taken again. All else may look at the clock."""


def fingerprint(extract: Extract, wanted: Sequence[Check], options: Mapping[str, Any], today: str) -> str:
    """The fingerprint of an extract of which the checks ``wanted`` are asked; "" if another time its results may be others.

    ``options`` are those of the run, by name; ``today`` is the day on which it looks at the data.
    """
    engine = code()
    if not engine or not all(steady(query) for check in wanted for query in check.expectation.queries()):
        return ""
    spoken_of = needed(wanted)
    parts = {
        "engine": engine,
        "extract": _placed(msgspec.structs.replace(extract, suite=None, others=(), ignore=())),
        "suite": extract.suite.sha256,
        "feed": extract.suite.feed,
        "checks": [(check.id, check.expectation.name, check.kwargs, check.others) for check in extract.suite.checks],
        "wanted": [check.id for check in wanted],
        "others": [_placed(other) for other in extract.others if other.name in spoken_of],
        "options": {name: value for name, value in options.items() if name not in WITHOUT_EFFECT | SPOKEN_FOR},
        "today": today if any(check.expectation.dated for check in wanted) else None,
    }
    try:
        return hashlib.sha256(msgspec.json.encode(parts, enc_hook=_plain, order="sorted")).hexdigest()
    except UnicodeEncodeError:  # half a character, which JSON can spell and no text can hold
        return ""


def _placed(extract: Placed) -> Placed:
    """The extract with the places from which its files came: where they were put for this run says nothing."""
    return msgspec.structs.replace(extract, files=tuple(map(Path, located(extract.files, extract.origins))), origins=())


def needed(wanted: Sequence[Check]) -> frozenset[str]:
    """The names of the other extracts that checks speak of."""
    return frozenset(name for check in wanted for name in check.others)


def steady(query: str) -> bool:
    """Whether SQL of a suite gives the same whenever it is run: it calls only what is known for that. In doubt it does not.

    What is only written in a text or a comment counts, too.
    """
    called = {name.strip('"').replace('""', '"').lower() for name in _CALLED.findall(query)}
    words = {word.lower() for word in _WORD.findall(query)}
    return "/*" not in query and called <= STEADY and not any(map(_UNSTEADY.match, words))


@functools.cache
def code() -> str:
    """A digest of the engine's own source and of what it computes with; "" where that cannot be found out."""
    digest = hashlib.sha256(f"{__version__} {sys.version} {sys.platform} {os.uname().machine}".encode())
    root = Path(__file__).parent
    try:
        sources = sorted(path for folder in (root, root / "catalog") for path in folder.glob("*.py"))
        installed = sorted({name for folder in sys.path for name in _listed(folder) if _INSTALLED.fullmatch(name)})
        for path in sources:
            digest.update(f"\0{path.relative_to(root)}\0".encode() + path.read_bytes())
    except OSError:
        return ""
    if not sources or not any(name.startswith("duckdb-") for name in installed):
        return ""
    return hashlib.sha256(digest.digest() + "\n".join(installed).encode()).hexdigest()


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder or ".")  # noqa: PTH208  a part of sys.path, which may be no folder
    except OSError:
        return []


def _plain(value: object) -> object:
    return os.fsencode(value) if isinstance(value, Path) else repr(value)
