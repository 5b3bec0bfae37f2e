-- view
CREATE OR REPLACE VIEW dq_extract AS SELECT "practice", "sex", "patients", nullif("share", 'NaN'::DOUBLE) AS "share", "day", "open"
FROM read_parquet(['file 1'], can_have_nan = true, hive_partitioning = false, hive_types_autocast = false);

-- rows
SELECT coalesce(count_if("sex" NOT IN ('1', '2', '9')), 0) AS m1,
       coalesce(count_if("patients" < 0 OR "patients" >= 3000), 0) AS m2,
       coalesce(count_if(NOT regexp_matches("practice", '\A[A-Z][\p{Nd}]{5}(?:\x{a}?\z)')), 0) AS m3,
       coalesce(count_if((NOT ("patients" IS NULL AND "share" IS NULL)) AND (("patients" > "share") IS NOT TRUE)), 0) AS m4,
       coalesce(count_if((NOT ("patients" IS NULL AND "share" IS NULL)) AND ((CAST("patients" AS HUGEINT) + "share" = 120.5) IS NOT TRUE)), 0) AS m5,
       coalesce(count_if("share" IS NULL), 0) AS m6,
       CASE WHEN count("share") < 10 OR min("share") = max("share") THEN NULL ELSE avg("share") END AS m7,
       NOT isnan(avg("share")) AND ((avg("share")) >= 0) AND ((avg("share")) <= 1) AS m8,
       regexp_replace(regexp_replace(regexp_replace(regexp_replace(substr(CAST(max("day") AS VARCHAR), 1, 40), '[^\p{Lu}\p{Lt}\p{N}\p{P}\p{S}\p{Z}\p{C}]', 'a', 'g'), '[\p{Lu}\p{Lt}]', 'A', 'g'), '\p{N}', '9', 'g'), '\p{C}', '?', 'g') || CASE WHEN length(CAST(max("day") AS VARCHAR)) > 40 THEN '…' ELSE '' END AS m9,
       (max("day")) >= DATE '2024-03-31' AS m10,
       coalesce(count_if("practice" IS NULL AND "day" IS NULL), 0) AS m11,
       coalesce(count_if("dq:class 1" = 1), 0) AS m12,
       coalesce(count_if("dq:class 1" = 3), 0) AS m13,
       coalesce(count_if("dq:class 2" = 1), 0) AS m14,
       coalesce(count_if("dq:class 2" = 3), 0) AS m15,
       coalesce(count_if("dq:class 3" = 3), 0) AS m16
FROM (SELECT *, CASE WHEN ("practice" IS NULL) THEN 0 WHEN (("practice" < '!' OR "practice" >= chr(160)) AND trim("practice", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 1 WHEN (NOT regexp_matches("practice", '\A[A-Z][\p{Nd}]{5}(?:\x{a}?\z)')) THEN 3 ELSE 5 END AS "dq:class 1",
       CASE WHEN ("sex" IS NULL) THEN 0 WHEN (("sex" < '!' OR "sex" >= chr(160)) AND trim("sex", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 1 WHEN ("sex" NOT IN ('1', '2', '9')) THEN 3 ELSE 5 END AS "dq:class 2",
       CASE WHEN ("patients" IS NULL) THEN 0 WHEN ("patients" < 0 OR "patients" >= 3000) THEN 3 ELSE 5 END AS "dq:class 3"
FROM dq_extract) AS dq_extract;
-- answer: (1, 2, 1, 2, 3, 2, None, True, '9999-99-99', True, 0, 0, 1, 0, 1, 2)

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
