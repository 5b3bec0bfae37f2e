"""Pictures of a site for people to look at: ``python -m tests.docs.looks SITE OUT``. Each page at three widths, light and dark."""

import argparse
from pathlib import Path

import pytest

from tests.docs.means import chosen, opened_browser, screenshot

WIDTHS = (375, 768, 1440)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--pages", nargs="+", default=[], metavar="GLOB", help="such as 'rules/*.html'; without, three of each folder"
    )
    arguments = parser.parse_args()
    try:
        print(f"{take(arguments.site.resolve(), arguments.out, arguments.pages)} pictures in {arguments.out}")
    except (pytest.skip.Exception, pytest.fail.Exception) as missing:
        raise SystemExit(str(missing)) from None


def take(site: Path, out: Path, patterns: list[str]) -> int:
    """Writes ``out/runs.index-375-dark.png`` and the like; returns how many."""
    pages = chosen(site, patterns)
    if not pages:
        raise SystemExit(f"{site} has no such pages")
    out.mkdir(parents=True, exist_ok=True)
    with opened_browser() as browser:
        page = browser.new_page()
        for path in pages:
            page.goto(path.as_uri())
            name = ".".join(path.relative_to(site).with_suffix("").parts)
            for width in WIDTHS:
                for dark in (False, True):
                    screenshot(page, out / f"{name}-{width}-{'dark' if dark else 'light'}.png", width, dark)
    return len(pages) * len(WIDTHS) * 2


if __name__ == "__main__":
    main()
