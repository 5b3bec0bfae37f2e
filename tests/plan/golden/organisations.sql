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
       CAST(sum(m16) AS BIGINT) AS m16
FROM (SELECT CASE WHEN CAST("dq:organisation" AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST("dq:organisation" AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST("dq:organisation" AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST("dq:organisation" AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST("dq:organisation" AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST("dq:organisation" AS VARCHAR) ELSE '(not a code)' END AS o, '' AS p, * FROM (SELECT "dq:organisation", "dq:period", count(CASE WHEN "sex" NOT IN ('1', '2', '9') THEN 1 END) AS m1,
       count(CASE WHEN "patients" < 0 OR "patients" >= 3000 THEN 1 END) AS m2,
       count(CASE WHEN NOT regexp_matches("practice", '\A[A-Z][\p{Nd}]{5}(?:\x{a}?\z)') THEN 1 END) AS m3,
       count(CASE WHEN (NOT ("patients" IS NULL AND "share" IS NULL)) AND (("patients" > "share") IS NOT TRUE) THEN 1 END) AS m4,
       count(CASE WHEN (NOT ("patients" IS NULL AND "share" IS NULL)) AND ((CAST("patients" AS HUGEINT) + "share" = 120.5) IS NOT TRUE) THEN 1 END) AS m5,
       count(CASE WHEN "share" IS NULL THEN 1 END) AS m6,
       count(CASE WHEN "practice" IS NULL AND "day" IS NULL THEN 1 END) AS m7,
       count(CASE WHEN "dq:class 1" = 1 THEN 1 END) AS m8,
       count(CASE WHEN "dq:class 1" = 3 THEN 1 END) AS m9,
       count(CASE WHEN "dq:class 2" = 1 THEN 1 END) AS m10,
       count(CASE WHEN "dq:class 2" = 3 THEN 1 END) AS m11,
       count(CASE WHEN "dq:class 3" = 3 THEN 1 END) AS m12,
       count(*) AS m13,
       count(CASE WHEN "practice" IS NULL THEN 1 END) AS m14,
       count(CASE WHEN "sex" IS NULL THEN 1 END) AS m15,
       count(CASE WHEN "day" IS NULL THEN 1 END) AS m16
FROM (SELECT *, "practice" AS "dq:organisation",
       NULL AS "dq:period",
       CASE WHEN ("practice" IS NULL) THEN 0 WHEN (("practice" < '!' OR "practice" >= chr(160)) AND trim("practice", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 1 WHEN (NOT regexp_matches("practice", '\A[A-Z][\p{Nd}]{5}(?:\x{a}?\z)')) THEN 3 ELSE 5 END AS "dq:class 1",
       CASE WHEN ("sex" IS NULL) THEN 0 WHEN (("sex" < '!' OR "sex" >= chr(160)) AND trim("sex", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 1 WHEN ("sex" NOT IN ('1', '2', '9')) THEN 3 ELSE 5 END AS "dq:class 2",
       CASE WHEN ("patients" IS NULL) THEN 0 WHEN ("patients" < 0 OR "patients" >= 3000) THEN 3 ELSE 5 END AS "dq:class 3"
FROM dq_extract) AS dq_extract
GROUP BY 1, 2))
GROUP BY 1, 2;
-- answer: ('(none)', '', 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0)
-- answer: ('5D7', '', 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0, 0, 1)
-- answer: ('A81001', '', 0, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0)

-- rows
SELECT CASE WHEN count("share") < 10 OR min("share") = max("share") THEN NULL ELSE avg("share") END AS m1,
       NOT isnan(avg("share")) AND ((avg("share")) >= 0) AND ((avg("share")) <= 1) AS m2,
       regexp_replace(regexp_replace(regexp_replace(regexp_replace(substr(CAST(max("day") AS VARCHAR), 1, 40), '[^\p{Lu}\p{Lt}\p{N}\p{P}\p{S}\p{Z}\p{C}]', 'a', 'g'), '[\p{Lu}\p{Lt}]', 'A', 'g'), '\p{N}', '9', 'g'), '\p{C}', '?', 'g') || CASE WHEN length(CAST(max("day") AS VARCHAR)) > 40 THEN '…' ELSE '' END AS m3,
       (max("day")) >= DATE '2024-03-31' AS m4
FROM dq_extract;
-- answer: (None, True, '9999-99-99', True)

-- key "practice"
SELECT coalesce(sum(n) FILTER (n > 1), 0)
FROM (SELECT "practice" AS k1, count(*) AS n FROM dq_extract WHERE "practice" IS NOT NULL GROUP BY 1);
-- answer: (2,)

-- key "practice", "day"
SELECT coalesce(sum(n) FILTER (n > 1), 0)
FROM (SELECT "practice" AS k1, "day" AS k2, count(*) AS n FROM dq_extract WHERE NOT ("practice" IS NULL AND "day" IS NULL) GROUP BY 1, 2);
-- answer: (0,)

-- key "sex"
SELECT count(*),
       count_if(k1 NOT IN ('1', '2')),
       concat('', CASE WHEN bool_or(k1 = '1') THEN '1' ELSE '0' END, CASE WHEN bool_or(k1 = '2') THEN '1' ELSE '0' END)
FROM (SELECT "sex" AS k1, count(*) AS n FROM dq_extract WHERE "sex" IS NOT NULL GROUP BY 1);
-- answer: (3, 1, '11')

-- query of the suite
SELECT n FROM (
SELECT count(*) AS n FROM (
SELECT * FROM dq_extract WHERE patients < 0
)
);
-- answer: (1,)

-- repeated keys
SELECT o, p, m1 AS n FROM (SELECT o, p, CAST(sum(m1) AS BIGINT) AS m1
FROM (SELECT CASE WHEN CAST(own AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST(own AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST(own AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST(own AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST(own AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST(own AS VARCHAR) ELSE '(not a code)' END AS o, '' AS p, * FROM (SELECT own, grouped, sum(n) AS m1 FROM (SELECT own, grouped, n, sum(n) OVER (PARTITION BY k1) AS total FROM (SELECT "practice" AS k1, "practice" AS own, NULL AS grouped, count(*) AS n
FROM dq_extract WHERE "practice" IS NOT NULL GROUP BY 1, 2, 3)) WHERE total > 1 GROUP BY 1, 2))
GROUP BY 1, 2);
-- answer: ('A81001', '', 2)

-- repeated keys
SELECT o, p, m1 AS n FROM (SELECT o, p, CAST(sum(m1) AS BIGINT) AS m1
FROM (SELECT CASE WHEN CAST(own AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST(own AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST(own AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST(own AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST(own AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST(own AS VARCHAR) ELSE '(not a code)' END AS o, '' AS p, * FROM (SELECT own, grouped, sum(n) AS m1 FROM (SELECT own, grouped, n, sum(n) OVER (PARTITION BY k1, k2) AS total FROM (SELECT "practice" AS k1, "day" AS k2, "practice" AS own, NULL AS grouped, count(*) AS n
FROM dq_extract WHERE NOT ("practice" IS NULL AND "day" IS NULL) GROUP BY 1, 2, 3, 4)) WHERE total > 1 GROUP BY 1, 2))
GROUP BY 1, 2);

-- repeated keys
SELECT o, p, m1 AS n FROM (SELECT o, p, CAST(sum(m1) AS BIGINT) AS m1
FROM (SELECT CASE WHEN CAST(own AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST(own AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST(own AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST(own AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST(own AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST(own AS VARCHAR) ELSE '(not a code)' END AS o, '' AS p, * FROM (SELECT own, grouped, sum(n) AS m1 FROM (SELECT own, grouped, n, sum(n) OVER (PARTITION BY k1) AS total FROM (SELECT "sex" AS k1, "practice" AS own, NULL AS grouped, count(*) AS n
FROM dq_extract WHERE "sex" IS NOT NULL GROUP BY 1, 2, 3)) WHERE total > 1 GROUP BY 1, 2))
GROUP BY 1, 2);
