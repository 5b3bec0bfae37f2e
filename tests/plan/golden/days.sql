-- view
CREATE OR REPLACE VIEW dq_extract AS SELECT "practice", "sex", "patients", nullif("share", 'NaN'::DOUBLE) AS "share", "day", "open"
FROM read_parquet(['file 1'], can_have_nan = true, hive_partitioning = false, hive_types_autocast = false);

-- rows
SELECT "dq:organisation" AS o,
       coalesce(strftime("dq:period", '%Y-%m-01/%Y-%m-%d'), '(none)') AS p,
       count(CASE WHEN "sex" NOT IN ('1', '2', '9') THEN 1 END) AS m1,
       count(CASE WHEN "patients" > 0 THEN 1 END) AS m2,
       count(CASE WHEN ("patients" > 0) AND ("sex" IS NULL) THEN 1 END) AS m3,
       count(CASE WHEN ("patients" > 0) AND (NOT regexp_matches("sex", '\A[0-9](?:\x{a}?\z)')) THEN 1 END) AS m4,
       count(CASE WHEN "patients" < 0 OR "patients" > 3000 THEN 1 END) AS m5,
       count(CASE WHEN "dq:class 1" = 0 THEN 1 END) AS m6,
       count(CASE WHEN "dq:class 1" = 1 THEN 1 END) AS m7,
       count(CASE WHEN "dq:class 1" = 2 THEN 1 END) AS m8,
       count(CASE WHEN "dq:class 1" = 3 THEN 1 END) AS m9,
       count(CASE WHEN "dq:class 1" = 4 THEN 1 END) AS m10,
       count(CASE WHEN "dq:class 2" = 0 THEN 1 END) AS m11,
       count(CASE WHEN "dq:class 2" = 2 THEN 1 END) AS m12,
       count(CASE WHEN "dq:class 2" = 3 THEN 1 END) AS m13,
       count(CASE WHEN "dq:class 2" = 4 THEN 1 END) AS m14,
       count(CASE WHEN "dq:class 3" = 0 THEN 1 END) AS m15,
       count(CASE WHEN "dq:class 3" = 1 THEN 1 END) AS m16,
       count(CASE WHEN "dq:class 3" = 4 THEN 1 END) AS m17,
       count(CASE WHEN "dq:class 4" = 0 THEN 1 END) AS m18,
       count(CASE WHEN "dq:class 4" = 2 THEN 1 END) AS m19,
       count(CASE WHEN "dq:class 4" = 4 THEN 1 END) AS m20,
       count(CASE WHEN "dq:class 5" = 0 THEN 1 END) AS m21,
       count(CASE WHEN "dq:class 5" = 4 THEN 1 END) AS m22,
       count(*) AS m23,
       count(CASE WHEN "sex" IS NULL THEN 1 END) AS m24,
       count(CASE WHEN "day" IS NULL THEN 1 END) AS m25,
       count(CASE WHEN "open" IS NOT NULL THEN 1 END) AS m26,
       count(CASE WHEN "open" IS NULL THEN 1 END) AS m27
FROM (SELECT *, CASE WHEN CAST("practice" AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST("practice" AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST("practice" AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST("practice" AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST("practice" AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST("practice" AS VARCHAR) ELSE '(not a code)' END AS "dq:organisation",
       CASE WHEN CAST("day" AS DATE) BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN last_day(CAST("day" AS DATE)) END AS "dq:period",
       CASE WHEN "sex" IS NULL OR (("sex" < '!' OR "sex" >= chr(160)) AND trim("sex", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 4 WHEN "sex" IN ('9', 'X') THEN 2 WHEN ("sex" NOT IN ('1', '2', '9')) OR (("patients" > 0) AND (NOT regexp_matches("sex", '\A[0-9](?:\x{a}?\z)'))) THEN 3 WHEN "sex" IN ('0') THEN 1 ELSE 0 END AS "dq:class 1",
       CASE WHEN "patients" IS NULL THEN 4 WHEN "patients" IN (9999, (-1)) THEN 2 WHEN ("patients" < 0 OR "patients" > 3000) THEN 3 ELSE 0 END AS "dq:class 2",
       CASE WHEN "share" IS NULL THEN 4 WHEN "share" IN (0.5) THEN 1 ELSE 0 END AS "dq:class 3",
       CASE WHEN "day" IS NULL THEN 4 WHEN "day" IN (DATE '1900-01-01') THEN 2 ELSE 0 END AS "dq:class 4",
       CASE WHEN "practice" IS NULL OR (("practice" < '!' OR "practice" >= chr(160)) AND trim("practice", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 4 ELSE 0 END AS "dq:class 5"
FROM dq_extract) AS dq_extract
GROUP BY GROUPING SETS ((), ("dq:organisation", "dq:period"));
-- answer: ('(none)', '2024-04-01/2024-04-30', 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1)
-- answer: ('5D7', '(none)', 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 1, 0, 1, 1, 0)
-- answer: ('A81001', '2024-03-01/2024-03-31', 0, 2, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 1, 2, 0, 0, 2, 0, 2, 0, 0, 2, 0)
-- answer: (None, '(none)', 1, 3, 1, 0, 2, 2, 0, 1, 0, 1, 2, 1, 1, 0, 1, 1, 2, 3, 0, 1, 3, 1, 4, 1, 1, 3, 1)

-- key "practice", "sex"
SELECT coalesce(sum(n) FILTER (n > 1), 0)
FROM (SELECT "practice" AS k1, "sex" AS k2, count(*) AS n FROM dq_extract GROUP BY 1, 2);
-- answer: (0,)

-- repeated keys
SELECT o, coalesce(strftime(grouped, '%Y-%m-01/%Y-%m-%d'), '(none)') AS p, CAST(n AS BIGINT) AS n FROM (SELECT o, grouped, sum(n) AS n FROM (SELECT o, grouped, n, sum(n) OVER (PARTITION BY k1, k2) AS total FROM (SELECT "practice" AS k1, "sex" AS k2, CASE WHEN CAST("practice" AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST("practice" AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST("practice" AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST("practice" AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST("practice" AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST("practice" AS VARCHAR) ELSE '(not a code)' END AS o, CASE WHEN CAST("day" AS DATE) BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN last_day(CAST("day" AS DATE)) END AS grouped, count(*) AS n
FROM dq_extract GROUP BY 1, 2, 3, 4)) WHERE total > 1 GROUP BY ALL);
