"""Great Expectations learns the types that it does not know, so that it reads, writes and shows our suites whole."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from dq_engine.catalog import CATALOG
from dq_engine.catalog.base import Expectation
from dq_engine.errors import SuiteError
from dq_engine.suite import parse_suite


def register() -> list[str]:
    """Registers the expectations of the catalogue that Great Expectations lacks; gives their names, in alphabetical order.

    Great Expectations passes over a type that it does not know, with no more than a line in its log, and so saves a suite
    without it. After this call it keeps such expectations with all that they say, and shows each as a sentence. It cannot
    evaluate them: validating one raises, which a validation result holds as an exception of that expectation. A second call
    registers nothing.

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
        "__module__": __name__,
        "__doc__": cls.__doc__,
        "__annotations__": dict.fromkeys((*(field.name for field in fields), *steering), Any),
        **{field.name: field.default for field in fields if not field.required},
        **dict.fromkeys(steering),
        "domain_keys": ("batch_id",),
        "_validate": _refuse,
        "_prescriptive_renderer": classmethod(renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)(_sentence)),
        "_prescriptive_template": classmethod(_template),
    }


def _refuse(self: Any, *arguments: Any, **options: Any) -> None:
    raise NotImplementedError(f"{self.expectation_type} is evaluated by dq, not by Great Expectations")


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
