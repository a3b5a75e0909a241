-- What alerts.sql and alerts-change.sql read. The kit fills these tables from one look at the site and from state.db. Times are
-- milliseconds since 1970, and spans milliseconds; flags are 0 or 1; texts are percent-encoded words.

CREATE TEMP TABLE alerts_site (
  now INTEGER NOT NULL,
  quiet INTEGER NOT NULL,       -- whether warnings are not told now
  up INTEGER,                   -- time since the server started
  seen_at INTEGER,              -- now and up at the last rotation; null: there was none
  seen_up INTEGER,
  same_boot INTEGER,            -- whether the server was not restarted since
  jumped INTEGER NOT NULL,      -- whether the clock was found to have jumped, and nobody has accepted it since
  synchronized INTEGER,         -- null: not known
  unfinished TEXT,              -- the operation of a restore that is not finished
  loss_at INTEGER,              -- when records were lost last
  scheduled INTEGER NOT NULL,   -- whether a schedule is installed
  planned INTEGER NOT NULL,     -- whether the policy has one
  paused_since INTEGER,
  changed INTEGER NOT NULL,     -- whether the timers are not those of the policy
  intact INTEGER NOT NULL,      -- whether the installed kit is the one that was installed
  lock_since INTEGER,           -- null: nobody has the lock, or it is not known since when
  lock_holder TEXT,
  min_size INTEGER NOT NULL, change INTEGER NOT NULL, runway INTEGER NOT NULL, lock_limit INTEGER NOT NULL, within INTEGER NOT NULL
);

-- What the look could see. An alert whose rule needs what was not seen is neither opened nor cleared.
CREATE TEMP TABLE alerts_seen (part TEXT PRIMARY KEY);
-- What should have been seen and was not, and why.
CREATE TEMP TABLE alerts_unseen (part TEXT PRIMARY KEY, why TEXT NOT NULL);

CREATE TEMP TABLE alerts_kind (
  kind TEXT PRIMARY KEY,
  overdue INTEGER NOT NULL,     -- age at which the newest backup is too old
  wanted INTEGER NOT NULL,      -- whether there should be backups of this kind
  since INTEGER                 -- since when the schedule makes them; null: it does not
);
CREATE TEMP TABLE alerts_backup (
  path TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, origin TEXT NOT NULL, size INTEGER NOT NULL,
  at INTEGER NOT NULL, verdict TEXT NOT NULL, verified_at INTEGER, future INTEGER NOT NULL
);
CREATE TEMP TABLE alerts_rows (path TEXT NOT NULL, subject TEXT NOT NULL, rows INTEGER NOT NULL, PRIMARY KEY (path, subject));
CREATE TEMP TABLE alerts_run (kind TEXT NOT NULL, due_at INTEGER NOT NULL, outcome TEXT NOT NULL, message TEXT NOT NULL, PRIMARY KEY (kind, due_at));
CREATE TEMP TABLE alerts_error (
  log TEXT NOT NULL, at INTEGER NOT NULL, text TEXT NOT NULL,
  known INTEGER NOT NULL DEFAULT 0 -- the newest of an alert that is open: how many errors that is about
);
-- Up to when the errors of a log are acknowledged.
CREATE TEMP TABLE alerts_mark (log TEXT PRIMARY KEY, at INTEGER NOT NULL);
CREATE TEMP TABLE alerts_disk (
  purpose TEXT PRIMARY KEY, device TEXT NOT NULL, total INTEGER NOT NULL, free INTEGER NOT NULL, need INTEGER NOT NULL
);
CREATE TEMP TABLE alerts_disk_past (purpose TEXT NOT NULL, at INTEGER NOT NULL, free INTEGER NOT NULL);
CREATE TEMP TABLE alerts_service (service TEXT PRIMARY KEY, state TEXT NOT NULL, running INTEGER NOT NULL);
CREATE TEMP TABLE alerts_health (known INTEGER NOT NULL, healthy INTEGER NOT NULL, words TEXT NOT NULL);
CREATE TEMP TABLE alerts_channel (channel TEXT PRIMARY KEY, failures INTEGER NOT NULL, failed_at INTEGER, why TEXT NOT NULL);
-- Contradictions in the policy, as the linter found them.
CREATE TEMP TABLE alerts_finding (rule TEXT PRIMARY KEY, sentence TEXT NOT NULL);

-- Of each rule, what a look must have seen to judge it.
CREATE TEMP TABLE alerts_need (rule TEXT NOT NULL, part TEXT NOT NULL);
INSERT INTO alerts_need VALUES
  ('unknown', 'site'), ('no-backup', 'backups'), ('backup-old', 'backups'), ('backup-small', 'backups'), ('backup-size', 'backups'),
  ('backup-rows', 'backups'), ('backups-in-future', 'backups'), ('verification-failed', 'backups'), ('backup-damaged', 'backups'), ('verification-overdue', 'backups'),
  ('run-failed', 'runs'), ('run-missed', 'runs'), ('schedule-missing', 'schedule'), ('schedule-paused', 'schedule'),
  ('schedule-changed', 'schedule'), ('kit-changed', 'schedule'), ('log-errors', 'logs'), ('disk-low', 'disk'), ('disk-runway', 'disk'),
  ('lock-held', 'lock'), ('service-down', 'services'), ('health-failing', 'health'), ('health-unknown', 'health'),
  ('clock-unsynchronized', 'synchronization'), ('clock-jumped', 'site'), ('restore-unfinished', 'site'), ('records-lost', 'site'),
  ('policy', 'policy'), ('channel-failing', 'channels');
