"""Verhoeff's check digit, as SQL. Pure.

Source: https://confluence.snomedtools.org/display/DOCRELFMT/6.4+Check-digit (the computation is in its section 6.4.2).
"""

from __future__ import annotations


def _product(a: int, b: int) -> int:
    """The product in the dihedral group D5: 0 to 4 are turns, 5 to 9 reflections."""
    turned = (a + b if a < 5 else a - b) % 5
    return turned if (a < 5) == (b < 5) else turned + 5


def _permutations() -> list[list[int]]:
    """What becomes of the digits 0 to 9 at each of eight places; then the places begin anew."""
    step = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
    found = [list(range(10))]
    while len(found) < 8:
        found.append([found[-1][digit] for digit in step])
    return found


PRODUCTS = [_product(a, b) for a in range(10) for b in range(10)]
PERMUTED = [digit for place in _permutations() for digit in place]


def fails(text: str) -> str:
    """SQL: the digits of ``text`` fail the check. No error for other text, but then the answer means nothing."""
    digit = f"ascii(substr({text}, length({text}) - place, 1)) - 47"
    permuted = f"list_transform(range(length({text})), lambda place: {PERMUTED}[10 * (place % 8) + {digit}])"
    return f"list_reduce({permuted}, lambda sum, digit: {PRODUCTS}[10 * sum + digit + 1], 0) <> 0"
