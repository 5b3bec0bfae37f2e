"""Waiting for what another process or thread brings about, without sleeping longer than it takes."""

import threading
import time
from collections.abc import Callable
from typing import Any


def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """The first true value of ``condition``, asked again and again."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "what was waited for did not come"
        threading.Event().wait(0.01)
    return value
