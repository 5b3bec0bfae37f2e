"""Pictures: what they show, in markup that takes everything from the page's stylesheet, with words and data beside."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest

import dq_engine.report.html
from dq_engine.model import FieldMeasure
from dq_engine.report.html import charts
from dq_engine.report.html.svg import cut, draw, paint, width_of
from dq_engine.scores import OVERALL, POOR_OR_WORSE, RATINGS, Rating, RunReference, Share, TableRow, Wave

SVG = "{http://www.w3.org/2000/svg}"
TITLES = {
    "hospital.plan": "Hospital EPR: Plan services",
    "hospital.buy": "Hospital EPR: Buy services",
    "care.plan": "Social care records: Plan services",
}
STYLES = (Path(dq_engine.report.html.__file__).parent / "assets" / "colours.css").read_text()
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}${7*7}#{7*7}",
    "datum.share' || alert(1) || '",
    "\u202eesrever\u202c\u2066\x00\x1b[31m\ud800\ufffe",
    "]]>&amp;<!--",
    "x" * 10_000,
    "",
    "javascript:alert(1): url(#evil)",
]


def row(item, counts, *, wave="all", halfwidth=None, sampled=None):
    rated = sum(counts)
    shares = [
        Share(rating, count, rated, count / rated if rated else None) for rating, count in zip(RATINGS, counts, strict=True)
    ]
    worse = counts[0] + counts[1]
    share = worse / rated if rated else None
    ends = (None, None) if halfwidth is None or share is None else (max(0.0, share - halfwidth), min(1.0, share + halfwidth))
    shares.append(Share(POOR_OR_WORSE, worse, rated, share, *ends))
    return TableRow(wave, item, "", "", 100, rated if sampled is None else sampled, rated, tuple(shares))


def rating(organisation, item, step, score):
    return Rating("all", organisation, item, RATINGS[step - 1] if step else None, score)


def measure(column, *classes):
    return FieldMeasure("spells", column, None, None, sum(classes), *classes)


def runs(*counts):
    return [charts.RunPoint(f"2025-03-{place + 1:02}T08:00:00+00:00", *each) for place, each in enumerate(counts)]


@pytest.fixture(scope="module")
def drawn():
    """One of each, and each once more with hostile text wherever text can be."""
    bad = {f"item {place}": text for place, text in enumerate(HOSTILE)}
    bad_waves = [Wave(text or "empty") for text in HOSTILE]
    return {
        "distribution": charts.distribution(
            [
                row("hospital.plan", (1, 3, 6, 10, 20)),
                row("hospital.buy", (0, 0, 0, 0, 0), sampled=4),
                row("care.plan", (0, 0, 1, 9, 30)),
            ],
            TITLES,
            chart_id="distribution",
        ),
        "sample": charts.distribution([row("hospital.plan", (4, 6, 10, 10, 10), halfwidth=0.1)], TITLES, chart_id="sample"),
        "heat-map": charts.heat_map(
            [
                *(
                    rating(code, OVERALL, step, score)
                    for code, step, score in (("B", 4, 0.85), ("A", 5, 0.95), ("C", 0, None), ("D", 1, 0.2))
                ),
                *(rating(code, "hospital.plan", step, None) for code, step in (("B", 2), ("A", 5), ("C", 0), ("D", 1))),
            ],
            TITLES,
            "pcgt",
            chart_id="heat-map",
        ),
        "trend": charts.trend(
            [
                row("hospital.plan", (0, 2, 3, 5, 10), wave="w1", halfwidth=0.05),
                row("hospital.plan", (0, 4, 3, 3, 10), wave="w2", halfwidth=0.05),
                row("hospital.plan", (0, 5, 2, 3, 10), wave="w4", halfwidth=0.05),
                row(OVERALL, (0, 2, 3, 5, 10), wave="w1"),
                row(OVERALL, (0, 1, 4, 5, 10), wave="w4"),
            ],
            [Wave(name) for name in ("w1", "w2", "w3", "w4")],
            TITLES,
            chart_id="trend",
        ),
        "runs": charts.run_trend(runs((100, 80, 9), (0, 0, 0), (100, 90, 4), (100, 95, 0)), chart_id="runs"),
        "completeness": charts.completeness(
            [
                measure("nhs_number", 90, 0, 0, 4, 6),
                measure("gender", 50, 20, 20, 0, 10),
                measure("postcode", 0, 0, 0, 0, 100),
                measure("day", 7, 0, 0, 0, 0),
            ],
            extract="spells",
            chart_id="completeness",
        ),
        "pareto": charts.pareto(
            [charts.FailingCheck(f"Rule {n}", "spells", ("critical", "warning", "info")[n % 3], n, 200) for n in range(1, 21)],
            chart_id="pareto",
        ),
        "bad-distribution": charts.distribution([row(item, (0, 1, 2, 3, 4)) for item in bad], bad, chart_id="bad-distribution"),
        "bad-heat-map": charts.heat_map(
            [rating(text, item, 3, 0.6) for text in HOSTILE for item in bad], bad, "practice", chart_id="bad-heat-map"
        ),
        "bad-trend": charts.trend(
            [row(item, (0, 1, 2, 3, 4), wave=wave.name) for item in bad for wave in bad_waves],
            bad_waves,
            bad,
            chart_id="bad-trend",
        ),
        "bad-runs": charts.run_trend([charts.RunPoint(text, 2, 1, 1) for text in HOSTILE], chart_id="bad-runs"),
        "bad-completeness": charts.completeness(
            [measure(text, 1, 1, 1, 1, 1) for text in HOSTILE], extract=HOSTILE[1], chart_id="bad-completeness"
        ),
        "bad-pareto": charts.pareto(
            [charts.FailingCheck(text, text, "critical", 5, 9) for text in HOSTILE], chart_id="bad-pareto"
        ),
    }


NAMES = ("distribution", "sample", "heat-map", "trend", "runs", "completeness", "pareto")
EVERY = (*NAMES, *(f"bad-{name}" for name in NAMES if name != "sample"))


def texts(chart):
    return [element.text or "" for element in ET.fromstring(chart.svg).iter(f"{SVG}text")]


def boxes(chart, name):
    """The boxes (x, y, width, height) of a colour that is filled."""
    found = [
        tuple(map(float, box))
        for path in ET.fromstring(chart.svg).iter(f"{SVG}path")
        if path.get("class") == f"c-{name}"
        for box in re.findall(r"M([\d.]+),([\d.]+)h([\d.]+)v([\d.]+)h-[\d.]+Z", path.get("d"))
    ]
    return [box for box in found if box[1] > 16]  # what lies higher is the key


def paths(chart, classes):
    return [path.get("d") for path in ET.fromstring(chart.svg).iter(f"{SVG}path") if path.get("class") == classes]


# ----------------------------------------------------------------------------------------------------------------- markup


@pytest.mark.parametrize("name", EVERY)
def test_a_picture_has_a_name_and_a_text_alternative(drawn, name):
    chart = drawn[name]
    root = ET.fromstring(chart.svg)
    assert (root.get("role"), root.get("class")) == ("img", "chart")
    assert root.get("aria-labelledby") == f"{name}-title {name}-desc"
    title, description, *others = root
    assert (title.tag, title.get("id"), title.text) == (f"{SVG}title", f"{name}-title", chart.title)
    assert (description.tag, description.get("id"), description.text) == (f"{SVG}desc", f"{name}-desc", chart.description)
    assert others
    assert 40 < len(chart.description) < 1200


@pytest.mark.parametrize("name", EVERY)
def test_a_picture_takes_everything_from_the_stylesheet(drawn, name):
    svg = drawn[name].svg
    for element in list(ET.fromstring(svg).iter())[1:]:
        assert set(element.attrib) <= {
            "class",
            "d",
            "id",
            "x",
            "y",
            "x2",
            "y2",
            "transform",
            "font-size",
            "font-weight",
            "text-anchor",
            "fill",
            "stroke-width",
            "stroke-miterlimit",
        }
        assert element.get("fill", "none") == "none"
        for given in element.get("class", "").split():
            assert f".{given} {{" in STYLES
        assert element.tag.removeprefix(SVG) in {"title", "desc", "g", "path", "line", "text"}
    assert "xlink" not in svg


@pytest.mark.parametrize("name", EVERY)
def test_a_picture_can_be_read_on_a_telephone(drawn, name):
    root = ET.fromstring(drawn[name].svg)
    width, height = float(root.get("width")), float(root.get("height"))
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    assert width == 400
    sizes = {int(group.get("font-size")) for group in root.iter(f"{SVG}g") if group.get("font-size")}
    assert sizes
    assert min(sizes) >= 12
    for text in (text for text in root.iter(f"{SVG}text") if "transform" not in text.attrib):
        wide = width_of(text.text or "", 13)
        left = float(text.get("x")) - {"middle": wide / 2, "end": wide}.get(text.get("text-anchor"), 0)
        assert left >= -12
        assert left + wide <= width + 40  # those of 12 pixels are narrower than was reckoned here
        assert 8 < float(text.get("y")) <= height


def test_pictures_can_share_a_page(drawn):
    ids = [given for chart in drawn.values() for given in re.findall(r'id="([^"]+)"', chart.svg)]
    assert len(ids) == len(set(ids)) == 2 * len(drawn)


@pytest.mark.parametrize("name", [name for name in EVERY if name.startswith("bad-")])
def test_hostile_text_stays_text(drawn, name):
    chart = drawn[name]
    everything = [*texts(chart), chart.title, chart.description, *(cell for cells in chart.rows for cell in cells)]
    for steering in "\u202e\u202c\u2066\x00\x1b\ud800\ufffe":
        assert steering not in "".join(everything) + chart.svg
    assert max(map(len, texts(chart))) <= 200
    assert len(chart.svg) < 60_000
    assert any(text.startswith(("<script", "<sc…", "<scri")) for text in texts(chart))
    chart.svg.encode()


@pytest.mark.parametrize("name", ["bad-distribution", "bad-trend", "bad-completeness", "bad-pareto"])
def test_a_label_that_is_cut_is_whole_in_the_table(drawn, name):
    assert "x" * 10_000 in [cell for cells in drawn[name].rows for cell in cells]
    assert any(text.endswith("x…") for text in texts(drawn[name]))


@pytest.mark.parametrize("name", [name for name in EVERY if "heat-map" not in name])
def test_the_data_are_a_table(drawn, name):
    chart = drawn[name]
    assert chart.rows
    assert {len(cells) for cells in chart.rows} == {len(chart.columns)}


# ---------------------------------------------------------------------------------------------------------- distribution


def test_a_distribution_divides_each_bar_by_the_shares(drawn):
    first = [boxes(drawn["distribution"], f"rating-{step}")[0] for step in (1, 2, 3, 4, 5)]
    assert [round(box[2] + 1) for box in first] == [10, 30, 60, 100, 200]
    assert [box[0] for box in first] == [0, 10, 40, 100, 200]
    assert {(box[1], box[3]) for box in first} == {(first[0][1], 18)}


def test_a_distribution_shows_counts_where_they_fit_and_who_is_rated(drawn):
    found = texts(drawn["distribution"])
    assert {"20", "10", "6", "30"} <= set(found)
    assert "40 · 10.0 %" in found
    assert found.count("not rated") == 1
    assert found.count("Hospital EPR") == 1
    assert "Social care records: Plan services" in found


def test_a_distribution_says_the_extremes_in_words(drawn):
    said = drawn["distribution"].description
    assert "10.0 % in Hospital EPR: Plan services, the most" in said
    assert "0 % in Social care records: Plan services, the least" in said


def test_only_a_sample_has_intervals(drawn):
    sample, everybody = drawn["sample"], drawn["distribution"]
    assert sample.columns[-1] == "95 % interval"
    assert sample.rows[0][-1] == "15.0–35.0 %"
    assert "40 rated · 25.0 % poor or worse (15.0–35.0 %)" in texts(sample)
    ends = sorted(
        float(number)
        for line in ET.fromstring(sample.svg).iter(f"{SVG}line")
        if line.get("class") == "s-ink" and line.get("y2")
        for number in re.findall(r"translate\(([\d.]+)", line.get("transform"))
    )
    assert ends == [60, 140]
    assert "s-ink" not in everybody.svg
    assert "95 % interval" not in everybody.columns


def test_a_distribution_of_nobody_says_so():
    chart = charts.distribution([row("care.plan", (0, 0, 0, 0, 0))], TITLES, chart_id="nobody")
    assert chart.description.endswith("No organisation is rated.")
    with pytest.raises(ValueError, match="needs rows"):
        charts.distribution([], TITLES, chart_id="nothing")


# -------------------------------------------------------------------------------------------------------------- heat map


def test_a_heat_map_has_the_worst_first_and_those_without_a_rating_last(drawn):
    chart = drawn["heat-map"]
    codes = [text for text in texts(chart) if text in "ABCD"]
    assert codes == ["D", "B", "A", "C"]
    cells = {step: boxes(chart, f"rating-{step}") for step in (1, 2, 4, 5)}
    assert {step: len(found) for step, found in cells.items()} == {1: 2, 2: 1, 4: 1, 5: 2}
    assert cells[1][0][1] < cells[2][0][1] == cells[4][0][1] < cells[5][0][1]
    assert texts(chart).count("–") == 3  # two cells, and the key
    assert chart.rows == ()


def test_a_large_heat_map_is_small_and_has_the_median_of_neighbours():
    items = [OVERALL, *(f"item {n}" for n in range(15))]
    ratings = (
        rating(f"A{place:05}", item, 1 + (place * 7 + column) % 5 if column else 1 + place * 5 // 6500, place / 6500)
        for place in range(6500)
        for column, item in enumerate(items)
    )
    chart = charts.heat_map(ratings, {}, "practice", chart_id="large")
    assert len(chart.svg) < 250_000
    assert "6,500 practices" in chart.description
    assert "Each of the 240 rows stands for 27 or 28 neighbours, by the median" in chart.description
    height = float(ET.fromstring(chart.svg).get("height"))
    assert 720 < height < 1000
    overall = [[box for box in boxes(chart, f"rating-{step}") if box[0] == 56] for step in (1, 2, 3, 4, 5)]
    assert [len(found) for found in overall] == [1, 1, 1, 1, 1]
    assert all(one[0][1] + one[0][3] == other[0][1] for one, other in pairwise(overall))
    assert {"1", "2", "3", "4", "5", "worst", "best"} <= set(texts(chart))


def test_a_heat_map_without_ratings_is_an_error():
    with pytest.raises(ValueError, match="needs ratings"):
        charts.heat_map([], TITLES, "pcgt", chart_id="none")


# ----------------------------------------------------------------------------------------------------------------- trend


def test_a_trend_breaks_where_a_wave_has_no_rating(drawn):
    found = [line.count("M") for line in paths(drawn["trend"], "s-series")]
    assert sum(found) == 4  # overall in w1 and w4; the item in w1–w2 and w4


def test_a_trend_has_bands_from_end_to_end_of_the_intervals(drawn):
    (band,) = paths(drawn["trend"], "c-band")
    assert {"242,79", "242,102.3"} <= set(re.findall(r"[\d.]+,[\d.]+", band))  # 15 % and 5 % where the scale ends at 30 %


def test_a_trend_names_the_newest_share_and_the_changes(drawn):
    chart = drawn["trend"]
    assert {"25.0 %", "5.0 %", "w1", "w4"} <= set(texts(chart))
    assert "Largest rise: Hospital EPR: Plan services, from 10.0 % to 25.0 %." in chart.description
    assert "Largest fall: All items together, from 10.0 % to 5.0 %." in chart.description
    assert ("Hospital EPR: Plan services", "w2", "20", "4 (20.0 %)", "15.0–25.0 %") in chart.rows
    assert chart.rows[0][0] == "All items together"


def test_a_run_that_is_a_wave_is_called_by_its_day():
    started = {"20250301T080000Z-aaaaaa": "2025-03-01T08:00:00+00:00", "20250302T080000Z-bbbbbb": "2025-03-02T08:00:00+00:00"}
    rows = [row(OVERALL, (1, 1, 1, 1, 1), wave=name) for name in started]
    runs = [RunReference(name, when, "") for name, when in started.items()]
    chart = charts.trend(rows, [Wave(name) for name in started], {}, runs=runs, chart_id="runs")
    assert {"1 March 2025", "2 March 2025"} <= set(texts(chart))
    assert "in 2 waves from 1 March 2025 to 2 March 2025" in chart.description


def test_one_wave_is_no_trend():
    assert charts.trend([row(OVERALL, (1, 1, 1, 1, 1))], [Wave("all")], TITLES, chart_id="one") is None
    assert charts.trend([], [Wave("a"), Wave("b")], TITLES, chart_id="none") is None


def test_two_years_of_months_in_sixteen_items():
    waves = [Wave(f"{2024 + place // 12}-{place % 12 + 1:02}") for place in range(24)]
    items = {f"item {n}": f"Source {n // 3}: Function {n}" for n in range(16)}
    chart = charts.trend(
        [row(item, (1, n, 3, 4, 50 - n), wave=wave.name) for item in items for n, wave in enumerate(waves)],
        waves,
        items,
        chart_id="long",
    )
    assert len(chart.svg) < 60_000
    assert len(chart.rows) == 16 * 24
    assert sum(line.count("M") for line in paths(chart, "s-series")) == 16


# ------------------------------------------------------------------------------------------------------------------ runs


def test_runs_show_what_passed_and_what_failed_at_critical(drawn):
    chart = drawn["runs"]
    assert sum(line.count("M") for line in paths(chart, "s-series")) == 2  # broken at the run that judged nothing
    tall = [box[3] for box in sorted(boxes(chart, "critical"))]
    assert tall == [64, pytest.approx(64 * 4 / 9, abs=0.06)]
    assert {"1 March 2025", "4 March 2025", "95.0 %", "75 %"} <= set(texts(chart))
    assert chart.rows[0] == ("4 March 2025", "95 of 100 (95 %)", "0")
    assert "80 of 100 (80 %) passed in the first run and 95 of 100 (95 %) in the last" in chart.description


def test_one_run_is_no_trend():
    assert charts.run_trend(runs((2, 1, 1)), chart_id="one") is None


def test_of_many_runs_the_newest_are_drawn():
    chart = charts.run_trend([charts.RunPoint("2025-03-01", 2, 1, 1)] * 300, chart_id="many")
    assert len(boxes(chart, "critical")) == 120
    assert len(chart.rows) == 300
    assert "180 runs before these" in chart.description


# ---------------------------------------------------------------------------------------------------------- completeness


def test_columns_are_divided_by_class_and_missing_is_hollow(drawn):
    chart = drawn["completeness"]
    gender = [boxes(chart, name)[place] for name, place in (("valid", 1), ("other", 0), ("default", 0))]
    assert [box[0] for box in gender] == [132, 198, 224.4]
    assert [round(box[2] + 1) for box in gender] == [66, 26, 26]
    assert "c-missing" not in chart.svg
    edges = "".join(paths(chart, "s-outline")).count("M")
    assert edges == 1 + 3  # the key, and the three columns that miss something


def test_columns_say_their_gaps_in_letters(drawn):
    found = texts(drawn["completeness"])
    assert {"M 6.0 % · I 4.0 %", "O 20.0 % · D 20.0 % …", "M 100 %", "all valid"} <= set(found)
    assert "100 % of postcode are missing" in drawn["completeness"].description
    assert drawn["completeness"].rows[0][:3] == ("nhs_number", "100", "90 of 100 (90 %)")


def test_columns_without_records_are_no_picture():
    assert charts.completeness([measure("day", 0, 0, 0, 0, 0)], extract="spells", chart_id="none") is None


# ---------------------------------------------------------------------------------------------------------------- pareto


def test_failing_checks_stand_in_falling_order_with_their_severity(drawn):
    chart = drawn["pareto"]
    named = [text for text in texts(chart) if text.startswith("Rule")]
    assert named == [f"Rule {n}" for n in range(20, 5, -1)]
    assert "20 (10.0 %) · info" in texts(chart)
    assert "5 further checks: 15 failures" in texts(chart)
    widths = [
        box[2]
        for box in sorted((box for name in ("critical", "warning", "info") for box in boxes(chart, name)), key=lambda box: box[1])
    ]
    assert widths == sorted(widths, reverse=True)
    assert len(chart.rows) == 20
    assert "210 times in all" in chart.description


def test_long_figures_leave_less_room_for_the_extract():
    extract = "an_extract_with_a_long_name"
    few, many = (
        charts.pareto([charts.FailingCheck("Rule", extract, "critical", n, 2 * n)], chart_id="one") for n in (1, 123_456_789)
    )
    assert max(len(text) for text in texts(few) if text.startswith("an_")) > max(
        len(text) for text in texts(many) if text.startswith("an_")
    )


def test_a_single_further_check_is_named():
    checks = [charts.FailingCheck(f"Rule {n}", "spells", "warning", n, 200) for n in range(16)]
    found = texts(charts.pareto(checks, chart_id="sixteen"))
    assert "Rule 0" in found
    assert not [text for text in found if "further" in text]
    assert charts.pareto([], chart_id="none") is None


# --------------------------------------------------------------------------------------------------------------- drawing


def spec(**mark):
    place = {"type": "quantitative", "scale": None, "axis": None}
    return {
        "width": 40,
        "height": 20,
        "data": {"values": [{"a": 1.23456, "b": 2}]},
        "mark": {"type": "point", "filled": True, **mark},
        "encoding": {"x": {"field": "a", **place}, "y": {"field": "b", **place}},
    }


def test_a_colour_that_is_not_the_pages_is_refused():
    with pytest.raises(ValueError, match="no colour of the page"):
        draw(spec(fill="red"), (), chart_id="red", title="t", description="d")
    with pytest.raises(KeyError):
        paint("red")


@pytest.mark.parametrize("name", ["", "1st", "a b", 'a"b', "ä"])
def test_an_id_that_would_not_be_one_is_refused(name):
    with pytest.raises(ValueError, match="id of a chart"):
        draw(spec(fill=paint("ink")), (), chart_id=name, title="t", description="d")


def test_ids_within_a_picture_are_its_own():
    found = [draw(spec(fill=paint("ink"), clip=True), (), chart_id=name, title="t", description="d") for name in ("one", "two")]
    ids = [set(re.findall(r'id="([^"]+)"', svg)) for svg in found]
    assert len(ids[0]) == 3
    assert not ids[0] & ids[1]
    for svg, known in zip(found, ids, strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", svg)) < known


def test_numbers_are_short():
    assert "1.2," in draw(spec(fill=paint("ink")), (), chart_id="short", title="t", description="d")


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("short", 100, "short"),
        ("", 10, ""),
        ("a long text", 50, "a long…"),
        ("漢字漢字漢字", 60, "漢字漢…"),
        ("a\u202eb", 100, "a\\x202eb"),
    ],
)
def test_a_text_is_cut_by_its_width(text, limit, shown):
    assert cut(text, 13, limit) == shown
