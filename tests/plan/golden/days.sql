-- view
CREATE OR REPLACE VIEW dq_extract AS SELECT "practice", "sex", "patients", nullif("share", 'NaN'::DOUBLE) AS "share", "day", "open"
FROM read_parquet(['file 1'], can_have_nan = true, hive_partitioning = false, hive_types_autocast = false);

-- rows
SELECT o, p, CAST(sum(m1) AS BIGINT) AS m1,
       CAST(sum(m2) AS BIGINT) AS m2,
       CAST(sum(m3) AS BIGINT) AS m3,
       CAST(sum(m4) AS BIGINT) AS m4,
       CAST(sum(m5) AS BIGINT) AS m5,
       CAST(sum(m6) AS BIGINT) AS m6,
       CAST(sum(m7) AS BIGINT) AS m7,
       CAST(sum(m8) AS BIGINT) AS m8,
       CAST(sum(m9) AS BIGINT) AS m9,
       CAST(sum(m10) AS BIGINT) AS m10,
       CAST(sum(m11) AS BIGINT) AS m11,
       CAST(sum(m12) AS BIGINT) AS m12,
       CAST(sum(m13) AS BIGINT) AS m13,
       CAST(sum(m14) AS BIGINT) AS m14,
       CAST(sum(m15) AS BIGINT) AS m15,
       CAST(sum(m16) AS BIGINT) AS m16,
       CAST(sum(m17) AS BIGINT) AS m17,
       CAST(sum(m18) AS BIGINT) AS m18,
       CAST(sum(m19) AS BIGINT) AS m19,
       CAST(sum(m20) AS BIGINT) AS m20
FROM (SELECT CASE WHEN CAST("dq:organisation" AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST("dq:organisation" AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST("dq:organisation" AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST("dq:organisation" AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST("dq:organisation" AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST("dq:organisation" AS VARCHAR) ELSE '(not a code)' END AS o, coalesce(strftime("dq:period", '%Y-%m-01/%Y-%m-%d'), '(none)') AS p, * FROM (SELECT "dq:organisation", "dq:period", count(CASE WHEN "sex" NOT IN ('1', '2', '9') THEN 1 END) AS m1,
       count(CASE WHEN "patients" > 0 THEN 1 END) AS m2,
       count(CASE WHEN ("patients" > 0) AND ("sex" IS NULL) THEN 1 END) AS m3,
       count(CASE WHEN ("patients" > 0) AND (NOT regexp_matches("sex", '\A[0-9](?:\x{a}?\z)')) THEN 1 END) AS m4,
       count(CASE WHEN "patients" < 0 OR "patients" > 3000 THEN 1 END) AS m5,
       count(CASE WHEN "dq:class 1" = 1 THEN 1 END) AS m6,
       count(CASE WHEN "dq:class 1" = 2 THEN 1 END) AS m7,
       count(CASE WHEN "dq:class 1" = 3 THEN 1 END) AS m8,
       count(CASE WHEN "dq:class 1" = 4 THEN 1 END) AS m9,
       count(CASE WHEN "dq:class 2" = 2 THEN 1 END) AS m10,
       count(CASE WHEN "dq:class 2" = 3 THEN 1 END) AS m11,
       count(CASE WHEN "share" IS NULL THEN 1 END) AS m12,
       count(CASE WHEN "dq:class 3" = 4 THEN 1 END) AS m13,
       count(CASE WHEN "dq:class 4" = 2 THEN 1 END) AS m14,
       count(CASE WHEN "dq:class 5" = 1 THEN 1 END) AS m15,
       count(*) AS m16,
       count(CASE WHEN "sex" IS NULL THEN 1 END) AS m17,
       count(CASE WHEN "day" IS NULL THEN 1 END) AS m18,
       count(CASE WHEN "open" IS NULL THEN 1 END) AS m19,
       count(CASE WHEN "practice" IS NULL THEN 1 END) AS m20
FROM (SELECT *, "practice" AS "dq:organisation",
       CASE WHEN CAST("day" AS DATE) BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN last_day(CAST("day" AS DATE)) END AS "dq:period",
       CASE WHEN ("sex" IS NULL) THEN 0 WHEN (("sex" < '!' OR "sex" >= chr(160)) AND trim("sex", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 1 WHEN ("sex" IN ('9', 'X')) THEN 2 WHEN ("sex" NOT IN ('1', '2', '9')) OR (("patients" > 0) AND (NOT regexp_matches("sex", '\A[0-9](?:\x{a}?\z)'))) THEN 3 WHEN ("sex" IN ('0')) THEN 4 ELSE 5 END AS "dq:class 1",
       CASE WHEN ("patients" IS NULL) THEN 0 WHEN ("patients" IN (9999, (-1))) THEN 2 WHEN ("patients" < 0 OR "patients" > 3000) THEN 3 ELSE 5 END AS "dq:class 2",
       CASE WHEN ("share" IS NULL) THEN 0 WHEN ("share" IN (0.5)) THEN 4 ELSE 5 END AS "dq:class 3",
       CASE WHEN ("day" IS NULL) THEN 0 WHEN ("day" IN (DATE '1900-01-01')) THEN 2 ELSE 5 END AS "dq:class 4",
       CASE WHEN ("practice" IS NULL) THEN 0 WHEN (("practice" < '!' OR "practice" >= chr(160)) AND trim("practice", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 1 ELSE 5 END AS "dq:class 5"
FROM dq_extract) AS dq_extract
GROUP BY 1, 2))
GROUP BY 1, 2;
-- answer: ('(none)', '2024-04-01/2024-04-30', 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 1)
-- answer: ('5D7', '(none)', 1, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0)
-- answer: ('A81001', '2024-03-01/2024-03-31', 0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 2, 0, 0, 0, 0)

-- key "practice", "sex"
SELECT coalesce(sum(n) FILTER (n > 1), 0)
FROM (SELECT "practice" AS k1, "sex" AS k2, count(*) AS n FROM dq_extract GROUP BY 1, 2);
-- answer: (0,)

-- repeated keys
SELECT o, p, m1 AS n FROM (SELECT o, p, CAST(sum(m1) AS BIGINT) AS m1
FROM (SELECT CASE WHEN CAST(own AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST(own AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST(own AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST(own AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST(own AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST(own AS VARCHAR) ELSE '(not a code)' END AS o, coalesce(strftime(grouped, '%Y-%m-01/%Y-%m-%d'), '(none)') AS p, * FROM (SELECT own, grouped, sum(n) AS m1 FROM (SELECT own, grouped, n, sum(n) OVER (PARTITION BY k1, k2) AS total FROM (SELECT "practice" AS k1, "sex" AS k2, "practice" AS own, CASE WHEN CAST("day" AS DATE) BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN last_day(CAST("day" AS DATE)) END AS grouped, count(*) AS n
FROM dq_extract GROUP BY 1, 2, 3, 4)) WHERE total > 1 GROUP BY 1, 2))
GROUP BY 1, 2);
