"""Tests in Python of what SQL cannot say, on the different values of a column; in a child process, with limits.

:class:`Judge` starts ``python -P -m dq_engine.judging`` and speaks to it, one line of JSON at a time: first the test, its
arguments and the limits, then lists of values, each answered by the list of the places of those that are wrong, or by
``{"error": message}``. A pattern may take for ever and cannot be interrupted from within, so the child is killed when its time is
over. It writes no core dump, is limited in memory and processor time, and ends when its input or its parent does. No value leaves
it: neither in an answer nor in an error.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
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


class Judge:
    """A child that judges values by one test. Use it as a context manager; the child does not outlive it.

    ``test`` is one of ``TESTS``, ``arguments`` its arguments as JSON text; among them may be ``advice``, for people whose test
    takes too long. ``seconds`` is the time for all values together, ``memory`` the bytes that the test may take.
    """

    def __init__(self, test: str, arguments: str = "{}", seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self.test, self.arguments, self.seconds, self.memory = test, json.loads(arguments), seconds, memory
        self._left = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def wrong(self, values: Sequence[str]) -> list[str]:
        """Those of the values that are wrong, in their order.

        Raises :class:`JudgeFailed` if the test cannot be carried out, or not within its limits; the child is gone then.
        """
        try:
            return [batch[place] for batch in in_batches(values) for place in self._ask(batch)]
        except JudgeFailed:
            self.close()
            raise

    def close(self) -> None:
        """Ends the child."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            _close(process)

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "dq_engine.judging"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._process = process
        first = {"test": self.test, "arguments": self.arguments, "seconds": self.seconds, "memory": self.memory}
        with contextlib.suppress(BrokenPipeError):  # what became of it is found out by its answer
            assert process.stdin is not None
            process.stdin.write(to_line(first))
        return process

    def _ask(self, batch: Sequence[str]) -> list[int]:
        """The places of the wrong ones in a batch."""
        started = time.monotonic()
        process = self._process or self._start()
        timer = threading.Timer(max(self._left, 0.0), process.kill)
        timer.start()
        try:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(to_line(batch))
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = b""
        finally:
            timer.cancel()
            self._left -= time.monotonic() - started
        if not line.endswith(b"\n"):
            raise JudgeFailed(self._death(process.wait()))
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


def limit(seconds: float, memory: int) -> None:
    """Limits this process, where its system can: no core dump, processor time, memory; and it dies with its parent."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415  POSIX only

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        least = math.ceil(seconds + time.process_time()) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (least, least + 1))
    with contextlib.suppress(ImportError, ValueError, OSError, AttributeError):
        import ctypes  # noqa: PLC0415

        die_with_parent = 1  # PR_SET_PDEATHSIG of Linux
        ctypes.CDLL(None).prctl(die_with_parent, signal.SIGKILL)
    with contextlib.suppress(ImportError, ValueError, OSError):
        mapped = resource.getpagesize() * int(_mapped_pages())
        resource.setrlimit(resource.RLIMIT_AS, (mapped + memory, mapped + memory))


def _mapped_pages() -> str:
    with open("/proc/self/statm", encoding="ascii") as numbers:  # noqa: PTH123  pathlib is not loaded here
        return numbers.read().split()[0]


class Child:
    """What the child knows: the test that it was asked for first, or why there is none."""

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
    """Answers until standard input ends."""
    import warnings  # noqa: PLC0415

    warnings.simplefilter("ignore")
    asked = from_line(sys.stdin.buffer.readline())
    limit(asked["seconds"], asked["memory"])
    child = Child(asked)
    while line := sys.stdin.buffer.readline():
        sys.stdout.buffer.write(to_line(child.answer(line)))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
