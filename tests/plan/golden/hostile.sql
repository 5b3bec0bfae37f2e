-- view
CREATE OR REPLACE VIEW dq_extract AS SELECT "a""b'; DROP VIEW dq_extract --", " two
lines ", "/* x", "🩺{batch}$1%s", "dq_extract", "n", "k1"
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
       CAST(sum(m18) AS BIGINT) AS m18
FROM (SELECT CASE WHEN CAST("dq:organisation" AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST("dq:organisation" AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST("dq:organisation" AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST("dq:organisation" AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST("dq:organisation" AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST("dq:organisation" AS VARCHAR) ELSE '(not a code)' END AS o, '' AS p, * FROM (SELECT "dq:organisation", "dq:period", count(CASE WHEN "a""b'; DROP VIEW dq_extract --" NOT IN ('it''s', 'a"b', ('a' || chr(0) || 'b'), ('' || chr(0) || ''), '--', '*/ x', '🩺', '\', '''); SELECT 1; --', '', '{batch}') THEN 1 END) AS m1,
       count(CASE WHEN "/* x" IN ('it''s', 'a"b', ('a' || chr(0) || 'b')) THEN 1 END) AS m2,
       count(CASE WHEN NOT regexp_matches("a""b'; DROP VIEW dq_extract --", '(?:[\x{0}"'']|\-\-)') THEN 1 END) AS m3,
       count(CASE WHEN "a""b'; DROP VIEW dq_extract --" <> '''); SELECT 1; --' THEN 1 END) AS m4,
       count(CASE WHEN ("a""b'; DROP VIEW dq_extract --" <> '''); SELECT 1; --') AND (" two
lines " IS NULL) THEN 1 END) AS m5,
       count(CASE WHEN ("a""b'; DROP VIEW dq_extract --" <> '''); SELECT 1; --') AND (" two
lines " < 1) THEN 1 END) AS m6,
       count(CASE WHEN (NOT (" two
lines " IS NULL AND "🩺{batch}$1%s" IS NULL)) AND ((" two
lines " = "🩺{batch}$1%s") IS NOT TRUE) THEN 1 END) AS m7,
       count(CASE WHEN "/* x" IN ('it''s', 'a"b', ('a' || chr(0) || 'b'), ('' || chr(0) || ''), '--', '*/ x', '🩺', '\', '''); SELECT 1; --', '', '{batch}') THEN 1 END) AS m8,
       count(CASE WHEN "n" > 0 THEN 1 END) AS m9,
       count(CASE WHEN "dq:class 1" = 1 THEN 1 END) AS m10,
       count(CASE WHEN "dq:class 1" = 3 THEN 1 END) AS m11,
       count(CASE WHEN "dq:class 2" = 1 THEN 1 END) AS m12,
       count(CASE WHEN "dq:class 2" = 3 THEN 1 END) AS m13,
       count(CASE WHEN "dq:class 3" = 3 THEN 1 END) AS m14,
       count(*) AS m15,
       count(CASE WHEN "a""b'; DROP VIEW dq_extract --" IS NULL THEN 1 END) AS m16,
       count(CASE WHEN "/* x" IS NULL THEN 1 END) AS m17,
       count(CASE WHEN " two
lines " IS NULL THEN 1 END) AS m18
FROM (SELECT *, "/* x" AS "dq:organisation",
       NULL AS "dq:period",
       CASE WHEN ("a""b'; DROP VIEW dq_extract --" IS NULL) THEN 0 WHEN (("a""b'; DROP VIEW dq_extract --" < '!' OR "a""b'; DROP VIEW dq_extract --" >= chr(160)) AND trim("a""b'; DROP VIEW dq_extract --", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 1 WHEN ("a""b'; DROP VIEW dq_extract --" NOT IN ('it''s', 'a"b', ('a' || chr(0) || 'b'), ('' || chr(0) || ''), '--', '*/ x', '🩺', '\', '''); SELECT 1; --', '', '{batch}')) OR (NOT regexp_matches("a""b'; DROP VIEW dq_extract --", '(?:[\x{0}"'']|\-\-)')) THEN 3 ELSE 5 END AS "dq:class 1",
       CASE WHEN ("/* x" IS NULL) THEN 0 WHEN (("/* x" < '!' OR "/* x" >= chr(160)) AND trim("/* x", ' ' || chr(9) || chr(10) || chr(13) || chr(160)) = '') THEN 1 WHEN ("/* x" IN ('it''s', 'a"b', ('a' || chr(0) || 'b'))) THEN 3 ELSE 5 END AS "dq:class 2",
       CASE WHEN (" two
lines " IS NULL) THEN 0 WHEN (("a""b'; DROP VIEW dq_extract --" <> '''); SELECT 1; --') AND (" two
lines " < 1)) THEN 3 ELSE 5 END AS "dq:class 3"
FROM dq_extract) AS dq_extract
GROUP BY 1, 2))
GROUP BY 1, 2;
-- answer: ('(none)', '', 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1)
-- answer: ('(not a code)', '', 0, 3, 5, 10, 0, 1, 5, 11, 10, 1, 4, 1, 3, 1, 11, 0, 0, 0)

-- rows
SELECT CASE WHEN count(CASE WHEN "/* x" IN ('it''s', 'a"b', ('a' || chr(0) || 'b'), ('' || chr(0) || ''), '--', '*/ x', '🩺', '\', '''); SELECT 1; --', '', '{batch}') THEN "🩺{batch}$1%s" END) < 10 OR min(CASE WHEN "/* x" IN ('it''s', 'a"b', ('a' || chr(0) || 'b'), ('' || chr(0) || ''), '--', '*/ x', '🩺', '\', '''); SELECT 1; --', '', '{batch}') THEN "🩺{batch}$1%s" END) = max(CASE WHEN "/* x" IN ('it''s', 'a"b', ('a' || chr(0) || 'b'), ('' || chr(0) || ''), '--', '*/ x', '🩺', '\', '''); SELECT 1; --', '', '{batch}') THEN "🩺{batch}$1%s" END) THEN NULL ELSE avg(CASE WHEN "/* x" IN ('it''s', 'a"b', ('a' || chr(0) || 'b'), ('' || chr(0) || ''), '--', '*/ x', '🩺', '\', '''); SELECT 1; --', '', '{batch}') THEN "🩺{batch}$1%s" END) END AS m1,
       NOT isnan(avg(CASE WHEN "/* x" IN ('it''s', 'a"b', ('a' || chr(0) || 'b'), ('' || chr(0) || ''), '--', '*/ x', '🩺', '\', '''); SELECT 1; --', '', '{batch}') THEN "🩺{batch}$1%s" END)) AND (avg(CASE WHEN "/* x" IN ('it''s', 'a"b', ('a' || chr(0) || 'b'), ('' || chr(0) || ''), '--', '*/ x', '🩺', '\', '''); SELECT 1; --', '', '{batch}') THEN "🩺{batch}$1%s" END)) >= 1 AS m2,
       regexp_replace(regexp_replace(regexp_replace(regexp_replace(substr(CAST(max("dq_extract") AS VARCHAR), 1, 40), '[^\p{Lu}\p{Lt}\p{N}\p{P}\p{S}\p{Z}\p{C}]', 'a', 'g'), '[\p{Lu}\p{Lt}]', 'A', 'g'), '\p{N}', '9', 'g'), '\p{C}', '?', 'g') || CASE WHEN length(CAST(max("dq_extract") AS VARCHAR)) > 40 THEN '…' ELSE '' END AS m3,
       (max("dq_extract")) >= 1 AS m4
FROM dq_extract;
-- answer: (2.272727272727273, True, '9', True)

-- key "/* x"
SELECT count(*),
       count_if(k1 NOT IN ('it''s', 'a"b', ('a' || chr(0) || 'b'), ('' || chr(0) || ''), '--', '*/ x', '🩺', '\', '''); SELECT 1; --', '', '{batch}')),
       concat('', CASE WHEN bool_or(k1 = 'it''s') THEN '1' ELSE '0' END, CASE WHEN bool_or(k1 = 'a"b') THEN '1' ELSE '0' END, CASE WHEN bool_or(k1 = ('a' || chr(0) || 'b')) THEN '1' ELSE '0' END, CASE WHEN bool_or(k1 = ('' || chr(0) || '')) THEN '1' ELSE '0' END, CASE WHEN bool_or(k1 = '--') THEN '1' ELSE '0' END, CASE WHEN bool_or(k1 = '*/ x') THEN '1' ELSE '0' END, CASE WHEN bool_or(k1 = '🩺') THEN '1' ELSE '0' END, CASE WHEN bool_or(k1 = '\') THEN '1' ELSE '0' END, CASE WHEN bool_or(k1 = '''); SELECT 1; --') THEN '1' ELSE '0' END, CASE WHEN bool_or(k1 = '') THEN '1' ELSE '0' END, CASE WHEN bool_or(k1 = '{batch}') THEN '1' ELSE '0' END)
FROM (SELECT "/* x" AS k1, count(*) AS n FROM dq_extract WHERE "/* x" IS NOT NULL GROUP BY 1);
-- answer: (11, 0, '11111111111')

-- key "n", "k1"
SELECT coalesce(sum(n) FILTER (n > 1), 0)
FROM (SELECT "n" AS k1, "k1" AS k2, count(*) AS n FROM dq_extract WHERE ("n" > 0) AND (NOT ("n" IS NULL AND "k1" IS NULL)) GROUP BY 1, 2);
-- answer: (0,)

-- query of the suite
SELECT n FROM (
SELECT count(*) AS n FROM (
SELECT n -- {a} remark
FROM dq_extract /* ; */ WHERE n > 9 -- end
)
);
-- answer: (1,)

-- repeated keys
SELECT o, p, m1 AS n FROM (SELECT o, p, CAST(sum(m1) AS BIGINT) AS m1
FROM (SELECT CASE WHEN CAST(own AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST(own AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST(own AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST(own AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST(own AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST(own AS VARCHAR) ELSE '(not a code)' END AS o, '' AS p, * FROM (SELECT own, grouped, sum(n) AS m1 FROM (SELECT own, grouped, n, sum(n) OVER (PARTITION BY k1) AS total FROM (SELECT "/* x" AS k1, "/* x" AS own, NULL AS grouped, count(*) AS n
FROM dq_extract WHERE "/* x" IS NOT NULL GROUP BY 1, 2, 3)) WHERE total > 1 GROUP BY 1, 2))
GROUP BY 1, 2);

-- repeated keys
SELECT o, p, m1 AS n FROM (SELECT o, p, CAST(sum(m1) AS BIGINT) AS m1
FROM (SELECT CASE WHEN CAST(own AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST(own AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST(own AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST(own AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST(own AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST(own AS VARCHAR) ELSE '(not a code)' END AS o, '' AS p, * FROM (SELECT own, grouped, sum(n) AS m1 FROM (SELECT own, grouped, n, sum(n) OVER (PARTITION BY k1, k2) AS total FROM (SELECT "n" AS k1, "k1" AS k2, "/* x" AS own, NULL AS grouped, count(*) AS n
FROM dq_extract WHERE ("n" > 0) AND (NOT ("n" IS NULL AND "k1" IS NULL)) GROUP BY 1, 2, 3, 4)) WHERE total > 1 GROUP BY 1, 2))
GROUP BY 1, 2);
