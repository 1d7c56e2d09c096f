-- The catalogue is readable by every role; rows of other servers' tables are not.
CREATE VIEW user_tables AS
SELECT
  c.oid AS table_oid,
  n.nspname::text AS schema_name,
  c.relname::text AS table_name,
  (SELECT count(*) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
  greatest(c.reltuples, 0)::bigint AS rows_estimated
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%';
