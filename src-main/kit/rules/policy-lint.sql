-- Contradictions in a policy, and what it does not do on this site. The tables are in policy-lint-tables.sql. One statement, which the kit runs
-- with sqlite3 (3.26 or later) and the console with better-sqlite3.
--
-- A row for each finding: site, rule, severity, keys (separated by blanks), measure, bound, and the texts a to e of its sentence. The sentences
-- are in src-shared/domain/policy-words.ts.
WITH
-- How often something runs: the longest time between two runs, and how many there are in a day.
often AS (
  SELECT site, substr(key, 10) AS kind, value,
    CASE WHEN value LIKE 'every %' THEN CAST(substr(value, 7) AS INTEGER) WHEN value LIKE 'daily %' THEN 24
      WHEN value LIKE 'monthly %' THEN 744 WHEN value LIKE '%day %' THEN 168 END AS hours,
    CASE WHEN value LIKE 'every %' THEN 24.0 / CAST(substr(value, 7) AS INTEGER) WHEN value LIKE 'daily %' THEN 1.0
      WHEN value LIKE 'monthly %' THEN 12 / 365.0 WHEN value LIKE '%day %' THEN 1 / 7.0 END AS per_day,
    -- A time of the day, in minutes; and of which days.
    CASE WHEN value LIKE '%:%' THEN CAST(substr(value, -5, 2) AS INTEGER) * 60 + CAST(substr(value, -2) AS INTEGER) END AS minute,
    CASE substr(value, 1, 3) WHEN 'sun' THEN 0 WHEN 'mon' THEN CASE WHEN value LIKE 'monday %' THEN 1 END WHEN 'tue' THEN 2
      WHEN 'wed' THEN 3 WHEN 'thu' THEN 4 WHEN 'fri' THEN 5 WHEN 'sat' THEN 6 END AS weekday,
    CASE WHEN value LIKE 'monthly %' THEN CAST(substr(value, 9, 2) AS INTEGER) END AS month_day
  FROM policy_value
  WHERE key IN ('schedule_database', 'schedule_application', 'schedule_config', 'schedule_system', 'schedule_verify', 'schedule_rotate',
    'schedule_monitor')
),
number AS (
  SELECT site, key, CAST(value AS INTEGER) AS n FROM policy_value
  WHERE key IN ('backup_max_age', 'application_max_age', 'system_max_age', 'verify_budget', 'verify_within', 'alert_min_size')
),
keeps AS (
  SELECT site, substr(key, 11) AS kind, CAST(substr(value, 6) AS INTEGER) AS days,
    CASE WHEN instr(value, ' most ') > 0 THEN CAST(substr(value, instr(value, ' most ') + 6) AS INTEGER) END AS most,
    CASE WHEN instr(value, ' hourly ') > 0 THEN CAST(substr(value, instr(value, ' hourly ') + 8) AS INTEGER) ELSE 0 END AS hourly,
    CASE WHEN instr(value, ' daily ') > 0 THEN CAST(substr(value, instr(value, ' daily ') + 7) AS INTEGER) ELSE 0 END AS daily,
    CASE WHEN instr(value, ' weekly ') > 0 THEN CAST(substr(value, instr(value, ' weekly ') + 8) AS INTEGER) ELSE 0 END AS weekly,
    CASE WHEN instr(value, ' monthly ') > 0 THEN CAST(substr(value, instr(value, ' monthly ') + 9) AS INTEGER) ELSE 0 END AS monthly
  FROM policy_value
  WHERE key IN ('retention_database', 'retention_application', 'retention_config', 'retention_systemd', 'retention_system')
),
ranked AS (
  SELECT site, kind, size, row_number() OVER (PARTITION BY site, kind ORDER BY taken_at DESC, size) AS n
  FROM policy_backup WHERE origin IN ('manual', 'scheduled') AND taken_at IS NOT NULL
),
recent AS (SELECT site, kind, sum(size) / count(*) AS size, max(CASE WHEN n = 1 THEN size END) AS newest FROM ranked WHERE n <= 5 GROUP BY site, kind),
present AS (SELECT site, kind, sum(size) AS bytes FROM policy_backup GROUP BY site, kind),
-- What there will be of a kind once rotation deletes as much as is made: those young enough, and what stands for older times.
kinds AS (
  SELECT k.site, k.kind, k.days, k.most, k.hourly + k.daily + k.weekly + k.monthly AS tiers, o.hours, o.per_day,
    coalesce(p.bytes, 0) AS bytes, coalesce(r.size, 0) AS size, r.newest,
    CASE WHEN o.per_day IS NULL THEN 0 ELSE
      min(coalesce(k.most, 1000000), o.per_day * k.days) + max(0, min(k.hourly, k.hourly * o.per_day / 24) - k.days * o.per_day)
      + max(0, k.daily - k.days) + max(0, k.weekly - k.days / 7) + max(0, k.monthly - k.days / 30) END AS files
  FROM keeps k LEFT JOIN often o ON o.site = k.site AND o.kind = k.kind
  LEFT JOIN present p ON p.site = k.site AND p.kind = k.kind LEFT JOIN recent r ON r.site = k.site AND r.kind = k.kind
),
history AS (
  SELECT site, CAST(sum(max(bytes, files * size)) AS INTEGER) AS bytes, CAST(sum(max(0, files * size - bytes)) AS INTEGER) AS more,
    CAST(sum(coalesce(per_day, 0) * size) AS INTEGER) AS a_day
  FROM kinds GROUP BY site
),
-- The days on which the clocks change, and the times of that day that are left out, or come twice: seconds of the day.
jump AS (
  SELECT site, at, after - before AS seconds, (at / 1000 + min(before, after)) / 86400 + n AS day,
    at / 1000 + min(before, after) - ((at / 1000 + min(before, after)) / 86400 + n) * 86400 AS low,
    at / 1000 + max(before, after) - ((at / 1000 + min(before, after)) / 86400 + n) * 86400 AS high
  FROM policy_clock, (SELECT 0 AS n UNION ALL SELECT 1)
),
clock AS (
  SELECT j.site, o.kind, min(at) AS at, seconds, date(day * 86400, 'unixepoch') AS day, minute
  FROM jump j JOIN often o ON o.site = j.site AND o.minute * 60 >= low AND o.minute * 60 < high
  WHERE (weekday IS NULL OR weekday = (day + 4) % 7) AND (month_day IS NULL OR month_day = CAST(strftime('%d', day * 86400, 'unixepoch') AS INTEGER))
  GROUP BY j.site, o.kind
),
quiet AS (
  SELECT site, (CAST(substr(value, 4) AS INTEGER) - CAST(substr(value, 1, 2) AS INTEGER) + 24) % 24 AS hours FROM policy_value
  WHERE key = 'quiet_hours' AND value <> ''
),
limits AS (
  SELECT o.site, o.kind, o.hours, n.key, n.n AS seconds FROM often o JOIN number n ON n.site = o.site AND n.key = CASE o.kind
    WHEN 'database' THEN 'backup_max_age' WHEN 'application' THEN 'application_max_age' WHEN 'config' THEN 'application_max_age'
    WHEN 'system' THEN 'system_max_age' END
  WHERE o.hours IS NOT NULL
),
needed AS (
  SELECT s.site, h.bytes, b.n AS budget, w.n AS within,
    h.bytes / coalesce(s.pace, 20000000) / 60.0 / (w.n * v.per_day) AS minutes
  FROM policy_site s JOIN history h ON h.site = s.site JOIN often v ON v.site = s.site AND v.kind = 'verify'
  JOIN number b ON b.site = s.site AND b.key = 'verify_budget' JOIN number w ON w.site = s.site AND w.key = 'verify_within'
  WHERE v.hours IS NOT NULL AND b.n > 0 AND coalesce(s.pace, 1) > 0
),
runway AS (
  SELECT s.site, s.free, h.a_day, CAST(s.free / h.a_day AS INTEGER) AS days FROM policy_site s JOIN history h ON h.site = s.site
  LEFT JOIN often r ON r.site = s.site AND r.kind = 'rotate'
  WHERE s.free IS NOT NULL AND h.a_day > 0 AND (h.more > s.free OR r.hours IS NULL AND s.free / h.a_day <= 365)
),
found (site, rule, severity, keys, measure, bound, a, b, c, d, e) AS (
  SELECT site, 'not-taken', 'error', '', not_taken, 0, not_taken, '', '', '', '' FROM policy_site WHERE not_taken > 0
  UNION ALL SELECT site, 'other-keys', 'info', '', other_keys, 0, other_keys, '', '', '', '' FROM policy_site WHERE other_keys > 0
  UNION ALL SELECT site, 'edited', 'warning', '', NULL, NULL, '', '', '', '', '' FROM policy_site WHERE edited
  UNION ALL SELECT site, 'not-installed', 'error', '', NULL, NULL, '', '', '', '', '' FROM policy_site s
    WHERE NOT installed AND EXISTS (SELECT 1 FROM often o WHERE o.site = s.site AND o.hours IS NOT NULL)
  UNION ALL SELECT site, 'paused', 'warning', key, NULL, NULL, '', '', '', '', '' FROM policy_value WHERE key = 'schedule_paused' AND value = 'yes'
  UNION ALL SELECT s.site, 'paused-until', 'info', key, (CAST(value AS INTEGER) - now) / 3600000, NULL, (CAST(value AS INTEGER) - now) / 1000, '', '', '', ''
    FROM policy_site s JOIN policy_value v ON v.site = s.site AND key = 'schedule_paused' AND value NOT IN ('', 'yes') AND CAST(value AS INTEGER) > now
  UNION ALL SELECT site, CASE WHEN kind IN ('verify', 'rotate', 'monitor') THEN kind || '-off' ELSE 'backup-off' END,
      CASE kind WHEN 'database' THEN 'error' ELSE 'warning' END, 'schedule_' || kind, NULL, NULL, kind, '', '', '', ''
    FROM often WHERE value = 'off'
  UNION ALL SELECT site, CASE WHEN hours * 3600 > seconds THEN 'threshold' ELSE 'threshold-tight' END,
      CASE WHEN hours * 3600 > seconds THEN 'error' ELSE 'warning' END, key || ' schedule_' || kind, seconds, hours * 3600,
      kind, hours * 3600, seconds, '', ''
    FROM limits WHERE hours * 3600 >= seconds
  UNION ALL SELECT site, 'cap', 'warning', 'retention_' || kind || ' schedule_' || kind, round(most / per_day, 1), days,
      replace(printf('%.1f', per_day), '.0', ''), days, most, replace(printf('%.1f', most / per_day), '.0', ''), kind
    FROM kinds WHERE per_day * days > most
  UNION ALL SELECT site, 'one-backup', 'warning', 'retention_' || kind || ' schedule_' || kind, round(per_day * days, 1), 2, kind, hours * 3600, days, '', ''
    FROM kinds WHERE tiers = 0 AND per_day IS NOT NULL AND (per_day * days < 2 OR most = 1)
  UNION ALL SELECT k.site, 'unread', 'warning', 'retention_' || k.kind || ' schedule_verify', k.days, v.hours / 24, k.kind, k.days, v.hours * 3600, '', ''
    FROM kinds k JOIN often v ON v.site = k.site AND v.kind = 'verify' AND v.hours > k.days * 24 AND k.per_day IS NOT NULL
  UNION ALL SELECT v.site, 'verify-covers', 'warning', 'schedule_verify schedule_database verify_budget', 5 * o.hours, v.hours, 5 * o.hours, v.hours, '', '', ''
    FROM often v JOIN often o ON o.site = v.site AND o.kind = 'database' JOIN number b ON b.site = v.site AND b.key = 'verify_budget'
    WHERE v.kind = 'verify' AND b.n = 0 AND 5 * o.hours < v.hours
  UNION ALL SELECT v.site, 'verify-rare', 'warning', 'schedule_verify verify_within', v.hours / 24, w.n, v.hours * 3600, w.n, '', '', ''
    FROM often v JOIN number w ON w.site = v.site AND w.key = 'verify_within' WHERE v.kind = 'verify' AND v.hours > w.n * 24
  UNION ALL SELECT site, 'budget-small', 'warning', 'verify_budget verify_within', CAST(minutes + 0.999 AS INTEGER), budget,
      CAST(minutes + 0.999 AS INTEGER), budget, CASE WHEN bytes >= 1000000000 THEN printf('%.1f GB', bytes / 1e9) ELSE printf('%.1f MB', bytes / 1e6) END, within, ''
    FROM needed WHERE minutes > budget
  UNION ALL SELECT site, 'disk-full', CASE WHEN days < 7 THEN 'error' ELSE 'warning' END, 'schedule_database retention_database', days, NULL, days,
      CASE WHEN a_day >= 1000000000 THEN printf('%.1f GB', a_day / 1e9) ELSE printf('%.1f MB', a_day / 1e6) END,
      CASE WHEN free >= 1000000000 THEN printf('%.1f GB', free / 1e9) ELSE printf('%.1f MB', free / 1e6) END, '', '' FROM runway
  UNION ALL SELECT c.site, CASE WHEN seconds > 0 THEN 'clock-skips' ELSE 'clock-repeats' END, 'info', 'schedule_' || kind, at, NULL, kind, day,
      printf('%02d:%02d', minute / 60, minute % 60), printf('%02d:%02d', (minute + seconds / 60) / 60 % 24, (minute + seconds / 60 + 1440) % 60), zone
    FROM clock c JOIN policy_site s ON s.site = c.site
  UNION ALL SELECT s.site, 'no-channel', 'warning', 'schedule_monitor', 0, NULL, '', '', '', '', ''
    FROM policy_site s JOIN often m ON m.site = s.site AND m.kind = 'monitor' AND m.hours IS NOT NULL WHERE channels = 0
  UNION ALL SELECT m.site, 'monitor-slow', 'warning', 'schedule_monitor backup_max_age', m.hours * 3600, n.n, m.hours * 3600, n.n, '', '', ''
    FROM often m JOIN number n ON n.site = m.site AND n.key = 'backup_max_age' WHERE m.kind = 'monitor' AND m.hours * 3600 > n.n
  UNION ALL SELECT site, 'same-disk', 'warning', '', NULL, NULL, '', '', '', '', '' FROM policy_site WHERE same_disk
  UNION ALL SELECT v.site, 'rotate-first', 'info', 'schedule_rotate schedule_verify', NULL, NULL, substr(r.value, -5), substr(v.value, -5), '', '', ''
    FROM often v JOIN often r ON r.site = v.site AND r.kind = 'rotate' AND r.value LIKE 'daily %' AND r.minute < v.minute
    WHERE v.kind = 'verify' AND v.value LIKE 'daily %'
  UNION ALL SELECT site, 'quiet-long', 'info', 'quiet_hours', hours, 12, hours, '', '', '', '' FROM quiet WHERE hours > 12
  UNION ALL SELECT k.site, 'min-size', 'warning', 'alert_min_size', newest, n.n,
      printf('%.1f MB', newest / 1e6), printf('%.1f MB', n.n / 1e6), '', '', ''
    FROM kinds k JOIN number n ON n.site = k.site AND n.key = 'alert_min_size' WHERE k.kind = 'database' AND newest < n.n
)
SELECT site, rule, severity, keys, measure, bound, a, b, c, d, e FROM found
ORDER BY site, CASE severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, rule, keys;
