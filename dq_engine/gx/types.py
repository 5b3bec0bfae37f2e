"""Great Expectations learns the types that it does not know, so that it reads, writes and shows our suites whole."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from dq_engine.catalog import CATALOG
from dq_engine.catalog.base import Expectation
from dq_engine.errors import NotEvaluable, SuiteError
from dq_engine.suite import parse_suite

OUTCOME = "dq.outcome"
"""The metric by which an expectation that is ours is judged."""
ENGINE = "DqDuckdbExecutionEngine"
"""The execution engine that knows this metric."""


def register() -> list[str]:
    """Registers the expectations of the catalogue that Great Expectations lacks; gives their names, in alphabetical order.

    Great Expectations passes over a type that it does not know, with no more than a line in its log, and so saves a suite
    without it. After this call it keeps such expectations with all that they say, and shows each as a sentence. dq evaluates
    them, in :func:`dq_engine.gx.run_suite` and in a data source of its own; validating one elsewhere raises, which a
    validation result holds as an exception of that expectation. A second call registers nothing.

    Needs the extra ``gx``. Raises ImportError without it.
    """
    from great_expectations.expectations.expectation import Expectation as GxExpectation  # noqa: PLC0415
    from great_expectations.expectations.registry import list_registered_expectation_implementations  # noqa: PLC0415

    known = set(list_registered_expectation_implementations())
    missing = [name for name in CATALOG if name not in known]
    for name in missing:
        cls = CATALOG[name]
        type(GxExpectation)(cls.__name__, (GxExpectation,), _namespace(cls))  # its metaclass registers the class
    return missing


def statement(expectation: str, kwargs: dict[str, Any]) -> str | None:
    """What the catalogue calls a rule, in one sentence; None where the catalogue has no such type or it has other arguments."""
    given = {name: value for name, value in kwargs.items() if value is not None and name != "batch_id"}
    suite = {"name": "one", "expectations": [{"type": expectation, "kwargs": given}], "meta": {"dq": {"feed": "one"}}}
    try:
        return parse_suite(json.dumps(suite, default=str), "the suite").checks[0].statement
    except SuiteError:
        return None


def _namespace(cls: type[Expectation]) -> dict[str, Any]:
    from great_expectations.render import LegacyRendererType  # noqa: PLC0415
    from great_expectations.render.renderer.renderer import renderer  # noqa: PLC0415

    fields = msgspec.structs.fields(cls)
    steering = ("batch_id", "row_condition", "condition_parser") if cls.conditional else ("batch_id",)
    return {
        "__module__": __package__,
        "__doc__": cls.__doc__,
        "__annotations__": dict.fromkeys((*(field.name for field in fields), *steering), Any),
        **{field.name: field.default for field in fields if not field.required},
        **dict.fromkeys(steering),
        "domain_keys": ("batch_id",),
        "get_validation_dependencies": _dependencies,
        "_validate": _judged,
        "_prescriptive_renderer": classmethod(renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)(_sentence)),
        "_prescriptive_template": classmethod(_template),
    }


def _dependencies(self: Any, execution_engine: Any = None, runtime_configuration: Any = None) -> Any:
    """What the expectation must know of the data: what dq says of it, if the engine is one that asks dq."""
    from great_expectations.expectations.expectation import Expectation as GxExpectation  # noqa: PLC0415
    from great_expectations.validator.metric_configuration import MetricConfiguration  # noqa: PLC0415

    dependencies = GxExpectation.get_validation_dependencies(self, execution_engine, runtime_configuration)
    if any(cls.__name__ == ENGINE for cls in type(execution_engine).__mro__):
        asked = self.configuration.to_json_dict()
        rule = {part: asked[part] for part in ("type", "kwargs", "meta") if asked.get(part)}
        given = {"rule": json.dumps(rule, sort_keys=True), "result_format": json.dumps(dependencies.result_format)}
        domain = {"batch_id": asked["kwargs"].get("batch_id")}
        dependencies.set_metric_configuration(OUTCOME, MetricConfiguration(OUTCOME, domain, given))
    return dependencies


def _judged(
    self: Any, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
) -> dict[str, Any]:
    """The verdict and the result of the expectation. Raises what Great Expectations keeps as its exception."""
    if OUTCOME not in metrics:
        raise NotImplementedError(
            f"{self.expectation_type} is evaluated by dq, not by Great Expectations: "
            "use dq_engine.gx.run_suite, or a data source of the type dq_duckdb"
        )
    said = metrics[OUTCOME]
    if said["exception_info"]["raised_exception"]:
        raise NotEvaluable(said["exception_info"]["exception_message"])
    return {"success": said["success"], "result": said["result"]}


def _sentence(cls: Any, configuration: Any = None, result: Any = None, runtime_configuration: Any = None) -> list[Any]:
    """What Data Docs print for an expectation, in its list of the suite and in a table of results."""
    from great_expectations.render import RenderedStringTemplateContent  # noqa: PLC0415

    asked = configuration or result.expectation_config
    return [
        RenderedStringTemplateContent(
            content_block_type="string_template",
            string_template={"template": "$statement", "params": {"statement": _said(asked.type, asked.kwargs)}},
        )
    ]


def _template(cls: Any, renderer_configuration: Any) -> Any:
    """The same for everything else that shows an expectation, such as a notebook."""
    from great_expectations.render.renderer_configuration import RendererValueType  # noqa: PLC0415

    said = _said(renderer_configuration.expectation_type, renderer_configuration.kwargs)
    renderer_configuration.add_param(name="statement", param_type=RendererValueType.STRING, value=said)
    renderer_configuration.template_str = "$statement"
    return renderer_configuration


def _said(expectation: str, kwargs: dict[str, Any]) -> str:
    return statement(expectation, kwargs) or f"{expectation} {json.dumps(kwargs, default=str)}"
