"""Commands whose options are read when the command is asked for.

Typer makes the options of all commands at every start, from the signatures of their functions; ``dq --help`` shows none of them,
and ``dq check`` those of one. Help and faults of usage are plain text: the boxes of rich take longer to load than all else.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

Function = Callable[..., None]


class Commands(Mapping[str, TyperCommand | TyperGroup]):
    """The commands by name, in the order in which they were added; each is made when it is looked up."""

    def __init__(self) -> None:
        self.functions: dict[str, tuple[Function, str]] = {}
        self.groups: dict[str, tuple[Commands, str, str]] = {}

    def add(self, epilog: str, name: str = "") -> Callable[[Function], Function]:
        """Adds a function as the command of its name; ``epilog`` is the end of its help, the docstring its beginning."""

        def added(function: Function) -> Function:
            self.functions[name or function.__name__] = function, epilog
            return function

        return added

    def group(self, name: str, commands: Commands, help: str, epilog: str) -> None:
        """Adds a command that has commands of its own; ``help`` says what they are for."""
        self.groups[name] = commands, help, epilog

    def summary(self, name: str) -> str:
        """What a command does: the first paragraph of its help."""
        if name in self.groups:
            return self.groups[name][1]
        return (inspect.getdoc(self.functions[name][0]) or "").partition("\n\n")[0].replace("\n", " ")

    def __getitem__(self, name: str) -> TyperCommand | TyperGroup:
        if name in self.groups:
            commands, help, epilog = self.groups[name]
            return Nested(commands, name=name, help=help, epilog=epilog, no_args_is_help=True, rich_markup_mode=None)
        function, epilog = self.functions[name]
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(name, epilog=epilog)(function)
        made = get_command(alone)
        assert isinstance(made, TyperCommand)
        return made

    def __iter__(self) -> Iterator[str]:
        return iter([*self.functions, *self.groups])

    def __len__(self) -> int:
        return len(self.functions) + len(self.groups)


COMMANDS = Commands()
"""The commands of ``dq``."""


class Nested(TyperGroup):
    """Commands as Typer knows them: a group."""

    def __init__(self, own: Commands, **settings: Any) -> None:
        super().__init__(**settings)
        self.own = own
        self.commands = cast(Any, own)  # it is only read, so a mapping is enough

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the commands, in the order of the help."""
        return list(self.own)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Writes the list of commands, with all that each of them is said to do."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.own.summary(name)) for name in self.own])


class Group(Nested):
    """``dq`` as Typer knows it: a group of :data:`COMMANDS`."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(COMMANDS, **settings)
