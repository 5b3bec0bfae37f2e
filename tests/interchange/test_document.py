"""Text from elsewhere is read with limits: nothing is made of tags, nothing grows out of aliases, and every fault has its line."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dq_engine.errors import SourceError
from dq_engine.interchange import document


def refused(text: str) -> list[str]:
    with pytest.raises(SourceError) as error:
        document.read(text, "f.yml")
    return str(error.value).splitlines()


def test_every_repeated_key_and_tag_is_told_with_its_line() -> None:
    text = "a: 1\nb: {c: 1, c: 2}\na: 3\nd: !!python/object/apply:os.system id\ne: !secret x\nf: .nan\n"
    assert refused(text) == [
        'f.yml: $.b: the key "c" occurs twice in one mapping, first in line 2 (line 2)',
        'f.yml: $: the key "a" occurs twice in one mapping, first in line 1 (line 3)',
        "f.yml: $.d: the tag tag:yaml.org,2002:python/object/apply:os.system is not read (line 4)",
        "f.yml: $.e: the tag !secret is not read (line 5)",
        "f.yml: $.f: .nan is no number that JSON knows (line 6)",
    ]


def test_a_list_with_a_tag_is_refused() -> None:
    assert refused("d: !!python/object/apply:os.system [id]\n") == [
        "f.yml: $.d: the tag tag:yaml.org,2002:python/object/apply:os.system is not read (line 1)"
    ]


def test_aliases_do_not_grow() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    assert "has more than 500,000 values" in refused(bomb)[0]
    assert refused("a: &a [*a]\n") == ["f.yml: $.a[0]: holds itself, by an alias (line 1)"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[" * 100_000, "deep"),
        ("- " * 200 + "x", "nested more than 100 deep (line 1)"),
        ("", "is empty"),
        ("a: [1\nb: 2", "is neither JSON nor YAML: "),
        ("---\na: 1\n---\nb: 2\n", "is neither JSON nor YAML: "),
        ('{"a": 1, "a": 2}', 'the key "a" occurs twice'),
        ('{"a": NaN}', "NaN is not a number"),
        ("? [a]\n: 1\n", "expected text as a key"),
        ("a: " + "9" * 5000, "is no number that JSON knows"),
        ("x" * (document.LARGEST_YAML + 1), "is too large to be read"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(text: str, why: str) -> None:
    assert why in refused(text)[0]


def test_values_are_those_of_json_and_dates_stay_text() -> None:
    text = "on: 2024-03-31\n12: [yes, 'no', 0x1f, 1_000, ~, 1e3, 2024-01-01T10:00:00Z]\nx: &b {a: 1}\ny: {<<: *b, c: 2}\n"
    assert document.read(text, "f") == {
        "on": "2024-03-31",
        "12": [True, "no", 31, 1000, None, "1e3", "2024-01-01T10:00:00Z"],
        "x": {"a": 1},
        "y": {"a": 1, "c": 2},
    }


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(PLAIN)
def test_json_is_read_as_json(value: object) -> None:
    assert document.read(json.dumps({"value": value}), "f") == {"value": value}


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab:-[]{}&*!<>|'\"# \n0.,~%", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        json.dumps(document.read(text, "f"))
    except SourceError as error:
        assert str(error).startswith("f: ") or "\nf: " in f"\n{error}"
