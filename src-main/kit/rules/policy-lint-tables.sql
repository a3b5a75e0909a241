-- What policy-lint.sql reads. Whoever asks fills these tables: the kit from the server, the console from what it last saw and what is being
-- typed. Times are milliseconds since 1970; flags are 0 or 1; null: not known, and nothing is said about it.

CREATE TEMP TABLE policy_site (
  site INTEGER PRIMARY KEY,
  now INTEGER NOT NULL,
  zone TEXT NOT NULL,
  installed INTEGER,  -- whether timers run the schedule
  channels INTEGER,   -- how many there are for alerts
  free INTEGER,       -- bytes on the disk of the backups
  same_disk INTEGER,  -- whether that is the disk of the database
  not_taken INTEGER,  -- lines of the policy file that are no settings
  edited INTEGER,     -- whether the file is not as the kit has written it
  pace INTEGER,       -- bytes of backups that are verified in a second
  other_keys INTEGER  -- settings of the file that this kit does not know
);

CREATE TEMP TABLE policy_value (site INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (site, key));

-- The changes of the clocks in the next 400 days: when, and the offsets before and after, in seconds.
CREATE TEMP TABLE policy_clock (site INTEGER NOT NULL, at INTEGER NOT NULL, before INTEGER NOT NULL, after INTEGER NOT NULL);

-- The backups that are files.
CREATE TEMP TABLE policy_backup (site INTEGER NOT NULL, kind TEXT NOT NULL, origin TEXT NOT NULL, size INTEGER NOT NULL, taken_at INTEGER);
