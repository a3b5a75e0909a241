-- What retention.sql reads. Whoever asks fills these tables: the kit from the list of the server, the console from what it
-- last saw. Times are milliseconds since 1970, and spans milliseconds; flags are 0 or 1. site only keeps histories apart.

CREATE TEMP TABLE retention_site (
  site INTEGER PRIMARY KEY,
  now INTEGER NOT NULL,
  up INTEGER,              -- time since the server started; null: not known, and the clock is not judged
  seen_at INTEGER,         -- now and up at the last rotation; null: there was none
  seen_up INTEGER,
  same_boot INTEGER,       -- whether the server was not restarted since
  jumped INTEGER NOT NULL, -- whether the clock was found to have jumped, and nobody has accepted it since
  gap INTEGER NOT NULL,    -- whether not all backups, or not all records of them, could be read
  unfinished INTEGER NOT NULL -- whether a restore is unfinished
);

CREATE TEMP TABLE retention_policy (
  site INTEGER NOT NULL,
  kind TEXT NOT NULL,      -- a kind of backup; safety: safety copies; rejected: rejected and stray files
  days INTEGER NOT NULL,
  most INTEGER,            -- null: any number
  hourly INTEGER NOT NULL, daily INTEGER NOT NULL, weekly INTEGER NOT NULL, monthly INTEGER NOT NULL,
  overdue INTEGER,         -- age at which the newest backup is too old
  PRIMARY KEY (site, kind)
);

CREATE TEMP TABLE retention_backup (
  site INTEGER NOT NULL,
  path TEXT NOT NULL,
  kind TEXT NOT NULL,
  origin TEXT NOT NULL,    -- manual, scheduled, foreign, safety, rejected
  size INTEGER,            -- null: a folder
  taken_at INTEGER,        -- recorded time; null: not known. Never the time of modification
  local_at INTEGER,        -- the same as the clocks of the server showed it, counted as if in UTC
  verdict TEXT NOT NULL,   -- verified, failed, inconclusive, never
  held INTEGER NOT NULL,
  used INTEGER NOT NULL,   -- whether a program has it open
  known INTEGER NOT NULL,  -- whether its name, its place and its records are those of a backup of this site
  PRIMARY KEY (site, path)
);
