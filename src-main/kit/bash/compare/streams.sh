# --- Comparing two databases of different text encodings ------------------------------------------------------------------
#
# SQLite cannot attach a database of another encoding. So each side prints the hashes of each row's key and content in UTF-8,
# and both streams are sorted together and counted. That takes more space than looking rows up; tables beyond the limit are
# reported as not compared.

readonly COMPARE_LIMIT_STREAM=700000 # rows of both sides together: about 70 MB while sorting

# compare_streamed LIVE-URI BACKUP-URI: add to the results in the catalog.
compare_streamed() {
  local side uri
  local -a uris=([0]=$1 [1]=$2)
  : >compare.counted
  for side in L B; do
    uri=${uris[0]}
    [[ $side == L ]] || uri=${uris[1]}
    compare_count_sql "$side"
    compare_catalog "$REPLY SELECT text FROM script;" >"compare.script.$side" || return
    compare_run "$uri" "compare.script.$side" >>compare.counted
    compare_row_sql "$side"
    printf '%s' "$REPLY" >"compare.rows.$side"
  done
  compare_keep compare.counted
  compare_catalog "$COMPARE_WITHIN $(<compare.rows.L) $(<compare.rows.B)" || return
  for side in L B; do compare_catalog "SELECT text FROM script_$side ORDER BY n;" >"compare.script.$side" || return; done
  { compare_run "$1" compare.script.L; compare_run "$2" compare.script.B; } |
    LC_ALL=C sort -S 20M -T . | compare_sorted >compare.results
}

# The smallest tables first, as many as fit.
readonly COMPARE_WITHIN="
CREATE TABLE within AS SELECT n FROM (SELECT n, sum(rows) OVER (ORDER BY rows, n) total FROM
  (SELECT n, sum(rows) rows FROM counted GROUP BY n HAVING count(*) = 2)) WHERE total <= $COMPARE_LIMIT_STREAM;
INSERT INTO result(n, live, backup) SELECT n, max(CASE side WHEN 'L' THEN rows END), max(CASE side WHEN 'B' THEN rows END)
  FROM counted WHERE n NOT IN (SELECT n FROM within) GROUP BY n;
"

compare_side() { # SIDE: select the columns of `tab` and `part` for that side
  if [[ $1 == L ]]; then SIDE_ID=l SIDE_NAME=lname SIDE_Q=lq SIDE_ROW=a; else SIDE_ID=b SIDE_NAME=bname SIDE_Q=bq SIDE_ROW=b; fi
  SIDE_PROOF="'EXISTS (SELECT 1 FROM sqlite_master WHERE rowid = ' || t.$SIDE_ID || ' AND type = ''table'' AND name = ' || quote(t.$SIDE_NAME) || ')'"
}

# compare_count_sql SIDE: REPLY = SQL that creates `script`: the statements that count the rows of each table.
compare_count_sql() {
  compare_side "$1"
  REPLY="
DROP TABLE IF EXISTS script;
CREATE TABLE script AS SELECT t.n, 'SELECT ''INSERT INTO counted VALUES(''''$1'''',' || t.n || ','' || c || '');''
  FROM (SELECT count(*) c FROM main.' || substr(t.$SIDE_Q, 6) || ' NOT INDEXED) WHERE ' || $SIDE_PROOF || ';' text
FROM tab t WHERE NOT t.odd AND t.$SIDE_ID IS NOT NULL;
"
}

# compare_row_sql SIDE: REPLY = SQL that creates `script_SIDE`: the statements that print TABLE, HASH OF KEY, HASH OF ROW,
# SIDE, MOMENT.
compare_row_sql() {
  local key
  compare_side "$1"
  key="CASE coll WHEN 'NOCASE' THEN 'lower(' || $SIDE_ROW || ')' WHEN 'RTRIM' THEN 'rtrim(' || $SIDE_ROW || ')' ELSE $SIDE_ROW END"
  REPLY="
CREATE TABLE script_$1 AS SELECT t.n, 'SELECT ' || t.n || ', '''', ''count'', ''$1'', c
    FROM (SELECT count(*) c FROM main.' || substr(t.$SIDE_Q, 6) || ' NOT INDEXED) WHERE ' || $SIDE_PROOF || ';'
  || 'SELECT ' || t.n || ', CASE WHEN keyed THEN hex(substr(sha3(k), 1, 12)) ELSE r END, r, ''$1'', coalesce(' || moment || ', '''')
    FROM (SELECT ' || coalesce('NOT (' || ${SIDE_ROW}_null || ')', probe IS NOT NULL) || ' keyed, ' || coalesce(k, '0')
    || ' k, hex(substr(sha3(' || ${SIDE_ROW}_serial || '), 1, 12)) r' || ${SIDE_ROW}_times
    || ' FROM main.' || substr(t.$SIDE_Q, 6) || ' ${SIDE_ROW} NOT INDEXED WHERE ' || $SIDE_PROOF || ' LIMIT -1);' text
FROM tab t JOIN within USING (n) JOIN part p USING (n) LEFT JOIN (SELECT n, group_concat('quote(' || $key || ')', ' || '','' || ') k
  FROM keycol GROUP BY n) USING (n) WHERE p.comparable;
"
}

# compare_sorted: read sorted streams on stdin, print INSERT statements.
compare_sorted() {
  awk -F '\t' -v quote="'" '
    function seen(m) {
      if (m !~ /^[0-9][0-9: -]+$/) return
      if (lo == "" || m < lo) lo = m
      if (hi == "" || m > hi) hi = m
    }
    function group_end() {
      if (key == "") return
      if (!(live && backup)) {
        seen(live_lo); seen(live_hi)
      } else if (content) {
        if (live != backup) { seen(live_lo); seen(live_hi) }
        hit += live < backup ? live : backup
      } else {
        hit++
        if (live_row != backup_row) { changed++; seen(live_at) }
      }
      key = ""
    }
    function table_end() {
      group_end()
      # A stream that was cut off has fewer rows than were counted: report nothing for that table.
      if (table != "" && total["L"] != "" && total["B"] != "" && counted["L"] == total["L"] && counted["B"] == total["B"])
        printf "INSERT INTO result VALUES(%d,%d,%d,%d,%d,0,0,NULL,NULL,%s,%s);\n", table, total["L"], total["B"], hit, changed,
          lo == "" ? "NULL" : quote lo quote, hi == "" ? "NULL" : quote hi quote
      hit = changed = 0; lo = hi = ""; delete total; counted["L"] = counted["B"] = 0
    }
    $1 != table { table_end(); table = $1 }
    $3 == "count" { total[$4] = $5; next }
    {
      counted[$4]++
      if ($2 != key) { group_end(); key = $2; content = $2 == $3; live = backup = 0; live_lo = live_hi = live_at = "" }
      if ($4 == "L") { live++; live_row = $3; live_at = $5 } else { backup++; backup_row = $3 }
      if ($5 != "") {
        if (live_lo == "" || $5 < live_lo) live_lo = $5
        if (live_hi == "" || $5 > live_hi) live_hi = $5
      }
    }
    END { table_end() }'
}
