"""Codes and identifiers of the NHS: which values are right, told by their forms and by plain Python, not by the SQL."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pytest

import dq_engine
from dq_engine import SuiteError, WorkerProcess

Wrong = Callable[..., list[Any]]


@pytest.fixture
def wrong(make_suite: Any, worker: WorkerProcess) -> Wrong:
    """``wrong(rule, values, **arguments)``: the values that break the rule, each judged as an organisation of its own."""

    def run(rule: str, values: Sequence[Any], type: pa.DataType | None = None, **arguments: Any) -> list[Any]:
        codes = [f"A{place:05}" for place in range(len(values))]
        table = pa.table({"value": pa.array(values, type=type), "org": codes})
        suite = make_suite((f"expect_column_values_to_{rule}", {"column": "value", **arguments}), organisation_column="org")
        run = dq_engine.check(table, suite, worker=worker)
        assert run.outcomes[0].status in ("pass", "fail"), run.outcomes[0].message
        broken = {measure.organisation for measure in run.measures if measure.unexpected_count and measure.organisation}
        found = [value for value, code in zip(values, codes, strict=True) if code in broken]
        assert len(found) == run.outcomes[0].unexpected_count
        return found

    return run


# ------------------------------------------------------------------------------------------------------------ NHS number

NHS = "be_valid_nhs_number"
NO_NUMBERS = [
    *("943476591", "94347659190", "09434765919", "943 476 5919", "943-476-5919", " 9434765919", "9434765919 ", "9434765919\n"),
    *(
        " 943476591",
        "943476591 ",
        "+943476591",
        "-943476591",
        "+9434765919",
        "9434765e19",
        "1e9",
        "9.434765919e9",
        "9434765919.0",
    ),
    *(
        "94347659.1",
        "943476_919",
        "0x43476591",
        "９４３４７６５９１９",
        "",
        " ",
        "NULL",
        "nan",
        "inf",
        "\0",
        "99999999999999999999",
        "9" * 400,
    ),
    *(str(2**63 - 1), str(-(2**63)), str(2**64)),
]


def check_digit(nine: str) -> int:
    """Modulus 11 as the Data Dictionary tells it; 10 where there is no such number."""
    remainder = sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), nine, strict=True)) % 11
    return (11 - remainder) % 11


def is_nhs_number(text: str) -> bool:
    return len(text) == 10 and text.isascii() and text.isdigit() and check_digit(text[:9]) == int(text[9])


def test_known_nhs_numbers(wrong: Wrong) -> None:
    assert wrong(NHS, ["9434765919", "9876543210", "9876544321", "0000000000", None]) == ["9876544321"]


def test_nhs_numbers_in_other_spellings_are_not_valid(wrong: Wrong) -> None:
    assert wrong(NHS, NO_NUMBERS) == NO_NUMBERS


def test_random_nhs_numbers_as_plain_python_judges_them(wrong: Wrong) -> None:
    draw = random.Random(11)
    nines = [f"{draw.randrange(10**9):09}" for _ in range(5_000)]
    texts = [nine + str(check_digit(nine) % 10) for nine in nines] + [f"{draw.randrange(10**10):010}" for _ in range(15_000)]
    expected = [text for text in texts if not is_nhs_number(text)]
    assert 10_000 < len(expected) < 15_000
    assert wrong(NHS, texts) == expected
    numbers = [int(text) for text in texts]
    assert wrong(NHS, numbers) == [number for number in numbers if not is_nhs_number(str(number))]


def test_every_wrong_digit_and_exchange_of_neighbours_is_found(wrong: Wrong) -> None:
    right = "9434765919"
    mistyped = {right[:place] + digit + right[place + 1 :] for place in range(10) for digit in "0123456789"}
    mistyped |= {right[:place] + right[place + 1] + right[place] + right[place + 2 :] for place in range(9)}
    values = sorted(mistyped - {right})
    assert wrong(NHS, values) == values


@pytest.mark.parametrize("type", [pa.int64(), pa.uint64(), pa.int32()])
def test_whole_numbers_of_any_size_are_judged(type: pa.DataType, wrong: Wrong) -> None:
    largest = {pa.int64(): 2**63 - 1, pa.uint64(): 2**64 - 1, pa.int32(): 2**31 - 1}[type]
    assert wrong(NHS, [0, 1234567881, largest, None], type) == [0, largest]


def test_reserved_nhs_numbers(wrong: Wrong) -> None:
    rule = "not_be_reserved_nhs_number"
    reserved = ["0000000000", "9999999999", "1111111111", "0123456789", "9990000000", "9990000018"]
    others = [
        "9434765919",
        "9989999999",
        "999",
        "9990000000x",
        "999000000",
        " 9990000018",
        "0",
        "NULL",
        "99999999999999999999",
        None,
    ]
    assert all(is_nhs_number(number) for number in reserved[:4])
    assert wrong(rule, [*reserved, *others]) == reserved
    assert wrong(rule, [0, 123456789, 1111111111, 9990000000, 9999999999, 9434765919, 10**18, None]) == [
        *(0, 123456789, 1111111111, 9990000000, 9999999999)
    ]


# -------------------------------------------------------------------------------------------------------------- Verhoeff

SNOMED = "be_valid_snomed_ct_code"
PRODUCTS = (
    *("0123456789", "1234067895", "2340178956", "3401289567", "4012395678"),
    *("5987604321", "6598710432", "7659821043", "8765932104", "9876543210"),
)
PERMUTATIONS = (
    *("0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258"),
)


def remainder(digits: str) -> int:
    """Verhoeff's check by its published tables: 0 for a number that passes."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = int(PRODUCTS[check][int(PERMUTATIONS[place % 8][int(digit)])])
    return check


def with_check_digit(digits: str) -> str:
    return next(digits + digit for digit in "0123456789" if remainder(digits + digit) == 0)


def is_sctid(text: str, kinds: str) -> bool:
    if not (text.isascii() and text.isdigit() and 6 <= len(text) <= 18 and text[0] != "0" and text[-2] in kinds):
        return False
    return (text[-3] == "0" or (text[-3] == "1" and len(text) >= 11)) and remainder(text) == 0


def random_sctids(number: int) -> list[str]:
    """Numbers that mostly have the form of an identifier, half of them with a right check digit."""
    draw = random.Random(5)
    found = []
    for _ in range(number):
        items = str(draw.randrange(1, 10 ** draw.randint(1, 16)))
        body = items + draw.choice(["00", "01", "02", "10", "11", "12", "03", "20"])
        found.append(with_check_digit(body) if draw.random() < 0.5 else body + str(draw.randrange(10)))
    return found


@pytest.mark.parametrize(("component", "kinds"), [("concept", "0"), ("description", "1"), ("relationship", "2"), ("any", "012")])
def test_random_snomed_codes_as_plain_python_judges_them(component: str, kinds: str, wrong: Wrong) -> None:
    texts = random_sctids(20_000)
    expected = [text for text in texts if not is_sctid(text, kinds)]
    assert 1_500 < len(texts) - len(expected) < 18_500
    assert wrong(SNOMED, texts, component=component) == expected


def test_random_snomed_codes_as_whole_numbers(wrong: Wrong) -> None:
    numbers = [int(text) for text in random_sctids(2_000) if int(text) < 2**63]
    assert wrong(SNOMED, numbers) == [number for number in numbers if not is_sctid(str(number), "0")]


def test_known_snomed_codes(wrong: Wrong) -> None:
    right = ["22298006", "900000000000489007", "827241000000103", "881561000000100"]
    others = [
        *("22298007", " 22298006", "22298006 ", "022298006", "+22298006", "2229800６", "22298006.0", "2.2298006e7", "", "x"),
        *(with_check_digit("100"), with_check_digit("1" * 16 + "00"), with_check_digit("1234510"), "2" * 400, "2229800\n"),
    ]
    assert wrong(SNOMED, [*right, *others, None]) == others


def test_dmd_codes_are_concepts(wrong: Wrong) -> None:
    others = ["42109611000001100", "42109611000001119", "39720311000001108", "paracetamol"]
    assert wrong("be_valid_dmd_code", ["42109611000001109", "39720311000001101", "318412000", *others]) == others


def test_many_rows_of_few_codes_are_all_counted(make_suite: Any, worker: WorkerProcess) -> None:
    table = pa.table({"n": ["22298006", "22298007"] * 5_000, "code": ["x"] * 10_000, "org": ["A81001", "B82002"] * 5_000})
    everywhere = (f"expect_column_values_to_{SNOMED}", {"column": "n"})
    condition = {"type": "comparison", "column": {"name": "org"}, "operator": "==", "parameter": "B82002"}
    there = (
        f"expect_column_values_to_{SNOMED}",
        {"column": "n", "row_condition": condition, "condition_parser": "great_expectations"},
    )
    elsewhere = (f"expect_column_values_to_{SNOMED}", {"column": "code"})
    suite = make_suite(everywhere, there, elsewhere, organisation_column="org")
    run = dq_engine.check(table, suite, worker=worker)
    assert [(outcome.unexpected_count, outcome.denominator) for outcome in run.outcomes] == [
        (5_000, 10_000),
        (5_000, 5_000),
        (10_000, 10_000),
    ]
    assert {(m.organisation, m.unexpected_count) for m in run.measures if m.check == "0"} == {
        (None, 5_000),
        ("A81001", 0),
        ("B82002", 5_000),
    }
    assert [(example.shape, example.count) for example in run.outcomes[0].examples] == [("99999999", 5_000)]


# --------------------------------------------------------------------------------------------------------- forms of codes

AROUND = ["", " ", "{} ", " {}", "{}\n", "{}\t", "x{}", "{}\0", "_{}"]
"""What must not be taken for the right code in the middle of it."""

FORMS: list[Any] = [
    pytest.param("be_valid_read_code", {}, "9Nu0. G30.. G.... 8I2B. Eu02z G30..00 Eu02z11 bd3j. X....", "9Nu0 9Nu0.. G3.0. ..... .G30. G30..0 G30..000 G-0.. Gé0..", id="Read v2"),
    pytest.param("be_valid_read_code", {"scheme": "ctv3"}, "XaZ89 XaaVL XaIwR G30.. X....", "XaZ8 XaZ89. G30..00 ..... .G30.", id="CTV3"),
    pytest.param("be_valid_read_code", {"scheme": "4-byte"}, "C21. C2.. bd3j 9Nu0", "C21 C21.. C2I. o21. .... C.1. C2O. i21.", id="4-byte Read"),
    pytest.param("be_valid_icd10_code", {}, "A047 I10X J459 M0580 M0580A Z999D", "A04 A04.7 a047 A0A7 AA47 7999 0000 - A047XYZ A04Y A0", id="ICD-10"),
    pytest.param("be_valid_opcs4_code", {}, "A012 X599 W371", "A01 A01.2 a012 AA12 0123 - & A0123 A01X", id="OPCS-4"),
    pytest.param("be_valid_bnf_code", {}, "0501013B0AAAAAA 0206040AKBBAAA0 010101200AAAAAA 20010000101 23990001111", "501013B0AAAAAA 0501013B0 0501013B0AAAAA 0501013b0aaaaaa 0001013B0AAAAAA 2001013B0AAAAAA 24010000101 2001000010 050101AB0AAAAAA", id="BNF presentation"),
    pytest.param("be_valid_bnf_code", {"appliances": False}, "0501013B0AAAAAA 1915000AABBBCBC", "20010000101 23990001111", id="BNF of drugs"),
    pytest.param("be_valid_bnf_code", {"level": "product"}, "0501013B0AA 0102000AAAA 0407010H0B1 20010000101", "0501013B0 0501013B0AAAAAA 200100001", id="BNF product"),
    pytest.param("be_valid_bnf_code", {"level": "chemical"}, "0501013B0 0102000AA 010101000 239900011 2001", "0501 0501013 05010130", id="BNF substance"),
    pytest.param("be_valid_bnf_code", {"level": "chemical", "appliances": False}, "0501013B0", "239900011 2001", id="BNF substance of drugs"),
    pytest.param("be_valid_bnf_code", {"level": "subparagraph"}, "0501013 2399000", "050101 05010130 050101B", id="BNF subparagraph"),
    pytest.param("be_valid_bnf_code", {"level": "paragraph"}, "050101 239900", "0501 0501013 05010B", id="BNF paragraph"),
    pytest.param("be_valid_bnf_code", {"level": "section"}, "0501 2399", "05 050101 501 050B", id="BNF section"),
    pytest.param("be_valid_bnf_code", {"level": "chapter"}, "01 19 20 23", "00 24 1 0501 A1", id="BNF chapter"),
    pytest.param("be_valid_bnf_code", {"level": "any"}, "05 0501 050101 0501013 0501013B0 0501013B0AA 0501013B0AAAAAA 2399 20010000101", "0 050 05010 05010130 0501013B0A 0501013B0AAAA 200100001011111", id="BNF any"),
    pytest.param("be_valid_ods_code", {"kind": "practice"}, "A81001 Y02498 JER001 A3A8R", "V81997 V81998 V81999 a81001 A8100 A810011 K0E995 5D7 O81O01", id="ODS practice"),
    pytest.param("be_valid_ods_code", {"kind": "practice", "defaults": True}, "A81001 V81997 V81998 V81999", "Q99 V8199 &", id="ODS practice with defaults"),
    pytest.param("be_valid_ods_code", {"kind": "pcgt"}, "4AA24 5D7 8A0 5AA 7A7 TAC 12A 02Q A3A8R", "Q99 X98 59898 03A00 123 ABC 5d7 5D 5D77 RAE", id="ODS PCG/T"),
    pytest.param("be_valid_ods_code", {"kind": "pcgt", "defaults": True}, "5D7 Q99 X98", "V81999", id="ODS PCG/T with defaults"),
    pytest.param("be_valid_ods_code", {"kind": "trust"}, "RAE R1A RAE01 RALC7 R1AAA TAE TAEXY RZ0 A3A8R", "rae 5A1 RAE0 RAE011 NXX NTA01 A81001", id="ODS trust"),
    pytest.param("be_valid_ods_code", {}, "RAE QGH 8A0 4AA24 A3A8R A81001 U12345 Y56", "V81999 Q99 X98 U AB rae A810011 A8-01 NUL!", id="ODS any"),
    pytest.param("be_valid_gss_code", {}, "E01000026 W01000001 E54000064 Z99999999", "E0100002 E010000261 01000026E e01000026 EA1000026", id="GSS"),
    pytest.param("be_valid_gss_code", {"entities": ["E01", "W01"]}, "E01000026 W01000001", "E02000001 Z99999999 E0100002 W010000011", id="GSS of two kinds"),
    pytest.param("be_valid_ethnic_category", {}, "A H J N P R S Z 99 A1 CA ZZ", "I O Q T X 0 9 999 a AAA - A-", id="ethnic category"),
    pytest.param("be_valid_gender_code", {}, "0 1 2 9", "X 3 M F 01 1.0 Z", id="current gender"),
    pytest.param("be_valid_gender_code", {"scheme": "stated"}, "1 2 9 X", "0 3 x M", id="stated gender"),
    pytest.param("be_valid_gender_code", {"scheme": "identity"}, "1 2 3 4 Z X", "0 9 z x", id="gender identity"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "arguments", "right", "others"), FORMS)
def test_forms_of_codes(rule: str, arguments: dict[str, Any], right: str, others: str, wrong: Wrong) -> None:
    around = [frame.format(right.split(maxsplit=1)[0]) for frame in AROUND]
    assert wrong(rule, [*right.split(), None, *others.split(), *around], **arguments) == [*others.split(), *around]


POSTCODES = {
    "one blank": ["M1 1AE", "B33 8TH", "W1A 0AX", "CR2 6XH", "DN55 1PT", "EC1A 1BB", "BT1 1AA", "JE2 3XP", "ZZ19 9ZZ", "N1P 1AA"],
    "eight characters": ["M1   1AE", "B33  8TH", "W1A  0AX", "CR2  6XH", "DN55 1PT", "EC1A 1BB"],
}
NO_POSTCODES = [
    *("CR2  6XH ", "CR26X", "6XH", "CR2", "cr2 6xh", "Cr2 6XH", "CR2-6XH", "CR2\u00a06XH", "CR2\t6XH", "CRA 6XH", "CR222 6XH", "C 6XH"),
    *("N/A", "Y08 4E", "CR2 6X", "CR2 XXH", "CR2 66H", "CR2 6XHX", "CV11 5PO", "LA14 2IB", "DN15 6QV", "CR2 6CH", "CR2 6XK", "CR2 6MA"),
    *("QR2 6XH", "VR2 6XH", "XR2 6XH", "CI2 6XH", "CJ2 6XH", "W1I 0AX", "EC1C 1BB", "GIR 0AA", "ＣＲ２ ６ＸＨ"),
]  # fmt: skip


@pytest.mark.parametrize("spacing", POSTCODES)
def test_postcodes(spacing: str, wrong: Wrong) -> None:
    rule = "be_valid_uk_postcode"
    right = POSTCODES[spacing]
    around = [frame.format(right[0]) for frame in AROUND]
    assert wrong(rule, [*right, *NO_POSTCODES, *around, None], spacing=spacing) == [*NO_POSTCODES, *around]
    packed = [postcode.replace(" ", "") for postcode in right]
    assert wrong(rule, packed, spacing=spacing) == packed
    assert wrong(rule, [*right, *packed, *NO_POSTCODES, *around], spacing="any") == [*NO_POSTCODES, *around]


def test_postcodes_of_the_other_spacing_are_not_valid(wrong: Wrong) -> None:
    rule = "be_valid_uk_postcode"
    padded, single = POSTCODES["eight characters"], POSTCODES["one blank"]
    assert wrong(rule, padded) == [postcode for postcode in padded if "  " in postcode]
    assert wrong(rule, single, spacing="eight characters") == [postcode for postcode in single if len(postcode) < 8]


def test_pseudo_postcodes(wrong: Wrong) -> None:
    pseudo = ["ZZ99 3VZ", "ZZ99 3WZ", "ZZ99 3CZ", "ZZ99 1WZ", "ZZ99 9AZ"]
    assert wrong("be_valid_uk_postcode", pseudo) == []
    assert wrong("be_valid_uk_postcode", pseudo, spacing="eight characters") == []
    assert wrong("be_valid_uk_postcode", [*pseudo, "CR2 6XH"], pseudo=False) == pseudo
    assert wrong("be_valid_uk_postcode", ["ZZ99 VZ3", "ZZ99"]) == ["ZZ99 VZ3", "ZZ99"]
    assert wrong("not_be_pseudo_postcode", [*pseudo, "ZZ993VZ", "ZZ9 9AA", "CR2 6XH", "zz99 3VZ", None]) == [*pseudo, "ZZ993VZ"]


# ----------------------------------------------------------------------------------------------------------------- pairs


def unexpected(make_suite: Any, worker: WorkerProcess, rule: str, data: dict[str, Any], **arguments: Any) -> int | None:
    (outcome,) = dq_engine.check(pa.table(data), make_suite((rule, arguments)), worker=worker).outcomes
    assert outcome.status in ("pass", "fail"), outcome.message
    return outcome.unexpected_count


@pytest.mark.parametrize(
    ("parent", "child", "kept"),
    [
        ("05", "0501", True),
        ("0501", "0501013B0AAAAAA", True),
        ("0501013B0", "0501013B0AAAAAA", True),
        ("0501013B0AA", "0501013B0AAAAAA", True),
        ("20010000101", "20010000101", True),
        ("2001", "20010000101", True),
        ("0501013B0", "0501013K0AAAAAA", False),
        ("0501013B0AAAAAA", "0501013B0AAAAAA", False),
        ("0501013B0AA", "0501013B0AA", False),
        ("0501013B0AAAAAA", "0501013B0", False),
        ("05010", "050101", False),
        ("", "0501", False),
        (None, "0501", False),
        ("0501", None, False),
    ],
)
def test_bnf_parents_and_children(
    parent: str | None, child: str | None, kept: bool, make_suite: Any, worker: WorkerProcess
) -> None:
    data = {"parent": pa.array([parent], pa.string()), "child": pa.array([child], pa.string())}
    rule = "expect_column_pair_values_to_be_bnf_parent_and_child"
    assert unexpected(make_suite, worker, rule, data, column_A="parent", column_B="child") == (0 if kept else 1)


GOOD = {"nhs_number": "9434765919", "born": "1950-01-31", "postcode": "CR2 6XH", "gender": "1"}


@pytest.mark.parametrize(
    ("changes", "usable"),
    [
        ({}, True),
        ({"gender": "0"}, True),
        ({"gender": "X"}, True),
        ({"postcode": "CR2  6XH"}, True),
        ({"born": "19500131"}, True),
        ({"nhs_number": None}, False),
        ({"nhs_number": "9434765918"}, False),
        ({"nhs_number": "0000000000"}, False),
        ({"nhs_number": "9990000018"}, False),
        ({"born": None}, False),
        ({"born": "1950"}, False),
        ({"born": "unknown"}, False),
        ({"postcode": None}, False),
        ({"postcode": "CR26XH"}, False),
        ({"postcode": "CR2"}, False),
        ({"postcode": "ZZ99 3VZ"}, False),
        ({"gender": None}, False),
        ({"gender": "M"}, False),
    ],
    ids=str,
)
def test_linkage_needs_each_identifier(changes: dict[str, Any], usable: bool, make_suite: Any, worker: WorkerProcess) -> None:
    data = {name: pa.array([value], pa.string()) for name, value in {**GOOD, **changes}.items()}
    rule = "expect_multicolumn_linkage_identifiers_to_be_usable"
    assert unexpected(make_suite, worker, rule, data, column_list=list(GOOD)) == (0 if usable else 1)


# ---------------------------------------------------------------------------------------------------------------- refusals

CODE_RULES = [
    *(NHS, "not_be_reserved_nhs_number", SNOMED, "be_valid_dmd_code", "be_valid_read_code", "be_valid_icd10_code"),
    *("be_valid_opcs4_code", "be_valid_bnf_code", "be_valid_uk_postcode", "not_be_pseudo_postcode", "be_valid_ods_code"),
    *("be_valid_gss_code", "be_valid_gender_code", "be_valid_ethnic_category"),
]


@pytest.mark.parametrize("rule", CODE_RULES)
def test_columns_that_hold_no_codes_are_an_error(rule: str, make_suite: Any, worker: WorkerProcess) -> None:
    columns = {
        "day": pa.array([0], pa.date32()),
        "yes": pa.array([True]),
        "double": pa.array([1.0]),
        "list": pa.array([["x"]]),
        "when": pa.array([0], pa.timestamp("us")),
    }
    suite = make_suite(*((f"expect_column_values_to_{rule}", {"column": name}) for name in columns))
    for outcome in dq_engine.check(pa.table(columns), suite, worker=worker).outcomes:
        assert outcome.status == "error"
        assert "codes must be text or whole numbers" in outcome.message


@pytest.mark.parametrize("rule", CODE_RULES)
def test_column_without_a_type_has_nothing_to_judge(rule: str, make_suite: Any, worker: WorkerProcess) -> None:
    suite = make_suite((f"expect_column_values_to_{rule}", {"column": "none"}))
    (outcome,) = dq_engine.check(pa.table({"none": pa.nulls(3)}), suite, worker=worker).outcomes
    assert (outcome.status, outcome.missing_count) == ("vacuous", 3)


@pytest.mark.parametrize(
    ("rule", "arguments"),
    [
        ("expect_column_values_to_be_valid_gss_code", {"column": "a", "entities": []}),
        ("expect_column_values_to_be_valid_gss_code", {"column": "a", "entities": ["E1"]}),
        ("expect_column_values_to_be_valid_gss_code", {"column": "a", "entities": ["E01|.*"]}),
        ("expect_column_values_to_be_valid_snomed_ct_code", {"column": "a", "component": "term"}),
        ("expect_column_values_to_be_valid_bnf_code", {"column": "a", "level": "substance"}),
        ("expect_multicolumn_linkage_identifiers_to_be_usable", {"column_list": ["a", "b", "c"]}),
        ("expect_multicolumn_linkage_identifiers_to_be_usable", {"column_list": ["a", "b", "c", "d", "e"]}),
    ],
)
def test_arguments_that_mean_nothing_are_refused(rule: str, arguments: dict[str, Any], make_suite: Any) -> None:
    with pytest.raises(SuiteError):
        dq_engine.load_suite(make_suite((rule, arguments)))
