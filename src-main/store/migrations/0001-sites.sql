-- The sites of this console, and what each looked like when it was last inspected.
CREATE TABLE sites (
  id         TEXT    NOT NULL PRIMARY KEY,
  name       TEXT    NOT NULL,
  -- The name folded to one case by the program: SQLite's own NOCASE knows ASCII only.
  name_key   TEXT    NOT NULL UNIQUE,
  colour     TEXT    NOT NULL,
  target     TEXT    NOT NULL,
  sudo       TEXT    NOT NULL CHECK (sudo IN ('none', 'passwordless', 'password')),
  root       TEXT    NOT NULL,
  host_name  TEXT    NOT NULL,
  machine_id TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE inspections (
  site_id    TEXT    NOT NULL PRIMARY KEY REFERENCES sites (id) ON DELETE CASCADE,
  at         INTEGER NOT NULL,
  inspection TEXT    NOT NULL
) STRICT;
