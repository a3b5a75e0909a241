-- The database of a small CVD server: 31 tables, 59 indexes, 2 triggers. Plain SQL for sqlite3 3.26 and later.
-- Foreign keys are declared but, as on real servers, not enforced unless a connection asks for it.
-- The journal mode is the caller's decision and is not set here.
BEGIN;

CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT NOT NULL UNIQUE, email TEXT NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,
  role TEXT NOT NULL DEFAULT 'viewer' CHECK (role IN ('admin', 'manager', 'driver', 'viewer')),
  is_active INTEGER NOT NULL DEFAULT 1,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  last_login TIMESTAMP, deleted_at TIMESTAMP, deleted_by INTEGER REFERENCES users (id));
CREATE TABLE sessions (
  id TEXT PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id), ip_address TEXT, user_agent TEXT,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, expires_at TIMESTAMP NOT NULL);
CREATE TABLE audit_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER REFERENCES users (id), action TEXT NOT NULL,
  resource_type TEXT, resource_id INTEGER, details TEXT, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE device_types (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, manufacturer TEXT,
  rows_count INTEGER NOT NULL DEFAULT 6, columns_count INTEGER NOT NULL DEFAULT 8, allows_additional_cabinets INTEGER DEFAULT 0,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE locations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, address TEXT, city TEXT, latitude REAL, longitude REAL,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE routes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, route_number TEXT UNIQUE, driver_id INTEGER REFERENCES users (id),
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE devices (
  id INTEGER PRIMARY KEY AUTOINCREMENT, asset TEXT NOT NULL UNIQUE, cooler TEXT,
  location_id INTEGER REFERENCES locations (id), model TEXT, device_type_id INTEGER REFERENCES device_types (id),
  route_id INTEGER REFERENCES routes (id),
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  deleted_at TIMESTAMP, deleted_by INTEGER REFERENCES users (id));
CREATE TABLE cabinet_types (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, description TEXT,
  rows_count INTEGER NOT NULL DEFAULT 5, columns_count INTEGER NOT NULL DEFAULT 8,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE cabinet_configurations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, device_id INTEGER NOT NULL REFERENCES devices (id),
  cabinet_type_id INTEGER REFERENCES cabinet_types (id), cabinet_index INTEGER NOT NULL DEFAULT 0, is_parent INTEGER DEFAULT 0,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  UNIQUE (device_id, cabinet_index));
CREATE TABLE products (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, sku TEXT UNIQUE, category TEXT,
  price REAL NOT NULL DEFAULT 0, is_system INTEGER DEFAULT 0,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE planograms (
  id INTEGER PRIMARY KEY AUTOINCREMENT, cabinet_id INTEGER NOT NULL REFERENCES cabinet_configurations (id),
  planogram_key TEXT NOT NULL UNIQUE,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE planogram_slots (
  id INTEGER PRIMARY KEY AUTOINCREMENT, planogram_id INTEGER NOT NULL REFERENCES planograms (id),
  slot_position TEXT NOT NULL, product_id INTEGER REFERENCES products (id), quantity INTEGER DEFAULT 0,
  capacity INTEGER DEFAULT 0, par_level INTEGER DEFAULT 0, price REAL,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  UNIQUE (planogram_id, slot_position));
CREATE TABLE service_orders (
  id INTEGER PRIMARY KEY AUTOINCREMENT, route_id INTEGER REFERENCES routes (id),
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, created_by INTEGER REFERENCES users (id),
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'in_progress', 'completed', 'cancelled')),
  total_units INTEGER DEFAULT 0, driver_id INTEGER REFERENCES users (id), sync_version INTEGER NOT NULL DEFAULT 1,
  last_modified TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE service_order_cabinets (
  id INTEGER PRIMARY KEY AUTOINCREMENT, service_order_id INTEGER NOT NULL REFERENCES service_orders (id),
  cabinet_configuration_id INTEGER NOT NULL REFERENCES cabinet_configurations (id), executed_at TIMESTAMP,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE service_order_cabinet_items (
  id INTEGER PRIMARY KEY AUTOINCREMENT, service_order_cabinet_id INTEGER NOT NULL REFERENCES service_order_cabinets (id),
  product_id INTEGER NOT NULL REFERENCES products (id), quantity_needed INTEGER NOT NULL, quantity_filled INTEGER DEFAULT 0,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE service_visits (
  id INTEGER PRIMARY KEY AUTOINCREMENT, device_id INTEGER NOT NULL REFERENCES devices (id),
  route_id INTEGER REFERENCES routes (id), service_order_id INTEGER REFERENCES service_orders (id),
  performed_by INTEGER REFERENCES users (id), visit_date TIMESTAMP, notes TEXT,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE service_visit_items (
  id INTEGER PRIMARY KEY AUTOINCREMENT, service_visit_id INTEGER NOT NULL REFERENCES service_visits (id),
  product_id INTEGER REFERENCES products (id), slot_position TEXT, quantity_filled INTEGER DEFAULT 0,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE service_order_photos (
  id INTEGER PRIMARY KEY AUTOINCREMENT, service_order_id INTEGER NOT NULL REFERENCES service_orders (id),
  file_path TEXT NOT NULL, thumbnail BLOB, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE sales (
  id INTEGER PRIMARY KEY AUTOINCREMENT, device_id INTEGER NOT NULL REFERENCES devices (id),
  product_id INTEGER REFERENCES products (id), slot_position TEXT, sale_units INTEGER NOT NULL DEFAULT 1,
  sale_cash REAL NOT NULL DEFAULT 0, transaction_ref TEXT, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE device_metrics (
  id INTEGER PRIMARY KEY AUTOINCREMENT, device_id INTEGER NOT NULL REFERENCES devices (id),
  sold_out_count INTEGER DEFAULT 0, days_remaining REAL, sales_30d REAL,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE slot_metrics (
  id INTEGER PRIMARY KEY AUTOINCREMENT, planogram_slot_id INTEGER NOT NULL REFERENCES planogram_slots (id),
  daily_velocity REAL, days_until_empty REAL, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE dex_reads (
  id INTEGER PRIMARY KEY AUTOINCREMENT, device_id INTEGER REFERENCES devices (id), machine_serial_number TEXT,
  manufacturer TEXT, filename TEXT NOT NULL, file_size INTEGER, record_count INTEGER DEFAULT 0,
  uploaded_by INTEGER REFERENCES users (id), parsed_successfully INTEGER DEFAULT 1,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE dex_records (
  id INTEGER PRIMARY KEY AUTOINCREMENT, dex_read_id INTEGER NOT NULL REFERENCES dex_reads (id),
  line_number INTEGER NOT NULL, record_type TEXT NOT NULL, raw_record TEXT NOT NULL, signature BLOB,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE dex_pa_records (
  id INTEGER PRIMARY KEY AUTOINCREMENT, dex_read_id INTEGER NOT NULL REFERENCES dex_reads (id),
  record_subtype TEXT NOT NULL, selection_number TEXT, price REAL, units_sold INTEGER, test_vend_count INTEGER,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE user_activity_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER REFERENCES users (id), session_id TEXT, page TEXT, action TEXT,
  duration_ms INTEGER, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE activity_summary_daily (
  day TEXT PRIMARY KEY, unique_users INTEGER DEFAULT 0, page_views INTEGER DEFAULT 0, average_ms REAL) WITHOUT ROWID;
CREATE TABLE activity_alerts (
  id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER REFERENCES users (id), alert_type TEXT NOT NULL,
  severity TEXT NOT NULL DEFAULT 'info', resolved_at TIMESTAMP, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE knowledge_base_categories (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, sort_order INTEGER DEFAULT 0);
CREATE TABLE knowledge_base_articles (
  id INTEGER PRIMARY KEY AUTOINCREMENT, category_id INTEGER REFERENCES knowledge_base_categories (id),
  title TEXT NOT NULL, body TEXT NOT NULL, author_id INTEGER REFERENCES users (id),
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE system_config (
  key TEXT PRIMARY KEY, value TEXT, config_type TEXT DEFAULT 'string', updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);

CREATE INDEX idx_users_role ON users (role);
CREATE INDEX idx_users_active ON users (is_active) WHERE deleted_at IS NULL;
CREATE INDEX idx_users_deleted ON users (deleted_at);
CREATE INDEX idx_sessions_user ON sessions (user_id);
CREATE INDEX idx_sessions_expires ON sessions (expires_at);
CREATE INDEX idx_audit_user ON audit_log (user_id);
CREATE INDEX idx_audit_action ON audit_log (action);
CREATE INDEX idx_audit_created ON audit_log (created_at);
CREATE INDEX idx_locations_city ON locations (city);
CREATE INDEX idx_routes_driver ON routes (driver_id);
CREATE INDEX idx_devices_location ON devices (location_id);
CREATE INDEX idx_devices_type ON devices (device_type_id);
CREATE INDEX idx_devices_route ON devices (route_id);
CREATE INDEX idx_devices_deleted ON devices (deleted_at);
CREATE INDEX idx_cabinets_device ON cabinet_configurations (device_id);
CREATE INDEX idx_cabinets_type ON cabinet_configurations (cabinet_type_id);
CREATE INDEX idx_products_category ON products (category);
CREATE INDEX idx_products_name ON products (lower(name));
CREATE INDEX idx_planograms_cabinet ON planograms (cabinet_id);
CREATE INDEX idx_slots_planogram ON planogram_slots (planogram_id);
CREATE INDEX idx_slots_product ON planogram_slots (product_id);
CREATE INDEX idx_slots_low ON planogram_slots (quantity) WHERE quantity < 3;
CREATE INDEX idx_orders_route ON service_orders (route_id);
CREATE INDEX idx_orders_status ON service_orders (status);
CREATE INDEX idx_orders_driver ON service_orders (driver_id);
CREATE INDEX idx_orders_created ON service_orders (created_at);
CREATE INDEX idx_orders_modified ON service_orders (last_modified);
CREATE INDEX idx_order_cabinets_order ON service_order_cabinets (service_order_id);
CREATE INDEX idx_order_cabinets_cabinet ON service_order_cabinets (cabinet_configuration_id);
CREATE INDEX idx_order_items_cabinet ON service_order_cabinet_items (service_order_cabinet_id);
CREATE INDEX idx_order_items_product ON service_order_cabinet_items (product_id);
CREATE INDEX idx_visits_device ON service_visits (device_id);
CREATE INDEX idx_visits_order ON service_visits (service_order_id);
CREATE INDEX idx_visits_performer ON service_visits (performed_by);
CREATE INDEX idx_visits_date ON service_visits (visit_date);
CREATE INDEX idx_visit_items_visit ON service_visit_items (service_visit_id);
CREATE INDEX idx_visit_items_product ON service_visit_items (product_id);
CREATE INDEX idx_photos_order ON service_order_photos (service_order_id);
CREATE INDEX idx_sales_device ON sales (device_id);
CREATE INDEX idx_sales_product ON sales (product_id);
CREATE INDEX idx_sales_created ON sales (created_at);
CREATE INDEX idx_device_metrics_device ON device_metrics (device_id);
CREATE INDEX idx_device_metrics_created ON device_metrics (created_at);
CREATE INDEX idx_slot_metrics_slot ON slot_metrics (planogram_slot_id);
CREATE INDEX idx_slot_metrics_empty ON slot_metrics (days_until_empty);
CREATE INDEX idx_dex_reads_device ON dex_reads (device_id);
CREATE INDEX idx_dex_reads_created ON dex_reads (created_at);
CREATE INDEX idx_dex_reads_serial ON dex_reads (machine_serial_number);
CREATE INDEX idx_dex_records_read ON dex_records (dex_read_id, line_number);
CREATE INDEX idx_dex_records_type ON dex_records (record_type);
CREATE INDEX idx_dex_pa_read ON dex_pa_records (dex_read_id);
CREATE INDEX idx_dex_pa_selection ON dex_pa_records (selection_number);
CREATE INDEX idx_activity_user ON user_activity_log (user_id);
CREATE INDEX idx_activity_session ON user_activity_log (session_id);
CREATE INDEX idx_activity_created ON user_activity_log (created_at);
CREATE INDEX idx_alerts_user ON activity_alerts (user_id);
CREATE INDEX idx_alerts_open ON activity_alerts (created_at) WHERE resolved_at IS NULL;
CREATE INDEX idx_articles_category ON knowledge_base_articles (category_id);
CREATE INDEX idx_articles_author ON knowledge_base_articles (author_id);

-- A driver's tablet asks for what changed since its last sync_version.
CREATE TRIGGER service_orders_sync AFTER UPDATE OF status, total_units, driver_id ON service_orders
BEGIN
  UPDATE service_orders SET sync_version = old.sync_version + 1, last_modified = CURRENT_TIMESTAMP WHERE id = new.id;
END;
CREATE TRIGGER devices_touch AFTER UPDATE OF asset, cooler, location_id, model, route_id, deleted_at ON devices
BEGIN
  UPDATE devices SET updated_at = CURRENT_TIMESTAMP WHERE id = new.id;
END;

PRAGMA user_version = 14;
COMMIT;
