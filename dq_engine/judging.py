"""Tests in Python of what SQL cannot say, on the different values of a column; in a child process, with limits.

:class:`JudgeProcess` starts ``python -P -m dq_engine.judging``, and :class:`Judge` speaks to it, one line of JSON at a time:
a test, its arguments and limits, then lists of values, each answered by the list of the places of those that are wrong, or by
``{"error": message}``; then the next test. A pattern may take for ever and cannot be interrupted from within, so the child is
killed when its time is over. It writes no core dump, is limited in memory and processor time, and ends when its input or its
parent does. No value leaves it: neither in an answer nor in an error.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

BATCH = 10_000
"""The number of values that are best judged at a time."""
CHARACTERS = 4_000_000
"""The most characters of the values that are sent at a time (but for a single value that has more)."""
SECONDS = 60.0
"""How long a test may take on all its values."""
MEMORY = 1_000_000_000
"""How many bytes a test may take beyond those of the interpreter."""

ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ](?:[01]\d|2[0-3]):\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
"""How dates and times are mostly written."""

Wrong = Callable[[str], bool]
"""Whether a value is wrong."""


class JudgeFailed(Exception):
    """A test could not be carried out. The message says why, for people, and holds no value."""


# ------------------------------------------------------------------------------------------------------------- the tests


def regex(arguments: dict[str, Any]) -> Wrong:
    """Wrong is what the ``patterns`` are not found in: ``any`` of them, or ``all`` (``match_on``); or are, with ``negate``."""
    searches = [re.compile(pattern).search for pattern in arguments["patterns"]]
    together = all if arguments.get("match_on", "any") == "all" else any
    wanted = not arguments.get("negate", False)
    if len(searches) == 1:
        search = searches[0]
        return (lambda value: search(value) is None) if wanted else (lambda value: search(value) is not None)
    return lambda value: together(search(value) is not None for search in searches) is not wanted


def strftime(arguments: dict[str, Any]) -> Wrong:
    """Wrong is what ``datetime.strptime`` cannot read by the ``format``."""
    import datetime as dt  # noqa: PLC0415  each test loads what it needs and no more

    read, form = dt.datetime.strptime, arguments["format"]

    def wrong(value: str) -> bool:
        try:
            read(value, form)
        except ValueError:
            return True
        return False

    return wrong


def dateutil(arguments: dict[str, Any]) -> Wrong:
    """Wrong is what ``dateutil`` cannot read. What a text leaves out ("Jan 5") is that of the day ``today``.

    It reads all that is plain ISO 8601, which is found out sixty times faster without it.
    """
    import datetime as dt  # noqa: PLC0415

    from dateutil.parser import parse  # noqa: PLC0415

    default = dt.datetime.fromisoformat(arguments["today"])

    def wrong(value: str) -> bool:
        try:
            if ISO.fullmatch(value) and dt.datetime.fromisoformat(value):
                return False
        except ValueError:
            pass
        try:
            parse(value, default=default)
        except MemoryError:
            raise
        except Exception:  # ValueError, OverflowError, and decimal.InvalidOperation for numbers of very many digits
            return True
        return False

    return wrong


def json_text(arguments: dict[str, Any]) -> Wrong:
    """Wrong is what ``json.loads`` cannot read, for whatever reason."""

    def wrong(value: str) -> bool:
        try:
            json.loads(value)
        except MemoryError:
            raise
        except Exception:
            return True
        return False

    return wrong


def json_schema(arguments: dict[str, Any]) -> Wrong:
    """Wrong is JSON that does not match the ``schema``. Raises :class:`JudgeFailed` for a value that is no JSON."""
    from referencing.exceptions import Unresolvable  # noqa: PLC0415

    validator = validator_of(arguments["schema"])

    def wrong(value: str) -> bool:
        try:
            read = json.loads(value)
        except MemoryError:
            raise
        except Exception:
            raise JudgeFailed(
                "a value is not JSON, so it cannot be held against the schema: "
                "find such values with expect_column_values_to_be_json_parseable"
            ) from None
        try:
            return not validator.is_valid(read)
        except RecursionError:
            raise JudgeFailed("a value, or the schema, is nested too deeply") from None
        except Unresolvable as error:
            raise JudgeFailed(f"the schema refers to {error.ref}, which it does not have") from None

    return wrong


TESTS: dict[str, Callable[[dict[str, Any]], Wrong]] = {
    "regex": regex,
    "strftime": strftime,
    "dateutil": dateutil,
    "json": json_text,
    "json_schema": json_schema,
}
"""The tests by name. Each takes its arguments and gives what tells wrong values."""


def validator_of(schema: dict[str, Any]) -> Any:
    """The validator of ``jsonschema`` that ``jsonschema.validate`` would use, but one that never loads another schema.

    Raises ``jsonschema.SchemaError`` if the schema is not valid.
    """
    import warnings  # noqa: PLC0415

    import referencing.jsonschema  # noqa: PLC0415
    from jsonschema.validators import validator_for  # noqa: PLC0415

    with warnings.catch_warnings():  # a $schema that is not known is read as the latest, with a warning
        warnings.simplefilter("ignore")
        cls = validator_for(schema)
    cls.check_schema(schema)
    return cls(schema, registry=referencing.jsonschema.EMPTY_REGISTRY)


# ------------------------------------------------------------------------------------------------------------ the parent


class JudgeProcess:
    """A child that judges values, by one test after another. Use it as a context manager; it does not outlive this process.

    It is started for the first test, and each test has limits of its own. A child that did not answer in time or in order, or was
    given much, is ended, and the next test has a new one: what one test leaves behind is no burden to another.
    """

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.given = 0

    def __enter__(self) -> JudgeProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def begin(self, test: Mapping[str, Any]) -> None:
        """Tells the child which test is next, and its limits; starts a child if there is none that can go on.

        Raises :class:`JudgeFailed` if none can be started.
        """
        if self.process is not None and (self.given > CHARACTERS or self.process.poll() is not None):
            self.close()
        if self.process is None:
            try:
                self.process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "dq_engine.judging"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
            except OSError as error:
                why = (error.strerror or "unknown reason").lower()
                raise JudgeFailed(f"no process for tests in Python could be started: {why}") from None
            self.given = 0
        with contextlib.suppress(BrokenPipeError):  # what became of it is found out by its answer
            assert self.process.stdin is not None
            self.process.stdin.write(to_line({**test, "parent": os.getpid()}))

    def ask(self, values: Sequence[str], seconds: float) -> tuple[bytes, int]:
        """The line by which the child answers, and 0; or no whole line, and the exit code. It is killed after ``seconds``."""
        process = self.process
        assert process is not None and process.stdin is not None and process.stdout is not None
        self.given += sum(map(len, values))
        timer = threading.Timer(max(seconds, 0.0), process.kill)
        timer.start()
        try:
            process.stdin.write(to_line(values))
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = b""
        finally:
            timer.cancel()
        return (line, 0) if line.endswith(b"\n") else (b"", process.wait())

    def close(self) -> None:
        """Ends the child."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()
            _close(process)


class Judge:
    """One test of values, carried out by a child. Use it as a context manager.

    ``test`` is one of ``TESTS``, ``arguments`` its arguments as JSON text; among them may be ``advice``, for people whose test
    takes too long. ``seconds`` is the time for all values together, ``memory`` the bytes that the test may take. ``child`` is one
    that serves other tests, too, one at a time; without it the test has a child of its own.
    """

    def __init__(
        self,
        test: str,
        arguments: str = "{}",
        seconds: float = SECONDS,
        memory: int = MEMORY,
        child: JudgeProcess | None = None,
    ) -> None:
        self.test, self.arguments, self.seconds, self.memory = test, json.loads(arguments), seconds, memory
        self._child, self._shared = child or JudgeProcess(), child is not None
        self._left = seconds
        self._begun = False

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self._shared:
            self._child.close()

    def wrong(self, values: Sequence[str]) -> list[str]:
        """Those of the values that are wrong, in their order.

        Raises :class:`JudgeFailed` if the test cannot be carried out, or not within its limits; the child is gone then.
        """
        try:
            return [batch[place] for batch in in_batches(values) for place in self._ask(batch)]
        except BaseException:
            self._child.close()
            raise

    def _ask(self, batch: Sequence[str]) -> list[int]:
        """The places of the wrong ones in a batch."""
        started = time.monotonic()
        if self._left <= 0:
            raise JudgeFailed(self._death(-signal.SIGKILL))
        if not self._begun:
            first = {"test": self.test, "arguments": self.arguments, "seconds": self.seconds, "memory": self.memory}
            self._child.begin(first)
            self._begun = True
        line, code = self._child.ask(batch, self._left - (time.monotonic() - started))
        self._left -= time.monotonic() - started
        if not line:
            raise JudgeFailed(self._death(code))
        if self._left <= 0:
            self._child.close()  # it may be killed at any moment
        answer = from_line(line)
        if isinstance(answer, dict):
            raise JudgeFailed(answer["error"])
        places: list[int] = answer
        return places

    def _death(self, code: int) -> str:
        """Why the child is gone."""
        if self._left <= 0 or code == -signal.SIGXCPU:
            advice = self.arguments.get("advice", "")
            limit = f"{self.seconds:g} second{'' if self.seconds == 1 else 's'}"
            longer = f"took longer than {limit} in Python: give more with --check-timeout"
            return f"{longer}. {advice}" if advice else longer
        if code == -signal.SIGKILL:
            return "the test in Python was killed (SIGKILL), as happens when the machine runs out of memory"
        if code < 0:
            return f"the test in Python crashed ({signal.Signals(-code).name})"
        return f"the test in Python ended before it had answered (exit code {code})"


def in_batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """The values in parts of at most ``BATCH`` values and, if they have several, ``CHARACTERS`` characters."""
    start = characters = 0
    for place, value in enumerate(values):
        if place > start and (place - start == BATCH or characters + len(value) > CHARACTERS):
            yield values[start:place]
            start, characters = place, 0
        characters += len(value)
    if start < len(values):
        yield values[start:]


def to_line(message: object) -> bytes:
    """One line of JSON. Any text survives, half a surrogate pair too."""
    return (json.dumps(message, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8", "surrogatepass")


def from_line(line: bytes) -> Any:
    """What :func:`to_line` was given."""
    return json.loads(line.decode("utf-8", "surrogatepass"))


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        with contextlib.suppress(OSError):
            pipe.close()


# ------------------------------------------------------------------------------------------------------------- the child


def harden() -> None:
    """No core dump of this process, nobody looks into it, and it dies with its parent: where its system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415  POSIX only

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ImportError, ValueError, OSError, AttributeError):
        import ctypes  # noqa: PLC0415

        die_with_parent, dumpable = 1, 4  # PR_SET_PDEATHSIG and PR_SET_DUMPABLE of Linux
        ctypes.CDLL(None).prctl(die_with_parent, signal.SIGKILL)
        ctypes.CDLL(None).prctl(dumpable, 0, 0, 0, 0)


def limit(seconds: float, memory: int) -> None:
    """Limits what this process may take from now on, where its system can: processor time and memory.

    These are soft limits, as hard ones could not be set anew for the next test. No test has means to change them.
    """
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415  POSIX only

        _limit(resource.RLIMIT_CPU, math.ceil(seconds + time.process_time()) + 1)
        _limit(resource.RLIMIT_AS, resource.getpagesize() * int(_mapped_pages()) + memory)


def _limit(kind: int, wanted: int) -> None:
    import resource  # noqa: PLC0415  POSIX only

    _, most = resource.getrlimit(kind)
    resource.setrlimit(kind, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))


def _mapped_pages() -> str:
    with open("/proc/self/statm", encoding="ascii") as numbers:  # noqa: PTH123  pathlib is not loaded here
        return numbers.read().split()[0]


class Child:
    """What the child knows of a test: how it is carried out, or why it cannot be."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.memory = asked["memory"]
        self.wrong: Wrong | None = None
        self.problem = ""
        try:
            self.wrong = TESTS[asked["test"]](asked["arguments"])
        except Exception as error:
            self.problem = self.words(error)

    def answer(self, line: bytes) -> list[int] | dict[str, str]:
        """The places of the wrong ones among the values of a line, or why there is no answer."""
        if self.wrong is None:
            return {"error": self.problem}
        try:
            return [place for place, value in enumerate(from_line(line)) if self.wrong(value)]
        except Exception as error:
            return {"error": self.words(error)}

    def words(self, error: Exception) -> str:
        """What went wrong, without the error's own text, which may quote a value."""
        if isinstance(error, JudgeFailed):
            return str(error)
        if isinstance(error, MemoryError):
            return f"needs more than {self.memory / 1e6:,.0f} MB of memory in Python"
        if isinstance(error, ImportError):
            return f"needs {error.name}, which is not installed"
        return f"the test in Python failed ({type(error).__name__})"


def main() -> None:
    """Answers until standard input ends: a line with a test has no answer, and each line of values one by the test before it."""
    import warnings  # noqa: PLC0415

    warnings.simplefilter("ignore")
    harden()
    child: Child | None = None
    while line := sys.stdin.buffer.readline():
        if line.startswith(b"{"):
            asked = from_line(line)
            if os.getppid() != asked["parent"]:
                return  # it was gone before this process could be told to die with it
            limit(asked["seconds"], asked["memory"])
            child = Child(asked)
        elif child is not None:
            sys.stdout.buffer.write(to_line(child.answer(line)))
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
