"""Where each page of a site is: names of files that any text can have, and links from page to page."""

from __future__ import annotations

import functools
import hashlib
import posixpath
import re
from urllib.parse import quote

LONGEST = 60
"""Characters of a file's name that come from a text."""
WORD, CODE, RUN_ID = re.compile(r"[a-z0-9_]+"), re.compile(r"[A-Z0-9]+"), re.compile(r"\d{8}T\d{6}Z-[0-9a-f]+")
"""The usual forms of names, of organisations' codes, and of ids of runs."""
TAKEN = re.compile(r"index|con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)
"""Names that are pages of ours, or that some file systems keep for themselves."""

OVERVIEW = "index.html"
CHECKS = "checks.html"
HELP = "help.html"
RUNS = "runs/index.html"
ORGANISATIONS = "organisations/index.html"
RATINGS = "ratings/index.html"
RULES = "rules/index.html"


def name(text: str, plain: re.Pattern[str] = WORD) -> str:
    """The name of the file, or the anchor, of something that is called ``text``; different texts have different names.

    What has the form ``plain`` stays as it is. All else gets a suffix from its SHA-256, so that neither odd characters nor a
    file system that does not tell "a" from "A" make two pages one.
    """
    if plain.fullmatch(text) and len(text) <= LONGEST and not TAKEN.fullmatch(text):
        return text
    readable = re.sub(r"[^A-Za-z0-9_]+", "-", text)[:LONGEST].strip("-").lower()
    return f"{readable}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def run(run_id: str, page: str = "index.html") -> str:
    """A page about a run: its overview, ``run.html``, ``checks.html``."""
    return f"runs/{name(run_id, RUN_ID)}/{page}"


def extract(run_id: str, extract_name: str) -> str:
    """The (first) page of an extract of a run."""
    return run(run_id, f"extracts/{name(extract_name)}.html")


def organisation(code: str) -> str:
    """The page of an organisation."""
    return f"organisations/{name(code, CODE)}.html"


def rule(expectation: str) -> str:
    """The page of an expectation of the catalogue."""
    return f"rules/{name(expectation)}.html"


def check_anchor(check: str) -> str:
    """The anchor of a check on the page of its extract."""
    return f"check-{name(check)}"


def further(page: str, number: int) -> str:
    """The page itself (1), or one of those that carry it on (2, 3 …)."""
    return page if number == 1 else f"{page.removesuffix('.html')}-{number}.html"


@functools.lru_cache(maxsize=10_000)
def link(target: str, page: str, anchor: str = "") -> str:
    """The address of ``target`` as a page says it, relative to itself."""
    return _address(target, posixpath.dirname(page)) + (f"#{quote(anchor, safe='=&-')}" if anchor else "")


@functools.lru_cache(10_000)
def _address(target: str, folder: str) -> str:
    return quote(posixpath.relpath(target, folder or "."))


def root(page: str) -> str:
    """What leads from a page to the folder of the site: "", "../", "../../"."""
    return "../" * page.count("/")
