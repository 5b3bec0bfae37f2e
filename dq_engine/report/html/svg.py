"""Draws Vega-Lite specifications as SVG that takes its colours from the page: no colour, font, style or script is left in it.

A specification names colours by :func:`paint`; in the SVG they become classes of ``assets/colours.css``: ``c-NAME`` where a
shape is filled, ``s-NAME`` where a line is drawn. Texts are set here: Vega would measure each by a font that the page does not
have, which takes longer than all else; and so no text of a user reaches its JavaScript.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from itertools import accumulate, groupby
from typing import Any, Literal
from unicodedata import category, east_asian_width

from msgspec import Struct

from dq_engine.report.words import clean

NAMES = (
    *("ink", "muted", "line", "paper", "series", "band", "outline"),
    *(f"rating-{step}" for step in range(6)),
    *(f"on-rating-{step}" for step in range(6)),
    *("critical", "warning", "info"),
    *("valid", "other", "default", "invalid", "missing"),
    *("on-valid", "on-other", "on-default", "on-invalid", "on-missing"),
)
"""The colours that a picture can have."""
LONGEST = 200
"""Characters of a text that are looked at: more fit nowhere."""
_SENTINELS = {f"#c0de{place:02x}": name for place, name in enumerate(NAMES)}
_PAINTS = {name: sentinel for sentinel, name in _SENTINELS.items()}
_CONFIG = {"view": {"stroke": None}}
_FIXED = {"background": None, "padding": 0, "autosize": "none"}
_DROPPED = {"class", "role", "pointer-events", "display"}
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_NUMBERS = {"d", "transform", "x", "y", "x2", "y2", "width", "height"}
_PLAIN = {"opacity": "1", "stroke-width": "1", "transform": "translate(0,0)", "x2": "0", "y2": "0"}
"""What goes without saying."""


def paint(name: str) -> str:
    """What a specification writes for the colour ``name``, one of :data:`NAMES`. Raises KeyError for another."""
    return _PAINTS[name]


class Text(Struct, frozen=True):
    """A text of one line at (x, y), the end of its baseline that ``align`` names; cut where it is wider than ``limit`` pixels."""

    x: float
    y: float
    text: str
    fill: str
    align: Literal["left", "center", "right"]
    size: int
    limit: float
    bold: bool
    upright: bool


def plain(text: str) -> str:
    """The text as it may stand in a picture: nothing that steers (see :func:`clean`) and nothing that XML cannot hold."""
    return "".join(f"\\x{ord(c):02x}" if ord(c) & 0xFFFE == 0xFFFE and category(c) == "Cn" else c for c in clean(text))


def cut(text: str, size: float, limit: float) -> str:
    """The text in plain characters, with an ellipsis where it would be wider than ``limit`` pixels in a font as wide as Arial."""
    shown = plain(text[:LONGEST])
    widths = [size * width for width in accumulate(map(_width, shown))]
    if len(text) <= LONGEST and (not widths or widths[-1] <= limit):
        return shown
    return shown[: sum(1 for width in widths if width <= limit - size)].rstrip() + "…"


def width_of(text: str, size: float) -> float:
    """About how many pixels a text takes."""
    return size * sum(map(_width, text))


def _width(character: str) -> float:
    """About how wide a character is, relative to the size of the font."""
    if character in "fijlrtI.,:;'!|()[]/- ":
        return 0.3
    if east_asian_width(character) in "WF":
        return 1.0
    return 0.86 if character in "mwMW@%—…" else 0.7 if character.isupper() else 0.56


def draw(spec: dict[str, Any], texts: Iterable[Text], *, chart_id: str, title: str, description: str) -> str:
    """The SVG of a specification and texts, to stand within a page; ``title`` and ``description`` for those who do not see it.

    ``spec`` has a width and a height. ``chart_id``, of letters, digits, ``-`` and ``_``, must be the only one of its kind on a
    page. Raises ValueError for another, and for a colour that :func:`paint` does not know: it would not follow the page from
    light to dark.
    """
    import vl_convert  # noqa: PLC0415  loads a JavaScript engine: only where pictures are drawn

    if not re.fullmatch(r"[A-Za-z][\w-]*", chart_id, re.ASCII):
        raise ValueError(f"{chart_id!r} cannot be the id of a chart: a letter, then letters, digits, - and _")
    drawn = vl_convert.vegalite_to_svg({**spec, "config": _CONFIG, **_FIXED}, allowed_base_urls=[])
    root = ET.fromstring(drawn)  # noqa: S314  made by the line above, of numbers and colours
    width, height = f"{spec['width']:g}", f"{spec['height']:g}"
    svg = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": "chart",
            "role": "img",
            "aria-labelledby": f"{chart_id}-title {chart_id}-desc",
            "viewBox": f"0 0 {width} {height}",
            "width": width,
            "height": height,
        },
    )
    ET.SubElement(svg, "title", {"id": f"{chart_id}-title"}).text = plain(title)
    ET.SubElement(svg, "desc", {"id": f"{chart_id}-desc"}).text = plain(description)
    svg.extend(_joined(part for child in root for part in _themed(child, chart_id)))
    for size, run in groupby(sorted(texts, key=lambda text: text.size), key=lambda text: text.size):
        group = ET.SubElement(svg, "g", {"font-size": str(size)})
        group.extend(map(_text, run))
    return ET.tostring(svg, encoding="unicode")


def _text(text: Text) -> ET.Element:
    """A text as SVG."""
    x, y = (_short(at) for at in (text.x, text.y))
    place = {"transform": f"translate({x},{y})rotate(-90)"} if text.upright else {"x": x, "y": y}
    anchor = {} if text.align == "left" else {"text-anchor": "middle" if text.align == "center" else "end"}
    made = ET.Element("text", {**place, "class": f"c-{text.fill}", **anchor, **({"font-weight": "bold"} if text.bold else {})})
    made.text = cut(text.text, text.size, text.limit)
    return made


def _themed(element: ET.Element, chart_id: str) -> Iterator[ET.Element]:
    """The element as the page wants it; nothing where it shows nothing, and its children where it only holds them together."""
    tag = element.tag.rpartition("}")[2]
    attributes = dict(_attributes(element, chart_id))
    children = _joined(part for child in element for part in _themed(child, chart_id))
    if tag == "g":
        if not children:
            return
        if not attributes:
            yield from children
            return
    elif tag in ("path", "line") and "class" not in attributes:
        return
    made = ET.Element(tag, attributes)
    made.extend(children)
    yield made


def _attributes(element: ET.Element, chart_id: str) -> Iterator[tuple[str, str]]:
    """What is kept of the attributes; colours become classes."""
    classes = []
    for name, value in element.attrib.items():
        if name in ("fill", "stroke") and value in ("none", "transparent"):
            if element.tag.endswith("}g"):
                yield name, "none"
        elif name in ("fill", "stroke"):
            if value not in _SENTINELS:
                raise ValueError(f"a chart is painted {value}, which is no colour of the page")
            classes.append(f"{'c' if name == 'fill' else 's'}-{_SENTINELS[value]}")
        elif name == "id":
            yield name, f"{chart_id}-{value}"
        elif "url(#" in value:
            yield name, value.replace("url(#", f"url(#{chart_id}-")
        elif name not in _DROPPED and not name.startswith(("aria-", "{")):
            short = _NUMBER.sub(lambda found: _short(float(found[0])), value) if name in _NUMBERS else value
            if _PLAIN.get(name) != short:
                yield name, short
    if classes:
        yield "class", " ".join(classes)


def _short(number: float) -> str:
    """A number of pixels to a tenth."""
    short = f"{number:.1f}".removesuffix(".0")
    return "0" if short == "-0" else short


def _joined(elements: Iterator[ET.Element]) -> list[ET.Element]:
    """The elements; paths that follow each other and look the same are one."""
    found: list[ET.Element] = []
    for element in elements:
        last = found[-1] if found else None
        if last is not None and element.tag == last.tag == "path" and "transform" not in element.attrib and _alike(element, last):
            last.set("d", last.get("d", "") + element.get("d", ""))
        else:
            found.append(element)
    return found


def _alike(one: ET.Element, other: ET.Element) -> bool:
    return {**one.attrib, "d": ""} == {**other.attrib, "d": ""}
