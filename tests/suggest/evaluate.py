"""How good are proposals? ``python -m tests.suggest.evaluate`` makes two invented worlds of other seeds, and prints how many of the
shipped suites' rules are found in one, with defects or without, and how many of the proposals are broken in the other, without.
"""

import datetime as dt
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from dq_engine import WorkerProcess, check
from dq_engine.feeds import find_files, read_suite, shipped
from dq_engine.model import Feed, Outcome
from dq_engine.sample import feed_names, write_samples
from dq_engine.suggest import proposals, suites
from dq_engine.suggest.propose import Proposal
from dq_engine.suggest.study import Studied, Wanted, study
from dq_engine.suite import Check, parse_suite

WIDER = {"expect_table_columns_to_match_ordered_list": "expect_table_columns_to_match_set"}
"""Types for which another one is proposed that says nearly the same."""
KEYS = ("column", "column_A", "column_B")


def is_proposed(rule: Check, proposals_: Sequence[Proposal]) -> bool:
    """Whether a proposal says what a rule says, whatever its bounds and tolerance are; a key also if it needs fewer columns."""
    name = WIDER.get(rule.expectation.name, rule.expectation.name)
    columns = {*rule.columns}
    for one in proposals_:
        theirs = {one.kwargs[key] for key in KEYS if key in one.kwargs} | {*one.kwargs.get("column_list", ())}
        if "to_be_unique" in one.type and "to_be_unique" in name and theirs <= columns:
            return True
        if one.type == name and (theirs == columns or name.startswith("expect_table")):
            return True
    return False


def supported(rule: Check) -> bool:
    """Whether a rule is of a kind that is ever proposed without being told that values are public: about rows, unconditional."""
    kinds = ("not_be_null", "be_valid_", "be_between", "match_regex", "be_unique", "a_to_be_greater_than_b", "reserved", "pseudo")
    kinds = (*kinds, "columns_to_match", "row_count_to_be_between", "compound_columns_to_be_unique")
    others = ("unique_value_count", "mean", "median", "sum", "stdev", "max", "proportion", "lengths", "not_match")
    name = rule.expectation.name
    return rule.condition is None and any(kind in name for kind in kinds) and not any(other in name for other in others)


def main() -> None:
    today = dt.datetime.now(dt.UTC).date()
    with tempfile.TemporaryDirectory() as folder, WorkerProcess() as worker:
        worlds = {name: Path(folder) / name for name in ("clean", "planted", "other")}
        none = dict.fromkeys(feed_names(), 0.0)
        write_samples(worlds["clean"], worker, seed=2, plant=none)
        write_samples(worlds["planted"], worker, seed=2)
        write_samples(worlds["other"], worker, seed=3, plant=none)
        for world in ("clean", "planted"):
            report(worker, worlds[world], worlds["other"], world, today)


def report(worker: WorkerProcess, folder: Path, other: Path, title: str, today: dt.date) -> None:
    found: Counter[str] = Counter()
    known: Counter[str] = Counter()
    proposed, mostly, wrong = 0, 0, []
    shelf = {suite.feed.feed: suite for path in shipped().rglob("p*/*.json") if (suite := read_suite(path))}
    for feed, suite in sorted(shelf.items()):
        if not (folder / f"{feed}.parquet").is_file():
            continue
        (one,) = study(worker, find_files(str(folder / f"{feed}.parquet")), Wanted(), today)
        ours = one.proposed.proposals
        for rule in filter(supported, suite.checks):
            kind = WIDER.get(rule.expectation.name, rule.expectation.name).removeprefix("expect_")
            known[kind] += 1
            found[kind] += is_proposed(rule, ours)
            if "-v" in sys.argv and not is_proposed(rule, ours):
                print("   not found:", feed, rule.id, kind)
        proposed += len(one.proposed.proposals)
        mostly += sum("mostly" in each.kwargs for each in one.proposed.proposals)
        wrong += [(feed, each) for each in broken(worker, one, other / f"{feed}.parquet", today)]
    print(f"{title}: {sum(found.values())} of {sum(known.values())} rules of the shipped suites found")
    for kind in sorted(known):
        print(f"   {found[kind]:4} of {known[kind]:4} {kind}")
    print(f"{title}: {len(wrong)} of {proposed} proposals ({mostly} with exceptions) are broken in another world without defects")
    for feed, each in wrong:
        print(f"   {feed} {each.check}: {each.statement} ({each.unexpected_count} of {each.denominator})")


def broken(worker: WorkerProcess, one: Studied, file: Path, today: dt.date) -> list[Outcome]:
    """What of the accepted proposals another file of the feed breaks."""
    (extract,) = proposals.decided(proposals.document([one], today), ["all"]).extracts
    suite = parse_suite(suites.suite(extract, today).decode(), "proposals")
    by_rows = msgspec.structs.replace(suite, feed=Feed(one.feed.feed))  # counts by organisation would take longer than all else
    run = check(str(file), by_rows, worker=worker, checksums=False)
    return [outcome for outcome in run.extracts[0].outcomes if outcome.status not in ("pass", "vacuous")]


if __name__ == "__main__":
    main()
