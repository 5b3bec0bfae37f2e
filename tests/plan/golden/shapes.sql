-- view
CREATE OR REPLACE VIEW dq_extract AS SELECT "practice", "sex", "patients", nullif("share", 'NaN'::DOUBLE) AS "share", "day", "open"
FROM read_parquet(['file 1'], can_have_nan = true, hive_partitioning = false, hive_types_autocast = false);

-- rows
SELECT coalesce(count_if("sex" NOT IN ('1', '2', '9')), 0) AS m1,
       coalesce(count_if("patients" < 0 OR "patients" >= 3000), 0) AS m2,
       coalesce(count_if(NOT regexp_matches("practice", '\A[A-Z][\p{Nd}]{5}(?:\x{a}?\z)')), 0) AS m3,
       coalesce(count_if("patients" IS NULL AND "share" IS NULL), 0) AS m4,
       coalesce(count_if((NOT ("patients" IS NULL AND "share" IS NULL)) AND (("patients" > "share") IS NOT TRUE)), 0) AS m5,
       coalesce(count_if((NOT ("patients" IS NULL AND "share" IS NULL)) AND ((CAST("patients" AS HUGEINT) + "share" = 120.5) IS NOT TRUE)), 0) AS m6,
       coalesce(count_if("share" IS NULL), 0) AS m7,
       CASE WHEN count("share") < 10 OR min("share") = max("share") THEN NULL ELSE avg("share") END AS m8,
       NOT isnan(avg("share")) AND ((avg("share")) >= 0) AND ((avg("share")) <= 1) AS m9,
       regexp_replace(regexp_replace(regexp_replace(regexp_replace(substr(CAST(max("day") AS VARCHAR), 1, 40), '[^\p{Lu}\p{Lt}\p{N}\p{P}\p{S}\p{Z}\p{C}]', 'a', 'g'), '[\p{Lu}\p{Lt}]', 'A', 'g'), '\p{N}', '9', 'g'), '\p{C}', '?', 'g') || CASE WHEN length(CAST(max("day") AS VARCHAR)) > 40 THEN '…' ELSE '' END AS m10,
       (max("day")) >= DATE '2024-03-31' AS m11,
       coalesce(count_if("practice" IS NULL AND "day" IS NULL), 0) AS m12,
       coalesce(count_if("dq:class 1" = 0), 0) AS m13,
       coalesce(count_if("dq:class 1" = 3), 0) AS m14,
       coalesce(count_if("dq:class 1" = 4), 0) AS m15,
       coalesce(count_if("dq:class 2" = 0), 0) AS m16,
       coalesce(count_if("dq:class 2" = 3), 0) AS m17,
       coalesce(count_if("dq:class 2" = 4), 0) AS m18,
       coalesce(count_if("dq:class 3" = 0), 0) AS m19,
       coalesce(count_if("dq:class 3" = 3), 0) AS m20,
       coalesce(count_if("dq:class 3" = 4), 0) AS m21,
       coalesce(count_if("share" IS NOT NULL), 0) AS m22
FROM (SELECT *, CASE WHEN "practice" IS NULL OR (("practice" < '!' OR "practice" >= chr(160)) AND trim("practice", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 4 WHEN (NOT regexp_matches("practice", '\A[A-Z][\p{Nd}]{5}(?:\x{a}?\z)')) THEN 3 ELSE 0 END AS "dq:class 1",
       CASE WHEN "sex" IS NULL OR (("sex" < '!' OR "sex" >= chr(160)) AND trim("sex", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 4 WHEN ("sex" NOT IN ('1', '2', '9')) THEN 3 ELSE 0 END AS "dq:class 2",
       CASE WHEN "patients" IS NULL THEN 4 WHEN ("patients" < 0 OR "patients" >= 3000) THEN 3 ELSE 0 END AS "dq:class 3"
FROM dq_extract) AS dq_extract;
-- answer: (1, 2, 1, 0, 2, 3, 2, None, True, '9999-99-99', True, 0, 2, 1, 1, 2, 1, 1, 2, 2, 0, 2)

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
