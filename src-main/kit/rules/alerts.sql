-- What is wrong with a site now. The tables are in alerts-tables.sql; what becomes of it is in alerts-change.sql. One statement, for
-- sqlite3 3.26 or later.
--
-- A row for each alert: rule, subject, severity, level, since, measure, bound, detail. A higher level is worse. What the two numbers
-- and the detail mean, and the sentences, are in src-shared/domain/alert-words.ts.
WITH
site AS (SELECT * FROM alerts_site),
-- Those that a restore could use, and what should have been one.
regular AS (
  SELECT b.*,
    size > 0 AND verdict <> 'failed' AS good,
    -- The runbook's scripts write under the final name: what is not verified may be growing still.
    verdict <> 'never' OR site.now - at >= 600000 AS settled,
    CASE WHEN path LIKE '%.gz' THEN 'gz' ELSE 'plain' END AS form
  FROM alerts_backup b, site WHERE origin <> 'safety' AND NOT future
),
newest AS (
  SELECT k.kind, k.overdue, k.wanted, k.since,
    (SELECT max(at) FROM regular r WHERE r.kind = k.kind AND good) AS at,
    (SELECT max(at) FROM regular r WHERE r.kind = k.kind AND verdict IN ('verified', 'failed')) AS judged_at
  FROM alerts_kind k
),
databases AS (
  SELECT *, row_number() OVER (ORDER BY at DESC, path DESC) AS nth, row_number() OVER (PARTITION BY form ORDER BY at DESC, path DESC) AS nth_of_form
  FROM regular WHERE kind = 'database' AND settled
),
-- The size of the newest backup, and the ten before it; the same for the rows of each table.
size_past AS (
  SELECT size, row_number() OVER (ORDER BY size) AS place, count(*) OVER () AS many FROM (
    SELECT d.size FROM databases d JOIN databases n ON n.nth = 1 AND n.form = d.form
    WHERE d.nth > 1 AND d.good ORDER BY d.at DESC, d.path DESC LIMIT 10)
),
size_usual AS (SELECT avg(size) AS usual, max(many) AS many FROM size_past WHERE place IN ((many + 1) / 2, (many + 2) / 2)),
counted AS (
  SELECT r.subject, r.rows, b.at, row_number() OVER (PARTITION BY r.subject ORDER BY b.at DESC, b.path DESC) AS nth
  FROM alerts_rows r JOIN regular b ON b.path = r.path WHERE b.kind = 'database' AND b.good
),
rows_past AS (
  SELECT subject, rows, row_number() OVER (PARTITION BY subject ORDER BY rows) AS place, count(*) OVER (PARTITION BY subject) AS many
  FROM counted WHERE nth BETWEEN 2 AND 11
),
rows_usual AS (
  SELECT subject, avg(rows) AS usual, max(many) AS many FROM rows_past WHERE place IN ((many + 1) / 2, (many + 2) / 2) GROUP BY subject
),
-- Runs since the last success of their kind; what was skipped or cancelled says nothing.
bad_runs AS (
  SELECT kind, due_at, outcome, message FROM alerts_run r
  WHERE outcome NOT IN ('running', 'skipped', 'cancelled', 'succeeded')
    AND due_at > coalesce((SELECT max(due_at) FROM alerts_run s WHERE s.kind = r.kind AND s.outcome = 'succeeded'), -1)
),
-- Errors that nobody has acknowledged, of the last seven days, and those of alerts that are open: only a person clears these. What is dated
-- in the future was written by nobody's clock.
errors AS (
  SELECT e.log, e.at, e.text, known, row_number() OVER (PARTITION BY e.log ORDER BY e.at DESC, e.text DESC) AS nth
  FROM (SELECT log, at, text, max(known) AS known FROM alerts_error GROUP BY log, at, text) e LEFT JOIN alerts_mark m ON m.log = e.log, site
  WHERE e.at > coalesce(m.at, 0) AND (known > 0 OR e.at <= site.now + 300000 AND e.at > site.now - 604800000)
),
error_counts AS (SELECT log, max(count(*), max(known)) AS many, min(at) AS first, max(at) AS last, max(CASE nth WHEN 1 THEN text END) AS text FROM errors GROUP BY log),
-- One alert for each file system.
disks AS (
  SELECT *, row_number() OVER (PARTITION BY device ORDER BY need DESC, purpose) AS nth, max(need, total / 20) AS least FROM alerts_disk
),
runways AS (
  SELECT d.purpose, CAST(d.free / ((p.free - d.free) * 1.0 / (site.now - p.at)) / 86400000 AS INTEGER) AS days
  FROM disks d, site JOIN alerts_disk_past p ON p.purpose = d.purpose
  WHERE d.nth = 1 AND p.free > d.free
    AND p.at = (SELECT min(at) FROM alerts_disk_past q WHERE q.purpose = d.purpose AND q.at >= site.now - 604800000 AND q.at <= site.now - 72000000)
),
found (rule, subject, severity, level, since, measure, bound, detail) AS (
  SELECT 'unknown', part, CASE part WHEN 'backups' THEN 'error' ELSE 'warning' END, 0, now, NULL, NULL, why FROM alerts_unseen, site
  UNION ALL
  SELECT 'no-backup', kind, CASE kind WHEN 'database' THEN 'error' ELSE 'warning' END, 0, coalesce(since, now), NULL, overdue, '' FROM newest, site
  WHERE at IS NULL AND wanted AND (kind = 'database' OR now - since > overdue)
  UNION ALL
  SELECT 'backup-old', kind, CASE WHEN kind = 'database' OR now - at >= overdue * 4 THEN 'error' ELSE 'warning' END,
    (now - at >= overdue * 2) + (now - at >= overdue * 4) + (now - at >= overdue * 8), at + overdue, now - at, overdue, '' FROM newest, site
  WHERE wanted AND now - at > overdue
  UNION ALL
  SELECT 'backup-small', '', CASE size WHEN 0 THEN 'error' ELSE 'warning' END, 0, at, size, min_size, path FROM databases, site
  WHERE nth = 1 AND (size < min_size OR size = 0)
  UNION ALL
  SELECT 'backup-size', '', 'warning', 0, at, size, CAST(usual AS INTEGER), path FROM databases, size_usual, site
  WHERE nth = 1 AND good AND many >= 3 AND change > 0 AND abs(size - usual) * 100 > change * usual
  UNION ALL
  SELECT 'backup-rows', subject, CASE rows WHEN 0 THEN 'error' ELSE 'warning' END, 0, at, rows, CAST(usual AS INTEGER), ''
  FROM counted JOIN rows_usual USING (subject), site
  WHERE nth = 1 AND many >= 3 AND change > 0 AND usual >= 10 AND abs(rows - usual) * 100 > change * usual
  UNION ALL
  SELECT 'backups-in-future', '', 'warning', 0, now, count(*), NULL, min(path) FROM alerts_backup, site WHERE future GROUP BY now
  UNION ALL
  SELECT 'verification-failed', r.kind, 'error', 0, min(coalesce(verified_at, r.at)), count(*), NULL, max(path)
  FROM regular r JOIN newest n ON n.kind = r.kind AND n.judged_at = r.at WHERE verdict = 'failed' GROUP BY r.kind
  UNION ALL
  -- Whatever was verified since: it is a hole in the history until it is gone.
  SELECT 'backup-damaged', r.path, 'error', 0, coalesce(verified_at, r.at), NULL, NULL, r.kind
  FROM regular r JOIN newest n ON n.kind = r.kind AND n.judged_at <> r.at WHERE verdict = 'failed'
  UNION ALL
  SELECT 'verification-overdue', '', 'warning', 0, min(coalesce(verified_at, at)) + within * 86400000, count(*), within, min(path) FROM regular, site
  WHERE now - coalesce(verified_at, at) > within * 86400000 GROUP BY now
  UNION ALL
  SELECT 'run-failed', kind, 'error', (count(*) >= 2) + (count(*) >= 4) + (count(*) >= 8), min(due_at), count(*), NULL,
    (SELECT message FROM bad_runs l WHERE l.kind = b.kind AND l.outcome <> 'missed' ORDER BY due_at DESC LIMIT 1)
  FROM bad_runs b WHERE outcome <> 'missed' GROUP BY kind
  UNION ALL
  SELECT 'run-missed', kind, CASE WHEN count(*) >= 3 THEN 'error' ELSE 'warning' END, (count(*) >= 3) + (count(*) >= 6), min(due_at), count(*), NULL,
    (SELECT message FROM bad_runs l WHERE l.kind = b.kind AND l.outcome = 'missed' ORDER BY due_at DESC LIMIT 1)
  -- The one that looks is running.
  FROM bad_runs b WHERE outcome = 'missed' AND kind <> 'monitor' GROUP BY kind
  UNION ALL
  SELECT 'schedule-missing', '', 'warning', 0, now, NULL, NULL, '' FROM site WHERE planned AND NOT scheduled
  UNION ALL
  SELECT 'schedule-paused', '', 'warning', now - paused_since >= 604800000, paused_since, now - paused_since, NULL, '' FROM site
  WHERE scheduled AND now - paused_since >= 86400000
  UNION ALL
  SELECT 'schedule-changed', '', 'error', 0, now, NULL, NULL, '' FROM site WHERE scheduled AND changed
  UNION ALL
  SELECT 'kit-changed', '', 'error', 0, now, NULL, NULL, '' FROM site WHERE scheduled AND NOT intact
  UNION ALL
  SELECT 'log-errors', log, 'warning', (many >= 5) + (many >= 20), first, last, many, text FROM error_counts
  UNION ALL
  SELECT 'disk-low', purpose, CASE WHEN free < need OR free < total / 50 THEN 'error' ELSE 'warning' END, 0, now, free, least, '' FROM disks, site
  WHERE nth = 1 AND free < least
  UNION ALL
  SELECT 'disk-runway', purpose, CASE WHEN days < 3 THEN 'error' ELSE 'warning' END, (days < 7) + (days < 1), now, days, runway, '' FROM runways, site
  WHERE days < runway
  UNION ALL
  SELECT 'lock-held', '', CASE WHEN now - lock_since >= lock_limit * 4 THEN 'error' ELSE 'warning' END, 0, lock_since, now - lock_since, lock_limit, lock_holder
  FROM site WHERE now - lock_since > lock_limit
  UNION ALL
  SELECT 'service-down', service, 'error', 0, now, NULL, NULL, state FROM alerts_service, site WHERE NOT running
  UNION ALL
  SELECT 'health-failing', '', 'error', 0, now, NULL, NULL, words FROM alerts_health, site WHERE known AND NOT healthy
  UNION ALL
  SELECT 'health-unknown', '', 'warning', 0, now, NULL, NULL, '' FROM alerts_health, site WHERE NOT known
  UNION ALL
  SELECT 'clock-unsynchronized', '', 'warning', 0, now, NULL, NULL, '' FROM site WHERE NOT synchronized
  UNION ALL
  -- As rotation judges it: by the time since the server started, which never jumps.
  SELECT 'clock-jumped', '', 'warning', 0, now,
    CASE WHEN seen_at > now + 300000 THEN seen_at - now WHEN same_boot THEN abs((now - seen_at) - (up - seen_up)) ELSE NULL END, NULL, '' FROM site
  WHERE seen_at > now + 300000 OR same_boot AND abs((now - seen_at) - (up - seen_up)) > 300000 + abs(up - seen_up) / 1000 OR jumped AND NOT coalesce(same_boot, 0)
  UNION ALL
  SELECT 'restore-unfinished', '', 'error', 0, now, NULL, NULL, unfinished FROM site WHERE unfinished IS NOT NULL
  UNION ALL
  SELECT 'records-lost', '', 'warning', 0, loss_at, now - loss_at, NULL, '' FROM site WHERE now - loss_at < 604800000
  UNION ALL
  SELECT 'policy', rule, 'error', 0, now, NULL, NULL, sentence FROM alerts_finding, site
  UNION ALL
  SELECT 'channel-failing', channel, 'error', (failures >= 3) + (failures >= 24), coalesce(failed_at, now), failures, NULL, why FROM alerts_channel, site
  WHERE failures > 0
)
SELECT rule, subject, severity, level + CASE severity WHEN 'error' THEN 100 ELSE 0 END AS level,
  CASE WHEN since > now THEN now ELSE since END AS since, measure, bound, detail
FROM found, site
WHERE NOT EXISTS (SELECT 1 FROM alerts_need n WHERE n.rule = found.rule AND part NOT IN (SELECT part FROM alerts_seen))
ORDER BY severity, rule, subject
