# --- Comparing two databases: the report -------------------------------------------------------------------------------------
#
# Lines with fields separated by bars; text is percent-encoded where it would break a line or a field.
#   setting NAME LIVE BACKUP
#   schema KIND NAME TABLE STATE DETAIL    STATE: lacks (the backup), extra (only the backup has it), differs
#   table NAME LIVE BACKUP ONLY-LIVE ONLY-BACKUP CHANGED BASIS OLDEST NEWEST REASON COLUMNS-ONLY-LIVE COLUMNS-ONLY-BACKUP
#   unread REASON

compare_text() { # EXPRESSION: REPLY = an SQL expression for it as a field, shortened
  REPLY="replace(replace(replace(replace(replace(replace(CASE WHEN length($1) > 300 THEN substr($1, 1, 300) || '…' ELSE $1 END,
    '%', '%25'), '|', '%7C'), char(44), '%2C'), char(10), '%0A'), char(13), '%0D'), char(9), '%09')"
}

# What the live schema has and the backup lacks may stop the application, so list each item.
readonly COMPARE_SCHEMA="
CREATE TABLE difference(kind, name, tbl, state, detail);
CREATE TABLE shape AS SELECT side, id, CASE WHEN type = 'table' AND root = 0 THEN 'virtual' ELSE type END type, name, tbl,
  trim(replace(replace(replace(replace(replace(replace(sql, char(13), ' '), char(10), ' '), char(9), ' '), '  ', ' '), '  ', ' '), '  ', ' ')) sql
  FROM object WHERE type IN ('table', 'view', 'trigger', 'index') AND sql IS NOT NULL AND NOT odd AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\';
CREATE INDEX shape_name ON shape(side, name);
INSERT INTO difference SELECT CASE l.type WHEN 'virtual' THEN 'table' ELSE l.type END, l.name, l.tbl, 'lacks', '' FROM shape l
  WHERE l.side = 'L' AND NOT EXISTS (SELECT 1 FROM shape b WHERE b.side = 'B' AND b.name = l.name AND b.type = l.type)
    AND (l.type NOT IN ('index', 'trigger') OR EXISTS (SELECT 1 FROM shape b WHERE b.side = 'B' AND b.name = l.tbl)) ORDER BY 1, 2;
INSERT INTO difference SELECT CASE b.type WHEN 'virtual' THEN 'table' ELSE b.type END, b.name, b.tbl, 'extra', '' FROM shape b
  WHERE b.side = 'B' AND NOT EXISTS (SELECT 1 FROM shape l WHERE l.side = 'L' AND l.name = b.name AND b.type = l.type)
    AND (b.type NOT IN ('index', 'trigger') OR EXISTS (SELECT 1 FROM shape l WHERE l.side = 'L' AND l.name = b.tbl)) ORDER BY 1, 2;
INSERT INTO difference SELECT CASE l.type WHEN 'virtual' THEN 'table' ELSE l.type END, l.name, l.tbl, 'differs', '' FROM shape l
  JOIN shape b ON b.side = 'B' AND b.name = l.name AND b.type = l.type WHERE l.side = 'L' AND l.type <> 'table' AND l.sql <> b.sql ORDER BY 1, 2;
CREATE TABLE column_text AS SELECT side, tid, name, cid, trim(type || CASE WHEN pk THEN ' PRIMARY KEY' ELSE '' END || CASE WHEN nn THEN ' NOT NULL' ELSE '' END
  || coalesce(' DEFAULT ' || dflt, '') || CASE WHEN hidden THEN ' GENERATED' ELSE '' END) detail FROM col;
CREATE INDEX column_text_name ON column_text(side, tid, name);
INSERT INTO difference SELECT 'column', c.name, t.name, 'lacks', c.detail FROM tab t JOIN column_text c ON c.side = 'L' AND c.tid = t.l
  WHERE t.b IS NOT NULL AND NOT EXISTS (SELECT 1 FROM column_text o WHERE o.side = 'B' AND o.tid = t.b AND o.name = c.name) ORDER BY t.n, c.cid;
INSERT INTO difference SELECT 'column', c.name, t.name, 'extra', c.detail FROM tab t JOIN column_text c ON c.side = 'B' AND c.tid = t.b
  WHERE t.l IS NOT NULL AND NOT EXISTS (SELECT 1 FROM column_text o WHERE o.side = 'L' AND o.tid = t.l AND o.name = c.name) ORDER BY t.n, c.cid;
INSERT INTO difference SELECT 'column', c.name, t.name, 'differs', coalesce(nullif(c.detail, ''), 'no type') || ' now, '
    || coalesce(nullif(o.detail, ''), 'no type') || ' in the backup'
  FROM tab t JOIN column_text c ON c.side = 'L' AND c.tid = t.l JOIN column_text o ON o.side = 'B' AND o.tid = t.b AND o.name = c.name
  WHERE c.detail <> o.detail COLLATE NOCASE ORDER BY t.n, c.cid;
CREATE TABLE only_one AS SELECT i.side, i.tid, i.origin, (SELECT group_concat(name, ', ') FROM (SELECT c.name FROM idxcol x
    JOIN col c ON c.side = x.side AND c.tid = x.tid AND c.cid = x.cid
    WHERE x.side = i.side AND x.tid = i.tid AND x.idx = i.name ORDER BY lower(c.name))) cols
  FROM idx i WHERE i.uniq AND NOT i.partial;
INSERT INTO difference SELECT 'constraint', 'UNIQUE (' || u.cols || ')', t.name, 'lacks', '' FROM tab t JOIN only_one u ON u.side = 'L' AND u.tid = t.l
  WHERE t.b IS NOT NULL AND u.origin = 'u'
    AND NOT EXISTS (SELECT 1 FROM only_one o WHERE o.side = 'B' AND o.tid = t.b AND o.cols = u.cols COLLATE NOCASE);
INSERT INTO difference SELECT 'definition', t.name, t.name, 'differs', '' FROM tab t JOIN shape l ON l.side = 'L' AND l.id = t.l
  JOIN shape b ON b.side = 'B' AND b.id = t.b WHERE l.sql <> b.sql
    AND NOT EXISTS (SELECT 1 FROM difference d WHERE d.tbl = t.name AND d.kind IN ('column', 'constraint')) ORDER BY t.n;
"

# compare_schema_report_sql: REPLY = SQL that prints the first thousand lines about the schema, then the number of the rest.
compare_schema_report_sql() {
  local name table detail
  compare_text name
  name=$REPLY
  compare_text tbl
  table=$REPLY
  compare_text detail
  detail=$REPLY
  REPLY="
SELECT 'setting', l.name, l.value, b.value FROM setting l JOIN setting b ON b.side = 'B' AND b.name = l.name WHERE l.side = 'L';
SELECT 'schema', kind, $name, $table, state, $detail FROM (SELECT * FROM difference ORDER BY rowid LIMIT 1000)
  WHERE EXISTS (SELECT 1 FROM setting WHERE side = 'L');
SELECT 'schema', 'more', count(*) - 1000, '', 'lacks', '' FROM difference HAVING count(*) > 1000;
"
}

# compare_report_sql LOCKING ACROSS: REPLY = SQL that prints a line for each table.
compare_report_sql() {
  local name reason columns too_many="'it has too many rows to be read while the application runs: the database has no write-ahead log'"
  [[ $2 == no ]] || too_many="'the two databases differ in their text encoding, and it has too many rows to be compared all the same'"
  compare_text t.name
  name=$REPLY
  compare_text reason
  reason=$REPLY
  compare_text c.name
  columns="(SELECT group_concat(x) FROM (SELECT $REPLY x FROM col c WHERE c.side = '%s' AND c.tid = t.%s AND c.hidden = 0 AND t.l IS NOT NULL AND t.b IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM common o WHERE o.n = t.n AND o.name = c.name) ORDER BY c.cid))"
  REPLY="
CREATE INDEX result_n ON result(n);
CREATE TABLE outcome AS SELECT t.n, r.live, r.backup,
  CASE WHEN t.odd OR unread THEN NULL WHEN t.l IS NULL THEN 0 WHEN t.b IS NULL THEN r.live
    ELSE r.live - r.nl - r.hit + CASE WHEN r.nl = 0 AND r.nb = 0 THEN 0 ELSE r.only_live END END only_live,
  CASE WHEN t.odd OR unread THEN NULL WHEN t.b IS NULL THEN 0 WHEN t.l IS NULL THEN r.backup
    ELSE r.backup - r.nb - r.hit + CASE WHEN r.nl = 0 AND r.nb = 0 THEN 0 ELSE r.only_backup END END only_backup,
  CASE WHEN t.odd OR unread THEN NULL WHEN t.l IS NULL OR t.b IS NULL THEN 0 ELSE r.changed END changed, r.lo, r.hi,
  EXISTS (SELECT 1 FROM chosen k WHERE k.n = t.n) keyed, r.n IS NOT NULL answered
FROM tab t LEFT JOIN result r USING (n), (SELECT NOT EXISTS (SELECT 1 FROM setting WHERE side = 'L') unread);
SELECT 'table', $name, live, backup, CASE WHEN known THEN only_live END, CASE WHEN known THEN only_backup END, CASE WHEN known THEN changed END,
  CASE WHEN NOT known THEN 'none' WHEN keyed THEN 'key' ELSE 'content' END, CASE WHEN known THEN lo END, CASE WHEN known THEN hi END,
  $reason, ${columns//%s/L}, ${columns//%s/B}
FROM (SELECT t.*, o.*, only_live >= 0 AND only_backup >= 0 AND changed >= 0 known,
  CASE WHEN only_live >= 0 AND only_backup >= 0 AND changed >= 0 THEN
    CASE WHEN keyed OR t.l IS NULL OR t.b IS NULL THEN '' ELSE coalesce((SELECT 'by content: sqlite3 does not know the collation ' || unknown || ' of its key'
      FROM candidate c WHERE c.side = 'L' AND c.tid = t.l AND unknown IS NOT NULL LIMIT 1), '') END
  WHEN t.odd THEN 'its name cannot be read'
  WHEN NOT EXISTS (SELECT 1 FROM setting WHERE side = 'L') THEN 'there is no live database to compare it with'
  WHEN t.l IS NOT NULL AND t.b IS NOT NULL AND NOT EXISTS (SELECT 1 FROM common c WHERE c.n = t.n) THEN 'the two sides have no column in common'
  WHEN f.message LIKE 'interrupted%' THEN 'it takes too long: all tables must be compared within $((COMPARE_TIME_LIMIT / 60)) minutes'
  WHEN f.message IS NOT NULL THEN f.message
  WHEN answered AND live IS NOT NULL AND backup IS NOT NULL THEN $too_many
  WHEN EXISTS (SELECT 1 FROM failed WHERE message LIKE 'interrupted%') THEN 'it was not begun within $((COMPARE_TIME_LIMIT / 60)) minutes'
  WHEN EXISTS (SELECT 1 FROM failed WHERE n IS NULL) THEN (SELECT message FROM failed WHERE n IS NULL)
  ELSE 'its name does not lead back to it, or it changed meanwhile' END reason
  FROM tab t JOIN outcome o USING (n) LEFT JOIN failed f USING (n)) t ORDER BY n;
"
  REPLY=${REPLY//'c.tid = t.L'/'c.tid = t.l'}
  REPLY=${REPLY//'c.tid = t.B'/'c.tid = t.b'}
}
