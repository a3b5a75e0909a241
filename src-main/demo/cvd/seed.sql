-- Fills an empty CVD database (schema.sql) with a small site: about 7,000 rows, 1.7 MB.
-- Plain SQL for sqlite3 3.26 and later. Numbers are spread by arithmetic, so two sites have equal counts; times are
-- relative to now. Two rows violate foreign keys on purpose: real sites hold such rows, and a backup must not mind.
PRAGMA foreign_keys = OFF;
BEGIN;
CREATE TEMP TABLE n AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 1200) SELECT i FROM c;

INSERT INTO users (id, username, email, password_hash, role, created_at, updated_at, last_login)
  SELECT i, CASE i WHEN 1 THEN 'admin' ELSE 'user' || i END, 'user' || i || '@cvd.example',
    'pbkdf2:sha256:600000$' || lower(hex(randomblob(8))) || '$' || lower(hex(randomblob(32))),
    CASE WHEN i = 1 THEN 'admin' WHEN i < 4 THEN 'manager' WHEN i < 10 THEN 'driver' ELSE 'viewer' END,
    datetime('now', '-400 days', i || ' hours'), datetime('now', (-i) || ' days'), datetime('now', (-i * 7) || ' hours')
  FROM n WHERE i <= 12;
UPDATE users SET is_active = 0, deleted_at = datetime('now', '-30 days'), deleted_by = 1 WHERE id = 12;
INSERT INTO sessions
  SELECT lower(hex(randomblob(16))), 1 + i % 11, '10.20.' || (i % 8) || '.' || i, 'Mozilla/5.0',
    datetime('now', (-i) || ' hours'), datetime('now', (48 - i) || ' hours') FROM n WHERE i <= 40;
INSERT INTO audit_log (user_id, action, resource_type, resource_id, details, created_at)
  SELECT 1 + i % 11, CASE i % 4 WHEN 0 THEN 'login' WHEN 1 THEN 'device_update' WHEN 2 THEN 'order_create' ELSE 'planogram_save' END,
    'device', 1 + i % 48, '{"before":' || i || ',"after":' || (i + 1) || ',"note":"Größe geprüft ✓"}', datetime('now', (-i * 11) || ' minutes')
  FROM n WHERE i <= 500;
INSERT INTO device_types (id, name, manufacturer)
  SELECT i, 'Type ' || i, CASE i % 3 WHEN 0 THEN 'Royal' WHEN 1 THEN 'Crane' ELSE 'Vendo' END FROM n WHERE i <= 6;
INSERT INTO locations (id, name, address, city, latitude, longitude)
  SELECT i, CASE i WHEN 7 THEN 'O''Brien & Sons "Depot"' ELSE 'Location ' || i END, (i * 13) || ' Main Street',
    CASE i % 3 WHEN 0 THEN 'Springfield' WHEN 1 THEN 'Riverton' ELSE 'Lakewood' END, 40.0 + i * 0.013, -88.0 - i * 0.017 FROM n WHERE i <= 30;
INSERT INTO routes (id, name, route_number, driver_id)
  SELECT i, 'Route ' || i, 'R-' || (100 + i), 3 + i FROM n WHERE i <= 6;
INSERT INTO devices (id, asset, cooler, location_id, model, device_type_id, route_id, created_at, updated_at)
  SELECT i, 'CVD-' || (10000 + i * 17), 'Cooler ' || i, 1 + i % 30, 'M' || (700 + i % 5), 1 + i % 6, 1 + i % 6,
    datetime('now', '-390 days', i || ' hours'), datetime('now', (-i * 3) || ' hours') FROM n WHERE i <= 48;
UPDATE devices SET deleted_at = datetime('now', '-20 days'), deleted_by = 1 WHERE id > 46;
INSERT INTO cabinet_types (id, name, description)
  SELECT i, 'Cabinet ' || i, 'Holds ' || (i * 12) || ' selections' FROM n WHERE i <= 4;
INSERT INTO cabinet_configurations (id, device_id, cabinet_type_id, cabinet_index, is_parent)
  SELECT i, 1 + (i - 1) % 48, 1 + i % 4, (i - 1) / 48, i <= 48 FROM n WHERE i <= 60;
INSERT INTO products (id, name, sku, category, price)
  SELECT i, 'Product ' || i, 'SKU-' || (50000 + i * 31), CASE i % 4 WHEN 0 THEN 'drinks' WHEN 1 THEN 'snacks' WHEN 2 THEN 'fresh' ELSE 'sweets' END,
    1.25 + (i % 9) * 0.25 FROM n WHERE i <= 64;
INSERT INTO planograms (id, cabinet_id, planogram_key) SELECT i, i, 'device-' || (1 + (i - 1) % 48) || '-' || ((i - 1) / 48) FROM n WHERE i <= 60;
INSERT INTO planogram_slots (planogram_id, slot_position, product_id, quantity, capacity, par_level, price)
  SELECT p.i, char(65 + s.i / 6) || (s.i % 6), 1 + (p.i * 7 + s.i * 3) % 64, (p.i + s.i * 5) % 11, 10, 8, 1.25 + s.i % 9 * 0.25
  FROM n AS p, n AS s WHERE p.i <= 60 AND s.i <= 18;
INSERT INTO service_orders (id, route_id, created_at, created_by, status, total_units, driver_id, sync_version, last_modified)
  SELECT i, 1 + i % 6, datetime('now', (-(200 - i) * 5) || ' hours'), 2,
    CASE WHEN i < 170 THEN 'completed' WHEN i < 180 THEN 'cancelled' WHEN i < 190 THEN 'in_progress' ELSE 'pending' END,
    20 + i * 7 % 90, 4 + i % 6, 1 + i % 5, datetime('now', (-(200 - i) * 4) || ' hours') FROM n WHERE i <= 200;
INSERT INTO service_order_cabinets (id, service_order_id, cabinet_configuration_id, executed_at)
  SELECT i, 1 + (i - 1) % 200, 1 + i % 60, CASE WHEN i % 200 < 170 THEN datetime('now', (-i) || ' hours') END FROM n WHERE i <= 300;
INSERT INTO service_order_cabinet_items (service_order_cabinet_id, product_id, quantity_needed, quantity_filled)
  SELECT 1 + i % 300, 1 + i % 64, 1 + i % 12, i % 12 FROM n WHERE i <= 600;
INSERT INTO service_visits (id, device_id, route_id, service_order_id, performed_by, visit_date, notes)
  SELECT i, 1 + i % 48, 1 + i % 6, i, 4 + i % 6, datetime('now', (-i * 6) || ' hours'), 'Filled; coin mechanism checked' || char(10) || 'ok' FROM n WHERE i <= 150;
INSERT INTO service_visit_items (service_visit_id, product_id, slot_position, quantity_filled)
  SELECT 1 + i % 150, 1 + i % 64, char(65 + i % 3) || (i % 6), i % 10 FROM n WHERE i <= 300;
INSERT INTO service_order_photos (service_order_id, file_path, thumbnail)
  SELECT i, 'photos/' || i || '.jpg', randomblob(4096) FROM n WHERE i <= 20;
INSERT INTO sales (device_id, product_id, slot_position, sale_units, sale_cash, transaction_ref, created_at)
  SELECT 1 + i % 46, 1 + i % 64, char(65 + i % 3) || (i % 6), 1, 1.25 + i % 9 * 0.25, lower(hex(randomblob(10))), datetime('now', (-(1200 - i) * 9) || ' minutes') FROM n;
INSERT INTO device_metrics (device_id, sold_out_count, days_remaining, sales_30d)
  SELECT i, i % 5, 1.5 + i % 13, 100.0 + i * 7 FROM n WHERE i <= 48;
INSERT INTO slot_metrics (planogram_slot_id, daily_velocity, days_until_empty)
  SELECT i * 2, (i % 17) / 4.0, 20.0 / (1 + i % 17) FROM n WHERE i <= 480;
INSERT INTO dex_reads (id, device_id, machine_serial_number, manufacturer, filename, file_size, record_count, uploaded_by, created_at)
  SELECT i, 1 + i % 46, 'SN' || (900000 + i * 37), 'Crane', 'dex_' || i || '.txt', 6400, 12, 4 + i % 6, datetime('now', (-(60 - i) * 5) || ' hours') FROM n WHERE i <= 60;
INSERT INTO dex_records (dex_read_id, line_number, record_type, raw_record, signature, created_at)
  SELECT r.i, l.i, CASE l.i % 4 WHEN 0 THEN 'PA1' WHEN 1 THEN 'PA2' WHEN 2 THEN 'CA3' ELSE 'EA2' END,
    'ID1*CVD' || r.i || '*M' || l.i || '*' || hex(randomblob(120)), randomblob(80), datetime('now', (-(60 - r.i) * 5) || ' hours')
  FROM n AS r, n AS l WHERE r.i <= 60 AND l.i <= 12;
INSERT INTO dex_pa_records (dex_read_id, record_subtype, selection_number, price, units_sold, test_vend_count)
  SELECT 1 + i % 60, 'PA' || (1 + i % 3), char(65 + i % 3) || (i % 6), 1.25 + i % 9 * 0.25, i * 3 % 40, i % 2 FROM n WHERE i <= 480;
INSERT INTO user_activity_log (user_id, session_id, page, action, duration_ms, created_at)
  SELECT 1 + i % 11, lower(hex(randomblob(8))), CASE i % 3 WHEN 0 THEN '/dashboard' WHEN 1 THEN '/service-orders' ELSE '/planogram' END,
    'view', i * 37 % 900, datetime('now', (-i * 13) || ' minutes') FROM n WHERE i <= 500;
INSERT INTO activity_summary_daily SELECT date('now', (-i) || ' days'), 4 + i % 7, 90 + i * 11 % 60, 310.5 + i FROM n WHERE i <= 30;
INSERT INTO activity_alerts (user_id, alert_type, severity) SELECT 1 + i % 11, 'unusual_hours', CASE i % 2 WHEN 0 THEN 'info' ELSE 'warning' END FROM n WHERE i <= 12;
INSERT INTO knowledge_base_categories (id, name, sort_order) SELECT i, 'Category ' || i, i FROM n WHERE i <= 5;
INSERT INTO knowledge_base_articles (category_id, title, body, author_id)
  SELECT 1 + i % 5, 'How to service model M' || (700 + i), replace(hex(zeroblob(100 + i * 12)), '00', 'Open the door, empty the coin box, then close it. '), 1 FROM n WHERE i <= 15;
INSERT INTO system_config (key, value) SELECT 'setting.' || i, 'value ' || i FROM n WHERE i <= 14;
INSERT INTO migrations (name, applied_at) SELECT printf('%04d_schema', i), datetime('now', (-(15 - i) * 20) || ' days') FROM n WHERE i <= 14;

INSERT INTO sales (device_id, product_id, slot_position, transaction_ref) VALUES (99991, 1, 'A1', 'device was removed by hand');
INSERT INTO planogram_slots (planogram_id, slot_position, product_id) VALUES (1, 'Z9', 99992);
DROP TABLE n;
COMMIT;
