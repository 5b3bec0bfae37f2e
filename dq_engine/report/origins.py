"""Which path of a repository a suite's file has, seen from its root: what annotations and locations point to. Pure."""

from __future__ import annotations

import posixpath

from msgspec import Struct


class Origin(Struct, frozen=True):
    """The ``folder`` that paths in a run are relative to, and the ``root`` of the repository; both absolute."""

    folder: str
    root: str

    def path(self, path: str) -> str:
        """The path from the root; absolute for what lies elsewhere."""
        whole = posixpath.normpath(posixpath.join(self.folder, path))
        root = posixpath.normpath(self.root).rstrip("/")
        return whole.removeprefix(f"{root}/")
