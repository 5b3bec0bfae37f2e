-- view
CREATE OR REPLACE VIEW dq_extract AS SELECT "practice", "sex", "patients", nullif("share", 'NaN'::DOUBLE) AS "share", "day", "open"
FROM read_parquet(['file 1'], can_have_nan = true, hive_partitioning = false, hive_types_autocast = false);

-- rows
SELECT coalesce(count_if("share" IS NULL), 0) AS m1,
       CASE WHEN count("share") < 10 OR min("share") = max("share") THEN NULL ELSE avg("share") END AS m2,
       NOT isnan(avg("share")) AND ((avg("share")) >= 0) AND ((avg("share")) <= 1) AS m3,
       regexp_replace(regexp_replace(regexp_replace(regexp_replace(substr(CAST(max("day") AS VARCHAR), 1, 40), '[^\p{Lu}\p{Lt}\p{N}\p{P}\p{S}\p{Z}\p{C}]', 'a', 'g'), '[\p{Lu}\p{Lt}]', 'A', 'g'), '\p{N}', '9', 'g'), '\p{C}', '?', 'g') || CASE WHEN length(CAST(max("day") AS VARCHAR)) > 40 THEN '…' ELSE '' END AS m4,
       (max("day")) >= DATE '2024-03-31' AS m5,
       coalesce(count_if("practice" IS NULL AND "day" IS NULL), 0) AS m6
FROM dq_extract;
-- answer: (2, None, True, '9999-99-99', True, 0)

-- different values of sex: its different values are needed anyway
SELECT CAST(coalesce(sum(CASE WHEN "dq:is 1" THEN n END), 0) AS BIGINT) AS m1,
       CAST(coalesce(sum(CASE WHEN "dq:class 1.1" THEN n END), 0) AS BIGINT) AS m2,
       CAST(coalesce(sum(CASE WHEN "dq:class 1.2" THEN n END), 0) AS BIGINT) AS m3,
       CAST(coalesce(sum(CASE WHEN "dq:class 1.3" THEN n END), 0) AS BIGINT) AS m4,
       CAST(coalesce(sum(CASE WHEN "dq:class 1.4" THEN n END), 0) AS BIGINT) AS m5,
       count(*) AS m6,
       count_if(k1 NOT IN ('1', '2')) AS m7,
       concat('', CASE WHEN bool_or(k1 = '1') THEN '1' ELSE '0' END, CASE WHEN bool_or(k1 = '2') THEN '1' ELSE '0' END) AS m8
FROM (SELECT *, ("dq:class 1" = 1) AS "dq:class 1.1",
       ("dq:class 1" = 2) AS "dq:class 1.2",
       ("dq:class 1" = 3) AS "dq:class 1.3",
       ("dq:class 1" = 4) AS "dq:class 1.4"
FROM (SELECT *, CASE WHEN ("sex" IS NULL) THEN 0 WHEN (("sex" < '!' OR "sex" >= chr(160)) AND trim("sex", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 1 WHEN ("sex" IN ('9', 'X')) THEN 2 WHEN "dq:is 1" THEN 3 WHEN ("sex" IN ('0')) THEN 4 ELSE 5 END AS "dq:class 1"
FROM (SELECT *, "sex" AS k1,
       ("sex" NOT IN ('1', '2', '9')) AS "dq:is 1"
FROM (SELECT "sex", count(*) AS n FROM dq_extract WHERE "sex" IS NOT NULL GROUP BY 1) AS dq_extract) AS dq_extract) AS dq_extract) AS dq_extract;
-- answer: (1, 0, 1, 0, 0, 3, 1, '11')

-- different values of practice: its different values are needed anyway
SELECT CAST(coalesce(sum(CASE WHEN "dq:is 1" THEN n END), 0) AS BIGINT) AS m1,
       CAST(coalesce(sum(CASE WHEN "dq:class 1.1" THEN n END), 0) AS BIGINT) AS m2,
       CAST(coalesce(sum(CASE WHEN "dq:class 1.3" THEN n END), 0) AS BIGINT) AS m3,
       coalesce(sum(n) FILTER (n > 1), 0) AS m4
FROM (SELECT *, ("dq:class 1" = 1) AS "dq:class 1.1",
       ("dq:class 1" = 3) AS "dq:class 1.3"
FROM (SELECT *, CASE WHEN ("practice" IS NULL) THEN 0 WHEN (("practice" < '!' OR "practice" >= chr(160)) AND trim("practice", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 1 WHEN "dq:is 1" THEN 3 ELSE 5 END AS "dq:class 1"
FROM (SELECT *, "practice" AS k1,
       (NOT regexp_matches("practice", '\A[A-Z][\p{Nd}]{5}(?:\x{a}?\z)')) AS "dq:is 1"
FROM (SELECT "practice", count(*) AS n FROM dq_extract WHERE "practice" IS NOT NULL GROUP BY 1) AS dq_extract) AS dq_extract) AS dq_extract) AS dq_extract;
-- answer: (1, 0, 1, 2)

-- suspect rows: hardly any row is expected to break these rules
SELECT coalesce(count_if("patients" < 0 OR "patients" >= 3000), 0) AS m1,
       coalesce(count_if((NOT ("patients" IS NULL AND "share" IS NULL)) AND (("patients" > "share") IS NOT TRUE)), 0) AS m2,
       coalesce(count_if((NOT ("patients" IS NULL AND "share" IS NULL)) AND ((CAST("patients" AS HUGEINT) + "share" = 120.5) IS NOT TRUE)), 0) AS m3,
       coalesce(count_if("dq:class 1" = 2), 0) AS m4,
       coalesce(count_if("dq:class 1" = 3), 0) AS m5,
       coalesce(count_if("dq:class 2" = 4), 0) AS m6,
       coalesce(count_if("dq:class 3" = 2), 0) AS m7
FROM (SELECT *, CASE WHEN ("patients" IS NULL) THEN 0 WHEN ("patients" IN (9999, (-1))) THEN 2 WHEN ("patients" < 0 OR "patients" >= 3000) THEN 3 ELSE 5 END AS "dq:class 1",
       CASE WHEN ("share" IS NULL) THEN 0 WHEN ("share" IN (0.5)) THEN 4 ELSE 5 END AS "dq:class 2",
       CASE WHEN ("day" IS NULL) THEN 0 WHEN ("day" IN (DATE '1900-01-01')) THEN 2 ELSE 5 END AS "dq:class 3"
FROM dq_extract
WHERE ("patients" < 0 OR "patients" >= 3000)
   OR ((NOT ("patients" IS NULL AND "share" IS NULL)) AND (("patients" > "share") IS NOT TRUE))
   OR ((NOT ("patients" IS NULL AND "share" IS NULL)) AND ((CAST("patients" AS HUGEINT) + "share" = 120.5) IS NOT TRUE))
   OR ("patients" IN (9999, (-1)))
   OR ("share" IN (0.5))
   OR ("day" IN (DATE '1900-01-01'))) AS dq_extract;
-- answer: (2, 2, 3, 1, 1, 1, 0)

-- key "practice", "day"
SELECT coalesce(sum(n) FILTER (n > 1), 0)
FROM (SELECT "practice" AS k1, "day" AS k2, count(*) AS n FROM dq_extract WHERE NOT ("practice" IS NULL AND "day" IS NULL) GROUP BY 1, 2);
-- answer: (0,)

-- query of the suite
SELECT n FROM (
SELECT count(*) AS n FROM (
SELECT * FROM dq_extract WHERE patients < 0
)
);
-- answer: (1,)
