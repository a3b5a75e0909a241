-- What becomes of the alerts of a site once alerts.sql has said what is wrong now (temp table found): which are opened, go on, have become
-- worse, or are cleared, and what people are told of. In one transaction; table alert is in the kit (alerts/records.sh).

CREATE TEMP TABLE alerts_last AS SELECT coalesce(max(n), 0) AS last FROM alert;
CREATE TEMP TABLE changed (n INTEGER PRIMARY KEY, what TEXT NOT NULL);

-- An acknowledgement ends at its time, and when it becomes worse than what was acknowledged.
UPDATE alert SET acked_at = NULL, returned = 1 WHERE cleared_at IS NULL AND acked_at IS NOT NULL AND acked_until <= (SELECT now FROM alerts_site);
UPDATE alert SET (severity, level, measure, bound, detail, seen_at) =
    (SELECT f.severity, f.level, f.measure, f.bound, f.detail, s.now FROM found f, alerts_site s WHERE f.rule = alert.rule AND f.subject = alert.subject)
  WHERE cleared_at IS NULL AND EXISTS (SELECT 1 FROM found f WHERE f.rule = alert.rule AND f.subject = alert.subject);
UPDATE alert SET acked_at = NULL, returned = 1 WHERE cleared_at IS NULL AND level > acked_level AND acked_at IS NOT NULL;

-- Gone is only what could be seen and was not found. A rule of another kit is left alone for a week.
INSERT INTO changed SELECT n, 'cleared' FROM alert, alerts_site s
  WHERE cleared_at IS NULL AND NOT EXISTS (SELECT 1 FROM found f WHERE f.rule = alert.rule AND f.subject = alert.subject)
    AND CASE WHEN rule IN (SELECT rule FROM alerts_need)
      THEN NOT EXISTS (SELECT 1 FROM alerts_need n WHERE n.rule = alert.rule AND part NOT IN (SELECT part FROM alerts_seen))
      ELSE alert.seen_at <= s.now - 604800000 END;
UPDATE alert SET cleared_at = (SELECT now FROM alerts_site) WHERE n IN (SELECT n FROM changed);

INSERT INTO alert (rule, subject, severity, level, since, seen_at, measure, bound, detail)
  SELECT rule, subject, severity, level, since, s.now, measure, bound, detail FROM found f, alerts_site s
  WHERE NOT EXISTS (SELECT 1 FROM alert a WHERE a.rule = f.rule AND a.subject = f.subject AND a.cleared_at IS NULL);
INSERT OR IGNORE INTO changed SELECT n, 'opened' FROM alert, alerts_site s
  WHERE cleared_at IS NULL AND n > (SELECT last FROM alerts_last);

-- History: 90 days, and of what was cleared more than eight days ago at most the newest thousand.
DELETE FROM alert WHERE cleared_at <= (SELECT now FROM alerts_site) - 7776000000
  OR cleared_at <= (SELECT now FROM alerts_site) - 691200000
    AND n <= (SELECT n FROM alert WHERE cleared_at IS NOT NULL ORDER BY n DESC LIMIT 1 OFFSET 1000);

-- What to tell: each thing once, errors once more each day. A warning waits for the end of the quiet hours. A message counts as told when a
-- channel has taken it; until then it is here each time.
CREATE TEMP TABLE tell AS
  SELECT n, level, CASE
      WHEN cleared_at IS NOT NULL THEN 'cleared'
      WHEN told_at IS NULL THEN 'new'
      WHEN level > told_level THEN 'worse'
      ELSE 'reminder' END AS what
  FROM alert, alerts_site s
  WHERE NOT (s.quiet AND severity = 'warning') AND CASE
    WHEN cleared_at IS NOT NULL THEN told_at IS NOT NULL AND NOT told_cleared
    WHEN acked_at IS NOT NULL THEN 0
    -- Half an hour early: otherwise, the reminder would come an hour later each day.
    ELSE told_at IS NULL OR level > told_level OR returned
      OR severity = 'error' AND (told_at <= s.now - 84600000 OR told_at > s.now + 300000)
  END;
