"""A check with parameters that have no value yet: an expectation that can be named and spoken of, but not evaluated. Pure."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from dq_engine.catalog.base import Expectation, Scope
from dq_engine.coercion import options
from dq_engine.errors import NotEvaluable
from dq_engine.model import Metric
from dq_engine.parameters import Expression, Name

STAND_INS = ("text", "integer", "number", "none")
"""How surely a sentence can say the name of a parameter in place of its value, the surest first."""


def unresolved(cls: type[Expectation], arguments: Mapping[str, Any], asked: Mapping[str, Expression], reason: str) -> Expectation:
    """An expectation of the class ``cls`` that is no more than spoken of.

    ``arguments`` are those that are known, ``asked`` those that are parameters; ``reason`` is why it cannot be evaluated. It is
    an instance of ``cls``, so that who asks of which shape a rule is gets the same answer as with values.
    """
    hints = typing.get_type_hints(cls, include_extras=True)
    required = {field.name for field in msgspec.structs.fields(cls) if field.required}
    stand_ins = {name: _stand_in(hints[name], spoken(expression)) for name, expression in asked.items()}
    known = {**arguments, **{name: text for name, (_, text) in stand_ins.items() if name in required}}
    return _class(cls)(**known, dq_reason=reason, dq_statement=_sentence(cls, arguments, stand_ins))


def why_unresolved(expectation: Expectation) -> str:
    """Why an expectation cannot be evaluated, if it is no more than spoken of; else ""."""
    return str(getattr(expectation, "dq_reason", ""))


def spoken(expression: Expression) -> str:
    """A parameter or an expression as it stands in a sentence."""
    text = expression.text.strip()
    return f"${text}" if isinstance(expression.root, Name) else f"$({text})"


def _sentence(cls: type[Expectation], arguments: Mapping[str, Any], stand_ins: Mapping[str, tuple[str, str | list[str]]]) -> str:
    """The rule in words, with as many names of parameters in their places as it can have; the others follow in brackets."""
    names = {name: f"{name} is {text if isinstance(text, str) else text[0]}" for name, (_, text) in stand_ins.items()}
    for length in range(len(STAND_INS) - 1, 0, -1):
        placed = {name: text for name, (kind, text) in stand_ins.items() if kind in STAND_INS[:length]}
        rest = [words for name, words in names.items() if name not in placed]
        try:
            return cls(**arguments, **placed).statement() + (f" ({', '.join(rest)})" if rest else "")
        except Exception:  # noqa: S112  a sentence may count or compute with what is only a name here
            continue
    summary = (inspect.getdoc(cls) or cls.name).partition("\n")[0].rstrip(".")
    columns = [str(arguments[name]) for name in ("column", "column_A", "column_B") if name in arguments]
    return f"{summary} ({', '.join([*columns, *names.values()])})"


def _stand_in(hint: Any, text: str) -> tuple[str, str | list[str]]:
    """What a sentence may say in place of a value of a type, and how surely it can."""
    kinds = {typing.get_origin(option) or option for option, _ in options(hint)}
    if str in kinds:
        return "text", text
    if list in kinds:
        return "text", [text]
    return "integer" if int in kinds and float not in kinds else "number" if float in kinds else "none", text


def _metrics(self: Any, scope: Scope) -> dict[str, Metric]:
    raise NotEvaluable(self.dq_reason)


@functools.cache
def _class(cls: type[Expectation]) -> type[Expectation]:
    """The class of what ``cls`` is without values."""
    methods = {
        "metrics": _metrics,
        "statement": lambda self: self.dq_statement,
        "faults": lambda self: iter(()),
        **dict.fromkeys(("others", "periods", "queries"), lambda self: ()),
        "aids": lambda self, scope: (),
    }
    own: list[tuple[str, type, Any]] = [("dq_reason", str, ""), ("dq_statement", str, "")]
    made = msgspec.defstruct(cls.__name__, own, bases=(cls,), namespace=methods, module=__name__, frozen=True, kw_only=True)
    return cast("type[Expectation]", made)
