"""A sheet that a chart is drawn on: boxes, texts and lines, in pixels from the upper left corner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Literal

from msgspec import Struct

from dq_engine.report.html.svg import Text, draw, paint, plain, width_of
from dq_engine.report.score_words import TOGETHER
from dq_engine.scores import OVERALL

WIDTH = 400
"""Pixels of every chart: narrow, so that a telephone need not shrink it much."""
TEXT = 13
"""Size of the texts that are read."""
SMALL = 12
"""Size of all others."""
Point = tuple[float, float]
_HOLLOW = {"rating-0", "missing"}
"""What has no colour, but an edge: nothing is there."""
_MARKS: dict[str, dict[str, Any]] = {
    "band": {"type": "area", "opacity": 1},
    "grid": {"type": "rule"},
    "box": {"type": "rect"},
    "frame": {"type": "rect", "fill": None},
    "line": {"type": "rule", "strokeWidth": 1.5},
    "curve": {"type": "line", "strokeWidth": 2},
    "dot": {"type": "circle", "opacity": 1, "size": 36},
}
"""What there is on a sheet, what lies beneath first; texts lie above all."""


class Chart(Struct, frozen=True):
    """A picture: ``svg`` is markup that is safe in a page; everything else is text.

    ``description`` says what the picture shows; ``columns`` and ``rows`` are its data.
    """

    svg: str
    title: str
    description: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Sheet:
    """What is drawn, until :meth:`chart` makes a picture of it. Colours are names that :func:`paint` knows."""

    def __init__(self) -> None:
        self._drawn: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._texts: list[Text] = []
        self._curves = 0

    def box(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        """A filled box; an empty one with an edge for what has no colour."""
        if fill in _HOLLOW:
            edges = {"x": x + 0.5, "x2": x + width - 0.5, "y": y + 0.5, "y2": y + height - 0.5}
            self._drawn["frame"].append({**edges, "paint": paint("outline")})
        else:
            self._drawn["box"].append({"x": x, "x2": x + width, "y": y, "y2": y + height, "paint": paint(fill)})

    def line(self, start: Point, end: Point, stroke: str = "ink") -> None:
        """A straight line. Those of the colour "line" are level, lie beneath everything, and are one sharp row of pixels."""
        if stroke == "line":
            start, end = ((x, int(y) + 0.5) for x, y in (start, end))
        self._drawn["grid" if stroke == "line" else "line"].append(
            {"x": start[0], "y": start[1], "x2": end[0], "y2": end[1], "paint": paint(stroke)}
        )

    def curve(self, points: Sequence[Point]) -> None:
        """A line through points."""
        self._curves += 1
        self._drawn["curve"] += [{"x": x, "y": y, "curve": self._curves, "paint": paint("series")} for x, y in points]

    def band(self, points: Sequence[tuple[float, float, float]]) -> None:
        """The area between points (x, y, y2)."""
        self._curves += 1
        self._drawn["band"] += [{"x": x, "y": y, "y2": y2, "curve": self._curves, "paint": paint("band")} for x, y, y2 in points]

    def dot(self, x: float, y: float, fill: str = "series") -> None:
        """A small filled circle."""
        self._drawn["dot"].append({"x": x, "y": y, "paint": paint(fill)})

    def text(
        self,
        x: float,
        y: float,
        text: str,
        fill: str = "ink",
        *,
        align: Literal["left", "center", "right"] = "left",
        size: int = TEXT,
        limit: float = WIDTH,
        bold: bool = False,
        upright: bool = False,
    ) -> None:
        """A text whose baseline is at ``y``; one that is wider than ``limit`` pixels ends in an ellipsis."""
        self._texts.append(Text(x, y, text, fill, align, size, limit, bold, upright))

    def key(self, entries: Sequence[tuple[str, str, str]]) -> None:
        """What colours mean, on the first line: colour, sign in the box, words."""
        widths = [23 + width_of(said, SMALL) for _, _, said in entries]
        gap = min(24, (WIDTH - sum(widths)) / max(1, len(entries) - 1))
        x = 0.0
        for (fill, sign, said), width in zip(entries, widths, strict=True):
            self.box(x, 0, 18, 16, fill)
            self.text(x + 9, 12.5, sign, f"on-{fill}", align="center", size=SMALL)
            self.text(x + 23, 12.5, said, size=SMALL)
            x += width + gap

    def chart(
        self,
        height: float,
        *,
        chart_id: str,
        title: str,
        said: str,
        columns: Sequence[str] = (),
        rows: Iterable[Sequence[str]] = (),
    ) -> Chart:
        """The picture; ``said``, ``columns`` and ``rows`` as in :class:`Chart`."""
        layers = [_layer(mark, self._drawn[mark]) for mark in _MARKS if self._drawn[mark]]
        spec = {"width": WIDTH, "height": height, "layer": layers}
        title, said = plain(title), plain(said)
        svg = draw(spec, self._texts, chart_id=chart_id, title=title, description=said)
        return Chart(svg, title, said, tuple(columns), tuple(tuple(map(plain, row)) for row in rows))


def _layer(mark: str, data: list[dict[str, Any]]) -> dict[str, Any]:
    """The layer of all that is drawn in one way; what has one colour follows each other, so that it becomes one path."""
    pixels = {"type": "quantitative", "scale": None, "axis": None}
    paints = {"field": "paint", "type": "nominal", "scale": None, "legend": None}
    encoding: dict[str, Any] = {"x": {"field": "x", **pixels}, "y": {"field": "y", **pixels}}
    encoding["stroke" if mark in ("grid", "frame", "line", "curve") else "fill"] = paints
    encoding |= {end: {"field": end} for end in ("x2", "y2") if end in data[0]}
    if "curve" in data[0]:
        encoding["detail"] = {"field": "curve", "type": "nominal"}
    return {"data": {"values": sorted(data, key=lambda one: str(one["paint"]))}, "mark": _MARKS[mark], "encoding": encoding}


def several(count: int, noun: str) -> str:
    """ "1 item", "16 items"."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def title_of(item: str, titles: Mapping[str, str]) -> str:
    """An item by its title; by its id, where it has none."""
    return plain({OVERALL: TOGETHER, **titles}.get(item, item))


def by_source(items: Sequence[str], titles: Mapping[str, str]) -> list[tuple[str, list[tuple[int, str]]]]:
    """The items with their places, in order; neighbours whose titles begin alike ("Hospital EPR: …") under what they share.

    "" where an item stands alone: then its title is whole.
    """
    named = [(place, *title_of(item, titles).rpartition(": ")[::2]) for place, item in enumerate(items)]
    found = []
    for source, run in groupby(named, key=lambda one: one[1]):
        members = list(run)
        alone = source and len(members) == 1
        found.append(("" if alone else source, [(place, f"{source}: {name}" if alone else name) for place, _, name in members]))
    return found
