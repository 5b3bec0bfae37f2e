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
       CAST(sum(m20) AS BIGINT) AS m20,
       CAST(sum(m21) AS BIGINT) AS m21
FROM (SELECT coalesce(CAST("dq:organisation" AS VARCHAR), '(none)') AS o, '' AS p, * FROM (SELECT "dq:organisation", "dq:period", count(CASE WHEN "sex" IN ('1', 'X') THEN 1 END) AS m1,
       count(CASE WHEN ("sex" IN ('1', 'X')) AND ("practice" IS NULL) THEN 1 END) AS m2,
       count(CASE WHEN (("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL) THEN 1 END) AS m3,
       count(CASE WHEN ((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)) AND ("sex" IS NULL) THEN 1 END) AS m4,
       count(CASE WHEN ((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)) AND ("sex" NOT IN ('1')) THEN 1 END) AS m5,
       count(CASE WHEN "open" = TRUE THEN 1 END) AS m6,
       count(CASE WHEN ("open" = TRUE) AND ("patients" < 0) THEN 1 END) AS m7,
       count(CASE WHEN "sex" <> 'X' THEN 1 END) AS m8,
       count(CASE WHEN ((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)) AND ("day" IS NULL) THEN 1 END) AS m9,
       count(CASE WHEN ((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)) AND ("practice" IS NULL) THEN 1 END) AS m10,
       count(CASE WHEN "day" < DATE '2024-04-01' THEN 1 END) AS m11,
       count(CASE WHEN ("day" < DATE '2024-04-01') AND ("practice" IS NULL AND "sex" IS NULL) THEN 1 END) AS m12,
       count(CASE WHEN "sex" NOT IN ('9') THEN 1 END) AS m13,
       count(CASE WHEN "dq:class 1" = 1 THEN 1 END) AS m14,
       count(CASE WHEN "dq:class 2" = 1 THEN 1 END) AS m15,
       count(CASE WHEN "dq:class 2" = 3 THEN 1 END) AS m16,
       count(CASE WHEN "dq:class 3" = 3 THEN 1 END) AS m17,
       count(*) AS m18,
       count(CASE WHEN "practice" IS NULL THEN 1 END) AS m19,
       count(CASE WHEN "sex" IS NULL THEN 1 END) AS m20,
       count(CASE WHEN "day" IS NULL THEN 1 END) AS m21
FROM (SELECT *, "sex" AS "dq:organisation",
       NULL AS "dq:period",
       CASE WHEN ("practice" IS NULL) THEN 0 WHEN (("practice" < '!' OR "practice" >= chr(160)) AND trim("practice", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 1 ELSE 5 END AS "dq:class 1",
       CASE WHEN ("sex" IS NULL) THEN 0 WHEN (("sex" < '!' OR "sex" >= chr(160)) AND trim("sex", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 1 WHEN (((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)) AND ("sex" NOT IN ('1'))) THEN 3 ELSE 5 END AS "dq:class 2",
       CASE WHEN ("patients" IS NULL) THEN 0 WHEN (("open" = TRUE) AND ("patients" < 0)) THEN 3 ELSE 5 END AS "dq:class 3"
FROM dq_extract) AS dq_extract
GROUP BY 1, 2))
GROUP BY 1, 2;
-- answer: ('(none)', '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0)
-- answer: ('1', '', 1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0)
-- answer: ('2', '', 0, 0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0)
-- answer: ('X', '', 1, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1)

-- rows
SELECT CASE WHEN count(CASE WHEN "sex" <> 'X' THEN "patients" END) < 10 OR min(CASE WHEN "sex" <> 'X' THEN "patients" END) = max(CASE WHEN "sex" <> 'X' THEN "patients" END) THEN NULL ELSE sum(CASE WHEN "sex" <> 'X' THEN "patients" END) END AS m1,
       (sum(CASE WHEN "sex" <> 'X' THEN "patients" END)) >= 0 AS m2,
       regexp_replace(regexp_replace(regexp_replace(regexp_replace(substr(CAST(min(CASE WHEN (("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL) THEN "day" END) AS VARCHAR), 1, 40), '[^\p{Lu}\p{Lt}\p{N}\p{P}\p{S}\p{Z}\p{C}]', 'a', 'g'), '[\p{Lu}\p{Lt}]', 'A', 'g'), '\p{N}', '9', 'g'), '\p{C}', '?', 'g') || CASE WHEN length(CAST(min(CASE WHEN (("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL) THEN "day" END) AS VARCHAR)) > 40 THEN '…' ELSE '' END AS m3,
       (min(CASE WHEN (("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL) THEN "day" END)) >= DATE '2024-01-01' AS m4
FROM dq_extract;
-- answer: (None, True, '9999-99-99', True)

-- key "practice"
SELECT coalesce(sum(n) FILTER (n > 1), 0)
FROM (SELECT "practice" AS k1, count(*) AS n FROM dq_extract WHERE ((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)) AND ("practice" IS NOT NULL) GROUP BY 1);
-- answer: (2,)

-- key "practice", "sex"
SELECT coalesce(sum(n) FILTER (n > 1), 0)
FROM (SELECT "practice" AS k1, "sex" AS k2, count(*) AS n FROM dq_extract WHERE ("day" < DATE '2024-04-01') AND (NOT ("practice" IS NULL AND "sex" IS NULL)) GROUP BY 1, 2);
-- answer: (0,)

-- repeated keys
SELECT o, p, m1 AS n FROM (SELECT o, p, CAST(sum(m1) AS BIGINT) AS m1
FROM (SELECT coalesce(CAST(own AS VARCHAR), '(none)') AS o, '' AS p, * FROM (SELECT own, grouped, sum(n) AS m1 FROM (SELECT own, grouped, n, sum(n) OVER (PARTITION BY k1) AS total FROM (SELECT "practice" AS k1, "sex" AS own, NULL AS grouped, count(*) AS n
FROM dq_extract WHERE ((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)) AND ("practice" IS NOT NULL) GROUP BY 1, 2, 3)) WHERE total > 1 GROUP BY 1, 2))
GROUP BY 1, 2);
-- answer: ('1', '', 1)
-- answer: ('2', '', 1)

-- repeated keys
SELECT o, p, m1 AS n FROM (SELECT o, p, CAST(sum(m1) AS BIGINT) AS m1
FROM (SELECT coalesce(CAST(own AS VARCHAR), '(none)') AS o, '' AS p, * FROM (SELECT own, grouped, sum(n) AS m1 FROM (SELECT own, grouped, n, sum(n) OVER (PARTITION BY k1, k2) AS total FROM (SELECT "practice" AS k1, "sex" AS k2, "sex" AS own, NULL AS grouped, count(*) AS n
FROM dq_extract WHERE ("day" < DATE '2024-04-01') AND (NOT ("practice" IS NULL AND "sex" IS NULL)) GROUP BY 1, 2, 3, 4)) WHERE total > 1 GROUP BY 1, 2))
GROUP BY 1, 2);
