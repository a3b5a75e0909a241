-- What verification.sql reads. Times are milliseconds since 1970, flags 0 or 1. Site only keeps histories apart.

CREATE TEMP TABLE verification_site (
  site INTEGER PRIMARY KEY,
  now INTEGER NOT NULL,
  budget INTEGER NOT NULL, -- milliseconds for those beyond the newest; 0: none
  pace INTEGER             -- bytes that are verified in a second; null: not known
);

CREATE TEMP TABLE verification_backup (
  site INTEGER NOT NULL,
  path TEXT NOT NULL,
  kind TEXT NOT NULL,
  scheduled INTEGER NOT NULL, -- whether the schedule makes backups of this kind
  size INTEGER NOT NULL,
  taken_at INTEGER NOT NULL,  -- recorded time, or that of the file
  usable INTEGER NOT NULL,    -- whether a restore could use it: not left by a restore, not empty, not dated in the future
  judged_at INTEGER,          -- when it was verified last; null: never
  PRIMARY KEY (site, path)
);
