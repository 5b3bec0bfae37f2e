-- view
CREATE OR REPLACE VIEW dq_extract AS SELECT "practice", "sex", "patients", nullif("share", 'NaN'::DOUBLE) AS "share", "day", "open"
FROM read_parquet(['file 1'], can_have_nan = true, hive_partitioning = false, hive_types_autocast = false);

-- rows
SELECT "dq:organisation" AS o,
       '' AS p,
       count(CASE WHEN "sex" IN ('1', 'X') THEN 1 END) AS m1,
       count(CASE WHEN ("sex" IN ('1', 'X')) AND ("practice" IS NULL) THEN 1 END) AS m2,
       count(CASE WHEN (("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL) THEN 1 END) AS m3,
       count(CASE WHEN ((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)) AND ("sex" IS NULL) THEN 1 END) AS m4,
       count(CASE WHEN ((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)) AND ("sex" NOT IN ('1')) THEN 1 END) AS m5,
       count(CASE WHEN "open" = TRUE THEN 1 END) AS m6,
       count(CASE WHEN ("open" = TRUE) AND ("patients" IS NULL) THEN 1 END) AS m7,
       count(CASE WHEN ("open" = TRUE) AND ("patients" < 0) THEN 1 END) AS m8,
       count(CASE WHEN "sex" <> 'X' THEN 1 END) AS m9,
       count(CASE WHEN ("sex" <> 'X') AND ("patients" IS NULL) THEN 1 END) AS m10,
       CASE WHEN count(CASE WHEN "sex" <> 'X' THEN "patients" END) < 10 OR min(CASE WHEN "sex" <> 'X' THEN "patients" END) = max(CASE WHEN "sex" <> 'X' THEN "patients" END) THEN NULL ELSE sum(CASE WHEN "sex" <> 'X' THEN "patients" END) END AS m11,
       (sum(CASE WHEN "sex" <> 'X' THEN "patients" END)) >= 0 AS m12,
       count(CASE WHEN ((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)) AND ("day" IS NULL) THEN 1 END) AS m13,
       regexp_replace(regexp_replace(regexp_replace(regexp_replace(substr(CAST(min(CASE WHEN (("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL) THEN "day" END) AS VARCHAR), 1, 40), '[^\p{Lu}\p{Lt}\p{N}\p{P}\p{S}\p{Z}\p{C}]', 'a', 'g'), '[\p{Lu}\p{Lt}]', 'A', 'g'), '\p{N}', '9', 'g'), '\p{C}', '?', 'g') || CASE WHEN length(CAST(min(CASE WHEN (("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL) THEN "day" END) AS VARCHAR)) > 40 THEN '…' ELSE '' END AS m14,
       (min(CASE WHEN (("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL) THEN "day" END)) >= DATE '2024-01-01' AS m15,
       count(CASE WHEN ((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)) AND ("practice" IS NULL) THEN 1 END) AS m16,
       count(CASE WHEN "day" < DATE '2024-04-01' THEN 1 END) AS m17,
       count(CASE WHEN ("day" < DATE '2024-04-01') AND ("practice" IS NULL AND "sex" IS NULL) THEN 1 END) AS m18,
       count(CASE WHEN "sex" NOT IN ('9') THEN 1 END) AS m19,
       count(CASE WHEN "dq:class 1" = 0 THEN 1 END) AS m20,
       count(CASE WHEN "dq:class 1" = 4 THEN 1 END) AS m21,
       count(CASE WHEN "dq:class 2" = 0 THEN 1 END) AS m22,
       count(CASE WHEN "dq:class 2" = 3 THEN 1 END) AS m23,
       count(CASE WHEN "dq:class 2" = 4 THEN 1 END) AS m24,
       count(CASE WHEN "dq:class 3" = 0 THEN 1 END) AS m25,
       count(CASE WHEN "dq:class 3" = 3 THEN 1 END) AS m26,
       count(CASE WHEN "dq:class 3" = 4 THEN 1 END) AS m27,
       count(*) AS m28,
       count(CASE WHEN "day" IS NOT NULL THEN 1 END) AS m29,
       count(CASE WHEN "day" IS NULL THEN 1 END) AS m30
FROM (SELECT *, coalesce(CAST("sex" AS VARCHAR), '(none)') AS "dq:organisation",
       CASE WHEN "practice" IS NULL OR (("practice" < '!' OR "practice" >= chr(160)) AND trim("practice", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 4 ELSE 0 END AS "dq:class 1",
       CASE WHEN "sex" IS NULL OR (("sex" < '!' OR "sex" >= chr(160)) AND trim("sex", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 4 WHEN (((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)) AND ("sex" NOT IN ('1'))) THEN 3 ELSE 0 END AS "dq:class 2",
       CASE WHEN "patients" IS NULL THEN 4 WHEN (("open" = TRUE) AND ("patients" < 0)) THEN 3 ELSE 0 END AS "dq:class 3"
FROM dq_extract) AS dq_extract
GROUP BY GROUPING SETS ((), ("dq:organisation"));
-- answer: ('(none)', '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, None, None, 0, None, None, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0)
-- answer: ('1', '', 1, 0, 1, 0, 0, 1, 0, 0, 1, 0, None, True, 0, '9999-99-99', True, 0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0)
-- answer: ('2', '', 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, None, True, 0, '9999-99-99', True, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 1, 0)
-- answer: ('X', '', 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, None, None, 1, None, None, 0, 0, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1)
-- answer: (None, '', 2, 0, 3, 0, 2, 2, 0, 0, 2, 0, None, True, 1, '9999-99-99', True, 0, 2, 0, 3, 3, 1, 1, 2, 1, 4, 0, 0, 4, 3, 1)

-- key "practice"
SELECT coalesce(sum(n) FILTER (n > 1), 0)
FROM (SELECT "practice" AS k1, count(*) AS n FROM dq_extract WHERE ((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)) AND ("practice" IS NOT NULL) GROUP BY 1);
-- answer: (2,)

-- key "practice", "sex"
SELECT coalesce(sum(n) FILTER (n > 1), 0)
FROM (SELECT "practice" AS k1, "sex" AS k2, count(*) AS n FROM dq_extract WHERE ("day" < DATE '2024-04-01') AND (NOT ("practice" IS NULL AND "sex" IS NULL)) GROUP BY 1, 2);
-- answer: (0,)

-- repeated keys
SELECT o, '' AS p, CAST(n AS BIGINT) AS n FROM (SELECT o, grouped, sum(n) AS n FROM (SELECT o, grouped, n, sum(n) OVER (PARTITION BY k1) AS total FROM (SELECT "practice" AS k1, coalesce(CAST("sex" AS VARCHAR), '(none)') AS o, NULL AS grouped, count(*) AS n
FROM dq_extract WHERE ((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)) AND ("practice" IS NOT NULL) GROUP BY 1, 2, 3)) WHERE total > 1 GROUP BY ALL);
-- answer: ('1', '', 1)
-- answer: ('2', '', 1)

-- repeated keys
SELECT o, '' AS p, CAST(n AS BIGINT) AS n FROM (SELECT o, grouped, sum(n) AS n FROM (SELECT o, grouped, n, sum(n) OVER (PARTITION BY k1, k2) AS total FROM (SELECT "practice" AS k1, "sex" AS k2, coalesce(CAST("sex" AS VARCHAR), '(none)') AS o, NULL AS grouped, count(*) AS n
FROM dq_extract WHERE ("day" < DATE '2024-04-01') AND (NOT ("practice" IS NULL AND "sex" IS NULL)) GROUP BY 1, 2, 3, 4)) WHERE total > 1 GROUP BY ALL);
