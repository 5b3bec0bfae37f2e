"""DataFusion, by hand: one SELECT for what does not group, and a query for each key."""

from __future__ import annotations

import os
from typing import Any

from tests.bench.peers.hand import Number, judged, shapes
from tests.bench.peers.hand_sql import aggregate, own_query, wrong
from tests.bench.peers.rules import Watch, asked, rules_of, say


def main() -> None:
    watch = Watch()
    import datafusion

    watch.lap("import")
    data, suite, _ = asked()
    context = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(os.cpu_count() or 1))
    context.register_parquet("t", data)
    types = {field.name: str(field.type) for field in context.table("t").schema()}
    watch.lap("read")

    def row(query: str) -> list[Any]:
        (found,) = [row for batch in context.sql(query).collect() for row in batch.to_pylist()]
        return list(found.values())

    listed = rules_of(suite)
    judge = shapes(listed)
    needed = list(dict.fromkeys(number for shape in judge for number in shape.numbers))
    numbers: dict[Number, Any] = {}
    together = []
    for number in needed:
        query = own_query(number, "t")
        if query:
            (numbers[number],) = row(query)
        else:
            predicate = wrong(listed[number.place], types, "regexp_like") if number.place is not None else ""
            together.append((number, aggregate(number, predicate, "count(*) FILTER (WHERE {})")))
    aliased = ", ".join(f"{sql} AS n{place}" for place, (_, sql) in enumerate(together))
    numbers.update(zip([number for number, _ in together], row(f"SELECT {aliased} FROM t"), strict=True))
    answers = [judged(shape, numbers, list(types)) for shape in judge]
    watch.lap("validate")
    say("datafusion", "datafusion", watch, answers)


if __name__ == "__main__":
    main()
