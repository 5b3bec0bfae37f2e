"""Great Expectations learns the types that it does not know, so that it reads and writes our suites whole."""

from __future__ import annotations

from typing import Any

import msgspec

from dq_engine.catalog import CATALOG
from dq_engine.catalog.base import Expectation


def register() -> list[str]:
    """Registers the expectations of the catalogue that Great Expectations lacks; gives their names, in alphabetical order.

    Great Expectations passes over a type that it does not know, with no more than a line in its log, and so saves a suite
    without it. After this call it keeps such expectations with all that they say. It cannot evaluate them: validating one
    raises, which a validation result holds as an exception of that expectation. A second call registers nothing.

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


def _namespace(cls: type[Expectation]) -> dict[str, Any]:
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
    }


def _refuse(self: Any, *arguments: Any, **options: Any) -> None:
    raise NotImplementedError(f"{self.expectation_type} is evaluated by dq, not by Great Expectations")
