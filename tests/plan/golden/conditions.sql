-- view
CREATE VIEW dq_extract AS SELECT "practice", "sex", "patients", nullif("share", 'NaN'::DOUBLE) AS "share", "day", "open" FROM read_parquet(['file 1'], can_have_nan = true, hive_partitioning = false, hive_types_autocast = false);

-- rows
SELECT CASE WHEN grouping(coalesce(CAST("sex" AS VARCHAR), '(none)')) = 0 THEN coalesce(CAST("sex" AS VARCHAR), '(none)') END,
       coalesce(count_if("sex" IN ('1', 'X')), 0),
       coalesce(count_if(("sex" IN ('1', 'X')) AND ("practice" IS NULL)), 0),
       coalesce(count_if((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)), 0),
       coalesce(count_if(((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)) AND ("sex" IS NULL)), 0),
       coalesce(count_if(((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)) AND ("sex" NOT IN ('1'))), 0),
       coalesce(count_if("open" = TRUE), 0),
       coalesce(count_if(("open" = TRUE) AND ("patients" IS NULL)), 0),
       coalesce(count_if(("open" = TRUE) AND ("patients" < 0)), 0),
       coalesce(count_if("sex" <> 'X'), 0),
       coalesce(count_if(("sex" <> 'X') AND ("patients" IS NULL)), 0),
       CASE WHEN count(CASE WHEN "sex" <> 'X' THEN "patients" END) < 10 OR min(CASE WHEN "sex" <> 'X' THEN "patients" END) = max(CASE WHEN "sex" <> 'X' THEN "patients" END) THEN NULL ELSE sum(CASE WHEN "sex" <> 'X' THEN "patients" END) END,
       (sum(CASE WHEN "sex" <> 'X' THEN "patients" END)) >= 0,
       coalesce(count_if(((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)) AND ("day" IS NULL)), 0),
       regexp_replace(regexp_replace(regexp_replace(regexp_replace(substr(CAST(min(CASE WHEN (("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL) THEN "day" END) AS VARCHAR), 1, 40), '[^\p{Lu}\p{Lt}\p{N}\p{P}\p{S}\p{Z}\p{C}]', 'a', 'g'), '[\p{Lu}\p{Lt}]', 'A', 'g'), '\p{N}', '9', 'g'), '\p{C}', '?', 'g') || CASE WHEN length(CAST(min(CASE WHEN (("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL) THEN "day" END) AS VARCHAR)) > 40 THEN '…' ELSE '' END,
       (min(CASE WHEN (("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL) THEN "day" END)) >= DATE '2024-01-01',
       coalesce(count_if(((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)) AND ("practice" IS NULL)), 0),
       coalesce(count_if("day" < DATE '2024-04-01'), 0),
       coalesce(count_if(("day" < DATE '2024-04-01') AND ("practice" IS NULL AND "sex" IS NULL)), 0),
       coalesce(count_if("sex" NOT IN ('9')), 0)
FROM dq_extract
GROUP BY GROUPING SETS ((), (coalesce(CAST("sex" AS VARCHAR), '(none)')))
ORDER BY 1 NULLS FIRST
LIMIT 100002;
-- answer: (None, 2, 0, 3, 0, 2, 2, 0, 0, 2, 0, None, True, 1, '9999-99-99', True, 0, 2, 0, 3)
-- answer: ('(none)', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, None, None, 0, None, None, 0, 0, 0, 0)
-- answer: ('1', 1, 0, 1, 0, 0, 1, 0, 0, 1, 0, None, True, 0, '9999-99-99', True, 0, 1, 0, 1)
-- answer: ('2', 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, None, True, 0, '9999-99-99', True, 0, 1, 0, 1)
-- answer: ('X', 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, None, None, 1, None, None, 0, 0, 0, 1)

-- key "practice"
SELECT coalesce(sum(n) FILTER (n > 1), 0)
FROM (SELECT "practice" AS k1, count(*) AS n FROM dq_extract WHERE ((("patients" > 0) AND ("day" <= DATE '2024-03-31')) OR ("share" IS NULL)) AND ("practice" IS NOT NULL) GROUP BY 1);
-- answer: (2,)

-- key "practice", "sex"
SELECT coalesce(sum(n) FILTER (n > 1), 0)
FROM (SELECT "practice" AS k1, "sex" AS k2, count(*) AS n FROM dq_extract WHERE ("day" < DATE '2024-04-01') AND (NOT ("practice" IS NULL AND "sex" IS NULL)) GROUP BY 1, 2);
-- answer: (0,)
