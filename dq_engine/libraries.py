"""The libraries that checking does without: loaded on demand, or a word on how to get them."""

from __future__ import annotations

import importlib.util

from dq_engine.errors import UsageError

SAMPLES = ("scipy",)
"""What estimates from a sample need."""
AGREEMENT = ("scipy", "statsmodels")
"""What weighted kappa and ordinal regression need."""
PAGES = ("jinja2", "nhsuk_frontend_jinja", "vl_convert")
"""What pages of HTML need."""


def needed(names: tuple[str, ...], what: str, extra: str = "survey") -> None:
    """Looks for libraries, before any work is done; ``what`` needs them, and the ``extra`` of dq brings them.

    Raises :class:`UsageError` if one is not installed.
    """
    for name in names:
        library = name.partition(".")[0]
        if importlib.util.find_spec(library) is None:
            raise UsageError(f'{what} needs {library}, which is not installed: pip install "dq-engine[{extra}]"')
