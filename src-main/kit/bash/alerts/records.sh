# --- What is recorded of alerts -------------------------------------------------------------------------------------------------
#
# An alert is a row of state.db from the look that found it until 90 days after the one that did not find it any more. What was
# found is imported as rows of `said`, of which the rule's tables are filled (alerts/facts.sh says what they are). The tables came after the
# first kits with a state.db, which do not mind them.

readonly ALERTS_SCHEMA="
CREATE TABLE IF NOT EXISTS alert (
  n INTEGER PRIMARY KEY, rule TEXT NOT NULL, subject TEXT NOT NULL, severity TEXT NOT NULL, level INTEGER NOT NULL, since INTEGER NOT NULL,
  seen_at INTEGER NOT NULL, cleared_at INTEGER, measure INTEGER, bound INTEGER, detail TEXT NOT NULL, acked_at INTEGER,
  acked_who TEXT NOT NULL DEFAULT '', acked_reason TEXT NOT NULL DEFAULT '', acked_until INTEGER, acked_level INTEGER,
  returned INTEGER NOT NULL DEFAULT 0, told_at INTEGER, told_level INTEGER, told_cleared INTEGER NOT NULL DEFAULT 0,
  CHECK (typeof(level) || typeof(since) || typeof(seen_at) = 'integerintegerinteger' AND typeof(cleared_at) IN ('integer', 'null')
    AND typeof(acked_at) IN ('integer', 'null') AND typeof(acked_until) IN ('integer', 'null')),
  CHECK (rule || subject || severity || detail || acked_who || acked_reason NOT GLOB '*[^A-Za-z0-9._/%-]*'));
CREATE UNIQUE INDEX IF NOT EXISTS alert_open ON alert (rule, subject) WHERE cleared_at IS NULL;
CREATE TABLE IF NOT EXISTS monitored (at INTEGER NOT NULL, CHECK (typeof(at) = 'integer'));
CREATE TABLE IF NOT EXISTS disk (purpose TEXT NOT NULL, at INTEGER NOT NULL, free INTEGER NOT NULL,
  CHECK (typeof(at) || typeof(free) = 'integerinteger'), CHECK (purpose NOT GLOB '*[^a-z]*'));
"

# The tables of the rule, from `said` and from what is recorded.
readonly ALERTS_ASK="
INSERT INTO alerts_site SELECT s.a, s.b, s.c, c.at, c.up, CASE WHEN c.at IS NULL THEN NULL ELSE c.boot = s.m AND 0 + s.c >= c.up END,
    coalesce(c.jumped, 0), nullif(s.d, ''), nullif(s.e, ''), (SELECT max(at) FROM loss WHERE at <= 0 + s.a), s.f, s.g,
    CASE s.l WHEN '1' THEN (SELECT coalesce(min(due_at), 0 + s.a) FROM run WHERE outcome = 'skipped' AND code = 'paused' AND due_at >
      coalesce((SELECT max(due_at) FROM run WHERE outcome NOT IN ('skipped', 'missed') AND kind <> 'monitor'), 0)) END,
    s.h, s.i, nullif(s.j, ''), s.k, l.a, l.b, l.c, l.d, l.e
  FROM said s JOIN said l ON l.word = 'limits' LEFT JOIN (SELECT * FROM clock LIMIT 1) c WHERE s.word = 'site' LIMIT 1;
INSERT OR IGNORE INTO alerts_seen VALUES ('site');
INSERT OR IGNORE INTO alerts_seen SELECT a FROM said WHERE word = 'seen';
INSERT OR IGNORE INTO alerts_unseen SELECT a, b FROM said WHERE word = 'unseen';
INSERT OR IGNORE INTO alerts_kind SELECT a, b, c, nullif(d, '') FROM said WHERE word = 'kind';
INSERT OR IGNORE INTO alerts_backup SELECT a, b, c, d, e, f, g, nullif(h, '-'), i FROM said WHERE word = 'backup';
CREATE TEMP TABLE rows_of AS SELECT b.path, b.name FROM alerts_backup b JOIN fingerprint f ON f.name = b.name AND f.size = b.size
  WHERE b.kind = 'database' AND origin <> 'safety' AND verdict <> 'failed' AND b.size > 0 AND NOT future ORDER BY b.at DESC, b.path DESC LIMIT 11;
INSERT OR IGNORE INTO alerts_rows SELECT path, \"table\", 0 + rows FROM rows_of JOIN table_count USING (name)
  WHERE lower(\"table\") IN (SELECT lower(a) FROM said WHERE word = 'watched') AND rows GLOB '[0-9]*';
INSERT OR IGNORE INTO alerts_rows SELECT path, '', sum(0 + rows) FROM rows_of JOIN table_count USING (name) WHERE rows GLOB '[0-9]*' GROUP BY path;
INSERT OR IGNORE INTO alerts_run SELECT kind, due_at, outcome, message FROM run, alerts_site WHERE kind IN (SELECT a FROM said WHERE word = 'planned')
  AND due_at > now - 3024000000 AND due_at <= now + 60000;
INSERT OR IGNORE INTO alerts_run SELECT a, b, 'missed', c FROM said WHERE word = 'missing' ORDER BY rowid;
INSERT INTO alerts_error (log, at, text) SELECT log, at, text FROM (
    SELECT a AS log, 1000 * strftime('%s', printf('%s-%s-%s %s:%s:%s', substr(b, 1, 4), substr(b, 5, 2), substr(b, 7, 2), substr(b, 9, 2),
      substr(b, 11, 2), substr(b, 13, 2)), 'utc') AS at, c AS text FROM said WHERE word = 'error')
  WHERE at IS NOT NULL;
-- A log that was replaced does not take its errors along, nor do they grow too old.
INSERT INTO alerts_error SELECT subject, measure, detail, bound FROM alert WHERE rule = 'log-errors' AND cleared_at IS NULL;
-- What was acknowledged while the clock was ahead would hide everything until then.
INSERT INTO alerts_mark SELECT subject, max(measure) FROM alert WHERE rule = 'log-errors' AND acked_at IS NOT NULL
  AND measure <= (SELECT now + 300000 FROM alerts_site) GROUP BY subject;
INSERT OR IGNORE INTO alerts_disk SELECT a, b, c, d, e FROM said WHERE word = 'disk';
INSERT INTO alerts_disk_past SELECT purpose, at, free FROM disk;
INSERT OR IGNORE INTO alerts_service SELECT a, b, c FROM said WHERE word = 'service';
INSERT INTO alerts_health SELECT a, b, c FROM said WHERE word = 'health' LIMIT 1;
INSERT OR IGNORE INTO alerts_channel SELECT name, failures, failed_at, why FROM channel;
INSERT OR IGNORE INTO alerts_seen VALUES ('channels');
INSERT OR IGNORE INTO alerts_finding SELECT a, b FROM said WHERE word = 'finding';
"

# What has changed, and what to tell: rows `opened`, `cleared` and `open` of ALERT_ROW, and `tell N LEVEL WHAT` before one.
readonly ALERTS_ANSWER="
INSERT INTO disk SELECT a, now, 0 + d FROM said, alerts_site WHERE word = 'disk';
DELETE FROM disk WHERE at <= (SELECT now FROM alerts_site) - 1209600000 OR at > (SELECT now FROM alerts_site);
DELETE FROM monitored;
INSERT INTO monitored SELECT now FROM alerts_site;
COMMIT;
SELECT what, $ALERT_ROW FROM changed JOIN alert USING (n) ORDER BY n;
SELECT 'tell', n, tell.level, what, $ALERT_ROW FROM tell JOIN alert USING (n) ORDER BY severity, n;
SELECT 'open', count(*) FROM alert WHERE cleared_at IS NULL;
"

readonly ALERTS_TOLD="
UPDATE alert SET told_at = (SELECT 0 + c FROM said WHERE word = 'told' AND a = n), told_level = (SELECT 0 + b FROM said WHERE word = 'told' AND a = n),
    returned = 0, told_cleared = cleared_at IS NOT NULL
  WHERE n IN (SELECT 0 + a FROM said WHERE word = 'told');
COMMIT;
"

# alerts_change SQL FUNCTION ARG...: like state_change, but REPLY = the rows that the statements print; status 1 with STATE_CODE and
# STATE_PROBLEM.
alerts_change() {
  local said
  state_ready || return 1
  said=$({ "${@:2}" && state_record end; } | state_sqlite said "$STATE_BEGIN $ROTATION_SCHEMA $CHANNEL_SCHEMA $ALERTS_SCHEMA $1 SELECT 'whole';" 2>&1)
  REPLY=${said%whole}
  [[ $said != whole && $said != *$'\nwhole' ]] || return 0
  state_failed "$said"
  return 1
}

# alerts_made: status 0 if alerts were recorded; otherwise REPLY = none if there cannot be any, or unknown.
alerts_made() {
  local lines=()
  mapfile -t lines < <(state_rows "SELECT 'alert' FROM sqlite_master WHERE type = 'table' AND name = 'monitored';" </dev/null)
  REPLY=unknown
  [[ ${lines[*]-} == 'alert whole' ]] && return 0
  [[ ${lines[*]-} != whole ]] || REPLY=none
  return 1
}
