"""Schemas, contracts and tests of other tools -> suites, with what becomes of each part; and suites -> contracts. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from dq_engine.changes import LOSSES
from dq_engine.errors import SourceError
from dq_engine.interchange import dbt, document, frictionless, odcs
from dq_engine.interchange.draft import Imported, ImportedSuite
from dq_engine.model import Problem
from dq_engine.suite import kind

__all__ = ["FORMATS", "LOSSES", "Form", "Imported", "ImportedSuite", "imported"]

Form = Literal["frictionless", "odcs", "dbt"]
FORMATS: dict[Form, tuple[str, Callable[[Any], bool], Callable[[dict[str, Any], str], Imported]]] = {
    "frictionless": ("a Table Schema or Data Package (resources, or fields)", frictionless.recognised, frictionless.imported),
    "odcs": ("an Open Data Contract Standard 3 contract (kind: DataContract)", odcs.recognised, odcs.imported),
    "dbt": ("dbt's properties (models, sources, seeds or snapshots) or manifest.json", dbt.recognised, dbt.imported),
}
"""The formats: what such a file is, whether a value looks like one, and what reads it."""


def imported(text: str, origin: str, form: Form | None = None) -> Imported:
    """The suites of a JSON or YAML text; ``form`` says what it is, else its content does.

    ``origin`` is the name of its file. Raises :class:`dq_engine.errors.SourceError` with every fault.
    """
    raw = document.read(text, origin)
    found = [name for name, (_, recognised, _) in FORMATS.items() if recognised(raw)]
    if form is None and len(found) != 1:
        raise SourceError([Problem(origin, "", _unknown(raw, found))])
    form = form or found[0]
    if not isinstance(raw, dict) or (form not in found):
        raise SourceError([Problem(origin, "$", f"is not {FORMATS[form][0]}")])
    return FORMATS[form][2](raw, origin)


def _unknown(raw: Any, found: list[Form]) -> str:
    """Why it is not clear what a file is."""
    if found:
        return f"could be {' or '.join(FORMATS[name][0] for name in found)}. Say which with --from {' or --from '.join(found)}"
    if isinstance(raw, dict) and "expectations" in raw:
        return "is a suite of Great Expectations; dq reads it as it is, and dq convert those from before 1.0"
    wanted = "; ".join(what for what, _, _ in FORMATS.values())
    return f"is nothing that can be imported: expected {wanted}; got {kind(raw)}"
