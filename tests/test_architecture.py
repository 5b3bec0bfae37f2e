"""What the package may load and hold: few imports on the way of ``dq check``, nothing that runs text as a program, docstrings."""

import ast
import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dq_engine
from tests.scored import ITEM, write_world

PACKAGE = Path(dq_engine.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = (
    *("great_expectations", "pandas", "pyarrow", "numpy", "polars", "scipy", "statsmodels", "svy", "rich", "jinja2", "IPython"),
    *("fsspec", "s3fs", "aiohttp", "botocore", "dq_engine.transfers", "dq_engine.stores"),
    *("sqlglot", "jsonschema", "referencing", "dateutil", "pydantic", "email", "asyncio", "importlib.metadata", "webbrowser"),
)
"""What most commands do without, and would take long to load."""

in_every_module = pytest.mark.parametrize("module", [path.relative_to(PACKAGE).as_posix() for path in MODULES])


@functools.cache
def trees() -> dict[str, ast.Module]:
    """What each module says, by its path."""
    return {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}


def imports(tree: ast.AST) -> Iterator[str]:
    """The top-level names of what a module imports, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def own_imports(tree: ast.AST) -> Iterator[list[str]]:
    """The parts of the names of each module of the package that a module imports, and of what it imports from there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "dq_engine":
            yield [*(node.module or "").split("."), *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".") for alias in node.names if alias.name.startswith("dq_engine"))


# -------------------------------------------------------------------------------------------------------- what is loaded


def within(loaded: Iterable[str], unwanted: Iterable[str]) -> list[str]:
    """The modules that are one of the unwanted ones, or inside one."""
    refused = tuple(unwanted)
    return sorted(name for name in loaded if any(name == one or name.startswith(f"{one}.") for one in refused))


def heavy(loaded: Iterable[str]) -> list[str]:
    return within(loaded, [*HEAVY, "duckdb", "_duckdb"])


LOADED = """
import atexit, json, sys
from pathlib import Path
atexit.register(lambda: Path("loaded.json").write_text(json.dumps(sorted(sys.modules))))
from dq_engine.__main__ import main
sys.argv = ["dq", *sys.argv[1:]]
main()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rule = {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "code"}}
    (tmp_path / "suite.json").write_text(json.dumps({"name": "rows", "expectations": [rule]}))
    pq.write_table(pa.table({"code": ["a", "b", "b"]}), tmp_path / "rows.parquet")
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "rows.parquet", "--suite", "suite.json"),
        ("check", "rows.parquet", "--suite", "suite.json", "--format", "json"),
        ("check", "rows.parquet"),
        ("lint", "suite.json"),
        ("plan", "suite.json", "rows.parquet"),
        ("--version",),
    ],
    ids=" ".join,
)
def test_the_command_loads_nothing_heavy(arguments: tuple[str, ...], folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LOADED, *arguments], cwd=folder, capture_output=True, timeout=120, check=False)
    assert done.returncode in (0, 1, 2), done.stderr
    loaded = json.loads((folder / "loaded.json").read_text())
    assert "dq_engine.cli" in loaded
    assert heavy(loaded) == []
    others = ("rating", "scoring", "docs", "gx", "sample", "convert", "interchange", "explain", "report.html", "report.gx")
    assert within(loaded, [f"dq_engine.{name}" for name in others]) == []


@pytest.mark.parametrize("arguments", [(), ("--help",), ("check", "-h"), ("docs", "--help"), ("--version",)], ids=" ".join)
def test_help_loads_nothing_but_the_command_line(arguments: tuple[str, ...], folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LOADED, *arguments], cwd=folder, capture_output=True, timeout=120, check=False)
    assert done.returncode == (0 if arguments else 2), done.stderr
    loaded = json.loads((folder / "loaded.json").read_text())
    assert heavy(loaded) == []
    own = {name for name in loaded if name.startswith("dq_engine.") and not name.startswith("dq_engine.cli")}
    assert own <= {f"dq_engine.{name}" for name in ("__main__", "_version", "commands", "outputs", "terminal")}
    assert within(loaded, ["msgspec", "hashlib", "tempfile", "tomllib"]) == []


@pytest.mark.parametrize("arguments", [(), ("--format", "json"), ("--explain", "5A1", ITEM)], ids=" ".join)
def test_scoring_without_a_sample_loads_nothing_heavy(arguments: tuple[str, ...], tmp_path: Path) -> None:
    write_world(tmp_path / "world")
    for command in (("check", ".", "--fail-on", "never"), ("score", "--instrument", "small.json", *arguments)):
        done = subprocess.run(
            [sys.executable, "-c", LOADED, *command], cwd=tmp_path / "world", capture_output=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
    loaded = json.loads((tmp_path / "world" / "loaded.json").read_text())
    assert "dq_engine.scoring" in loaded
    assert heavy(loaded) == []


def test_the_worker_imports_nothing_heavy(tmp_path: Path) -> None:
    """It starts, finds that its input has ended, and ends."""
    (tmp_path / "own").mkdir()
    command = [sys.executable, "-X", "importtime", "-m", "dq_engine.worker", str(tmp_path / "own")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "_duckdb" in loaded
    assert within(loaded, [*HEAVY, "duckdb", "typer", "msgspec", "subprocess", "dq_engine.model", "dq_engine.judging"]) == []


def test_the_worker_loads_no_heavy_library_while_it_works(folder: Path) -> None:
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("looks at what a process has mapped in /proc, which Linux has")
    with dq_engine.WorkerProcess() as worker:
        run = dq_engine.check(folder / "rows.parquet", folder / "suite.json", worker=worker)
        mapped = Path(f"/proc/{worker.pid}/maps").read_text()
    assert run.exit_code == 1
    assert "duckdb" in mapped
    assert [name for name in HEAVY if f"/{name}/" in mapped] == []


def test_the_worker_cannot_be_led_astray_by_the_working_folder(folder: Path) -> None:
    """A module that lies beside an extract is not run."""
    for name in ("json", "duckdb", "dq_engine", "msgspec", "typer"):
        (folder / f"{name}.py").write_text(f"from pathlib import Path\nPath({str(folder / 'led astray')!r}).touch()\n")
    command = [str(Path(sys.executable).with_name("dq")), "check", "rows.parquet", "--suite", "suite.json"]
    if not Path(command[0]).exists():
        pytest.skip("dq is not installed as a command beside this Python")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=120, check=False)
    assert done.returncode == 1, done.stderr
    assert not (folder / "led astray").exists()


# --------------------------------------------------------------------------------------------------------- what is written


def test_only_the_worker_knows_duckdb() -> None:
    assert {module for module, tree in trees().items() if {"duckdb", "_duckdb"} & {*imports(tree)}} == {"database.py"}
    users = {module for module, tree in trees().items() if any("database" in statement for statement in own_imports(tree))}
    assert users == {"worker.py", "sources.py"}


def test_only_the_worker_and_its_judge_are_started_as_processes() -> None:
    assert {module for module, tree in trees().items() if "subprocess" in imports(tree)} == {"process.py", "judging.py"}


def is_attribute_of_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)


@in_every_module
def test_nothing_is_run_that_is_text(module: str) -> None:
    """No eval, exec, pickle, marshal or shell: suites and extracts are data. YAML is read as nodes, of which nothing is made."""
    tree = trees()[module]
    assert not {"pickle", "marshal", "shelve", "dill", "cloudpickle"} & set(imports(tree))
    if "yaml" in imports(tree):
        assert module in ("interchange/document.py", "interchange/odcs_export.py")
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not [
            name for name in used if name.endswith(("load", "load_all", "Constructor")) or "nsafe" in name or name == "Loader"
        ]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func) if isinstance(node.func, ast.Name) or is_attribute_of_name(node.func) else ""
        assert name not in ("eval", "exec", "compile", "__import__", "os.system", "os.popen", "builtins.eval"), name
        shell = [keyword.value for keyword in node.keywords if keyword.arg == "shell"]
        assert all(isinstance(value, ast.Constant) and value.value is False for value in shell)


@in_every_module
def test_what_is_public_has_a_docstring(module: str) -> None:
    """Modules, and the public classes and functions of each; what overrides a documented method need not repeat its words."""
    tree = trees()[module]
    lacking = [] if ast.get_docstring(tree) else ["the module"]
    known = {"__init__", *documented_methods()}

    def look(node: ast.AST, path: str, *, method: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not child.name.startswith("_"):
                if not ast.get_docstring(child) and not (method and child.name in known):
                    lacking.append(f"{path}{child.name}")
                if isinstance(child, ast.ClassDef):
                    look(child, f"{path}{child.name}.", method=True)

    look(tree, "", method=False)
    assert lacking == []


@functools.cache
def documented_methods() -> set[str]:
    """The names of methods that some class of the package documents."""
    return {
        method.name
        for tree in trees().values()
        for cls in ast.walk(tree)
        if isinstance(cls, ast.ClassDef)
        for method in cls.body
        if isinstance(method, ast.FunctionDef) and ast.get_docstring(method)
    }
