-- Which backups a verification reads, and in which order. The tables are in verification-tables.sql.
--
-- First the newest five of each kind that the schedule makes: those that a restore would use. Then, within the budget, the one whose verdict is
-- the oldest; what was never verified comes before all others. A verdict of the future says nothing. The first of them is read even
-- if it takes longer than the budget: otherwise it never would be.
--
-- A row for each backup: site, path, turn (newest, budget, or later), and in order.
WITH
ranked AS (
  SELECT b.site, path, kind, size, taken_at, now, budget, coalesce(pace, 20000000) AS pace,
    CASE WHEN judged_at <= now + 300000 THEN judged_at END AS judged_at,
    scheduled AND usable AND row_number() OVER (PARTITION BY b.site, kind ORDER BY usable DESC, taken_at DESC, path DESC) <= 5 AS newest
  FROM verification_backup b JOIN verification_site s ON s.site = b.site
),
ordered AS (
  SELECT *, row_number() OVER (PARTITION BY site, newest ORDER BY judged_at IS NOT NULL, judged_at, taken_at DESC, path) AS n,
    sum(size * 1000.0 / max(pace, 1)) OVER (PARTITION BY site, newest ORDER BY judged_at IS NOT NULL, judged_at, taken_at DESC, path
      ROWS UNBOUNDED PRECEDING) AS until
  FROM ranked
)
SELECT site, path, CASE WHEN newest THEN 'newest' WHEN budget > 0 AND (n = 1 OR until <= budget) THEN 'budget' ELSE 'later' END AS turn
FROM ordered
ORDER BY site, newest DESC, CASE WHEN newest THEN kind END, CASE WHEN newest THEN -taken_at END, n, path;
