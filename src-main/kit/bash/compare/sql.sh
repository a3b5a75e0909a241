# --- Comparing two databases: the decisions, in SQL -----------------------------------------------------------------------
#
# A third database, `catalog`, describes both. SQL in it decides what to compare and by which key, and builds the statements
# that do it. SQL itself quotes the names, and each statement first proves that its name leads to the schema entry that it
# was read from. `L` is the live database, `B` the backup.

readonly COMPARE_CATALOG="
PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;
CREATE TABLE setting(side, name, value);
CREATE TABLE object(side, id INTEGER, type, name TEXT COLLATE NOCASE, tbl TEXT COLLATE NOCASE, root, sql, odd);
CREATE TABLE col(side, tid INTEGER, cid INTEGER, name TEXT COLLATE NOCASE, type TEXT COLLATE NOCASE, nn, dflt, pk, hidden);
CREATE TABLE idx(side, tid INTEGER, name TEXT COLLATE NOCASE, origin, uniq, partial, stored);
CREATE TABLE idxcol(side, tid INTEGER, idx TEXT COLLATE NOCASE, seq INTEGER, cid INTEGER, coll TEXT COLLATE NOCASE);
CREATE TABLE result(n, live, backup, hit, changed, nl, nb, only_live, only_backup, lo, hi);
CREATE TABLE failure(line INTEGER, message);
CREATE TABLE line(n, text, last);
CREATE TABLE failed(n, message, final);
CREATE TABLE counted(side, n, rows);
BEGIN;
"

# An ordinary table: not SQLite's own, and not virtual (their rows are in tables of their own).
readonly COMPARE_REAL="type = 'table' AND root > 0 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"

# compare_describe_sql SIDE: REPLY = SQL that, run on a database, prints INSERT statements for the catalog. Marks a name that
# is not text or holds a NUL as odd; no statement uses it.
compare_describe_sql() {
  local side="'INSERT INTO %s VALUES(''$1'','" readable
  readable="sqlite_master m WHERE m.type = 'table' AND m.rootpage > 0 AND typeof(m.name) = 'text'
    AND length(CAST(m.name AS BLOB)) = length(CAST(substr(m.name, 1, length(m.name)) AS BLOB))"
  REPLY="
SELECT ${side/\%s/setting} || '''user_version'',' || quote(user_version) || ');' FROM pragma_user_version;
SELECT ${side/\%s/setting} || '''encoding'',' || quote(encoding) || ');' FROM pragma_encoding;
SELECT ${side/\%s/setting} || '''auto_vacuum'',' || quote(auto_vacuum) || ');' FROM pragma_auto_vacuum;
SELECT ${side/\%s/setting} || '''application_id'',' || quote(application_id) || ');' FROM pragma_application_id;
SELECT ${side/\%s/object} || rowid || ',' || quote(CAST(type AS TEXT)) || ',' || quote(CAST(name AS TEXT)) || ','
  || quote(CAST(tbl_name AS TEXT)) || ',' || CAST(ifnull(rootpage, 0) AS INTEGER) || ',' || quote(CAST(sql AS TEXT)) || ','
  || (typeof(name) <> 'text' OR length(CAST(name AS BLOB)) <> length(CAST(substr(name, 1, length(name)) AS BLOB))) || ');'
  FROM sqlite_master;
SELECT ${side/\%s/col} || id || ',' || c.cid || ',' || quote(c.name) || ',' || quote(c.type) || ',' || c.\"notnull\" || ','
  || quote(c.dflt_value) || ',' || c.pk || ',' || c.hidden || ');'
  FROM (SELECT rowid id, name FROM $readable LIMIT -1) m CROSS JOIN pragma_table_xinfo(m.name) c;
SELECT ${side/\%s/idx} || id || ',' || quote(i.name) || ',' || quote(i.origin) || ',' || i.\"unique\" || ',' || i.partial || ','
  || EXISTS (SELECT 1 FROM sqlite_master x WHERE x.type = 'index' AND x.name = i.name) || ');'
  FROM (SELECT rowid id, name FROM $readable LIMIT -1) m CROSS JOIN pragma_index_list(m.name) i;
SELECT ${side/\%s/idxcol} || id || ',' || quote(i.name) || ',' || x.seqno || ',' || x.cid || ',' || quote(x.coll) || ');'
  FROM (SELECT rowid id, name FROM $readable LIMIT -1) m CROSS JOIN pragma_index_list(m.name) i
  CROSS JOIN pragma_index_xinfo(i.name) x WHERE x.key;
"
}

# Pair tables by name and choose the key: the primary key, else a unique index without NULL, with the same columns, types and
# collations on both sides. A rowid that is not a declared key does not identify a row.
readonly COMPARE_PAIRS="
COMMIT; BEGIN;
CREATE INDEX object_name ON object(side, name);
CREATE INDEX col_table ON col(side, tid, name);
CREATE INDEX idx_table ON idx(side, tid, name);
CREATE INDEX idxcol_table ON idxcol(side, tid, idx);
CREATE TABLE tab(n INTEGER PRIMARY KEY, l INTEGER, b INTEGER, name, lname, bname, lq, bq, odd);
INSERT INTO tab(l, b, name, lname, bname, odd)
  SELECT l.id, b.id, l.name, l.name, b.name, l.odd OR ifnull(b.odd, 0) FROM (SELECT * FROM object WHERE side = 'L' AND $COMPARE_REAL) l
    LEFT JOIN (SELECT * FROM object WHERE side = 'B' AND $COMPARE_REAL) b ON b.name = l.name
  UNION ALL SELECT NULL, b.id, b.name, NULL, b.name, b.odd FROM object b WHERE side = 'B' AND $COMPARE_REAL
    AND NOT EXISTS (SELECT 1 FROM object l WHERE l.side = 'L' AND l.name = b.name AND $COMPARE_REAL)
  ORDER BY 3;
UPDATE tab SET lq = 'live.\"' || replace(lname, '\"', '\"\"') || '\"', bq = 'main.\"' || replace(bname, '\"', '\"\"') || '\"';
CREATE TABLE common AS
  SELECT t.n, l.cid lcid, b.cid bcid, l.name, l.nn AND b.nn nn,
    'a.\"' || replace(l.name, '\"', '\"\"') || '\"' a, 'b.\"' || replace(b.name, '\"', '\"\"') || '\"' b
  FROM tab t JOIN col l ON l.side = 'L' AND l.tid = t.l AND l.hidden = 0
    JOIN col b ON b.side = 'B' AND b.tid = t.b AND b.name = l.name AND b.hidden = 0 ORDER BY t.n, l.cid;
CREATE INDEX common_n ON common(n, lcid);
CREATE TABLE candidate AS
  SELECT i.side, i.tid, i.name idx, i.origin <> 'pk' rank, i.origin = 'pk' AND i.stored nullable,
    (SELECT group_concat(s) FROM (SELECT quote(lower(c.name)) || ' ' || quote(upper(c.type)) || ' ' || upper(x.coll) s
      FROM idxcol x JOIN col c ON c.side = x.side AND c.tid = x.tid AND c.cid = x.cid
      WHERE x.side = i.side AND x.tid = i.tid AND x.idx = i.name ORDER BY lower(c.name))) sig,
    (SELECT max(x.coll) FROM idxcol x WHERE x.side = i.side AND x.tid = i.tid AND x.idx = i.name
      AND x.coll NOT IN ('BINARY', 'NOCASE', 'RTRIM')) unknown
  FROM idx i WHERE i.uniq AND NOT i.partial AND NOT EXISTS (SELECT 1 FROM idxcol x LEFT JOIN col c
      ON c.side = x.side AND c.tid = x.tid AND c.cid = x.cid
    WHERE x.side = i.side AND x.tid = i.tid AND x.idx = i.name AND (ifnull(c.hidden, 1) <> 0 OR (i.origin <> 'pk' AND NOT c.nn)))
  UNION ALL SELECT c.side, c.tid, NULL, 0, 0, quote(lower(c.name)) || ' ' || quote(upper(c.type)) || ' BINARY', NULL
  FROM col c WHERE c.pk = 1 AND c.hidden = 0
    AND NOT EXISTS (SELECT 1 FROM idx i WHERE i.side = c.side AND i.tid = c.tid AND i.origin = 'pk');
CREATE INDEX candidate_table ON candidate(side, tid, sig);
CREATE TABLE chosen AS SELECT n, idx, nullable, cid FROM (
  SELECT t.n, l.idx, l.nullable OR b.nullable nullable, (SELECT cid FROM col c WHERE c.side = 'L' AND c.tid = t.l AND c.pk = 1) cid,
    row_number() OVER (PARTITION BY t.n ORDER BY l.rank, l.idx) place
  FROM tab t JOIN candidate l ON l.side = 'L' AND l.tid = t.l AND l.unknown IS NULL
    JOIN candidate b ON b.side = 'B' AND b.tid = t.b AND b.sig = l.sig) WHERE place = 1;
CREATE TABLE keycol AS
  SELECT k.n, c.a, c.b, x.coll, k.nullable AND NOT c.nn nullable FROM chosen k JOIN tab t USING (n)
    JOIN idxcol x ON x.side = 'L' AND x.tid = t.l AND x.idx = k.idx JOIN common c ON c.n = k.n AND c.lcid = x.cid
  UNION ALL SELECT k.n, c.a, c.b, 'BINARY', 0 FROM chosen k JOIN common c ON c.n = k.n AND c.lcid = k.cid WHERE k.idx IS NULL;
CREATE INDEX keycol_n ON keycol(n);
CREATE TABLE timecol AS
  SELECT t.n, s.side, row_number() OVER (PARTITION BY t.n, s.side ORDER BY c.cid) place,
    CASE s.side WHEN 'L' THEN 'a.\"' ELSE 'b.\"' END || replace(c.name, '\"', '\"\"') || '\"' x
  FROM (SELECT 'L' side UNION ALL SELECT 'B') s JOIN tab t
    JOIN col c ON c.side = s.side AND c.tid = CASE s.side WHEN 'L' THEN t.l ELSE t.b END AND c.hidden = 0
  WHERE lower(c.name) IN ('created_at', 'updated_at', 'modified_at', 'changed_at', 'deleted_at', 'inserted_at', 'recorded_at',
    'logged_at', 'last_modified', 'last_updated', 'timestamp', 'ts', 'created', 'updated', 'modified', 'createdat', 'updatedat')
    AND (t.l IS NULL OR t.b IS NULL OR c.name IN (SELECT name FROM common WHERE common.n = t.n));
CREATE INDEX timecol_n ON timecol(n, side);
"
