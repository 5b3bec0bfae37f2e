"""Clinical codes: SNOMED CT, Read, ICD-10, OPCS-4, dm+d and BNF. Has a code the form that its scheme gives it?"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from dq_engine import sql
from dq_engine.catalog import verhoeff
from dq_engine.catalog.base import Case, Scope
from dq_engine.catalog.forms import FormExpectation, code_column, has_form
from dq_engine.catalog.shapes import PairRowExpectation
from dq_engine.model import Dimension, Kahn

BNF_LEVELS = {
    "chapter": 2,
    "section": 4,
    "paragraph": 6,
    "subparagraph": 7,
    "chemical": 9,
    "product": 11,
    "presentation": 15,
}
"""The levels of the BNF and how many characters the code of each has; appliances have no more than 11."""
APPLIANCE = 11
PARTITIONS = {"concept": "0", "description": "1", "relationship": "2", "any": "[0-2]"}


def sctid(kind: str) -> str:
    """The pattern of SNOMED CT identifiers; ``kind`` is that of the digit which tells what they identify.

    6 to 18 digits without a leading 0: the item, in long ones a namespace of seven digits, the partition (0, or 1 for long ones,
    and ``kind``) and the check digit.
    """
    return f"[1-9][0-9]{{2,14}}0{kind}[0-9]|[1-9][0-9]{{7,14}}1{kind}[0-9]"


def no_sctid(text: str, kind: str) -> str:
    """SQL: the text is no SNOMED CT identifier of that kind."""
    return f"CASE WHEN {has_form(text, sctid(kind))} THEN {verhoeff.fails(text)} ELSE TRUE END"


class ExpectColumnValuesToBeValidSnomedCtCode(FormExpectation, frozen=True, kw_only=True):
    """Every value is a SNOMED CT identifier of the given kind of component, with a right check digit.

    Why: identifiers that went through a spreadsheet lose their last digits, and descriptions are sent where concepts are meant;
    the check digit and the two digits before it show both. 6 to 18 digits, none of them a leading 0; the last is Verhoeff's
    check digit; before it 00 or 10 say concept, 01 or 11 description, 02 or 12 relationship:
    https://confluence.ihtsdotools.org/pages/diffpagesbyversion.action?pageId=33490095.
    NULLs: not judged. Whole numbers and text are judged alike; a blank is no digit. Whether SNOMED International or a national
    body has issued the identifier is not known here.
    See also: expect_column_values_to_be_valid_dmd_code, expect_column_values_to_be_valid_read_code.
    """

    name = "expect_column_values_to_be_valid_snomed_ct_code"
    examples = (
        Case("concepts", {"code": ["22298006", "900000000000489007", "827241000000103"]}, {"column": "code"}, True),
        Case("a wrong check digit", {"code": ["22298006", "22298007", None]}, {"column": "code"}, False, 1),
        Case("as numbers", {"code": [22298006, 900000000000489000]}, {"column": "code"}, False, 1),
        Case("no description", {"code": ["22298006"]}, {"column": "code", "component": "description"}, False, 1),
    )
    component: Annotated[
        Literal["concept", "description", "relationship", "any"], Meta(description="What the codes must identify.")
    ] = "concept"

    def statement(self) -> str:
        return self.every(f"is a SNOMED CT identifier of {'any component' if self.component == 'any' else f'a {self.component}'}")

    def wrong(self, text: str) -> str:
        return no_sctid(text, PARTITIONS[self.component])


class ExpectColumnValuesToBeValidDmdCode(FormExpectation, frozen=True, kw_only=True):
    """Every value is a code of the Dictionary of Medicines and Devices: a SNOMED CT concept with a right check digit.

    Why: a prescription whose product cannot be looked up has no price and no interactions. 6 to 18 digits:
    https://docslib.org/doc/7966728/ddcn-1496-clinical-coding.
    Inferred: dm+d codes are identifiers of SNOMED CT concepts, as the UK drug extension takes them over as they are
    (https://production-like.nhsd.io/services/terminology-and-classifications/uk-medicines-terminology-futures), so that their
    check digit must be right. Codes that went through a spreadsheet end in noughts and are found by it.
    NULLs: not judged. Whole numbers and text are judged alike; a blank is no digit.
    See also: expect_column_values_to_be_valid_snomed_ct_code, expect_column_values_to_be_valid_bnf_code.
    """

    name = "expect_column_values_to_be_valid_dmd_code"
    examples = (
        Case("products", {"product": ["42109611000001109", "318412000"]}, {"column": "product"}, True),
        Case("cut by a spreadsheet", {"product": [42109611000001109, 42109611000001100]}, {"column": "product"}, False, 1),
    )

    def statement(self) -> str:
        return self.every("is a dm+d code")

    def wrong(self, text: str) -> str:
        return no_sctid(text, PARTITIONS["concept"])


def padded(character: str, length: int) -> str:
    """The pattern of a hierarchical code of that many characters, in which full stops stand for the levels that are not used."""
    return "|".join(f"{character}{{{used}}}\\.{{{length - used}}}" for used in range(1, length + 1))


class ExpectColumnValuesToBeValidReadCode(FormExpectation, frozen=True, kw_only=True):
    """Every value has the form of a Read code of the given scheme.

    Why: a Read code is its own place in the hierarchy: one without its full stops, or of another version, is counted nowhere.
    Five characters, or seven with the term code: https://docslib.org/doc/7966728/ddcn-1496-clinical-coding. Letters and digits;
    full stops fill what is not used: https://s.cnmilf.com/w/index.php?diff=prev&oldid=887559073&title=Read_code.
    Inferred: the last two of seven characters are the term code, which only version 2 has; I and O are left out of the 4-byte
    set alone, as codes of version 2 and CTV3 have them (8I2B., XaIwR).
    NULLs: not judged. Small letters and capitals are different codes. Whether a code exists is not known here.
    See also: expect_column_values_to_be_valid_snomed_ct_code.
    """

    name = "expect_column_values_to_be_valid_read_code"
    examples = (
        Case("version 2", {"code": ["9Nu0.", "G30..", "8I2B.", "G30..00"]}, {"column": "code"}, True),
        Case("a full stop lost", {"code": ["G30..", "9Nu0", None]}, {"column": "code"}, False, 1),
        Case("CTV3", {"code": ["XaZ89", "XaaVL", "G30.."]}, {"column": "code", "scheme": "ctv3"}, True),
        Case("a letter that there is not", {"code": ["C2I.", "C21."]}, {"column": "code", "scheme": "4-byte"}, False, 1),
    )
    scheme: Annotated[Literal["4-byte", "v2", "ctv3"], Meta(description="Which Read codes.")] = "v2"

    def statement(self) -> str:
        names = {"4-byte": "a 4-byte Read code", "v2": "a Read code of version 2", "ctv3": "a Read code of version 3 (CTV3)"}
        return self.every(f"has the form of {names[self.scheme]}")

    def pattern(self) -> str:
        if self.scheme == "4-byte":
            return padded("[0-9A-HJ-NP-Za-hj-np-z]", 4)
        code = padded("[0-9A-Za-z]", 5)
        return f"(?:{code})(?:[0-9A-Za-z]{{2}})?" if self.scheme == "v2" else code


class ExpectColumnValuesToBeValidIcd10Code(FormExpectation, frozen=True, kw_only=True):
    """Every value has the form of an ICD-10 code as the NHS stores it.

    Why: a diagnosis with a full stop, or cut to three characters, meets nothing in a list of codes. Four to six characters
    (https://docslib.org/doc/7966728/ddcn-1496-clinical-coding), a letter first and no full stop
    (https://www.hesonline.org.uk/Ease/servlet/ContentServer_siteID-1937-categoryID-571-dirID-110613).
    Inferred: after the letter two digits, and a digit or an X where the category has no fourth character (I10X), as in hospital
    episode statistics; what the fifth and sixth may be is not said there, so any capital or digit is taken.
    NULLs: not judged. Marks for "no diagnosis" such as - are broken forms: leave them out by `row_condition`.
    See also: expect_column_values_to_be_valid_opcs4_code.
    """

    name = "expect_column_values_to_be_valid_icd10_code"
    examples = (
        Case("diagnoses", {"diagnosis": ["I10X", "J459", "M0580"]}, {"column": "diagnosis"}, True),
        Case("a full stop", {"diagnosis": ["J45.9", "J459", None]}, {"column": "diagnosis"}, False, 1),
        Case("three characters", {"diagnosis": ["J45"]}, {"column": "diagnosis"}, False, 1),
    )

    def statement(self) -> str:
        return self.every("has the form of an ICD-10 code")

    def pattern(self) -> str:
        return "[A-Z][0-9]{2}[0-9X][0-9A-Z]{0,2}"


class ExpectColumnValuesToBeValidOpcs4Code(FormExpectation, frozen=True, kw_only=True):
    """Every value has the form of an OPCS-4 code: a letter and three digits.

    Why: a procedure that lost its last character is paid for as another one, or not at all. Four characters:
    https://docslib.org/doc/7966728/ddcn-1496-clinical-coding.
    Inferred: a letter and three digits, without a full stop, as in hospital episode statistics.
    NULLs: not judged. Marks for "no procedure" such as - are broken forms: leave them out by `row_condition`.
    See also: expect_column_values_to_be_valid_icd10_code.
    """

    name = "expect_column_values_to_be_valid_opcs4_code"
    examples = (
        Case("procedures", {"procedure": ["W371", "X599"]}, {"column": "procedure"}, True),
        Case("one cut", {"procedure": ["W37", "W371", None]}, {"column": "procedure"}, False, 1),
    )

    def statement(self) -> str:
        return self.every("has the form of an OPCS-4 code")

    def pattern(self) -> str:
        return "[A-Z][0-9]{3}"


BnfLevel = Literal["chapter", "section", "paragraph", "subparagraph", "chemical", "product", "presentation", "any"]


def drug_code(level: str) -> str:
    """The pattern of a code of that level in the chapters of drugs, 01 to 19."""
    digits = min(BNF_LEVELS[level], BNF_LEVELS["subparagraph"]) - 2
    others = BNF_LEVELS[level] - 2 - digits
    return f"(?:0[1-9]|1[0-9])[0-9]{{{digits}}}[0-9A-Z]{{{others}}}"


def appliance_code(level: str) -> str:
    """The pattern of a code of that level in the chapters of appliances, 20 to 23."""
    appliance = f"2[0-3][0-9]{{{min(BNF_LEVELS[level], APPLIANCE) - 2}}}"
    return f"{appliance}|2[0-3][0-9]{{2}}" if level == "chemical" else appliance


class ExpectColumnValuesToBeValidBnfCode(FormExpectation, frozen=True, kw_only=True):
    """Every value has the form of a BNF code of the given level.

    Why: BNF codes are summed by their beginnings: a code without its leading 0, or of another level, goes into a wrong sum. The
    first 2 characters are the chapter, 4 the section, 6 the paragraph, 7 the subparagraph, 9 the chemical substance, 11 the
    product, 15 the presentation: https://github.com/ebmdatalab/openprescribing (frontend/utils/bnf_hierarchy.py). The first
    seven are digits, and chapters 20 to 23 are appliances:
    https://opendata.nhsbsa.net/dataset/foi-02846/resource/9a70f863-6d3d-46fe-85b4-2e7d04fcd112.
    Inferred, from the published lists: codes of appliances are digits and end after 11; their "chemical substance" is written
    with 9 digits or as the section, with 4.
    NULLs: not judged. Whether a code exists is not known here.
    See also: expect_column_pair_values_to_be_bnf_parent_and_child, expect_column_values_to_be_valid_dmd_code.
    """

    name = "expect_column_values_to_be_valid_bnf_code"
    examples = (
        Case("a drug and an appliance", {"bnf": ["0501013B0AAAAAA", "21220000206"]}, {"column": "bnf"}, True),
        Case("a leading 0 lost", {"bnf": ["501013B0AAAAAA", "0501013B0AAAAAA", None]}, {"column": "bnf"}, False, 1),
        Case("substances", {"bnf": ["0501013B0", "2122"]}, {"column": "bnf", "level": "chemical"}, True),
        Case("drugs alone", {"bnf": ["21220000206"]}, {"column": "bnf", "appliances": False}, False, 1),
    )
    level: Annotated[BnfLevel, Meta(description="The level of the hierarchy that the codes are of.")] = "presentation"
    appliances: Annotated[bool, Meta(description="Whether codes of appliances, chapters 20 to 23, are valid.")] = True

    def statement(self) -> str:
        level = "any level" if self.level == "any" else f"a {self.level}"
        return self.every(f"has the form of a BNF code of {level}{'' if self.appliances else ', and is of no appliance'}")

    def pattern(self) -> str:
        levels = list(BNF_LEVELS) if self.level == "any" else [self.level]
        patterns = [drug_code(level) for level in levels]
        if self.appliances:
            patterns += dict.fromkeys(appliance_code(level) for level in levels)
        return "|".join(patterns)


class ExpectColumnPairValuesToBeBnfParentAndChild(PairRowExpectation, frozen=True, kw_only=True):
    """In every row, the BNF code of column B lies below that of column A: it begins with it.

    Why: an item whose presentation belongs to another substance is counted as two different drugs. A code of 2, 4, 6, 7, 9 or 11
    characters is the beginning of all codes below it: https://github.com/ebmdatalab/openprescribing
    (frontend/utils/bnf_hierarchy.py).
    Inferred, from the published lists: the product and the presentation of an appliance have the same code of 11 digits, so that
    this one code may be both.
    NULLs: `ignore_row_if` says which rows are left out (by default those with both NULL); a NULL on one side breaks the rule.
    See also: expect_column_values_to_be_valid_bnf_code.
    """

    name = "expect_column_pair_values_to_be_bnf_parent_and_child"
    dimension: ClassVar[Dimension] = "consistency"
    kahn: ClassVar[Kahn] = "conformance.relational"
    examples = (
        Case(
            "substances and presentations",
            {"substance": ["0501013B0", "2122"], "bnf": ["0501013B0AAAAAA", "21220000206"]},
            {"column_A": "substance", "column_B": "bnf"},
            True,
        ),
        Case(
            "another substance",
            {"substance": ["0501013B0", "0501013K0"], "bnf": ["0501013B0AAAAAA", "0501013B0AAAAAA"]},
            {"column_A": "substance", "column_B": "bnf"},
            False,
            1,
        ),
        Case(
            "not its own parent",
            {"substance": ["0501013B0"], "bnf": ["0501013B0"]},
            {"column_A": "substance", "column_B": "bnf"},
            False,
            1,
        ),
    )

    def statement(self) -> str:
        return f"The BNF code {self.column_B} lies below {self.column_A} in every row" + (
            "" if self.mostly >= 1 else f" but {(1 - self.mostly) * 100:.10g} %"
        )

    def violation(self, scope: Scope) -> str:
        parent, child = (sql.as_text(code_column(scope, name)) for name in (self.column_A, self.column_B))
        levels = ", ".join(str(length) for length in BNF_LEVELS.values() if length < BNF_LEVELS["presentation"])
        appliance = f"length({parent}) = {APPLIANCE} AND starts_with({parent}, '2')"
        return self.broken(
            scope,
            f"starts_with({child}, {parent}) AND length({parent}) IN ({levels}) "
            f"AND (length({child}) > length({parent}) OR {appliance})",
        )
