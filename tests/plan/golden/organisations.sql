-- view
CREATE OR REPLACE VIEW dq_extract AS SELECT "practice", "sex", "patients", nullif("share", 'NaN'::DOUBLE) AS "share", "day", "open"
FROM read_parquet(['file 1'], can_have_nan = true, hive_partitioning = false, hive_types_autocast = false);

-- rows
SELECT "dq:organisation" AS o,
       '' AS p,
       count(CASE WHEN "sex" NOT IN ('1', '2', '9') THEN 1 END) AS m1,
       count(CASE WHEN "patients" < 0 OR "patients" >= 3000 THEN 1 END) AS m2,
       count(CASE WHEN NOT regexp_matches("practice", '\A[A-Z][\p{Nd}]{5}(?:\x{a}?\z)') THEN 1 END) AS m3,
       count(CASE WHEN "patients" IS NULL AND "share" IS NULL THEN 1 END) AS m4,
       count(CASE WHEN (NOT ("patients" IS NULL AND "share" IS NULL)) AND (("patients" > "share") IS NOT TRUE) THEN 1 END) AS m5,
       count(CASE WHEN (NOT ("patients" IS NULL AND "share" IS NULL)) AND ((CAST("patients" AS HUGEINT) + "share" = 120.5) IS NOT TRUE) THEN 1 END) AS m6,
       count(CASE WHEN "share" IS NULL THEN 1 END) AS m7,
       CASE WHEN count("share") < 10 OR min("share") = max("share") THEN NULL ELSE avg("share") END AS m8,
       NOT isnan(avg("share")) AND ((avg("share")) >= 0) AND ((avg("share")) <= 1) AS m9,
       regexp_replace(regexp_replace(regexp_replace(regexp_replace(substr(CAST(max("day") AS VARCHAR), 1, 40), '[^\p{Lu}\p{Lt}\p{N}\p{P}\p{S}\p{Z}\p{C}]', 'a', 'g'), '[\p{Lu}\p{Lt}]', 'A', 'g'), '\p{N}', '9', 'g'), '\p{C}', '?', 'g') || CASE WHEN length(CAST(max("day") AS VARCHAR)) > 40 THEN '…' ELSE '' END AS m10,
       (max("day")) >= DATE '2024-03-31' AS m11,
       count(CASE WHEN "practice" IS NULL AND "day" IS NULL THEN 1 END) AS m12,
       count(CASE WHEN "dq:class 1" = 0 THEN 1 END) AS m13,
       count(CASE WHEN "dq:class 1" = 3 THEN 1 END) AS m14,
       count(CASE WHEN "dq:class 1" = 4 THEN 1 END) AS m15,
       count(CASE WHEN "dq:class 2" = 0 THEN 1 END) AS m16,
       count(CASE WHEN "dq:class 2" = 3 THEN 1 END) AS m17,
       count(CASE WHEN "dq:class 2" = 4 THEN 1 END) AS m18,
       count(CASE WHEN "dq:class 3" = 0 THEN 1 END) AS m19,
       count(CASE WHEN "dq:class 3" = 3 THEN 1 END) AS m20,
       count(CASE WHEN "dq:class 3" = 4 THEN 1 END) AS m21,
       count(CASE WHEN "share" IS NOT NULL THEN 1 END) AS m22,
       count(*) AS m23,
       count(CASE WHEN "practice" IS NULL THEN 1 END) AS m24,
       count(CASE WHEN "sex" IS NULL THEN 1 END) AS m25,
       count(CASE WHEN "day" IS NOT NULL THEN 1 END) AS m26,
       count(CASE WHEN "day" IS NULL THEN 1 END) AS m27
FROM (SELECT *, CASE WHEN CAST("practice" AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST("practice" AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST("practice" AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST("practice" AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST("practice" AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST("practice" AS VARCHAR) ELSE '(not a code)' END AS "dq:organisation",
       CASE WHEN "practice" IS NULL OR (("practice" < '!' OR "practice" >= chr(160)) AND trim("practice", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 4 WHEN (NOT regexp_matches("practice", '\A[A-Z][\p{Nd}]{5}(?:\x{a}?\z)')) THEN 3 ELSE 0 END AS "dq:class 1",
       CASE WHEN "sex" IS NULL OR (("sex" < '!' OR "sex" >= chr(160)) AND trim("sex", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 4 WHEN ("sex" NOT IN ('1', '2', '9')) THEN 3 ELSE 0 END AS "dq:class 2",
       CASE WHEN "patients" IS NULL THEN 4 WHEN ("patients" < 0 OR "patients" >= 3000) THEN 3 ELSE 0 END AS "dq:class 3"
FROM dq_extract) AS dq_extract
GROUP BY GROUPING SETS ((), ("dq:organisation"));
-- answer: ('(none)', '', 0, 0, 0, 0, 0, 1, 0, None, False, '9999-99-99', True, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 0)
-- answer: ('5D7', '', 1, 1, 1, 0, 1, 1, 1, None, None, None, None, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1)
-- answer: ('A81001', '', 0, 1, 0, 0, 1, 1, 1, None, True, '9999-99-99', True, 0, 2, 0, 0, 2, 0, 0, 1, 1, 0, 1, 2, 0, 0, 2, 0)
-- answer: (None, '', 1, 2, 1, 0, 2, 3, 2, None, True, '9999-99-99', True, 0, 2, 1, 1, 2, 1, 1, 2, 2, 0, 2, 4, 1, 1, 3, 1)

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
SELECT o, '' AS p, CAST(n AS BIGINT) AS n FROM (SELECT o, grouped, sum(n) AS n FROM (SELECT o, grouped, n, sum(n) OVER (PARTITION BY k1) AS total FROM (SELECT "practice" AS k1, CASE WHEN CAST("practice" AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST("practice" AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST("practice" AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST("practice" AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST("practice" AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST("practice" AS VARCHAR) ELSE '(not a code)' END AS o, NULL AS grouped, count(*) AS n
FROM dq_extract WHERE "practice" IS NOT NULL GROUP BY 1, 2, 3)) WHERE total > 1 GROUP BY ALL);
-- answer: ('A81001', '', 2)

-- repeated keys
SELECT o, '' AS p, CAST(n AS BIGINT) AS n FROM (SELECT o, grouped, sum(n) AS n FROM (SELECT o, grouped, n, sum(n) OVER (PARTITION BY k1, k2) AS total FROM (SELECT "practice" AS k1, "day" AS k2, CASE WHEN CAST("practice" AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST("practice" AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST("practice" AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST("practice" AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST("practice" AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST("practice" AS VARCHAR) ELSE '(not a code)' END AS o, NULL AS grouped, count(*) AS n
FROM dq_extract WHERE NOT ("practice" IS NULL AND "day" IS NULL) GROUP BY 1, 2, 3, 4)) WHERE total > 1 GROUP BY ALL);

-- repeated keys
SELECT o, '' AS p, CAST(n AS BIGINT) AS n FROM (SELECT o, grouped, sum(n) AS n FROM (SELECT o, grouped, n, sum(n) OVER (PARTITION BY k1) AS total FROM (SELECT "sex" AS k1, CASE WHEN CAST("practice" AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST("practice" AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST("practice" AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST("practice" AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST("practice" AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST("practice" AS VARCHAR) ELSE '(not a code)' END AS o, NULL AS grouped, count(*) AS n
FROM dq_extract WHERE "sex" IS NOT NULL GROUP BY 1, 2, 3)) WHERE total > 1 GROUP BY ALL);
