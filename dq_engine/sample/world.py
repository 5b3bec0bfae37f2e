"""The world of the samples: SQL that makes its tables and macros in a connection. Pure.

Everything is invented, and drawn by MD5 from the seed and a key, so that the same world comes out on every machine:

- ``draw(key, below)``: a whole number from 0 to below - 1; ``chosen(key, list)``: an element of a list
- ``bits(key)``, ``slice(bits, from_bit, below)``: several small draws from one MD5, where speed counts; below is up to 1,000 or
  so, and draws do not overlap if their first bits stand 20 apart (0, 20, 40; there are 62 bits)
- ``per(number)``: rows for each practice at this scale, where ``number`` is for scale 1; 1 at least. Patients grow with it
  already: what hangs on patients has a fixed number for each of them
- ``postcode(key)``, ``telephone(key)``, ``lsoa_code(pcgt_no, lsoa_no)``, ``nhs_number(number)``,
  ``wrong_check_digit(nhs_number)``
- ``periods()``: how many there are; ``first_day_of(period_no)``: the first day of one
- ``quarters(pcgt_code)``: the factor of a PCG/T, times 4: how often defects befall its rows
- ``age_on(date, date_of_birth)``: whole years
- tables ``world`` (seed, scale, periods, first_day, last_day), ``period``, ``trust``, ``pcgt``, ``lsoa``, ``practice``,
  ``list_cell``; tables ``practice_total`` and ``pcgt_total`` (whole lists by period)
- views ``practice_cell`` (43 rows for each practice and period: sexes, bands and their totals), ``practice_list`` (the 40 of them
  that are no totals), ``patient``
"""

from __future__ import annotations

PCGTS = 481
"""The primary care groups of April 1999: https://pmc.ncbi.nlm.nih.gov/articles/PMC32310"""
MOST_PRACTICES = 18
"""Practices of a PCG/T at most: 481 times 18 codes lie between T90001 and T98658."""
PATIENTS = 5
"""Patients in the ``patient`` view for each practice at scale 1."""
AGE_BANDS = (*(f"{start}_{start + 4}" for start in range(0, 95, 5)), "95+")
BAND_WEIGHTS = (52, 56, 59, 57, 58, 66, 71, 70, 67, 61, 65, 67, 61, 51, 43, 41, 27, 16, 8, 4)

STEMS = ("LARK", "FERN", "OAKEN", "BRINDLE", "WILLOW", "AMBER", "HOLLOW", "MARSH", "THISTLE", "HERON")
ENDINGS = ("MOOR", "WICK", "STEAD", "COMBE", "HOLME", "GARTH")
KINDS = ("SURGERY", "MEDICAL CENTRE", "HEALTH CENTRE", "PRACTICE")
STREETS = ("HIGH STREET", "STATION ROAD", "CHURCH LANE", "MILL ROAD", "PARK AVENUE")
SUPPLIERS = ("EMIS", "TPP", "EMIS", "TPP", "EMIS", "TPP", "EMIS/EVERGREENLIFE")
COUNTIES = ("SAMPLESHIRE", "MOCKLAND", "FEIGNSHIRE", "SHAMSHIRE", "DUMMERSET", "EXAMPLESHIRE", "PRETENDLAND", "TESTSHIRE")
"""One for each region."""
LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
"""The letters that stand in the second part of a postcode, and at the end of the codes of trusts."""
ETHNIC_CATEGORIES = "AAAAAAAAAAAABCDEFGHJKLMNPRSZ"
"""First characters of the ethnic category; A (White British) for most, Z for not stated."""
OPTED_OUT, NOT_ACTIVE = 50, 250
"""Of 1,000 patients, those with a Type 1 opt-out, and those of whom no feed but ``patients`` and ``opt_outs`` speaks."""
QUARTERS = (0, 2, 4, 8, 16)
"""The factors of PCG/Ts, times 4; each is that of about a fifth of them."""
SHARE = 20
"""Cuts between age bands move by up to this share (in per cent) of half the smaller band beside them."""


def practices_per_pcgt(scale: int) -> int:
    """How many practices a PCG/T has."""
    return min(MOST_PRACTICES, scale + 1)


def lsoas(scale: int) -> int:
    """How many small areas a PCG/T has."""
    return min(200, 3 + scale)


def statements(seed: int, scale: int, periods: int) -> list[str]:
    """The statements that make the world, in order. Raises ValueError for a world without rows."""
    if scale < 1 or periods < 1:
        raise ValueError(f"scale and periods must be at least 1; got {scale} and {periods}")
    return [*_macros(seed, scale, periods), *_tables(seed, scale, periods), *_lists(), _patients(scale)]


def _macros(seed: int, scale: int, periods: int) -> list[str]:
    # md5_number and a shift: 4 times as fast as md5_number_lower
    return [
        f"CREATE MACRO bits(key) AS (md5_number('{seed}|' || key) >> 66)::BIGINT",
        "CREATE MACRO draw(key, below) AS bits(key) % below",
        "CREATE MACRO slice(bits, from_bit, below) AS ((bits >> from_bit) & 1048575) % below",
        "CREATE MACRO chosen(key, list) AS list[1 + draw(key, len(list))]",
        f"CREATE MACRO periods() AS {periods}",
        "CREATE MACRO first_day_of(period_no) AS (DATE '2024-09-01' + to_months(period_no::INTEGER))::DATE",
        f"CREATE MACRO per(number) AS greatest(1, floor(number * {2 * scale} / {practices_per_pcgt(scale)}))::BIGINT",
        f"CREATE MACRO quarters(pcgt_code) AS {list(QUARTERS)}[1 + draw('factor|' || pcgt_code, {len(QUARTERS)})]",
        f"CREATE MACRO letter(number) AS substr('{LETTERS}', 1 + number, 1)",
        "CREATE MACRO postcode(key) AS 'ZZ' || (1 + draw('district|' || key, 19)) || ' ' || draw('sector|' || key, 10) || "
        "letter(draw('first|' || key, 20)) || letter(draw('second|' || key, 20))",
        "CREATE MACRO telephone(key) AS '01632 960' || lpad(draw('telephone|' || key, 1000)::VARCHAR, 3, '0')",
        "CREATE MACRO lsoa_code(pcgt_no, lsoa_no) AS 'E019' || lpad((200 * pcgt_no + lsoa_no)::VARCHAR, 5, '0')",
        "CREATE MACRO age_on(day, date_of_birth) AS datesub('year', date_of_birth, day)",
        *_nhs_numbers(),
    ]


def _nhs_numbers() -> list[str]:
    """Macros of NHS numbers: 8, seven digits, one of a pair of neighbours, and the check digit of Modulus 11.

    The digit of the pair has the weight 2, so that of two neighbours at most one has the check digit 10, which is not valid. A
    multiplier without a common factor with 50 million scatters the numbers.
    """
    weighted = " + ".join(f"{10 - place} * ((eight // {10 ** (7 - place)}) % 10)" for place in range(8))
    return [
        f"CREATE MACRO weighted_sum(eight) AS {weighted}",
        "CREATE MACRO check_digit(total) AS (11 - total % 11) % 11",
        "CREATE MACRO with_ninth(eight, total, ninth) AS if(check_digit(total + 2 * ninth) < 10, "
        "(eight * 100 + ninth * 10 + check_digit(total + 2 * ninth)), "
        "(eight * 100 + (ninth + 1) * 10 + check_digit(total + 2 * ninth + 2)))::VARCHAR",
        "CREATE MACRO with_pair(eight, pair) AS with_ninth(eight, weighted_sum(eight), 2 * pair)",
        "CREATE MACRO scattered_number(scattered) AS with_pair(80000000 + scattered // 5, scattered % 5)",
        "CREATE MACRO nhs_number(number) AS scattered_number((number * 31415927) % 50000000)",
        "CREATE MACRO wrong_check_digit(nhs_number) AS "
        "substr(nhs_number, 1, 9) || ((substr(nhs_number, 10, 1)::INTEGER + 1) % 10)::VARCHAR",
    ]


def _listed(values: tuple[str, ...] | str) -> str:
    return "[" + ", ".join(f"'{value}'" for value in values) + "]"


def _tables(seed: int, scale: int, periods: int) -> list[str]:
    practices = practices_per_pcgt(scale)
    return [
        f"CREATE TABLE world AS SELECT {seed} AS seed, {scale} AS scale, {periods} AS periods, DATE '2024-10-01' AS first_day, "
        f"(DATE '2024-10-01' + INTERVAL {periods} MONTH - INTERVAL 1 DAY)::DATE AS last_day",
        "CREATE TABLE period AS SELECT n::INTEGER AS period_no, first_day, last_day(first_day) AS last_day, "
        "strftime(first_day, '%Y%m') AS year_month, strftime(first_day, '%Y-%m') AS month "
        f"FROM (SELECT n, first_day_of(n) AS first_day FROM range(1, {periods + 1}) r(n)) "
        "ORDER BY n",
        "CREATE TABLE trust AS SELECT n::INTEGER AS trust_no, 'RZ' || substr('0123456789' || "
        f"'{LETTERS}', n::INTEGER + 1, 1) AS trust_code, 'SAMPLE TRUST ' || (n + 1) AS name FROM range(30) r(n) ORDER BY n",
        f"""CREATE TABLE pcgt AS SELECT n::INTEGER AS pcgt_no, code AS pcgt_code,
       {_listed(STEMS)}[1 + n % 10] || {_listed(ENDINGS)}[1 + (n // 10) % 6] || ' ' || n || ' ' || kind AS name, kind,
       'E389' || lpad(n::VARCHAR, 5, '0') AS gss_code, region_no, 'Y9' || region_no AS region_code,
       {_listed(COUNTIES)}[region_no] || ' REGION' AS region_name, {_listed(COUNTIES)}[region_no] AS county,
       {_listed(STEMS)}[1 + n % 10] || 'TON ' || n AS town, 'RZ' || (n % 10) AS acute_trust_code,
       'RZ' || letter(n % 10) AS community_trust_code, 'RZ' || letter(10 + n % 10) AS mental_health_trust_code,
       {practices} AS practices, quarters(code) / 4.0 AS factor,
       if(draw('nhsnet|' || code, 4) = 0, NULL, (90 + draw('nhsnet share|' || code, 11)) / 100) AS nhsnet_local_target,
       if(draw('messages|' || code, 4) = 0, NULL, (50 + 5 * draw('messages share|' || code, 8)) / 100)
           AS path_messages_local_target
FROM (SELECT n, (8 + n // 250) || substr('ABCDEFGHIJKLMNPQRSTUVWXYZ', 1 + (n % 250) // 10, 1) || (n % 10) AS code,
             (1 + n * 8 // {PCGTS})::INTEGER AS region_no,
             if(draw('kind|' || n, 3) = 0, 'PCT', 'PCG') AS kind FROM range({PCGTS}) r(n)) ORDER BY n""",
        f"""CREATE TABLE lsoa AS SELECT pcgt_no, pcgt_code, i::INTEGER AS lsoa_no, lsoa_code(pcgt_no, i) AS lsoa_code,
       1 + draw('deprivation|' || pcgt_code || '|' || i, 10) AS deprivation_decile
FROM pcgt, range({lsoas(scale)}) r(i) ORDER BY pcgt_no, i""",
        f"""CREATE TABLE practice AS SELECT practice_no, code AS practice_code,
       place || ' SAMPLE ' || {_listed(KINDS)}[1 + practice_no % 4] AS name, pcgt_code, pcgt_no, pcgt_name, region_code,
       county, town, place || ' HOUSE' AS house, (1 + draw('house|' || code, 90)) || ' ' ||
       chosen('street|' || code, {_listed(STREETS)}) AS street, postcode(code) AS postcode, telephone(code) AS telephone,
       make_date(1974 + draw('year|' || code, 40), 4, 1) AS opened,
       (2600 + draw('patients|' || code, 13700))::INTEGER AS list_size,
       (47 + draw('male|' || code, 6))::INTEGER AS male_percent, chosen('supplier|' || code, {_listed(SUPPLIERS)}) AS supplier,
       'U' || lpad((10000 + pcgt_no * 3 + place_in_pcgt // 6)::VARCHAR, 5, '0') AS pcn_code,
       'SAMPLE NETWORK ' || (pcgt_no * 3 + place_in_pcgt // 6) || ' PCN' AS pcn_name, place_in_pcgt
FROM (SELECT *, 'T' || (90000 + practice_no) AS code,
             {_listed(STEMS)}[1 + practice_no % 10] || {_listed(ENDINGS)}[1 + (practice_no // 10) % 6] AS place
      FROM (SELECT pcgt_code, pcgt_no, pcgt.name AS pcgt_name, region_code, county, town, i::INTEGER AS place_in_pcgt,
                   (1 + pcgt_no * {practices} + i)::INTEGER AS practice_no FROM pcgt, range({practices}) r(i)))
ORDER BY practice_no""",
    ]


def _lists() -> list[str]:
    """The lists: whole ones, and their 43 cells. A cell is the difference of two cuts through the list, so that all adds up.

    A cut stands where the share of the cells below it ends, moved a little by a draw for each practice.
    """
    women, men, room = [0], [0], [0]
    weights = (*BAND_WEIGHTS, *BAND_WEIGHTS)
    for place, weight in enumerate(weights):
        women.append(women[-1] + (weight if place < len(BAND_WEIGHTS) else 0))
        men.append(men[-1] + (weight if place >= len(BAND_WEIGHTS) else 0))
        after = weights[place + 1] if place + 1 < len(weights) else 0
        room.append(SHARE * min(weight, after) // 2)
    cells = []
    for number, sex in enumerate(("FEMALE", "MALE")):
        first = number * len(AGE_BANDS)
        cells += [(sex, band, first + place, first + place + 1) for place, band in enumerate(AGE_BANDS)]
        cells.append((sex, "ALL", first, first + len(AGE_BANDS)))
    cells.append(("ALL", "ALL", 0, len(weights)))
    rows = ", ".join(
        f"({place}, '{sex}', '{band}', {', '.join(str(n) for end in ends for n in (end, women[end], men[end], room[end]))})"
        for place, (sex, band, *ends) in enumerate(cells, 1)
    )
    whole = 100 * sum(BAND_WEIGHTS)
    return [
        "CREATE TABLE practice_total AS SELECT practice_no, practice_code, pcgt_no, pcgt_code, male_percent, period_no, "
        "(list_size * (9920 + draw('list|' || practice_code || '|' || period_no, 161)) // 10000)::INTEGER AS patients "
        "FROM period, practice ORDER BY period_no, practice_no",
        "CREATE TABLE pcgt_total AS SELECT pcgt_no, pcgt_code, period_no, sum(patients)::INTEGER AS patients "
        "FROM practice_total GROUP BY ALL ORDER BY period_no, pcgt_no",
        "CREATE TABLE list_cell (cell_no INTEGER, sex VARCHAR, age_band VARCHAR, low INTEGER, low_women INTEGER, "
        "low_men INTEGER, low_room INTEGER, high INTEGER, high_women INTEGER, high_men INTEGER, high_room INTEGER)",
        f"INSERT INTO list_cell VALUES {rows}",
        "CREATE MACRO cut(patients, male_percent, practice_code, place, women, men, room) AS patients * "
        "((100 - male_percent) * women + male_percent * men + "
        f"draw('cut|' || practice_code || '|' || place, 2 * room + 1) - room) // {whole}",
        """CREATE VIEW practice_cell AS SELECT practice_no, practice_code, pcgt_no, pcgt_code, period_no, cell_no, sex, age_band,
       (cut(patients, male_percent, practice_code, high, high_women, high_men, high_room)
        - cut(patients, male_percent, practice_code, low, low_women, low_men, low_room))::INTEGER AS patients
FROM (SELECT *, unnest(range(1, 44))::INTEGER AS cell_no FROM practice_total) JOIN list_cell USING (cell_no)""",
        "CREATE VIEW practice_list AS SELECT practice_no, practice_code, pcgt_no, pcgt_code, period_no, sex, age_band, patients "
        "FROM practice_cell WHERE age_band <> 'ALL'",
    ]


def _patients(scale: int) -> str:
    """A small sample of each register: streams from ``practice``, in the order of ``patient_no``."""
    letters = "letter(slice(second, 40, 400) // 20) || letter(slice(second, 40, 400) % 20)"
    return f"""CREATE VIEW patient AS SELECT patient_no, practice_code, pcgt_code, practice_no, pcgt_no,
       nhs_number(patient_no) AS nhs_number, date_of_birth, if(slice(first, 40, 100) < 49, '1', '2') AS gender,
       substr('{ETHNIC_CATEGORIES}', 1 + slice(second, 0, {len(ETHNIC_CATEGORIES)}), 1) AS ethnic_category,
       'ZZ' || (1 + slice(second, 20, 190) // 10) || ' ' || (slice(second, 20, 190) % 10) || {letters} AS postcode,
       lsoa_code(pcgt_no, slice(third, 0, {lsoas(scale)})) AS lsoa_code,
       registered_from + (slice(third, 20, 1000) * (DATE '2024-09-01' - registered_from) // 1000)::INTEGER AS registration_date,
       slice(third, 40, 1000) < {OPTED_OUT} AS opted_out,
       slice(third, 40, 1000) >= {OPTED_OUT + NOT_ACTIVE} AS active
FROM (SELECT *, greatest(date_of_birth, DATE '1990-01-01') AS registered_from
      FROM (SELECT *, DATE '2024-06-01' - (slice(first, 0, 1000) * 28 + slice(first, 20, 8000))::INTEGER AS date_of_birth
            FROM (SELECT *, bits('first|' || patient_no) AS first, bits('second|' || patient_no) AS second,
                         bits('third|' || patient_no) AS third
                  FROM (SELECT practice_code, pcgt_code, practice_no, pcgt_no,
                               practice_no * per({PATIENTS}) + unnest(range(per({PATIENTS}))) AS patient_no FROM practice))))"""
