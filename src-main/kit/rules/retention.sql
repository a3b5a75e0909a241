-- Which backups rotation keeps, which it deletes, and why. The tables are in retention-tables.sql. One statement, which the kit
-- runs with sqlite3 (3.26 or later) and the console with better-sqlite3: a preview is this rule, not another one.
--
-- A row for each backup: site, path, decision (keep or delete), reason, measure, bound. What the two numbers of a reason mean is
-- in src-shared/domain/retention-words.ts. The first reason that applies counts. Whatever is not decided is kept.
WITH
-- The clock is judged by the time since the server started, which never jumps: five minutes, and one part in a thousand.
watched AS (
  SELECT *, abs((now - seen_at) - (up - seen_up)) AS drift, 300000 + abs(up - seen_up) / 1000 AS allowed FROM retention_site
),
stopped AS (
  SELECT site, now,
    CASE
      WHEN gap THEN 'incomplete'
      WHEN unfinished THEN 'unfinished'
      WHEN seen_at > now + 300000 THEN 'clock-back'
      WHEN same_boot AND drift > allowed THEN 'clock-jumped'
      WHEN same_boot AND drift <= allowed THEN NULL
      WHEN jumped THEN 'clock-unconfirmed'
      WHEN now - seen_at > 604800000 THEN 'clock-gap'
    END AS stop,
    CASE
      WHEN gap OR unfinished THEN NULL
      WHEN seen_at > now + 300000 THEN seen_at - now
      WHEN same_boot THEN drift
      WHEN jumped THEN NULL
      ELSE now - seen_at
    END AS stop_measure
  FROM watched
),
judged AS (
  SELECT b.site, path, b.kind, origin, size, taken_at, coalesce(local_at, taken_at) AS local_at, held, used, known, now, stop, stop_measure,
    p.days, coalesce(p.most, 9223372036854775807) AS most, p.hourly, p.daily, p.weekly, p.monthly,
    -- When the newest of its kind is overdue: also for safety copies, which have days of their own.
    (SELECT overdue FROM retention_policy k WHERE k.site = b.site AND k.kind = b.kind) AS overdue,
    -- A file without content fails, whatever was said of it.
    CASE WHEN size = 0 THEN 'failed' ELSE verdict END AS verdict,
    known AND taken_at IS NOT NULL AND origin IN ('manual', 'scheduled') AS regular
  FROM retention_backup b JOIN stopped s ON s.site = b.site
  LEFT JOIN retention_policy p
    ON p.site = b.site AND p.kind = CASE WHEN origin IN ('safety', 'rejected') THEN origin ELSE b.kind END
),
kinds AS (
  SELECT site, kind,
    max(taken_at) AS latest,
    max(CASE WHEN regular THEN taken_at END) AS newest,
    max(CASE WHEN regular AND verdict = 'verified' THEN taken_at END) AS proven,
    max(CASE WHEN verdict = 'failed' THEN taken_at END) AS failed,
    -- A restore can be undone with the folder or the file that it kept, not with an archive of the runbook, and the other way round.
    max(CASE WHEN known AND origin = 'safety' AND size IS NULL THEN taken_at END) AS last_folder,
    max(CASE WHEN known AND origin = 'safety' AND size IS NOT NULL THEN taken_at END) AS last_file
  FROM judged GROUP BY site, kind
),
counted AS (
  SELECT j.*, latest, newest, proven, failed, last_folder, last_file,
    regular AND verdict <> 'failed' AS good,
    CASE verdict WHEN 'verified' THEN 1 ELSE 0 END AS sure,
    local_at / 3600000 AS hour,
    local_at / 86400000 AS day,
    -- Weeks begin on Monday; 1970 began on a Thursday.
    (local_at / 86400000 + 3) / 7 AS week,
    strftime('%Y-%m', local_at / 1000, 'unixepoch') AS month
  FROM judged j JOIN kinds k ON k.site = j.site AND k.kind = j.kind
),
-- Of each hour, day, week and month, the newest good backup, a verified one first; and how many such times lie after it.
ranked AS (
  SELECT *,
    coalesce(sum(good) OVER (PARTITION BY site, kind ORDER BY taken_at DESC, path DESC
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS newer,
    good AND row_number() OVER (PARTITION BY site, kind, good, hour ORDER BY sure DESC, taken_at DESC, path DESC) = 1
      AND dense_rank() OVER (PARTITION BY site, kind, good ORDER BY hour DESC) <= hourly AS of_hour,
    good AND row_number() OVER (PARTITION BY site, kind, good, day ORDER BY sure DESC, taken_at DESC, path DESC) = 1
      AND dense_rank() OVER (PARTITION BY site, kind, good ORDER BY day DESC) <= daily AS of_day,
    good AND row_number() OVER (PARTITION BY site, kind, good, week ORDER BY sure DESC, taken_at DESC, path DESC) = 1
      AND dense_rank() OVER (PARTITION BY site, kind, good ORDER BY week DESC) <= weekly AS of_week,
    good AND row_number() OVER (PARTITION BY site, kind, good, month ORDER BY sure DESC, taken_at DESC, path DESC) = 1
      AND dense_rank() OVER (PARTITION BY site, kind, good ORDER BY month DESC) <= monthly AS of_month,
    now - taken_at AS age,
    now - taken_at <= days * 86400000 AS young
  FROM counted
),
decided AS (
  SELECT *,
    CASE
      -- Nothing at all is deleted.
      WHEN stop IS NOT NULL THEN stop
      -- This one is not.
      WHEN held THEN 'held'
      WHEN used THEN 'used'
      WHEN NOT known THEN 'unknown'
      WHEN origin NOT IN ('manual', 'scheduled', 'safety', 'rejected') THEN 'foreign'
      WHEN taken_at IS NULL THEN 'undated'
      WHEN days IS NULL THEN 'no-rule'
      -- Nothing of its kind is deleted.
      WHEN latest > now + 300000 THEN 'future'
      WHEN newest IS NULL THEN 'no-backup'
      WHEN failed >= newest THEN 'failing'
      WHEN overdue IS NULL OR now - newest > overdue THEN 'overdue'
      -- What is newer does not replace it.
      WHEN verdict = 'verified' AND (proven IS NULL OR taken_at >= proven) THEN 'newest-verified'
      WHEN proven IS NULL OR taken_at >= proven THEN 'unproven'
      WHEN verdict <> 'verified' AND failed > taken_at THEN 'newer-failed'
      WHEN origin = 'safety' AND taken_at = CASE WHEN size IS NULL THEN last_folder ELSE last_file END THEN 'last-undo'
      WHEN origin IN ('safety', 'rejected') AND young THEN 'kept-copy'
      WHEN origin IN ('safety', 'rejected') THEN 'old-copy'
      -- It is young enough, or stands for its hour, day, week or month.
      WHEN young AND newer < most THEN 'young'
      WHEN of_hour THEN 'hourly'
      WHEN of_day THEN 'daily'
      WHEN of_week THEN 'weekly'
      WHEN of_month THEN 'monthly'
      WHEN young THEN 'too-many'
      ELSE 'too-old'
    END AS reason
  FROM ranked
)
SELECT site, path,
  CASE WHEN reason IN ('too-old', 'too-many', 'old-copy') THEN 'delete' ELSE 'keep' END AS decision,
  reason,
  CASE
    WHEN stop IS NOT NULL THEN stop_measure
    WHEN reason = 'future' THEN latest - now
    WHEN reason = 'overdue' THEN now - newest
    WHEN reason IN ('young', 'too-old', 'kept-copy', 'old-copy') THEN age
    WHEN reason = 'too-many' THEN newer
  END AS measure,
  CASE reason
    WHEN 'overdue' THEN overdue
    WHEN 'young' THEN days WHEN 'too-old' THEN days WHEN 'kept-copy' THEN days WHEN 'old-copy' THEN days
    WHEN 'too-many' THEN most
    WHEN 'hourly' THEN hourly WHEN 'daily' THEN daily WHEN 'weekly' THEN weekly WHEN 'monthly' THEN monthly
  END AS bound
FROM decided
ORDER BY site, kind, taken_at DESC, path;
