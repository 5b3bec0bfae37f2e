"""How often series in which nothing changes raise an alarm, and how soon a real change does: ``python -m tests.history.alarms``.

Each line is the mean of many series that are drawn by chance. "1 in 200" means that of 200 series in which nothing changes about
one is called an anomaly at its newest point.
"""

import math
import random
import sys
from collections.abc import Callable, Sequence

from dq_engine.control_charts import LEAST, MOST, Signal, false_alarms, individuals, proportions

Draw = random.Random
Alarm = Callable[[Draw, int], Signal | None]


def normal(chance: Draw, points: int) -> Signal | None:
    """A stable number, as the rows of an extract: mean 10,000, deviation 300."""
    *past, newest = (chance.gauss(10_000, 300) for _ in range(points + 1))
    return individuals(past, newest, 100)


def poisson(mean: float) -> Alarm:
    """Counts of independent events."""

    def alarm(chance: Draw, points: int) -> Signal | None:
        *past, newest = (float(count(chance, mean)) for _ in range(points + 1))
        return individuals(past, newest, math.sqrt(max(1.0, sum(past) / len(past))))

    return alarm


def binomial(share: float, of: int) -> Alarm:
    """A failing share that never changes, of a denominator that varies by a tenth."""

    def alarm(chance: Draw, points: int) -> Signal | None:
        return proportions(*_split([_counted(chance, share, of) for _ in range(points + 1)]))

    return alarm


def varied(share: float, of: int, spread: float = 0.3) -> Alarm:
    """A failing share that itself varies from time to time, by a deviation of 30 % of it (beta-binomial)."""
    strength = (1 - share) / share / spread**2

    def alarm(chance: Draw, points: int) -> Signal | None:
        drawn = [chance.betavariate(share * strength, (1 - share) * strength) for _ in range(points + 1)]
        return proportions(*_split([_counted(chance, now, of) for now in drawn]))

    return alarm


def following(part: float) -> Alarm:
    """Numbers each of which keeps a part of the last one's distance from the mean (autoregression of order 1)."""

    def alarm(chance: Draw, points: int) -> Signal | None:
        number, numbers = chance.gauss(0, 1 / math.sqrt(1 - part * part)), []
        for _ in range(points + 1):
            numbers.append(number)
            number = part * number + chance.gauss(0, 1)
        return individuals(numbers[:-1], numbers[-1], 0)

    return alarm


def walk(drift: float) -> Alarm:
    """Numbers that go on from the last one, as a register that grows."""

    def alarm(chance: Draw, points: int) -> Signal | None:
        number, numbers = 0.0, []
        for _ in range(points + 1):
            number += drift + chance.gauss(0, 1)
            numbers.append(number)
        return individuals(numbers[:-1], numbers[-1], 0)

    return alarm


def growth(chance: Draw, points: int) -> Signal | None:
    """A steady growth of one deviation a time, with variation around it."""
    *past, newest = (place + chance.gauss(0, 1) for place in range(points + 1))
    return individuals(past, newest, 0)


def dropped(deviations: float) -> Alarm:
    """A stable number that is now lower by so many deviations: an alarm here is right."""

    def alarm(chance: Draw, points: int) -> Signal | None:
        past = [chance.gauss(0, 1) for _ in range(points)]
        return individuals(past, chance.gauss(-deviations, 1), 0)

    return alarm


STABLE: dict[str, Alarm] = {
    "normal": normal,
    "Poisson, mean 4": poisson(4),
    "Poisson, mean 400": poisson(400),
    "binomial, 0.01 % of 2,000": binomial(0.0001, 2_000),
    "binomial, 1 % of 500": binomial(0.01, 500),
    "binomial, 5 % of 2,000": binomial(0.05, 2_000),
    "binomial that varies, 5 % of 2,000": varied(0.05, 2_000),
    "binomial that varies, 1 % of 20,000": varied(0.01, 20_000),
}
"""Series in which nothing changes and no point knows the last: what dq states is the worst of these."""
OTHERS: dict[str, Alarm] = {
    "autoregression, 0.3": following(0.3),
    "autoregression, 0.6": following(0.6),
    "autoregression, 0.9": following(0.9),
    "walk": walk(0),
    "walk that grows": walk(1),
    "steady growth": growth,
}
"""Series whose points follow from each other: more alarms than stated."""
CHANGED: dict[str, Alarm] = {f"lower by {n} deviations": dropped(n) for n in (3, 5, 8)}


def rate(alarm: Alarm, points: int, series: int, seed: int = 1) -> float:
    """The share of so many drawn series that raise an alarm after so many points."""
    chance = random.Random(f"{seed} {points}")
    return sum(alarm(chance, points) is not None for _ in range(series)) / series


def count(chance: Draw, mean: float) -> int:
    """A number of events: by the product of uniform numbers (Knuth), or a rounded normal number where there are many."""
    if mean > 30:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    limit, product, events = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        events += 1
    return events


def _counted(chance: Draw, share: float, of: int) -> tuple[int, int]:
    whole = round(of * chance.uniform(0.9, 1.1))
    return min(whole, count(chance, share * whole)), whole


def _split(pairs: Sequence[tuple[int, int]]) -> tuple[Sequence[tuple[int, int]], tuple[int, int]]:
    return pairs[:-1], pairs[-1]


def main(series: int) -> None:
    places = (5, LEAST, 9, 12, 15, 16, 20, MOST)
    print(f"Alarms at the newest point, of {series:,} series each, by the number of points before it.")
    print(f"{'':38}" + "".join(f"{points:>10}" for points in places))
    for kinds in (STABLE, OTHERS, CHANGED):
        for name, alarm in kinds.items():
            found = ["–" if points < LEAST else _words(rate(alarm, points, series)) for points in places]
            print(f"{name:38}" + "".join(f"{one:>10}" for one in found))
        print()
    stated = ["–" if points < LEAST else _words(false_alarms(points)) for points in places]
    print(f"{'stated by dq':38}" + "".join(f"{one:>10}" for one in stated))


def _words(share: float) -> str:
    return "never" if share == 0 else f"1 in {1 / share:.0f}" if share < 0.2 else f"{share:.0%}"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
