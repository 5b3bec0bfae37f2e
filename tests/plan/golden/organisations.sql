-- view
CREATE VIEW dq_extract AS SELECT "practice", "sex", "patients", nullif("share", 'NaN'::DOUBLE) AS "share", "day", "open" FROM read_parquet(['file 1'], can_have_nan = true, hive_partitioning = false, hive_types_autocast = false);

-- rows
SELECT CASE WHEN grouping(CASE WHEN CAST("practice" AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST("practice" AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST("practice" AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST("practice" AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST("practice" AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST("practice" AS VARCHAR) ELSE '(not a code)' END) = 0 THEN CASE WHEN CAST("practice" AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST("practice" AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST("practice" AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST("practice" AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST("practice" AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST("practice" AS VARCHAR) ELSE '(not a code)' END END,
       coalesce(count_if("sex" NOT IN ('1', '2', '9')), 0),
       coalesce(count_if("patients" < 0 OR "patients" >= 3000), 0),
       coalesce(count_if(NOT regexp_matches("practice", '\A[A-Z][\p{Nd}]{5}(?:\x{a}?\z)')), 0),
       coalesce(count_if("patients" IS NULL AND "share" IS NULL), 0),
       coalesce(count_if((NOT ("patients" IS NULL AND "share" IS NULL)) AND (("patients" > "share") IS NOT TRUE)), 0),
       coalesce(count_if((NOT ("patients" IS NULL AND "share" IS NULL)) AND ((CAST("patients" AS HUGEINT) + "share" = 120.5) IS NOT TRUE)), 0),
       coalesce(count_if("share" IS NULL), 0),
       CASE WHEN count("share") < 10 OR min("share") = max("share") THEN NULL ELSE avg("share") END,
       NOT isnan(avg("share")) AND ((avg("share")) >= 0) AND ((avg("share")) <= 1),
       regexp_replace(regexp_replace(regexp_replace(regexp_replace(substr(CAST(max("day") AS VARCHAR), 1, 40), '[^\p{Lu}\p{Lt}\p{N}\p{P}\p{S}\p{Z}\p{C}]', 'a', 'g'), '[\p{Lu}\p{Lt}]', 'A', 'g'), '\p{N}', '9', 'g'), '\p{C}', '?', 'g') || CASE WHEN length(CAST(max("day") AS VARCHAR)) > 40 THEN '…' ELSE '' END,
       (max("day")) >= DATE '2024-03-31',
       coalesce(count_if("practice" IS NULL AND "day" IS NULL), 0),
       count(*),
       coalesce(count_if("practice" IS NULL), 0),
       coalesce(count_if("sex" IS NULL), 0)
FROM dq_extract
GROUP BY GROUPING SETS ((), (CASE WHEN CAST("practice" AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST("practice" AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST("practice" AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST("practice" AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST("practice" AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST("practice" AS VARCHAR) ELSE '(not a code)' END))
ORDER BY 1 NULLS FIRST
LIMIT 100002;
-- answer: (None, 1, 2, 1, 0, 2, 3, 2, None, True, '9999-99-99', True, 0, 4, 1, 1)
-- answer: ('(none)', 0, 0, 0, 0, 0, 1, 0, None, False, '9999-99-99', True, 0, 1, 1, 1)
-- answer: ('5D7', 1, 1, 1, 0, 1, 1, 1, None, None, None, None, 0, 1, 0, 0)
-- answer: ('A81001', 0, 1, 0, 0, 1, 1, 1, None, True, '9999-99-99', True, 0, 2, 0, 0)

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
SELECT count(*) FROM (
SELECT * FROM dq_extract WHERE patients < 0
);
-- answer: (1,)
