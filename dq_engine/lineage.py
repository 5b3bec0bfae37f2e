"""Sends the events of a run to where OpenLineage's own settings say, with its own client; the only user of that."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from dq_engine import libraries
from dq_engine.errors import StoreError, UsageError

if TYPE_CHECKING:
    from openlineage.client.transport import Transport

    from dq_engine.model import Run


def sender() -> Callable[[Run], None]:
    """What sends the events of a run, by ``OPENLINEAGE_URL``, the client's other variables, or ``openlineage.yml``.

    Raises :class:`UsageError` if these say nothing, or nothing that can be used; nothing of them is repeated. What it gives
    raises :class:`StoreError` if an event could not be sent.
    """
    libraries.needed(libraries.LINEAGE, "--openlineage", "lineage")
    from openlineage.client import OpenLineageClient  # noqa: PLC0415

    where = "set OPENLINEAGE_URL, or write openlineage.yml"
    with _silence(), _same_environment():
        try:
            transport = OpenLineageClient().transport
        except Exception as error:  # whatever is wrong in the settings
            raise UsageError(f"--openlineage: its settings cannot be used ({type(error).__name__}): {where}") from None
    if transport.kind in ("console", "noop"):
        raise UsageError(f"--openlineage: nothing says where events go: {where}")
    return lambda run: _send(run, transport)


def _send(run: Run, transport: Transport) -> None:
    from dq_engine.report import openlineage  # noqa: PLC0415

    namespace = os.environ.get("OPENLINEAGE_NAMESPACE") or openlineage.NAMESPACE
    with _silence():
        try:
            for event in openlineage.events(run, PurePosixPath(Path.cwd()), namespace):
                transport.emit(event)
            transport.close(10.0)
        except Exception as error:  # each transport has errors of its own
            answer = getattr(getattr(error, "response", None), "status_code", None)
            why = type(error).__name__ if answer is None else f"the answer was {answer}"
            raise StoreError(f"the events of OpenLineage could not be sent ({why})") from None


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """What the client logs may hold addresses and tokens."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)


@contextlib.contextmanager
def _same_environment() -> Iterator[None]:
    """The client writes its settings into variables of the environment; afterwards they are as before."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
