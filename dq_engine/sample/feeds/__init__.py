"""The feeds of the samples: one module each, ending in ``FEED = Feed(...)``; found by walking this package."""

from __future__ import annotations

import importlib
import pkgutil

from dq_engine.sample.feed import Feed


def feed_names() -> list[str]:
    """The names of all feeds, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load_feed(name: str) -> Feed:
    """The feed of that name. Raises KeyError if there is none."""
    if name not in feed_names():
        raise KeyError(name)
    feed = importlib.import_module(f"{__name__}.{name}").FEED
    assert isinstance(feed, Feed)
    return feed
