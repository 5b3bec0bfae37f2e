-- view
CREATE VIEW dq_extract AS SELECT "a""b'; DROP VIEW dq_extract --", " two
lines ", "/* x", "🩺{batch}$1%s", "dq_extract", "n", "k1" FROM read_parquet(['file 1'], can_have_nan = true, hive_partitioning = false, hive_types_autocast = false);

-- rows
SELECT CASE WHEN grouping(CASE WHEN CAST("/* x" AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST("/* x" AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST("/* x" AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST("/* x" AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST("/* x" AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST("/* x" AS VARCHAR) ELSE '(not a code)' END) = 0 THEN CASE WHEN CAST("/* x" AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST("/* x" AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST("/* x" AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST("/* x" AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST("/* x" AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST("/* x" AS VARCHAR) ELSE '(not a code)' END END,
       coalesce(count_if("a""b'; DROP VIEW dq_extract --" NOT IN ('it''s', 'a"b', ('a' || chr(0) || 'b'), ('' || chr(0) || ''), '--', '*/ x', '🩺', '\', '''); SELECT 1; --', '', '{batch}')), 0),
       coalesce(count_if("/* x" IN ('it''s', 'a"b', ('a' || chr(0) || 'b'))), 0),
       coalesce(count_if(NOT regexp_matches("a""b'; DROP VIEW dq_extract --", '(?:[\x{0}"'']|\-\-)')), 0),
       coalesce(count_if("a""b'; DROP VIEW dq_extract --" <> '''); SELECT 1; --'), 0),
       coalesce(count_if(("a""b'; DROP VIEW dq_extract --" <> '''); SELECT 1; --') AND (" two
lines " IS NULL)), 0),
       coalesce(count_if(("a""b'; DROP VIEW dq_extract --" <> '''); SELECT 1; --') AND (" two
lines " < 1)), 0),
       coalesce(count_if(" two
lines " IS NULL AND "🩺{batch}$1%s" IS NULL), 0),
       coalesce(count_if((NOT (" two
lines " IS NULL AND "🩺{batch}$1%s" IS NULL)) AND ((" two
lines " = "🩺{batch}$1%s") IS NOT TRUE)), 0),
       coalesce(count_if("/* x" IN ('it''s', 'a"b', ('a' || chr(0) || 'b'), ('' || chr(0) || ''), '--', '*/ x', '🩺', '\', '''); SELECT 1; --', '', '{batch}')), 0),
       coalesce(count_if(("/* x" IN ('it''s', 'a"b', ('a' || chr(0) || 'b'), ('' || chr(0) || ''), '--', '*/ x', '🩺', '\', '''); SELECT 1; --', '', '{batch}')) AND ("🩺{batch}$1%s" IS NULL)), 0),
       CASE WHEN count(CASE WHEN "/* x" IN ('it''s', 'a"b', ('a' || chr(0) || 'b'), ('' || chr(0) || ''), '--', '*/ x', '🩺', '\', '''); SELECT 1; --', '', '{batch}') THEN "🩺{batch}$1%s" END) < 10 OR min(CASE WHEN "/* x" IN ('it''s', 'a"b', ('a' || chr(0) || 'b'), ('' || chr(0) || ''), '--', '*/ x', '🩺', '\', '''); SELECT 1; --', '', '{batch}') THEN "🩺{batch}$1%s" END) = max(CASE WHEN "/* x" IN ('it''s', 'a"b', ('a' || chr(0) || 'b'), ('' || chr(0) || ''), '--', '*/ x', '🩺', '\', '''); SELECT 1; --', '', '{batch}') THEN "🩺{batch}$1%s" END) THEN NULL ELSE avg(CASE WHEN "/* x" IN ('it''s', 'a"b', ('a' || chr(0) || 'b'), ('' || chr(0) || ''), '--', '*/ x', '🩺', '\', '''); SELECT 1; --', '', '{batch}') THEN "🩺{batch}$1%s" END) END,
       NOT isnan(avg(CASE WHEN "/* x" IN ('it''s', 'a"b', ('a' || chr(0) || 'b'), ('' || chr(0) || ''), '--', '*/ x', '🩺', '\', '''); SELECT 1; --', '', '{batch}') THEN "🩺{batch}$1%s" END)) AND (avg(CASE WHEN "/* x" IN ('it''s', 'a"b', ('a' || chr(0) || 'b'), ('' || chr(0) || ''), '--', '*/ x', '🩺', '\', '''); SELECT 1; --', '', '{batch}') THEN "🩺{batch}$1%s" END)) >= 1,
       regexp_replace(regexp_replace(regexp_replace(regexp_replace(substr(CAST(max("dq_extract") AS VARCHAR), 1, 40), '[^\p{Lu}\p{Lt}\p{N}\p{P}\p{S}\p{Z}\p{C}]', 'a', 'g'), '[\p{Lu}\p{Lt}]', 'A', 'g'), '\p{N}', '9', 'g'), '\p{C}', '?', 'g') || CASE WHEN length(CAST(max("dq_extract") AS VARCHAR)) > 40 THEN '…' ELSE '' END,
       (max("dq_extract")) >= 1,
       coalesce(count_if("n" > 0), 0),
       coalesce(count_if(("n" > 0) AND ("n" IS NULL AND "k1" IS NULL)), 0),
       count(*),
       coalesce(count_if("a""b'; DROP VIEW dq_extract --" IS NULL), 0),
       coalesce(count_if("/* x" IS NULL), 0)
FROM dq_extract
GROUP BY GROUPING SETS ((), (CASE WHEN CAST("/* x" AS VARCHAR) IS NULL THEN '(none)' WHEN regexp_matches(CAST("/* x" AS VARCHAR), '\A[A-Z]{2,3}\z') OR (regexp_matches(CAST("/* x" AS VARCHAR), '\A[A-Za-z0-9]{2,9}\z') AND regexp_matches(CAST("/* x" AS VARCHAR), '[0-9]') AND NOT regexp_matches(CAST("/* x" AS VARCHAR), '\A[0-9]{7,}\z')) THEN CAST("/* x" AS VARCHAR) ELSE '(not a code)' END))
ORDER BY 1 NULLS FIRST
LIMIT 100002;
-- answer: (None, 0, 3, 5, 10, 0, 1, 0, 6, 11, 0, 2.272727272727273, True, '9', True, 10, 0, 12, 1, 1)
-- answer: ('(none)', 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, None, None, '9', True, 0, 0, 1, 1, 1)
-- answer: ('(not a code)', 0, 3, 5, 10, 0, 1, 0, 5, 11, 0, 2.272727272727273, True, '9', True, 10, 0, 11, 0, 0)

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
SELECT count(*) FROM (
SELECT n -- {a} remark
FROM dq_extract /* ; */ WHERE n > 9 -- end
);
-- answer: (1,)
