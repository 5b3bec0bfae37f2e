"""Identifiers and administrative codes of the NHS: NHS number, postcode, organisation, area, gender, ethnic category."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from dq_engine import sql
from dq_engine.catalog import periods
from dq_engine.catalog.base import Case, Fault, Scope, scalar_column
from dq_engine.catalog.forms import FormExpectation, code_column, has_form
from dq_engine.catalog.shapes import ColumnRowExpectation, MulticolumnRowExpectation
from dq_engine.model import Column, Dimension, Kahn

# ------------------------------------------------------------------------------------------------------------ NHS number

RESERVED_NUMBERS = ("0000000000", "9999999999", "1111111111", "0123456789")
TEST_RANGE = (9990000000, 9999999999)


def no_nhs_number(column: Column) -> str:
    """SQL: the value is not ten digits of which the last checks the others by Modulus 11.

    The weighted sum of the digits, the last with weight 1, is divisible by 11. It is computed from the whole number n: a digit is
    n // 10^k - 10 * (n // 10^(k+1)), and 1 - 9 * k, what is left of the weights, is 1 + 2 * k modulo 11 (0 for k = 5). That the
    value is ten digits shows in the same comparison: 10^10 + n spells 1 and the value. A remainder makes the number too long.
    """
    terms = [f"{(1 + 2 * place) % 11} * (n // {10**place})" for place in range(10) if (1 + 2 * place) % 11]
    spelled = f"CAST(n + {10**10} + {10**11} * (({' + '.join(terms)}) % 11) AS VARCHAR)"
    number = f"CAST(TRY_CAST({column.sql} AS DECIMAL(10, 0)) AS BIGINT)"
    return f"list_transform([{number}], lambda n: {spelled})[1] IS DISTINCT FROM '1' || {sql.as_text(column)}"


def reserved_nhs_number(column: Column) -> str:
    """SQL: the value is a number that stands for no patient."""
    low, high = TEST_RANGE
    if column.kind == "text":
        listed = sql.in_list(column.sql, [sql.text(number) for number in RESERVED_NUMBERS])
        return f"{listed} OR length({column.sql}) = 10 AND TRY_CAST({column.sql} AS BIGINT) BETWEEN {low} AND {high}"
    listed = sql.in_list(column.sql, [str(int(number)) for number in RESERVED_NUMBERS])
    return f"{listed} OR {column.sql} BETWEEN {low} AND {high}"


class ExpectColumnValuesToBeValidNhsNumber(ColumnRowExpectation, frozen=True, kw_only=True):
    """Every value is an NHS number: ten digits with a right check digit.

    Why: the NHS number joins the records of a patient; a mistyped one joins them to somebody else or to nobody. Ten digits; the
    first nine have the weights 10 to 2, and 11 less the remainder of their sum by 11 is the tenth, with 0 for 11; numbers for
    which it would be 10 are not used: http://www.datadictionary.nhs.uk/version2/data_dictionary/data_field_notes/n/nhs_number_de.asp?shownav=0.
    NULLs: not judged. Values are judged as they stand: "943 476 5919" has no ten digits. In a column of whole numbers a number
    that begins with 0 has lost it and is not valid. Numbers that stand for no patient pass Modulus 11: they have a rule of
    their own.
    See also: expect_column_values_to_not_be_reserved_nhs_number, expect_multicolumn_linkage_identifiers_to_be_usable.
    """

    name = "expect_column_values_to_be_valid_nhs_number"
    examples = (
        Case("valid", {"nhs_number": ["9434765919", "9876543210"]}, {"column": "nhs_number"}, True),
        Case("a wrong check digit", {"nhs_number": ["9434765919", "9876544321", None]}, {"column": "nhs_number"}, False, 1),
        Case("with blanks", {"nhs_number": ["943 476 5919"]}, {"column": "nhs_number"}, False, 1),
        Case("as numbers", {"nhs_number": [9434765919, 123456789]}, {"column": "nhs_number"}, False, 1),
    )

    def statement(self) -> str:
        return self.every("is an NHS number with a right check digit")

    def violation(self, scope: Scope) -> str:
        return no_nhs_number(code_column(scope, self.column))


class ExpectColumnValuesToNotBeReservedNhsNumber(ColumnRowExpectation, frozen=True, kw_only=True):
    """No value is an NHS number that stands for no patient.

    Why: placeholders pass Modulus 11, and would make one patient of all who have none. 0000000000 and 9999999999 say that tracing
    found none or several, 1111111111 and 0123456789 are typed to get on: https://github.com/NHSDigital/data-validation-engine.
    999 000 0000 to 999 999 9999 are for tests alone: https://docs.rs/crate/nhs-number/latest/source/docs/ranges/README.md.
    NULLs: not judged, nor is what is no NHS number. In a column of whole numbers 0 and 123456789 are placeholders too.
    See also: expect_column_values_to_be_valid_nhs_number.
    """

    name = "expect_column_values_to_not_be_reserved_nhs_number"
    examples = (
        Case("patients", {"nhs_number": ["9434765919", None]}, {"column": "nhs_number"}, True),
        Case("placeholders", {"nhs_number": ["9434765919", "0000000000", "9990000018"]}, {"column": "nhs_number"}, False, 2),
        Case("as numbers", {"nhs_number": [9434765919, 0]}, {"column": "nhs_number"}, False, 1),
    )

    def statement(self) -> str:
        return self.every("is an NHS number that can be a patient's")

    def violation(self, scope: Scope) -> str:
        return reserved_nhs_number(code_column(scope, self.column))


# -------------------------------------------------------------------------------------------------------------- postcode

AREA, UNIT = "[A-PR-UWYZ]", "[0-9][ABD-HJLNP-UW-Z]{2}"
"""The first letter of a postcode, and its second part."""
DISTRICTS = {
    2: f"{AREA}[0-9]",
    3: f"{AREA}(?:[0-9][0-9A-HJKPSTUW]|[A-HK-Z][0-9])",
    4: f"{AREA}[A-HK-Z][0-9][0-9ABEHMNPRVWXY]",
}
"""First parts of postcodes, by their length."""
PSEUDO = "ZZ99"
Spacing = Literal["one blank", "eight characters", "any"]


def postcode_pattern(spacing: Spacing) -> str:
    """The pattern of postcodes; the pseudo-postcodes, whose second part may have any letters, among them."""
    blanks = {
        "one blank": dict.fromkeys(DISTRICTS, " "),
        "eight characters": {length: " " * (5 - length) for length in DISTRICTS},
        "any": {length: f" {{0,{5 - length}}}" for length in DISTRICTS},
    }[spacing]
    places = "|".join(f"{district}{blanks[length]}{UNIT}" for length, district in DISTRICTS.items())
    return f"{places}|{PSEUDO}{blanks[4]}[0-9][A-Z]{{2}}"


def pseudo_postcode(column: Column) -> str:
    """SQL: the value begins as pseudo-postcodes do."""
    return f"starts_with({sql.as_text(column)}, '{PSEUDO}')"


class ExpectColumnValuesToBeValidUkPostcode(ColumnRowExpectation, frozen=True, kw_only=True):
    """Every value has the form of a UK postcode, in capitals.

    Why: the postcode places a patient in an area, and is one of the four identifiers by which records are linked. General form:
    https://archive.datadictionary.nhs.uk/DD%20Release%20May%202013/web_site_content/supporting_information/nhs_postcode_directory.asp@shownav=1.html.
    A9, A99, A9A, AA9, AA99 or AA9A, then 9AA, with letters that do not occur at a place refused there (none of Q, V, X first,
    none of C, I, K, M, O, V in the second part): https://studylib.net/doc/18359331/postcode-format. In eight characters the
    second part begins at the sixth:
    https://www.hesonline.org.uk/Ease/servlet/ContentServer_siteID-1937-categoryID-571-dirID-110582.
    Inferred: Z may come second, as it does in pseudo-postcodes; GIR 0AA, an office and no home, is refused.
    NULLs: not judged. `spacing` says what stands between the parts: "one blank", as many as make eight characters, or "any": none
    to as many. Whether a postcode exists is not known here.
    See also: expect_column_values_to_not_be_pseudo_postcode.
    """

    name = "expect_column_values_to_be_valid_uk_postcode"
    examples = (
        Case(
            "every form",
            {"postcode": ["M1 1AE", "B33 8TH", "W1A 0AX", "CR2 6XH", "DN55 1PT", "EC1A 1BB"]},
            {"column": "postcode"},
            True,
        ),
        Case("no blank, an O for a 0", {"postcode": ["CR26XH", "CR2 6XH", "B33 OTH", None]}, {"column": "postcode"}, False, 2),
        Case(
            "eight characters",
            {"postcode": ["M1   1AE", "DN55 1PT"]},
            {"column": "postcode", "spacing": "eight characters"},
            True,
        ),
        Case("places alone", {"postcode": ["ZZ99 3VZ", "CR2 6XH"]}, {"column": "postcode", "pseudo": False}, False, 1),
    )
    spacing: Annotated[Spacing, Meta(description="What stands between the two parts.")] = "one blank"
    pseudo: Annotated[bool, Meta(description="Whether pseudo-postcodes, ZZ99 and what follows, are valid.")] = True

    def statement(self) -> str:
        spacing = {"one blank": " with one blank", "eight characters": " in eight characters", "any": ""}[self.spacing]
        return self.every(f"has the form of a postcode{spacing}{'' if self.pseudo else ', and is no pseudo-postcode'}")

    def violation(self, scope: Scope) -> str:
        column = code_column(scope, self.column)
        wrong = f"NOT {has_form(sql.as_text(column), postcode_pattern(self.spacing))}"
        return wrong if self.pseudo else f"{wrong} OR {pseudo_postcode(column)}"


class ExpectColumnValuesToNotBePseudoPostcode(ColumnRowExpectation, frozen=True, kw_only=True):
    """No value is a pseudo-postcode, ZZ99 and what follows.

    Why: ZZ99 3VZ (no fixed abode), ZZ99 3WZ (not known) and the codes of countries place nobody, and the same one stands for many
    people: https://www.hesonline.org.uk/Ease/servlet/ContentServer_siteID-1937-categoryID-571-dirID-110582.
    NULLs: not judged. Whatever begins with ZZ99 counts, also without its blank.
    See also: expect_column_values_to_be_valid_uk_postcode.
    """

    name = "expect_column_values_to_not_be_pseudo_postcode"
    examples = (
        Case("places", {"postcode": ["CR2 6XH", "ZZ9 9AA"]}, {"column": "postcode"}, True),
        Case("no fixed abode", {"postcode": ["CR2 6XH", "ZZ99 3VZ", None]}, {"column": "postcode"}, False, 1),
    )

    def statement(self) -> str:
        return self.every("is no pseudo-postcode")

    def violation(self, scope: Scope) -> str:
        return pseudo_postcode(code_column(scope, self.column))


# ------------------------------------------------------------------------------------------------- organisations, areas

NEW_CODE = "[A-Z][0-9][A-Z][0-9][A-Z]"
ODS_CODES = {
    "practice": f"[A-Z][0-9]{{5}}|[A-Z]{{3}}[0-9]{{3}}|{NEW_CODE}",
    "pcgt": f"[0-9]{{2}}[A-Z]|[0-9][A-Z][0-9A-Z]|TA[A-Z]|4[A-Z]{{2}}[0-9]{{2}}|{NEW_CODE}",
    "trust": f"(?:R[0-9A-Z]{{2}}|TA[A-Z])(?:[0-9A-Z]{{2}})?|{NEW_CODE}",
    "any": "[0-9A-Z]{3,6}",
}
DEFAULT_CODES = {
    "practice": ("V81997", "V81998", "V81999"),
    "pcgt": ("Q99", "X98"),
    "trust": (),
    "any": ("V81997", "V81998", "V81999", "Q99", "X98"),
}


class ExpectColumnValuesToBeValidOdsCode(FormExpectation, frozen=True, kw_only=True):
    """Every value has the form of a code of the Organisation Data Service, for the given kind of organisation.

    Why: a row whose organisation cannot be told is nobody's, in money as in care. Practices: a letter and five digits, PCTs three
    characters (5D7), CCGs two digits and a letter (12A):
    https://help.cegedim-healthcare.co.uk/ManagementTools/Content/Control_Panel/File_Maintenance/Organisations/Codes_QR.htm. New
    codes of any kind are letters and digits in turn (A3A8R) since October 2020, and old ones stay:
    https://digital.nhs.uk/services/organisation-data-service/organisation-data-service-newsletters/february-2020-newsletter.
    V81997 not registered, V81998 not applicable, V81999 not known stand for a practice:
    https://v2.datadictionary.nhs.uk/web_site_content/pages/codes/administrative_codes/default_codes_summary_table.asp@shownav=1.html;
    Q99 not known, X98 not applicable for a PCT:
    https://archive.datadictionary.nhs.uk/DD%20Release%20January%202014/data_dictionary/data_field_notes/o/org/organisation_code_(pct_of_gp_practice)_de.asp@shownav=0.html.
    Inferred, from the published files of organisations: practices of three letters and three digits (Channel Islands, Alderney);
    PCGs of 4, two letters and two digits; care trusts TAC and so on; trusts of R and two characters, their sites of two more;
    three to six capitals and digits for any organisation.
    NULLs: not judged. Small letters are no code. Whether an organisation exists, and is open, is for a register to say.
    See also: expect_column_values_to_match_regex, expect_column_values_to_be_valid_gss_code.
    """

    name = "expect_column_values_to_be_valid_ods_code"
    examples = (
        Case("practices", {"code": ["A81001", "Y02498", "JER001"]}, {"column": "code", "kind": "practice"}, True),
        Case("PCGs and their heirs", {"code": ["4AA24", "5D7", "8A0", "12A", "A3A8R"]}, {"column": "code", "kind": "pcgt"}, True),
        Case("a default", {"code": ["A81001", "V81999", None]}, {"column": "code", "kind": "practice"}, False, 1),
        Case("small letters", {"code": ["rae", "RAE01", "RAE"]}, {"column": "code", "kind": "trust"}, False, 1),
    )
    kind: Annotated[Literal["practice", "pcgt", "trust", "any"], Meta(description="The kind of organisation.")] = "any"
    defaults: Annotated[bool, Meta(description="Whether codes that stand for none (V81999, Q99) are valid.")] = False

    def statement(self) -> str:
        names = {
            "practice": "a practice",
            "pcgt": "a PCG, PCT or its heir",
            "trust": "a trust or its site",
            "any": "an organisation",
        }
        return self.every(f"has the form of the code of {names[self.kind]}{' or a default' if self.defaults else ''}")

    def pattern(self) -> str:
        return ODS_CODES[self.kind]

    def wrong(self, text: str) -> str:
        defaults = sql.in_list(text, [sql.text(code) for code in DEFAULT_CODES[self.kind]])
        no_code = super().wrong(text)
        return f"{no_code} AND NOT ({defaults})" if self.defaults else f"{no_code} OR {defaults}"


class ExpectColumnValuesToBeValidGssCode(FormExpectation, frozen=True, kw_only=True):
    """Every value has the form of a code of the Government Statistical Service for an area.

    Why: areas join the data to populations and needs; an area of another level joins them to nothing. A letter and eight digits,
    of which the first two make, with the letter, the kind of area: E01 are lower and E02 middle super output areas, E38 CCGs and
    what came after, E54 integrated care boards: https://www.liquisearch.com/ons_coding_system/current_gss_coding_system.
    NULLs: not judged. Whether an area exists is not known here: pseudo-codes such as Z99999999 are found by `entities`.
    See also: expect_column_values_to_be_valid_ods_code.
    """

    name = "expect_column_values_to_be_valid_gss_code"
    examples = (
        Case("areas", {"area": ["E01000026", "W01000001"]}, {"column": "area"}, True),
        Case("one cut", {"area": ["E0100002", "E01000026", None]}, {"column": "area"}, False, 1),
        Case("one of another level", {"area": ["E01000026", "E02000001"]}, {"column": "area", "entities": ["E01"]}, False, 1),
    )
    entities: Annotated[
        list[Annotated[str, Meta(pattern="^[A-Z][0-9]{2}$")]] | None,
        Meta(description='The kinds of areas that are valid, such as "E01"; null for all.'),
    ] = None

    def faults(self) -> Iterator[Fault]:
        if self.entities is not None and not self.entities:
            yield Fault("entities", "is empty: no value could pass")

    def statement(self) -> str:
        among = "" if self.entities is None else f" that begins with {' or '.join(self.entities)}"
        return self.every(f"has the form of a GSS code{among}")

    def pattern(self) -> str:
        return f"(?:{'|'.join(self.entities) if self.entities else '[A-Z][0-9]{2}'})[0-9]{{6}}"


# ---------------------------------------------------------------------------------------------------------------- people

GENDER_CODES = {"current": ("0", "1", "2", "9"), "stated": ("1", "2", "9", "X"), "identity": ("1", "2", "3", "4", "Z", "X")}


def no_gender_code(column: Column, codes: tuple[str, ...]) -> str:
    """SQL: the value is none of the codes."""
    return sql.in_list(sql.as_text(column), [sql.text(code) for code in codes], negate=True)


class ExpectColumnValuesToBeValidGenderCode(ColumnRowExpectation, frozen=True, kw_only=True):
    """Every value is a code of the given scheme of gender codes.

    Why: the schemes look alike and differ in what "not known" is: 0 in one, X in another; M and F are in none. Current gender has
    0 not known, 1, 2 and 9 not specified: https://github.com/nhsengland/Reusable-Code-Library (dsp/udfs/gender.py). Stated gender
    has 1, 2, 9 indeterminate and X not known:
    https://project-wildfyre.github.io/uk-testcore-r4/ValueSet-UKCore-NHSDataDictionary-PersonStatedGender.html. Gender identity
    has 1, 2, 3, 4, Z, and X by default:
    https://archive.datadictionary.nhs.uk/DD%20Release%20June%202026/data_elements/gender_identity_code.html.
    NULLs: not judged. Whole numbers are judged as their digits.
    See also: expect_column_values_to_be_in_set, expect_column_values_to_be_valid_ethnic_category.
    """

    name = "expect_column_values_to_be_valid_gender_code"
    examples = (
        Case("current", {"gender": ["0", "1", "2", "9"]}, {"column": "gender"}, True),
        Case("letters", {"gender": ["1", "M", "F", None]}, {"column": "gender"}, False, 2),
        Case("stated has no 0", {"gender": ["1", "X", "0"]}, {"column": "gender", "scheme": "stated"}, False, 1),
        Case("as numbers", {"gender": [1, 2, 9]}, {"column": "gender"}, True),
    )
    scheme: Annotated[Literal["current", "stated", "identity"], Meta(description="The scheme of codes.")] = "current"

    def statement(self) -> str:
        names = {"current": "current gender", "stated": "stated gender", "identity": "gender identity"}
        return self.every(f"is a code of {names[self.scheme]}")

    def violation(self, scope: Scope) -> str:
        return no_gender_code(code_column(scope, self.column), GENDER_CODES[self.scheme])


class ExpectColumnValuesToBeValidEthnicCategory(FormExpectation, frozen=True, kw_only=True):
    """Every value is a code of the ethnic categories of 2001, or the default 99.

    Why: digits, such as 9, were withdrawn in 2004 (https://v2.datadictionary.nhs.uk/change_packages/cp406/CP406.asp), and mean
    other categories than those in use. The first character is A to H, J to N, P, R, S or Z (not stated), the second is for local
    use; 99 is not known: https://www.datadictionary.nhs.uk/data_elements/ethnic_category.html.
    Inferred: what is for local use is a capital or a digit.
    NULLs: not judged.
    See also: expect_column_values_to_be_valid_gender_code.
    """

    name = "expect_column_values_to_be_valid_ethnic_category"
    examples = (
        Case("categories", {"ethnic_category": ["A", "Z", "99", "B1"]}, {"column": "ethnic_category"}, True),
        Case("an old code and none", {"ethnic_category": ["A", "9", "I", None]}, {"column": "ethnic_category"}, False, 2),
    )

    def statement(self) -> str:
        return self.every("is a code of an ethnic category")

    def pattern(self) -> str:
        return "[A-HJ-NPRSZ][0-9A-Z]?|99"


class ExpectMulticolumnLinkageIdentifiersToBeUsable(MulticolumnRowExpectation, frozen=True, kw_only=True):
    """In every row, NHS number, date of birth, postcode and gender are there, and each can be used to link the record.

    Why: these four link the GP record of a patient to the hospital's: http://www.hscic.gov.uk/article/3525/Caredata.
    Inferred: they can where the NHS number is valid and no placeholder, the date of birth is a day, the postcode has its form
    (with one blank, or in eight characters) and is no pseudo-postcode, and gender is a code of current or stated gender, that for
    "not known" too.
    NULLs: `ignore_row_if` says which rows are left out (by default those with all four NULL: "never" judges them too); a NULL in
    any other row breaks the rule.
    See also: expect_column_values_to_be_valid_nhs_number, expect_column_values_to_be_valid_uk_postcode,
    expect_column_values_to_be_valid_gender_code.
    """

    name = "expect_multicolumn_linkage_identifiers_to_be_usable"
    dimension: ClassVar[Dimension] = "completeness"
    kahn: ClassVar[Kahn] = "completeness"
    examples = (
        Case(
            "can be linked",
            {"nhs_number": ["9434765919"], "born": ["1950-01-31"], "postcode": ["CR2 6XH"], "gender": ["1"]},
            {"column_list": ["nhs_number", "born", "postcode", "gender"]},
            True,
            types={"born": "DATE"},
        ),
        Case(
            "each is wrong in a row",
            {
                "nhs_number": ["9434765918", "0000000000", None, "9434765919", "9434765919", "9434765919"],
                "born": ["1950-01-31", "1950-01-31", "1950-01-31", None, "1950-01-31", "1950-01-31"],
                "postcode": ["CR2 6XH", "CR2 6XH", "CR2 6XH", "CR2 6XH", "ZZ99 3VZ", "CR2 6XH"],
                "gender": ["1", "2", "1", "2", "1", "F"],
            },
            {"column_list": ["nhs_number", "born", "postcode", "gender"]},
            False,
            6,
            types={"born": "DATE"},
        ),
    )
    column_list: Annotated[
        list[str],
        Meta(
            description="The columns of NHS number, date of birth, postcode and gender, in this order.",
            min_length=4,
            max_length=4,
        ),
    ]

    def statement(self) -> str:
        return f"{', '.join(self.column_list)} can link the record in every row" + (
            "" if self.mostly >= 1 else f" but {(1 - self.mostly) * 100:.10g} %"
        )

    def periods(self) -> tuple[str, ...]:
        return (self.column_list[1],)

    def violation(self, scope: Scope) -> str:
        number, birth, postcode, gender = self.column_list
        nhs_number, address, sex = (code_column(scope, name) for name in (number, postcode, gender))
        text = sql.as_text(address)
        form = f"{postcode_pattern('one blank')}|{postcode_pattern('eight characters')}"
        genders = (*GENDER_CODES["current"], *GENDER_CODES["stated"])
        usable = (
            f"NOT ({no_nhs_number(nhs_number)})",
            f"NOT ({reserved_nhs_number(nhs_number)})",
            is_day(scalar_column(scope, birth)),
            f"{has_form(text, form)} AND NOT {pseudo_postcode(address)}",
            f"NOT ({no_gender_code(sex, tuple(dict.fromkeys(genders)))})",
        )
        return self.broken(scope, " AND ".join(f"({part})" for part in usable))


def is_day(column: Column) -> str:
    """SQL: the value is a day, as a date or as text."""
    if column.kind in sql.TEMPORAL:
        return f"{column.sql} IS NOT NULL"
    first, last = periods.own_days(column)
    return f"{first} = {last}"
