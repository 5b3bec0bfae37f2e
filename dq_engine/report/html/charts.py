"""The pictures of the pages: specifications made of values, each with its text alternative and its data as a table.

All are narrow and have their labels above what they are of, so that they can also be read on a telephone. Where a colour says
something, a numeral, a letter, a word or the order says it too.
"""

from dq_engine.report.html.check_charts import FailingCheck, RunPoint, completeness, pareto, run_trend
from dq_engine.report.html.rating_charts import distribution, heat_map, trend
from dq_engine.report.html.sheet import Chart

__all__ = ["Chart", "FailingCheck", "RunPoint", "completeness", "distribution", "heat_map", "pareto", "run_trend", "trend"]
