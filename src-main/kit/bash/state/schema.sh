# --- STATE/state.db: what is known, and how it is written ---------------------------------------------------------------------
#
# All SQL on it is constant. What comes from outside is never part of a statement: it is imported as rows of a temporary
# table, `said`, and every table refuses a text that is not a percent-encoded word. Rows of `said` are a word and up to 13 fields:
#   made         PATH SIZE MODIFIED KIND ORIGIN TAKEN-AT          verdict  PATH SIZE MODIFIED VERDICT AT BASIS SHA256 REASON
#   hold         PATH AT WHO REASON                               release  PATH
#   fingerprint  NAME PATH KIND SHA256 SIZE TAKEN-AT              fact     NAME KEY VALUE
#   table        NAME N TABLE ROWS MAX-ROWID NEWEST               members  NAME
#   member       NAME N TYPE MODE UID GID SIZE SHA256 PATH TARGET loss     AT REASON
#   operation    ID COMMAND STARTED ENDED WHO REASON OUTCOME CODE MESSAGE PHASE BACKUP TOKEN PART
#   run          KIND DUE-AT BEGAN ENDED OUTCOME CODE MESSAGE OPERATION KIT      lapsed   the same, for a run that there was not
#   ahead        NOW: what is dated later is wrong, since the clock was
#   end          last, so that a writer that was killed writes nothing
# Times are milliseconds since 1970; MODIFIED is what find prints; NAME is the name of a backup without its folder.

readonly STATE_VERSION=1 STATE_APPLICATION=43564442 # CVDB

# Made where it is not: kits that know nothing of it share the file.
readonly STATE_RUNS="
CREATE TABLE IF NOT EXISTS run (
  kind TEXT NOT NULL, due_at INTEGER NOT NULL, began_at INTEGER, ended_at INTEGER, outcome TEXT NOT NULL, code TEXT NOT NULL,
  message TEXT NOT NULL, operation TEXT NOT NULL, kit TEXT NOT NULL, PRIMARY KEY (kind, due_at),
  CHECK (typeof(due_at) = 'integer' AND typeof(began_at) IN ('integer', 'null') AND typeof(ended_at) IN ('integer', 'null')),
  CHECK (kind || outcome || code || message || operation || kit NOT GLOB '*[^A-Za-z0-9._/%-]*')) WITHOUT ROWID;
"

readonly STATE_SCHEMA="
PRAGMA application_id = 0x$STATE_APPLICATION;
PRAGMA user_version = $STATE_VERSION;
BEGIN;
CREATE TABLE backup (
  path TEXT NOT NULL PRIMARY KEY, size INTEGER NOT NULL, modified TEXT NOT NULL, kind TEXT NOT NULL, origin TEXT NOT NULL,
  taken_at INTEGER NOT NULL, CHECK (typeof(size) || typeof(taken_at) = 'integerinteger'),
  CHECK (path || modified || kind || origin NOT GLOB '*[^A-Za-z0-9._/%-]*')) WITHOUT ROWID;
CREATE TABLE verdict (
  n INTEGER PRIMARY KEY, path TEXT NOT NULL, size INTEGER NOT NULL, modified TEXT NOT NULL, verdict TEXT NOT NULL,
  at INTEGER NOT NULL, basis TEXT NOT NULL, sha256 TEXT NOT NULL, reason TEXT NOT NULL,
  CHECK (typeof(size) || typeof(at) = 'integerinteger'),
  CHECK (path || modified || verdict || basis || sha256 || reason NOT GLOB '*[^A-Za-z0-9._/%-]*'));
CREATE INDEX verdict_of ON verdict (path, n);
CREATE TABLE hold (
  path TEXT NOT NULL PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, reason TEXT NOT NULL,
  CHECK (typeof(at) = 'integer'), CHECK (path || who || reason NOT GLOB '*[^A-Za-z0-9._/%-]*')) WITHOUT ROWID;
CREATE TABLE fingerprint (
  name TEXT NOT NULL PRIMARY KEY, path TEXT NOT NULL, kind TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
  taken_at INTEGER, CHECK (typeof(size) = 'integer' AND typeof(taken_at) IN ('integer', 'null')),
  CHECK (name || path || kind || sha256 NOT GLOB '*[^A-Za-z0-9._/%-]*')) WITHOUT ROWID;
CREATE TABLE fact (
  name TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name, key),
  CHECK (name || key || value NOT GLOB '*[^A-Za-z0-9._/%-]*')) WITHOUT ROWID;
CREATE TABLE table_count (
  name TEXT NOT NULL, n INTEGER NOT NULL, \"table\" TEXT NOT NULL, rows TEXT NOT NULL, max_rowid TEXT NOT NULL,
  newest TEXT NOT NULL, PRIMARY KEY (name, n), CHECK (typeof(n) = 'integer'),
  CHECK (name || \"table\" || rows || max_rowid || newest NOT GLOB '*[^A-Za-z0-9._/%-]*')) WITHOUT ROWID;
CREATE TABLE member (
  name TEXT NOT NULL, n INTEGER NOT NULL, type TEXT NOT NULL, mode TEXT NOT NULL, uid TEXT NOT NULL, gid TEXT NOT NULL,
  size TEXT NOT NULL, sha256 TEXT NOT NULL, path TEXT NOT NULL, target TEXT NOT NULL, PRIMARY KEY (name, n),
  CHECK (typeof(n) = 'integer'),
  CHECK (name || type || mode || uid || gid || size || sha256 || path || target NOT GLOB '*[^A-Za-z0-9._/%-]*')) WITHOUT ROWID;
CREATE TABLE operation (
  id TEXT NOT NULL PRIMARY KEY, command TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER, who TEXT NOT NULL,
  reason TEXT NOT NULL, outcome TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, phase TEXT NOT NULL,
  backup TEXT NOT NULL, token TEXT NOT NULL, part TEXT NOT NULL,
  CHECK (typeof(started_at) = 'integer' AND typeof(ended_at) IN ('integer', 'null')),
  CHECK (id || command || who || reason || outcome || code || message || phase || backup || token || part
    NOT GLOB '*[^A-Za-z0-9._/%-]*')) WITHOUT ROWID;
CREATE INDEX operation_token ON operation (token) WHERE token <> '';
CREATE TABLE missing (path TEXT NOT NULL PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE loss (at INTEGER NOT NULL, reason TEXT NOT NULL);
CREATE TABLE pruned (at INTEGER NOT NULL);
INSERT INTO pruned VALUES (0);
$STATE_RUNS
COMMIT;
"

readonly STATE_TEMPORARY="
PRAGMA synchronous = EXTRA;
CREATE TEMP TABLE said (word, a, b, c, d, e, f, g, h, i, j, k, l, m);
CREATE TEMP TABLE listed (line);
CREATE TEMP TABLE whole (n CHECK (n = 1));
"

readonly STATE_BEGIN="
CREATE INDEX temp.said_of ON said (word, a);
BEGIN IMMEDIATE;
$STATE_RUNS
INSERT INTO temp.whole SELECT count(*) FROM said WHERE word = 'end';
"

# What was said last about something counts. At most a hundred verdicts of a file are kept.
readonly STATE_APPLY="
INSERT OR REPLACE INTO backup SELECT a, b, c, d, e, f FROM said WHERE word = 'made' ORDER BY rowid;
INSERT OR REPLACE INTO verdict (path, size, modified, verdict, at, basis, sha256, reason)
  SELECT a, b, c, d, e, f, g, h FROM said WHERE word = 'verdict' ORDER BY rowid;
DELETE FROM verdict WHERE n IN (SELECT old.n FROM (SELECT DISTINCT a FROM said WHERE word = 'verdict') JOIN verdict old ON old.path = a
  WHERE old.n <= (SELECT n FROM verdict WHERE path = a ORDER BY n DESC LIMIT 1 OFFSET 100));
DELETE FROM hold WHERE path IN (SELECT a FROM said WHERE word IN ('hold', 'release'));
INSERT OR REPLACE INTO hold SELECT a, b, c, d FROM said one WHERE word = 'hold'
  AND NOT EXISTS (SELECT 1 FROM said later WHERE later.word IN ('hold', 'release') AND later.a = one.a AND later.rowid > one.rowid);
DELETE FROM fact WHERE name IN (SELECT a FROM said WHERE word = 'fingerprint');
DELETE FROM table_count WHERE name IN (SELECT a FROM said WHERE word = 'fingerprint');
INSERT OR REPLACE INTO fingerprint SELECT a, b, c, d, e, nullif(f, '') FROM said WHERE word = 'fingerprint';
INSERT OR REPLACE INTO fact SELECT a, b, c FROM said WHERE word = 'fact';
INSERT OR REPLACE INTO table_count SELECT a, b, c, d, e, f FROM said WHERE word = 'table';
DELETE FROM member WHERE name IN (SELECT a FROM said WHERE word = 'members');
INSERT OR REPLACE INTO member SELECT a, b, c, d, e, f, g, h, i, j FROM said WHERE word = 'member' ORDER BY rowid;
INSERT OR REPLACE INTO operation SELECT a, b, c, nullif(d, ''), e, f, g, h, i, j, k, l, m FROM said WHERE word = 'operation';
INSERT OR REPLACE INTO loss SELECT a, b FROM said WHERE word = 'loss';
DELETE FROM run WHERE outcome <> 'running' AND due_at > (SELECT 0 + a FROM said WHERE word = 'ahead');
INSERT OR REPLACE INTO run SELECT a, b, nullif(c, ''), nullif(d, ''), e, f, g, h, i FROM said WHERE word = 'run';
INSERT OR IGNORE INTO run SELECT a, b, NULL, NULL, e, f, g, '', '' FROM said WHERE word = 'lapsed';
COMMIT;
"

# Everything as it was said, for what can still be read of a damaged state.db: what people said first.
readonly STATE_SAID="
SELECT 'hold', path, at, who, reason, '', '', '', '', '', '', '', '', '' FROM hold;
SELECT 'loss', at, reason, '', '', '', '', '', '', '', '', '', '', '' FROM loss;
SELECT 'made', path, size, modified, kind, origin, taken_at, '', '', '', '', '', '', '' FROM backup;
SELECT 'verdict', path, size, modified, verdict, at, basis, sha256, reason, '', '', '', '', '' FROM verdict ORDER BY n;
SELECT 'fingerprint', name, path, kind, sha256, size, taken_at, '', '', '', '', '', '', '' FROM fingerprint;
SELECT 'fact', name, key, value, '', '', '', '', '', '', '', '', '', '' FROM fact;
SELECT 'table', name, n, \"table\", rows, max_rowid, newest, '', '', '', '', '', '', '' FROM table_count;
SELECT 'operation', id, command, started_at, ended_at, who, reason, outcome, code, message, phase, backup, token, part FROM operation;
SELECT 'member', name, n, type, mode, uid, gid, size, sha256, path, target, '', '', '' FROM member;
SELECT 'run', kind, due_at, began_at, ended_at, outcome, code, message, operation, kit, '', '', '', '' FROM run;
"
