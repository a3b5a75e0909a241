# --- Comparing two databases: the statements ------------------------------------------------------------------------------
#
# One pass over a table looks up each live row in the backup by its key, in storage order, and keeps only counts. Rows
# without a key form a multiset: equal rows under the same rowid cancel out, and the hashes of the rest are counted, in
# batches that keep the sorter small. Equal means same type and same bytes.

COMPARE_AT_A_TIME=1500000               # hashes sorted in one batch: about 60 MB
readonly COMPARE_LIMIT_LOCKING=300000  # most rows of a table to read while that blocks writers

# A text moment is shown as written, to the second; a number is seconds or milliseconds since 1970.
compare_moment() { # T: REPLY = an SQL expression
  local text="'[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]"
  REPLY="CASE typeof($1) WHEN 'text' THEN CASE WHEN $1 GLOB ${text}[ T][0-2][0-9]:[0-5][0-9]:[0-6][0-9]*' THEN substr(replace($1, 'T', ' '), 1, 19)
    WHEN $1 GLOB ${text}[ T][0-2][0-9]:[0-5][0-9]*' THEN substr(replace($1, 'T', ' '), 1, 16)
    WHEN $1 GLOB $text' THEN $1 END
    WHEN 'null' THEN NULL WHEN 'blob' THEN NULL ELSE CASE WHEN $1 BETWEEN 300000000 AND 7000000000 THEN datetime($1, 'unixepoch')
    WHEN $1 BETWEEN 300000000000 AND 7000000000000 THEN datetime($1 / 1000, 'unixepoch') END END"
}

# The fragments of the statements, for each table on both sides. `a` is a live row, `b` one of the backup.
compare_parts_sql() { # ACROSS-ENCODINGS
  local one many i terms='' bytes serial a_times b_times
  compare_time_columns L
  a_times=$REPLY
  compare_time_columns B
  b_times=$REPLY
  compare_moment t1
  one=$REPLY
  for i in 1 2 3 4; do
    compare_moment "t$i"
    terms+="${terms:+, }coalesce($REPLY, '')"
  done
  many="nullif(max($terms), '')"
  one=${one//\'/\'\'} many=${many//\'/\'\'}
  bytes="hex(' || %s || ')"
  # Between encodings, text is compared as UTF-8.
  [[ $1 == no ]] || bytes="replace(replace(' || %s || ', char(92), char(92) || char(92)), char(124), char(92) || char(112))"
  serial="'CASE typeof(' || %s || ') WHEN ''text'' THEN ''t'' || $bytes WHEN ''blob'' THEN ''b'' || hex(' || %s
    || ') WHEN ''null'' THEN ''n'' ELSE quote(' || %s || ') END'"
  REPLY="
CREATE TABLE part AS SELECT t.n, t.lq, t.bq,
  (SELECT group_concat(' WHEN ' || a || ' IS NOT ' || b || ' COLLATE BINARY OR typeof(' || a || ') <> typeof(' || b || ') THEN 2', '')
    FROM (SELECT a, b FROM common c WHERE c.n = t.n ORDER BY lcid)) differs,
  EXISTS (SELECT 1 FROM common c WHERE c.n = t.n) comparable,
  (SELECT group_concat(b || ' = ' || a || ' COLLATE ' || coll, ' AND ') FROM keycol k WHERE k.n = t.n) same_key,
  (SELECT group_concat(a || ' IS NULL', ' OR ') FROM keycol k WHERE k.n = t.n AND nullable) a_null,
  (SELECT group_concat(b || ' IS NULL', ' OR ') FROM keycol k WHERE k.n = t.n AND nullable) b_null,
  (SELECT b FROM keycol k WHERE k.n = t.n LIMIT 1) probe,
  (SELECT max(r) FROM (SELECT 'rowid' r UNION ALL SELECT 'oid' UNION ALL SELECT '_rowid_')
    WHERE NOT EXISTS (SELECT 1 FROM col c WHERE c.name = r AND ((c.side = 'L' AND c.tid = t.l) OR (c.side = 'B' AND c.tid = t.b)))
      AND NOT EXISTS (SELECT 1 FROM idx i WHERE i.origin = 'pk' AND NOT i.stored
        AND ((i.side = 'L' AND i.tid = t.l) OR (i.side = 'B' AND i.tid = t.b)))) rid,
  (SELECT group_concat('(' || s || ')', ' || ') FROM (SELECT group_concat(s, ' || ''|'' || ') s
    FROM (SELECT lcid, ${serial//%s/a} s FROM common c WHERE c.n = t.n ORDER BY lcid) GROUP BY lcid / 90)) a_serial,
  (SELECT group_concat('(' || s || ')', ' || ') FROM (SELECT group_concat(s, ' || ''|'' || ') s
    FROM (SELECT lcid, ${serial//%s/b} s FROM common c WHERE c.n = t.n ORDER BY lcid) GROUP BY lcid / 90)) b_serial,
  CASE WHEN NOT EXISTS (SELECT 1 FROM timecol c WHERE c.n = t.n AND place = 1) THEN 'NULL'
    WHEN EXISTS (SELECT 1 FROM timecol c WHERE c.n = t.n AND place = 2) THEN '$many' ELSE '$one' END moment,
  EXISTS (SELECT 1 FROM timecol c WHERE c.n = t.n) timed,
  $a_times a_times, $b_times b_times
FROM tab t WHERE NOT t.odd;
CREATE INDEX part_n ON part(n);
"
}

compare_time_columns() { # SIDE: REPLY = an SQL expression for the time columns that a statement selects: t1 to t4
  local i
  REPLY="''"
  for i in 1 2 3 4; do
    REPLY+=" || ', ' || coalesce((SELECT x FROM timecol c WHERE c.n = t.n AND c.side = '$1' AND place = $i), 'NULL') || ' t$i'"
  done
}

# compare_script_sql LOCKING: REPLY = SQL that creates the table `script` with a block of statements for each table. If the
# live database has no WAL, each block is a transaction of its own, and large tables are only counted.
compare_script_sql() {
  local limit='' begin='' commit='' a_left b_left hashes pass
  if [[ $1 == yes ]]; then
    limit=" AND max(live, backup) <= $COMPARE_LIMIT_LOCKING" begin='BEGIN;' commit='COMMIT;'
  fi
  # Rows without an equal one under the same rowid.
  a_left="lq || ' a NOT INDEXED' || coalesce(' LEFT JOIN ' || bq || ' b ON b.' || rid || ' = a.' || rid, '') || coalesce(' WHERE (' || a_null || ')', ' WHERE 1')
    || coalesce(' AND CASE WHEN b.' || rid || ' IS NULL THEN 1' || differs || ' ELSE 0 END <> 0', '')"
  b_left="bq || ' b NOT INDEXED' || coalesce(' LEFT JOIN ' || lq || ' a ON a.' || rid || ' = b.' || rid, '') || coalesce(' WHERE (' || b_null || ')', ' WHERE 1')
    || coalesce(' AND CASE WHEN a.' || rid || ' IS NULL THEN 1' || differs || ' ELSE 0 END <> 0', '')"
  hashes="substr(hex(h), 1, 4) BETWEEN printf(''%04X'', p.i * 65536 / p.k) AND printf(''%04X'', (p.i + 1) * 65536 / p.k - 1)"
  pass="'SELECT printf(''%015d%015d%-19s%-19s'', sum(max(d, 0)), sum(max(-d, 0)), coalesce(min(lo), ''''), coalesce(max(hi), ''''))
    FROM (SELECT sum(c) d, min(m) lo, max(m) hi FROM (
      SELECT h, c, ' || moment || ' m FROM (SELECT substr(sha3(' || a_serial || '), 1, 16) h, 1 c' || a_times || ' FROM ' || $a_left || ' LIMIT -1) WHERE $hashes
      UNION ALL
      SELECT h, c, ' || moment || ' m FROM (SELECT substr(sha3(' || b_serial || '), 1, 16) h, -1 c' || b_times || ' FROM ' || $b_left || ' LIMIT -1) WHERE $hashes
    ) GROUP BY h HAVING d <> 0)'"
  REPLY="
CREATE TABLE script AS SELECT t.n, '$begin'
  || 'INSERT INTO temp.r(n) SELECT ' || t.n || ' WHERE 1'
  || coalesce(' AND EXISTS (SELECT 1 FROM live.sqlite_master WHERE rowid = ' || l || ' AND type = ''table'' AND name = ' || quote(lname) || ')', '')
  || coalesce(' AND EXISTS (SELECT 1 FROM main.sqlite_master WHERE rowid = ' || b || ' AND type = ''table'' AND name = ' || quote(bname) || ')', '') || ';'
  || coalesce('UPDATE temp.r SET live = (SELECT count(*) FROM ' || t.lq || ' NOT INDEXED) WHERE n = ' || t.n || ';', '')
  || coalesce('UPDATE temp.r SET backup = (SELECT count(*) FROM ' || t.bq || ' NOT INDEXED) WHERE n = ' || t.n || ';', '')
  || CASE
  WHEN l IS NULL OR b IS NULL THEN coalesce((SELECT 'UPDATE temp.r SET (lo, hi) = (SELECT min(m), max(m) FROM (SELECT ' || moment || ' m
      FROM (SELECT 1' || CASE WHEN b IS NULL THEN a_times || ' FROM ' || t.lq || ' a' ELSE b_times || ' FROM ' || t.bq || ' b' END || ' NOT INDEXED LIMIT -1)))
    WHERE n = ' || t.n || ' AND coalesce(live, backup) > 0${limit/max(live, backup)/coalesce(live, backup)};' FROM part p WHERE p.n = t.n AND timed), '')
  WHEN EXISTS (SELECT 1 FROM part p WHERE p.n = t.n AND comparable) THEN (SELECT
    coalesce('UPDATE temp.r SET (hit, changed, nl, lo, hi) = (SELECT count(CASE WHEN d IN (0, 2) THEN 1 END), count(CASE d WHEN 2 THEN 1 END),
      count(CASE d WHEN 3 THEN 1 END), min(CASE WHEN d IN (1, 2) THEN ' || moment || ' END), max(CASE WHEN d IN (1, 2) THEN ' || moment || ' END)
      FROM (SELECT CASE' || coalesce(' WHEN ' || a_null || ' THEN 3', '') || ' WHEN ' || probe || ' IS NULL THEN 1' || differs || ' ELSE 0 END d' || a_times || '
        FROM ' || p.lq || ' a NOT INDEXED LEFT JOIN ' || p.bq || ' b ON ' || same_key || ' LIMIT -1)),
      nb = ' || coalesce('(SELECT count(*) FROM ' || p.bq || ' b NOT INDEXED WHERE ' || b_null || ')', '0') || ' WHERE n = ' || t.n || '$limit;'
      || CASE WHEN timed THEN 'UPDATE temp.r SET (lo2, hi2) = (SELECT min(m), max(m) FROM (SELECT ' || moment || ' m FROM (SELECT 1' || b_times || '
        FROM ' || p.bq || ' b NOT INDEXED WHERE NOT EXISTS (SELECT 1 FROM ' || p.lq || ' a WHERE ' || same_key || ')'
        || coalesce(' AND NOT (' || b_null || ')', '') || ' LIMIT -1))) WHERE n = ' || t.n || ' AND backup - nb > hit;' ELSE '' END,
      'UPDATE temp.r SET nl = live, nb = backup, hit = 0, changed = 0 WHERE n = ' || t.n || '$limit;')
    || CASE WHEN same_key IS NOT NULL AND a_null IS NULL THEN '' ELSE
      coalesce('UPDATE temp.r SET same = (SELECT count(*) FROM ' || p.lq || ' a NOT INDEXED CROSS JOIN ' || p.bq || ' b
        WHERE b.' || rid || ' = a.' || rid || coalesce(' AND (' || a_null || ')', '') || ' AND CASE' || differs || ' ELSE 0 END = 0) WHERE n = ' || t.n || ' AND nl > 0 AND nb > 0;', '')
      || 'UPDATE temp.r SET only_live = nl - same, only_backup = nb - same'
      || CASE WHEN timed THEN ', (lo3, hi3) = (SELECT min(m), max(m) FROM (
        SELECT ' || moment || ' m FROM (SELECT 1' || a_times || ' FROM ' || $a_left || ' LIMIT -1)
        UNION ALL SELECT ' || moment || ' m FROM (SELECT 1' || b_times || ' FROM ' || $b_left || ' LIMIT -1)))' ELSE '' END
      || ' WHERE n = ' || t.n || ' AND (nl = same OR nb = same) AND nl + nb > 2 * same;'
      || 'UPDATE temp.r SET only_live = 0, only_backup = 0 WHERE n = ' || t.n || ' AND nl = same AND nb = same;'
      || 'UPDATE temp.r SET (only_live, only_backup, lo3, hi3) = (SELECT sum(CAST(substr(s, 1, 15) AS INTEGER)), sum(CAST(substr(s, 16, 15) AS INTEGER)),
        min(nullif(trim(substr(s, 31, 19)), '''')), max(nullif(trim(substr(s, 50, 19)), '''')) FROM (
        WITH RECURSIVE p(i, k) AS (SELECT 0, 1 + (r.nl + r.nb - 2 * r.same) / $COMPARE_AT_A_TIME UNION ALL SELECT i + 1, k FROM p WHERE i + 1 < k)
        SELECT (' || $pass || ') s FROM p LIMIT -1)) WHERE n = ' || t.n || ' AND nl <> same AND nb <> same;'
    END FROM part p WHERE p.n = t.n)
  ELSE '' END
  || 'SELECT ''INSERT INTO result VALUES('' || n || '','' || quote(live) || '','' || quote(backup) || '','' || quote(hit) || '','' || quote(changed)
    || '','' || quote(nl) || '','' || quote(nb) || '','' || quote(only_live) || '','' || quote(only_backup)
    || '','' || quote((SELECT min(x) FROM (SELECT lo x UNION ALL SELECT lo2 UNION ALL SELECT lo3)))
    || '','' || quote((SELECT max(x) FROM (SELECT hi x UNION ALL SELECT hi2 UNION ALL SELECT hi3))) || '');''
    FROM temp.r WHERE n = ' || t.n || ';$commit' text
FROM tab t WHERE NOT odd ORDER BY t.n;
"
}
