"""DuckDB alone: the floor (decode the columns once), one query for each rule (naive), or one SELECT for all (fused)."""

from __future__ import annotations

from typing import Any

from tests.bench.peers.hand import Number, judged, shapes
from tests.bench.peers.hand_sql import aggregate, own_query, wrong
from tests.bench.peers.rules import NO_RULE, Answer, Watch, asked, rules_of, say


def main() -> None:
    watch = Watch()
    import duckdb

    watch.lap("import")
    data, suite, variant = asked()
    with duckdb.connect() as connection:
        table = f"read_parquet('{data}')"
        types = {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE FROM {table}").fetchall()}
        watch.lap("read")
        if variant == "floor":
            answers = floor(connection, table, types, suite)
        else:
            answers = validate(connection, table, types, suite, fused=variant == "fused")
    watch.lap("validate")
    say(f"duckdb_{variant}", "duckdb", watch, answers)


def floor(connection: Any, table: str, types: dict[str, str], suite: str) -> list[Answer]:
    """Decodes each column that a rule looks at, once, and does next to nothing with it. No rule is judged."""
    listed = rules_of(suite)
    used = dict.fromkeys(name for shape in shapes(listed) for number in shape.numbers for name in number.columns)
    connection.execute(f"SELECT {', '.join(_touch(name, types[name]) for name in used)} FROM {table}").fetchall()
    return [NO_RULE] * len(listed)


def _touch(column: str, kind: str) -> str:
    """The cheapest aggregate that needs every value of a column: no statistics can answer it."""
    if kind == "VARCHAR":
        return f"sum(strlen({column}))"
    return f"count_if({column} > DATE '1800-01-02')" if kind in ("DATE", "TIMESTAMP") else f"sum({column})"


def validate(connection: Any, table: str, types: dict[str, str], suite: str, fused: bool) -> list[Answer]:
    listed = rules_of(suite)
    judge = shapes(listed)

    def measure(needed: list[Number]) -> dict[Number, Any]:
        together, found = [], {}
        for number in needed:
            query = own_query(number, table)
            if query:
                found[number] = connection.execute(query).fetchone()[0]
            else:
                together.append(number)
        if together:
            predicates = [wrong(listed[n.place], types, "regexp_matches") if n.place is not None else "" for n in together]
            columns = [aggregate(n, predicate, "count_if({})") for n, predicate in zip(together, predicates, strict=True)]
            row = connection.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchone()
            found.update(zip(together, row, strict=True))
        return found

    if fused:
        numbers = measure(list(dict.fromkeys(number for shape in judge for number in shape.numbers)))
        return [judged(shape, numbers, list(types)) for shape in judge]
    return [judged(shape, measure(list(dict.fromkeys(shape.numbers))), list(types)) for shape in judge]


if __name__ == "__main__":
    main()
