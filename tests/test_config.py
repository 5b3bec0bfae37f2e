"""``dq.toml``: every setting, every fault at once, and where it is looked for."""

from pathlib import Path

import pytest

from dq_engine import config
from dq_engine.config import Config, ConfiguredExtract, Settings
from dq_engine.errors import ConfigError

ORIGIN = Path("project") / "dq.toml"
ALL = """
[dq]
suites = ["expectations", "more/suites"]
results = "dq-results"
fail_on = "warning"
threads = 2
memory_limit = "2GB"
timeout = 0.5

[[extracts]]
path = "data/lists/*.parquet"
suite = "expectations/practice/list_sizes.json"
name = "list_sizes"

[[extracts]]
path = ["a.parquet", "b.parquet"]
"""


def refusal(text: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        config.parse(text, ORIGIN)
    assert refused.value.exit_code == 2
    return str(refused.value).splitlines()


def test_every_setting() -> None:
    assert config.parse(ALL, ORIGIN) == Config(
        root=Path("project"),
        dq=Settings(
            suites=["expectations", "more/suites"],
            results="dq-results",
            fail_on="warning",
            threads=2,
            memory_limit="2GB",
            timeout=0.5,
        ),
        extracts=(
            ConfiguredExtract("data/lists/*.parquet", "expectations/practice/list_sizes.json", "list_sizes"),
            ConfiguredExtract(["a.parquet", "b.parquet"]),
        ),
    )


@pytest.mark.parametrize("text", ["", "[dq]\n", "# nothing\n"])
def test_nothing_has_to_be_set(text: str) -> None:
    assert config.parse(text, ORIGIN) == Config(Path("project"))


@pytest.mark.parametrize("size", ["512MB", "2GB", "1.5 GiB", "800kb", "100000B", "1TiB"])
def test_sizes_that_are_understood(size: str) -> None:
    assert config.parse(f'[dq]\nmemory_limit = "{size}"', ORIGIN).dq.memory_limit == size


@pytest.mark.parametrize("size", ["2", "GB", "two GB", "-1GB", "2GB!", "80%", ""])
def test_sizes_that_are_not_understood(size: str) -> None:
    assert refusal(f'[dq]\nmemory_limit = "{size}"') == [
        f"project/dq.toml: dq.memory_limit: expected a size such as \"512MB\"; got '{size}'"
    ]


def test_every_fault_is_told_at_once() -> None:
    text = """
    [dq]
    suites = "expectations"
    fail_on = "fatal"
    threads = 0
    timeout = -1
    result = "dq-results"
    [[extracts]]
    suite = "a.json"
    [[extracts]]
    path = 7
    nmae = "x"
    [extract]
    path = "x"
    """
    assert refusal(text) == [
        f"project/dq.toml: {fault}"
        for fault in (
            "unknown table 'extract'; did you mean \"extracts\"?",
            'dq.result: unknown setting; did you mean "results"? Known: suites, results, fail_on, threads, memory_limit, timeout, check_timeout, checksums, verify_statistics, reuse, parameters, remote',
            "dq.suites: expected a list; got text",
            "dq.fail_on: 'fatal' is not allowed here: expected one of critical, warning, info, never",
            "dq.threads: expected a whole number of at least 1; got 0",
            "dq.timeout: expected a number above 0; got -1",
            "extracts[0].path: is missing",
            'extracts[1].nmae: unknown setting; did you mean "name"? Known: path, suite, name, columns, types, ignore, verify_statistics, with',
            "extracts[1].path: expected text or a list; got a whole number",
        )
    ]


def test_size_is_told_with_the_other_faults() -> None:
    assert len(refusal('[dq]\nmemory_limit = "much"\nthreads = 0')) == 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("dq = 1", "dq: expected a table"),
        ('extracts = ["a.parquet"]', "extracts[0]: expected a table"),
        ('[extracts]\npath = "a.parquet"', "extracts: expected [[extracts]], with two brackets"),
        ("extracts = 1", "extracts: expected [[extracts]], with two brackets"),
    ],
    ids=["no table", "no tables", "one bracket too few", "a number"],
)
def test_setting_of_another_shape(text: str, fault: str) -> None:
    assert refusal(text) == [f"project/dq.toml: {fault}"]


def test_text_that_is_not_toml_says_where() -> None:
    (line,) = refusal("[dq]\nthreads = two\n")
    assert line.startswith("project/dq.toml: is not TOML: ")
    assert "line 2" in line


def test_parameters_are_whatever_toml_knows() -> None:
    text = """
    [dq.parameters]
    least = 0.95
    first_day = 2024-04-01
    noon = 2024-04-01T12:00:00Z
    codes = ["1", "2"]
    """
    assert config.parse(text, ORIGIN).dq.parameters == {
        "least": 0.95,
        "first_day": "2024-04-01",
        "noon": "2024-04-01T12:00:00+00:00",
        "codes": ["1", "2"],
    }


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('"list size" = 1', 'dq.parameters: parameter "list size" cannot be called so.'),
        ("least = nan", 'dq.parameters: parameter "least": cannot be written as JSON: NaN is not a number that JSON knows'),
    ],
)
def test_parameter_that_no_suite_could_use_is_refused(line: str, fault: str) -> None:
    (said,) = refusal(f"[dq.parameters]\n{line}\n")
    assert said.startswith(f"project/dq.toml: {fault}")


def test_paths_are_relative_to_the_file() -> None:
    assert config.parse(ALL, Path("elsewhere/dq.toml")).root == Path("elsewhere")


def test_it_is_looked_for_from_the_folder_upward(tmp_path: Path) -> None:
    deep = tmp_path / "project" / "data" / "2024"
    deep.mkdir(parents=True)
    (tmp_path / "project" / "dq.toml").write_text("", encoding="utf-8")
    assert config.find(deep) == tmp_path / "project" / "dq.toml"
    assert config.find(tmp_path / "project") == tmp_path / "project" / "dq.toml"
    (deep.parent / "dq.toml").write_text("", encoding="utf-8")
    assert config.find(deep) == deep.parent / "dq.toml", "the nearest counts"
    (deep / "dq.toml").mkdir()
    assert config.find(deep) == deep.parent / "dq.toml", "a folder is no configuration"
