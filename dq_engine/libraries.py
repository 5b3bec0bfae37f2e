"""The libraries that checking does without: loaded on demand, or a word on how to get them."""

from __future__ import annotations

import importlib

from dq_engine.errors import UsageError

SAMPLES = ("scipy.special",)
"""What estimates from a sample need."""
AGREEMENT = ("scipy.special", "statsmodels.stats.inter_rater")
"""What weighted kappa and ordinal regression need."""
PAGES = ("jinja2", "nhsuk_frontend_jinja", "vl_convert")
"""What pages of HTML need."""
LINEAGE = ("openlineage.client",)
"""What events of OpenLineage need."""
SIGNING = ("cryptography.hazmat.primitives.serialization", "securesystemslib.dsse")
"""What keys and signatures need."""

CONTRACTS = ("yaml",)
"""What schemas and contracts of other tools need."""


def needed(names: tuple[str, ...], what: str, extra: str = "survey") -> None:
    """Loads libraries, before any work is done; ``what`` needs them, and the ``extra`` of dq brings them.

    Raises :class:`UsageError` if one is not installed.
    """
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError:
            library = name.partition(".")[0]
            raise UsageError(f'{what} needs {library}, which is not installed: pip install "dq-engine[{extra}]"') from None
