"""Templates -> pages. The one place where HTML is made: text is escaped by the template engine, and nowhere else."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jinja2
from markupsafe import Markup
from msgspec import Struct

from dq_engine.report import score_words, words
from dq_engine.report.html import places

MOST = 900_000
"""Bytes of a page, at most: longer lists go on on further pages."""
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
"""The Content-Security-Policy of every page: nothing is loaded but the files beside it."""
STATUSES = {
    "fail": ("Failed", "red", "\N{BALLOT X}"),
    "error": ("Not evaluated", "purple", "!"),
    "vacuous": ("Nothing to judge", "yellow", "\N{EMPTY SET}"),
    "waived": ("Waived", "orange", "\N{WHITE FLAG}"),
    "skipped": ("Not selected", "grey", "\N{EN DASH}"),
    "pass": ("Passed", "green", "\N{CHECK MARK}"),
}
"""What pages call each mark of an outcome; the colour of its tag; its sign."""


ON_EVERY_PAGE = {"skip-link": "skipLink", "breadcrumb": "breadcrumb"}
COMPONENTS = {
    "tag": "tag",
    "details": "details",
    "pagination": "pagination",
    "inset-text": "insetText",
    "warning-callout": "warningCallout",
    "summary-list": "summaryList",
    "select": "select",
    "input": "input",
}
"""The components of the NHS.UK design system that pages use: their folders and macros. Some are the same on most pages."""


class Site(Struct, frozen=True):
    """What every page says: for whom the site is, and what that means; the version of dq.

    ``public``: whether the notice stands at the top, because without it figures would be misread.
    """

    notice: str
    version: str
    public: bool = False


class Pages:
    """Makes the pages of one site."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def page(self, template: str, path: str, **values: Any) -> bytes:
        """The page at ``path`` of the site."""
        link = functools.partial(_link, page=path)
        made = (
            environment()
            .get_template(template)
            .render(site=self.site, path=path, root=places.root(path), link=link, policy=POLICY, **values)
        )
        return made.encode("utf-8", "backslashreplace")

    def fragment(self, template: str, macro: str, path: str, *values: Any) -> Markup:
        """A part of the page at ``path``, of which there may be many: a macro of a template."""
        return Markup(_macro(template, macro)(functools.partial(_link, page=path), *values))  # noqa: S704  the macro escapes


def _link(target: str, anchor: str = "", *, page: str) -> str:
    return places.link(target, page, anchor)


@functools.cache
def environment() -> jinja2.Environment:
    """The templates of dq with what they may call; a name that is not known is an error."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("dq_engine.report.html"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        auto_reload=False,
    )
    made.filters |= {
        "clean": words.clean,
        "day": score_words.day,
        "name": places.name,
    }
    made.globals |= {
        "statuses": STATUSES,
        "places": places,
        "nhsuk": {macro: component(folder, macro) for folder, macro in COMPONENTS.items()}
        | {macro: _once(component(folder, macro)) for folder, macro in ON_EVERY_PAGE.items()},
    }
    return made


def component(folder: str, macro: str) -> Callable[..., Markup]:
    """A component of the NHS.UK design system, as nhsuk-frontend-jinja makes its HTML: a macro that takes a mapping."""
    return getattr(_nhsuk().get_template(f"nhsuk/components/{folder}/macro.jinja").module, macro)  # type: ignore[no-any-return]


def _once(macro: Callable[..., Markup]) -> Callable[[dict[str, Any]], Markup]:
    """The component, made once for the same options: macros of NHS.UK take their time, and there are thousands of pages."""
    made: dict[str, Markup] = {}

    def again(options: dict[str, Any]) -> Markup:
        known = repr(options)
        if known not in made:
            made[known] = macro(options)
        return made[known]

    return again


@functools.cache
def _nhsuk() -> jinja2.Environment:
    """The macros of NHS.UK, which ask for options that were not given."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("nhsuk_frontend_jinja"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.ChainableUndefined,
        auto_reload=False,
    )


@functools.cache
def _macro(template: str, macro: str) -> Callable[..., str]:
    return getattr(environment().get_template(template).module, macro)  # type: ignore[no-any-return]


def paged(parts: Iterable[Markup], room: int = MOST) -> list[Sequence[Markup]]:
    """The parts of a list, dealt out to pages of at most ``room`` bytes: one page at least, and no part is broken."""
    dealt: list[list[Markup]] = [[]]
    used = 0
    for part in parts:
        size = len(part) if part.isascii() else len(part.encode("utf-8", "backslashreplace"))
        if dealt[-1] and used + size > room:
            dealt.append([])
            used = 0
        dealt[-1].append(part)
        used += size
    return [*dealt]
