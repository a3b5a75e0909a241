-- Grows a CVD database by telemetry, as years in the field do: one dex_records row and one sales row a unit,
-- about 1 KB a unit with its indexes (compressed to about 0.65 of that). The caller says how many units:
--   CREATE TEMP TABLE growth (units INTEGER); INSERT INTO growth VALUES (1000); .read grow.sql
BEGIN;
INSERT INTO dex_reads (device_id, machine_serial_number, manufacturer, filename, file_size, record_count, uploaded_by)
  SELECT 1 + u.i % 46, 'SN' || (900000 + u.i), 'Crane', 'import_' || u.i || '.txt', 51200, 60, 4
  FROM (WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < (SELECT units / 60 + 1 FROM growth)) SELECT i FROM c) AS u;
INSERT INTO dex_records (dex_read_id, line_number, record_type, raw_record, signature, created_at)
  WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < (SELECT units FROM growth))
  SELECT (SELECT max(id) FROM dex_reads) - (SELECT units FROM growth) / 60 + i / 60, i % 60,
    CASE i % 4 WHEN 0 THEN 'PA1' WHEN 1 THEN 'PA2' WHEN 2 THEN 'CA3' ELSE 'EA2' END,
    'ID1*CVD' || (i % 46) || '*M' || (i % 60) || '*' || hex(randomblob(270)), randomblob(200), datetime('now', (-(i % 400000)) || ' minutes')
  FROM c;
INSERT INTO sales (device_id, product_id, slot_position, sale_units, sale_cash, transaction_ref, created_at)
  WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < (SELECT units FROM growth))
  SELECT 1 + i % 46, 1 + i % 64, char(65 + i % 3) || (i % 6), 1, 1.25 + i % 9 * 0.25, lower(hex(randomblob(10))), datetime('now', (-(i % 400000)) || ' minutes')
  FROM c;
COMMIT;
