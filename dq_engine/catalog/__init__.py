"""WHAT can be expected. ``CATALOG`` maps each expectation's full name to its class.

The classes are found by walking the modules of this package: adding an expectation is adding one class to one of them.
"""

from __future__ import annotations

import importlib
import pkgutil

from dq_engine.catalog.base import Expectation


def _discover() -> dict[str, type[Expectation]]:
    found: dict[str, type[Expectation]] = {}
    for module in pkgutil.iter_modules(__path__, prefix=f"{__name__}."):
        importlib.import_module(module.name)
    pending = list(Expectation.__subclasses__())
    while pending:
        cls = pending.pop()
        pending.extend(cls.__subclasses__())
        if not cls.name:
            continue
        if cls.name in found:
            raise ImportError(f'two classes are called "{cls.name}": {found[cls.name].__qualname__} and {cls.__qualname__}')
        found[cls.name] = cls
    return dict(sorted(found.items()))


CATALOG: dict[str, type[Expectation]] = _discover()
"""Every expectation class by its Great Expectations name, in alphabetical order."""
