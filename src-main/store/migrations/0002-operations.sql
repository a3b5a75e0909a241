-- The journal: a row is written before anything is asked of a server, so that whatever happens then can be found again.
CREATE TABLE operations (
  id               TEXT    NOT NULL PRIMARY KEY,
  site_id          TEXT    NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
  command          TEXT    NOT NULL,
  request          TEXT    NOT NULL,
  state            TEXT    NOT NULL CHECK (state IN ('queued', 'starting', 'running', 'ended', 'unknown')),
  remote_operation TEXT,
  event_offset     INTEGER NOT NULL DEFAULT 0,
  outcome          TEXT    CHECK (outcome IN ('succeeded', 'failed', 'rolled back', 'cancelled', 'unknown')),
  code             TEXT    NOT NULL DEFAULT '',
  message          TEXT    NOT NULL DEFAULT '',
  unchanged        TEXT    NOT NULL DEFAULT '',
  next             TEXT    NOT NULL DEFAULT '',
  data             TEXT,
  who              TEXT    NOT NULL,
  reason           TEXT    NOT NULL,
  created_at       INTEGER NOT NULL,
  ended_at         INTEGER,
  CHECK (state <> 'ended' OR outcome IS NOT NULL)
) STRICT;
CREATE INDEX operations_by_site ON operations (site_id, created_at DESC);
CREATE INDEX operations_unfinished ON operations (created_at) WHERE state <> 'ended';

-- What an operation said. Bounded by the program: one progress event a step, and the newest of the rest.
CREATE TABLE operation_events (
  operation_id TEXT    NOT NULL REFERENCES operations (id) ON DELETE CASCADE,
  seq          INTEGER NOT NULL,
  kind         TEXT    NOT NULL,
  event        TEXT    NOT NULL,
  PRIMARY KEY (operation_id, seq)
) STRICT, WITHOUT ROWID;
