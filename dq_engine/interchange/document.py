"""Text of a file from elsewhere, JSON or YAML -> its values, as JSON has them. Pure.

YAML is read node by node, so that nothing is made of a tag, and every fault is found at once: keys that occur twice in one
mapping, tags, numbers that JSON does not know. Dates stay text. Limits: the size of the text, the depth, and the number of
values after aliases are followed ("billion laughs").
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

from dq_engine.errors import SourceError
from dq_engine.model import Problem
from dq_engine.suite import LARGEST, NotUsable, read_json

LARGEST_YAML = 8 * 1024 * 1024
"""A YAML text longer than this (characters) is refused."""
DEEPEST = 100
"""Mappings and lists that are nested more deeply are refused."""
MOST = 500_000
"""Values of a YAML text, each alias counted with all that it stands for."""
COLLECTIONS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
"""The tags of mappings and lists; others may make something else of them."""
_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(text: str, origin: str) -> Any:
    """The value of a JSON or YAML text. Raises :class:`SourceError` with every fault."""
    try:
        return read_json(text) if text.lstrip()[:1] in ("{", "[") and _is_json(text) else _Reader(origin).document(text)
    except NotUsable as error:
        raise SourceError([Problem(origin, "", str(error).replace("for a suite", "to be read"))]) from None


def _is_json(text: str) -> bool:
    """Whether a text that begins with a bracket is meant as JSON: YAML begins so, too, where it is written in one line."""
    return len(text) > LARGEST_YAML or bool(re.match(r'\s*(?:\{\s*(?:"|\})|\[)', text))


class _Reader:
    """Collects the faults of one YAML text while reading it."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.problems: list[Problem] = []
        self.count = 0

    def document(self, text: str) -> Any:
        if len(text) > LARGEST_YAML:
            raise NotUsable(
                f"is too large to be read: {len(text):,} characters, of at most {LARGEST_YAML:,} ({LARGEST:,} as JSON)"
            )
        if not text.strip():
            raise NotUsable("is empty")
        try:
            self.measured(text)
            root = yaml.compose(text, Loader=_LOADER)
            value = None if root is None else self.value(root, "$", frozenset())
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
            raise NotUsable(f"is neither JSON nor YAML: {error.problem or error.context}{where}") from None
        except yaml.YAMLError as error:
            raise NotUsable(f"is neither JSON nor YAML: {str(error).splitlines()[0]}") from None
        if self.problems:
            raise SourceError(self.problems)
        return value

    def measured(self, text: str) -> None:
        """Refuses what is nested too deeply before anything that calls itself reads it."""
        depth = 0
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.events.CollectionStartEvent):
                depth += 1
                if depth > DEEPEST:
                    raise NotUsable(f"is nested more than {DEEPEST} deep (line {_line(event)})")
            elif isinstance(event, yaml.events.CollectionEndEvent):
                depth -= 1

    def fault(self, node: yaml.Node, path: str, message: str) -> None:
        self.problems.append(Problem(self.origin, path, f"{message} (line {_line(node)})"))

    def value(self, node: yaml.Node, path: str, within: frozenset[int]) -> Any:
        """The value of a node; ``within`` are the nodes that it stands in."""
        self.count += 1
        if self.count > MOST:
            raise NotUsable(f"has more than {MOST:,} values, aliases counted with what they stand for")
        if id(node) in within:
            self.fault(node, path, "holds itself, by an alias")
            return None
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, path)
        if node.tag not in COLLECTIONS:
            self.fault(node, path, f"the tag {node.tag} is not read")
            return None
        within |= {id(node)}
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, f"{path}[{place}]", within) for place, item in enumerate(node.value)]
        assert isinstance(node, yaml.MappingNode)
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, item in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                for base in self.merged(item, path, within):
                    merged = {**base, **merged}
                continue
            if not isinstance(key, yaml.ScalarNode):
                self.fault(key, path, "expected text as a key; got a mapping or a list")
                continue
            if key.value in lines:
                first = lines[key.value]
                self.fault(key, path, f'the key "{key.value}" occurs twice in one mapping, first in line {first}')
                continue
            lines[key.value] = _line(key)
            found[key.value] = self.value(item, f"{path}.{key.value}", within)
        return {**merged, **found}

    def merged(self, node: yaml.Node, path: str, within: frozenset[int]) -> Iterator[dict[str, Any]]:
        """The mappings that ``<<`` takes in, those first that come before others."""
        for one in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            value = self.value(one, f"{path}.<<", within)
            if isinstance(value, dict):
                yield value
            else:
                self.fault(one, f"{path}.<<", "expected a mapping to be taken in")

    def scalar(self, node: yaml.ScalarNode, path: str) -> Any:
        kind, text = node.tag.removeprefix("tag:yaml.org,2002:"), node.value
        if kind in ("str", "timestamp", "value"):
            return text
        if kind == "null":
            return None
        if kind == "bool" and text.lower() in _WORDS:
            return _WORDS[text.lower()]
        try:
            if kind == "int":
                return _whole(text)
            if kind == "float" and math.isfinite(number := float(text.replace("_", ""))):
                return number
        except ValueError:
            pass
        what = f"{text} is no number that JSON knows" if kind in ("int", "float") else f"the tag {node.tag} is not read"
        self.fault(node, path, what)
        return None


def _line(of: Any) -> int:
    """The line in which a node or an event begins."""
    return int(of.start_mark.line) + 1


def _whole(text: str) -> int:
    """A whole number as YAML 1.1 writes it, also binary, octal and hexadecimal; not in sixties. Raises ValueError."""
    plain = text.replace("_", "")
    if re.fullmatch(r"[+-]?0[0-7]+", plain):
        return int(plain, 8)
    if len(plain) > 400:
        raise ValueError
    return int(plain, 0)
