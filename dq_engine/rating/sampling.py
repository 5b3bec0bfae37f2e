"""Which organisations are looked at: a stratified sample, drawn here or elsewhere. Pure.

Stratified simple random sampling without replacement (Cochran, Sampling Techniques, 3rd edition 1977, chapter 5). What a sample
says of all organisations is in :mod:`dq_engine.rating.survey`.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping
from fractions import Fraction
from typing import Literal, NamedTuple

from msgspec import Struct

from dq_engine.errors import UsageError
from dq_engine.scores import SampleReference

Allocation = Literal["proportional", "equal"]
FEWEST = 2
"""The fewest organisations of a stratum that can show how it varies."""


class Stratum(NamedTuple):
    """A stratum: how many organisations it has, and how many of these are in the sample."""

    name: str
    population: int
    sampled: int


class Member(NamedTuple):
    """An organisation of a sample that was drawn elsewhere; ``stratum`` None: as the population has it."""

    organisation: str
    stratum: str | None = None
    responded: bool = True


class Sample(Struct, frozen=True):
    """Which organisations were looked at, of how many.

    ``design`` says how it was drawn, in words; ``members`` gives the stratum of each sampled organisation; ``silent`` are those
    of them that did not respond, whatever else is known of them. In a part of a sample, ``strata`` may have some of which nobody
    was sampled.
    """

    design: str
    seed: int | None
    strata: tuple[Stratum, ...]
    members: dict[str, str]
    silent: frozenset[str] = frozenset()

    @property
    def population(self) -> int:
        """How many organisations the sample speaks for."""
        return sum(stratum.population for stratum in self.strata)

    @property
    def reference(self) -> SampleReference:
        """The sample as the results of scoring name it."""
        return SampleReference(self.design, self.seed, self.strata, tuple(sorted(self.members)))


def allocate(populations: Mapping[str, int], size: int, how: Allocation) -> dict[str, int]:
    """How many organisations to sample from each stratum; they add up to ``size``.

    ``proportional``: by the number of organisations; ``equal``: the same from each. Every stratum gives at least two, or all
    that it has; none gives more than it has, and what it cannot give the others do. Rounded by largest remainder; of equal ones
    the larger stratum first, then by name. Raises :class:`UsageError` for a size that the strata cannot have.
    """
    least = {name: min(FEWEST, count) for name, count in populations.items()}
    total, needed = sum(populations.values()), sum(least.values())
    if size > total:
        raise UsageError(f"a sample of {size} cannot be drawn: there are {total} organisations")
    if size < needed or size < 1:
        raise UsageError(
            f"a sample of {size} is too small for {_strata(len(populations))}: at least {max(1, needed)} are needed, two from "
            "each stratum or all that it has; draw more, or join strata"
        )
    settled: dict[str, int] = {}
    while True:
        parts = {name: count if how == "proportional" else 1 for name, count in populations.items() if name not in settled}
        left, whole = size - sum(settled.values()), sum(parts.values())
        quota = {name: Fraction(left * part, whole or 1) for name, part in parts.items()}
        lacking = {name: least[name] - share for name, share in quota.items() if share < least[name]}
        beyond = {name: share - populations[name] for name, share in quota.items() if share > populations[name]}
        if not lacking and not beyond:
            break
        # settling the larger side leaves the other side right or still beyond its limit; the rest is shared out again
        if sum(lacking.values()) >= sum(beyond.values()):
            settled |= {name: least[name] for name in lacking}
        else:
            settled |= {name: populations[name] for name in beyond}
    settled |= {name: int(share) for name, share in quota.items()}
    by_remainder = sorted(quota, key=lambda name: (int(quota[name]) - quota[name], -populations[name], name))
    for name in by_remainder[: size - sum(settled.values())]:
        settled[name] += 1
    return {name: settled[name] for name in populations}


def draw(strata: Mapping[str, str], size: int, how: Allocation, seed: int) -> Sample:
    """A stratified random sample of ``size`` organisations; ``strata`` maps every organisation of the population to its stratum.

    Each organisation has a number of its own, from the seed and its code (SHA-256); those with the lowest numbers of a stratum
    are drawn. So the same seed draws the same sample on every machine and from every order of the organisations, and a few
    organisations more or fewer leave most of it as it was (permanent random numbers: Ohlsson, in Business Survey Methods, 1995,
    153-169). Raises :class:`UsageError` as :func:`allocate` does, and where there are no organisations.
    """
    if not strata:
        raise UsageError("no sample can be drawn: there are no organisations")
    by_stratum: dict[str, list[str]] = defaultdict(list)
    for organisation, stratum in strata.items():
        by_stratum[stratum].append(organisation)
    sizes = allocate({name: len(by_stratum[name]) for name in sorted(by_stratum)}, size, how)
    members = {
        organisation: name
        for name, number in sizes.items()
        for organisation in sorted(by_stratum[name], key=lambda code: (_number(seed, code), code))[:number]
    }
    rows = tuple(Stratum(name, len(by_stratum[name]), number) for name, number in sizes.items())
    design = f"{size} of {len(strata)} organisations, drawn at random from {_strata(len(rows))}, {how} allocation, seed {seed}"
    return Sample(design, seed, rows, dict(sorted(members.items())))


def take(members: Iterable[Member], strata: Mapping[str, str]) -> Sample:
    """A sample that was drawn elsewhere; ``strata`` maps every organisation of the population to its stratum.

    Raises :class:`UsageError` with everything that is wrong: organisations that are not in the population, that are named more
    than once, whose stratum the population has otherwise; strata of which nobody is sampled, or one of several; no members.
    """
    listed = list(members)
    if not listed:
        raise UsageError("the sample is empty: it must name the organisations that were looked at")
    times = Counter(member.organisation for member in listed)
    faults = {
        "the sample names organisations that are not in the population": {code for code in times if code not in strata},
        "the sample names organisations more than once": {code for code, number in times.items() if number > 1},
        "the sample has organisations in another stratum than the population": {
            f"{member.organisation} ({stratum_name(member.stratum)} instead of {stratum_name(strata[member.organisation])})"
            for member in listed
            if member.stratum is not None and strata.get(member.organisation, member.stratum) != member.stratum
        },
    }
    troubles = [f"{fault}: {', '.join(sorted(found))}" for fault, found in faults.items() if found]
    sampled = Counter(strata[code] for code in times if code in strata)
    rows = tuple(Stratum(name, count, sampled[name]) for name, count in sorted(Counter(strata.values()).items()))
    troubles += [_too_few(row) for row in rows if row.sampled < min(FEWEST, row.population)]
    if troubles:
        raise UsageError("\n".join(troubles))
    silent = frozenset(member.organisation for member in listed if not member.responded)
    design = f"{len(times)} of {len(strata)} organisations from {_strata(len(rows))}, drawn elsewhere"
    return Sample(design, None, rows, {code: strata[code] for code in sorted(times)}, silent)


def take_from(members: Iterable[Member], sizes: Mapping[str, int], known: Container[str]) -> Sample:
    """A sample from strata of its own: ``sizes`` says how many organisations each has; ``known`` are those of the population.

    Which organisation that was not sampled is in which stratum is not known, so nothing can be said of groups. Raises
    :class:`UsageError` as :func:`take` does, for members without a stratum, and for strata with more members than organisations.
    """
    listed = list(members)
    times = Counter(member.organisation for member in listed)
    sampled = Counter(member.stratum or "" for member in listed)
    rows = tuple(Stratum(name, sizes[name], sampled[name]) for name in sorted(sizes))
    faults = {
        "the sample names organisations that are not in the population": {code for code in times if code not in known},
        "the sample names organisations more than once": {code for code, number in times.items() if number > 1},
        "the sample does not say how many organisations the stratum has": {
            stratum_name(name) for name in sampled if name not in sizes
        },
    }
    troubles = [f"{fault}: {', '.join(sorted(found))}" for fault, found in faults.items() if found]
    troubles += [
        f"stratum {stratum_name(row.name)}: {row.sampled} in the sample, of {row.population} that it is said to have"
        for row in rows
        if row.sampled > row.population
    ]
    troubles += [_too_few(row) for row in rows if row.sampled < min(FEWEST, row.population)]
    if troubles:
        raise UsageError("\n".join(troubles))
    silent = frozenset(member.organisation for member in listed if not member.responded)
    population = sum(sizes.values())
    design = f"{len(times)} of {population} organisations from {_strata(len(rows))} of its own, drawn elsewhere"
    return Sample(design, None, rows, {m.organisation: m.stratum or "" for m in sorted(listed)}, silent)


def within(sample: Sample, group: Mapping[str, str]) -> Sample:
    """The part of a sample that is in a group; ``group`` maps every organisation of the group, sampled or not, to its stratum.

    How many of the group are in each stratum is known, so what is estimated from this part is an estimate for the group alone,
    given how many of it came into the sample. Strata of which none did have ``sampled`` 0.
    """
    members = {code: stratum for code, stratum in sample.members.items() if code in group}
    sampled = Counter(members.values())
    rows = tuple(Stratum(name, count, sampled[name]) for name, count in sorted(Counter(group.values()).items()))
    return Sample(sample.design, sample.seed, rows, members, sample.silent.intersection(members))


def stratum_name(stratum: str) -> str:
    """The name of a stratum as messages have it."""
    return stratum or "(no name)"


def _too_few(row: Stratum) -> str:
    if row.population == 1:
        lack, remedy = "its only organisation is not in the sample", "sample it"
    elif not row.sampled:
        lack, remedy = f"none of its {row.population} organisations is in the sample", "sample two or more of them"
    else:
        lack = f"only one of its {row.population} organisations is in the sample, which cannot tell how they vary"
        remedy = "sample two or more of them"
    return f"stratum {stratum_name(row.name)}: {lack}; {remedy}, or join the stratum with another"


def _strata(number: int) -> str:
    return "1 stratum" if number == 1 else f"{number} strata"


def _number(seed: int, organisation: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{organisation}".encode()).digest()
