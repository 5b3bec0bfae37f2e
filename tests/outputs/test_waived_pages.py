"""Pages of a run in which somebody accepted failures: they have a mark, a word and a filter of their own, and are never green."""

import re
from pathlib import Path

import msgspec
import pytest

from dq_engine import WorkerProcess, store
from dq_engine.model import GateFinding, Run
from tests.command import dq_here

from .conftest import WAIVER, accepted, gated


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory, runs: dict[str, Run], worker: WorkerProcess) -> Path:
    """The folder of a run: one failure is accepted, as is one check that had nothing to judge."""
    folder = tmp_path_factory.mktemp("waived")
    waivers = (
        msgspec.structs.replace(WAIVER, reason="<b>mended</b> in May"),
        msgspec.structs.replace(WAIVER, check="empty_valid", accepts="vacuous"),
    )
    held = gated(accepted(runs["error"], *waivers), 3, GateFinding("required.feeds", 3, "no <i>list_sizes</i> came"))
    (folder / "results").mkdir()
    store.save(held, folder / "results", worker)
    return folder


def built(folder: Path, *options: str) -> dict[str, str]:
    done = dq_here(folder, "docs", "results", "--output", "site" + "".join(options), "--quiet", *options)
    assert done.returncode == 0, done.stderr
    site = folder / ("site" + "".join(options))
    return {page.relative_to(site).as_posix(): page.read_text(encoding="utf-8") for page in site.rglob("*.html")}


def test_pages_show_who_accepted_what_until_when_and_why(stored: Path) -> None:
    pages = built(stored)
    (place,) = (name for name in pages if "/extracts/" in name)
    rows = re.findall(r'<tr id="check-([^"]+)" data-status="(\w+)".*?</tr>', pages[place], re.DOTALL)
    assert {name: status for name, status in rows if status == "waived"} == {"sex_known": "waived", "empty_valid": "waived"}
    (row,) = re.findall(r'<tr id="check-sex_known".*?</tr>', pages[place], re.DOTALL)
    assert 'class="nhsuk-tag nhsuk-tag--orange"' in row
    assert "nhsuk-tag--green" not in row.partition("In earlier runs")[0]
    assert "waived by A. Lead until 2030-05-31: &lt;b&gt;mended&lt;/b&gt; in May" in row
    assert '<option value="waived">Waived</option>' in pages[place]
    for name in ("index.html", "checks.html"):
        assert "Waived" in pages[name] or "waived" in pages[name]
    assert "required.feeds: no &lt;i&gt;list_sizes&lt;/i&gt; came" in pages["index.html"]
    assert "waiver applied: sex_known: accepted" in pages["index.html"]
    assert re.search(r'<strong>2</strong> <a href="[^"]*#status=waived">waived</a>', pages["index.html"])


def test_the_public_learns_until_when_and_no_name(stored: Path) -> None:
    pages = built(stored, "--audience", "public")
    assert any("waived until 2030-05-31" in page for page in pages.values())
    assert not any("A. Lead" in page or "mended" in page or "required.feeds" in page for page in pages.values())
    assert not any("T90064" in page for page in pages.values()), "the verdict of a gate names organisations"
    assert "The gate is closed (exit code 3)." in pages["index.html"]
