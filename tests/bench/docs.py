"""How long pages take: ``python -m tests.bench.docs [FOLDER]``, on made-up runs of 6,500 practices and all feeds.

No test: nothing here passes or fails. The run is that of :mod:`tests.bench.scoring`: 6,500 practices in 481 PCG/Ts, nearly 600 checks,
of which each practice fails a quarter. The site is built once, and again after each of some more runs, so that it shows whether
one more costs itself or its history. Runs and site stay in FOLDER, if that is named.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from dq_engine import WorkerProcess, docs, store
from dq_engine.scoring import Asked
from tests.bench.scoring import make

MORE = 4


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else temporary).absolute()
        results, site = folder / "results", folder / "site"
        first = results / "20250101T000000Z-000000"
        if not first.exists():
            first.mkdir(parents=True)
            make(first)
        shutil.rmtree(site, ignore_errors=True)
        wanted = docs.Wanted(scoring=Asked(level="practice", by=("region", "kind"), dimensions=False))
        with WorkerProcess() as worker:
            for number in range(MORE + 1):
                runs = [first, *(copied(first, more) for more in range(1, number + 1))]
                before = os.times()
                built = docs.build(runs, site, wanted, worker)
                used = os.times()
                cpu = used.user + used.system - before.user - before.system
                print(
                    f"{number + 1} runs: {built.pages:,} pages, {built.bytes / 1e6:.0f} MB in {built.seconds:.1f} s ({cpu:.1f} s CPU)"
                )
        pages = sorted(((page.stat().st_size, page.relative_to(site)) for page in site.rglob("*.html")), reverse=True)
        print(f"the site: {len(pages):,} pages, {sum(size for size, _ in pages) / 1e6:.0f} MB; the largest:")
        for size, page in pages[:5]:
            print(f"  {size / 1e3:6.0f} kB  {page}")
        assert built.index == site / "index.html"


def copied(first: Path, more: int) -> Path:
    """The same run, as if it had been made on a later day."""
    place = first.with_name(f"202501{more + 1:02}T000000Z-000000")
    if not place.exists():
        shutil.copytree(first, place)
        record = (place / store.RUN).read_text(encoding="utf-8")
        record = record.replace(first.name, place.name).replace("2025-01-01", f"2025-01-{more + 1:02}")
        (place / store.RUN).write_text(record, encoding="utf-8")
    return place


if __name__ == "__main__":
    main()
