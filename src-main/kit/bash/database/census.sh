# --- Census of a database: its tables and their rows --------------------------------------------------------------------------
#
# Table names come from the database, so they are hostile. They are read in hexadecimal and converted to UTF-8. A statement
# uses a name only if the table's definition confirms it, and its answer counts only if sqlite3 read the name as it is
# stored: a name that was cut or altered on the way yields nothing.

readonly CENSUS_TABLES=20000 # no application has more

# census_proven: REPLY = an SQL condition: m, a row of sqlite_master, is a table that really has that name. SQLite takes name
# and kind from the definition: a row may say `table`, `users`, and define a view.
census_proven() {
  local quote form forms=''
  for quote in "'\"'" "'\`'" "''''"; do
    form="($quote || replace(m.name, $quote, $quote || $quote) || $quote)"
    forms+=" OR (substr(m.sql, 14, length($form)) = $form AND substr(m.sql, 14 + length($form), 1) <> $quote)"
  done
  REPLY="m.type = 'table' AND typeof(m.name) = 'text' AND typeof(m.sql) = 'text' AND substr(m.sql, 1, 13) = 'CREATE TABLE '
    AND instr(m.name, char(0)) = 0 AND (
      (m.name <> '' AND m.name NOT GLOB ('*[^A-Za-z0-9_\$' || char(128) || '-' || char(1114111) || ']*')
        AND substr(m.sql, 14, length(m.name)) = m.name
        AND substr(m.sql, 14 + length(m.name), 1) NOT GLOB ('[A-Za-z0-9_\$' || char(128) || '-' || char(1114111) || ']'))
      OR (instr(m.name, ']') = 0 AND substr(m.sql, 14, length(m.name) + 2) = '[' || m.name || ']')$forms)"
}

# census_list_sql: REPLY = SQL that prints the encoding; `name` lines with row, name in hexadecimal (in that encoding) and
# kind of entry; `more` lines with row, name of the rowid, and a column of timestamps. Omits virtual tables, whose rows are
# in tables that are counted. A table may have the name of an SQLite function and answer instead of it: then nothing more can
# be found out.
census_list_sql() {
  local proven
  census_proven
  proven=$REPLY
  REPLY="PRAGMA encoding;
    SELECT 'name', m.rowid, CASE WHEN length(CAST(m.name AS BLOB)) > 1000 THEN hex(substr(CAST(m.name AS BLOB), 1, 100))
        ELSE hex(m.name) END,
      CASE WHEN length(CAST(m.name AS BLOB)) > 1000 THEN 'long'
        WHEN instr(m.name, char(0)) > 0 THEN 'nul' WHEN $proven THEN 'table' ELSE 'odd' END
    FROM sqlite_master m
    WHERE (m.type = 'table' OR m.sql LIKE 'CREATE TABLE%') AND NOT (m.rootpage = 0 AND m.sql LIKE 'CREATE VIRTUAL TABLE%')
      AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.name LIMIT $((CENSUS_TABLES + 1));
    SELECT 'more', m.rowid,
      CASE WHEN EXISTS (SELECT 1 FROM pragma_index_list(m.name) i WHERE i.origin = 'pk'
             AND NOT EXISTS (SELECT 1 FROM pragma_index_xinfo(i.name) x WHERE x.cid = -1)) THEN '-'
           ELSE coalesce((SELECT w.word FROM (SELECT 'rowid' AS word UNION ALL SELECT 'oid' UNION ALL SELECT '_rowid_') w
             WHERE w.word NOT IN (SELECT lower(p.name) FROM pragma_table_xinfo(m.name) p) LIMIT 1), '-') END,
      coalesce((SELECT lower(p.name) FROM pragma_table_xinfo(m.name) p
           WHERE lower(p.name) IN ('created_at', 'updated_at', 'last_modified', 'timestamp', 'recorded_at')
           ORDER BY CASE lower(p.name) WHEN 'created_at' THEN 0 ELSE 1 END, p.cid LIMIT 1), '-')
    FROM sqlite_master m
    WHERE $proven AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND NOT EXISTS
      (SELECT 1 FROM sqlite_master s WHERE s.name LIKE 'pragma\\_%' ESCAPE '\\' OR s.sql LIKE 'CREATE%pragma\\_%' ESCAPE '\\')
    LIMIT $CENSUS_TABLES;
    SELECT 'listed', count(*) FROM sqlite_master;"
}

# With step=count, awk turns the list into the statements that count (with keys=1, also foreign keys). With step=report, it
# prints the census from list and answers. With plain=1, only for tables reported as unread, without indexes and timestamps:
# those usually need the collation or function that this sqlite3 lacks.
# shellcheck disable=SC2016 # awk expands
readonly CENSUS_AWK='
  BEGIN {
    FS = OFS = "\t"
    for (i = 1; i < 256; i++) {
      char = sprintf("%c", i); code = sprintf("%02X", i)
      number[code] = i; raw[code] = char
      word[code] = char ~ /[A-Za-z0-9._\/-]/ ? char : "%" code
    }
    number["00"] = 0; word["00"] = "%00"; line = 1
  }
  function utf8(code) {
    if (code < 128) return sprintf("%02X", code)
    if (code < 2048) return sprintf("%02X%02X", 192 + int(code / 64), 128 + code % 64)
    if (code < 65536) return sprintf("%02X%02X%02X", 224 + int(code / 4096), 128 + int(code / 64) % 64, 128 + code % 64)
    return sprintf("%02X%02X%02X%02X", 240 + int(code / 262144), 128 + int(code / 4096) % 64, 128 + int(code / 64) % 64, 128 + code % 64)
  }
  function unit(hex, at) { # of UTF-16
    if (encoding == "UTF-16le") return number[substr(hex, at + 2, 2)] * 256 + number[substr(hex, at, 2)]
    return number[substr(hex, at, 2)] * 256 + number[substr(hex, at + 2, 2)]
  }
  function as_utf8(hex,   at, code, low, out) { # sets broken if it is not text
    broken = 0
    if (encoding !~ /^UTF-16/) return hex
    if (length(hex) % 4) broken = 1
    for (at = 1; at + 3 <= length(hex); at += 4) {
      code = unit(hex, at)
      if (code >= 55296 && code < 57344) {
        low = at + 7 <= length(hex) ? unit(hex, at + 4) : 0
        if (code < 56320 && low >= 56320 && low < 57344) { code = 65536 + (code - 55296) * 1024 + low - 56320; at += 4 }
        else broken = 1
      }
      out = out utf8(code)
    }
    return out
  }
  function spell(hex, letters,   at, out) {
    for (at = 1; at < length(hex); at += 2) out = out letters[substr(hex, at, 2)]
    return out
  }
  function quoted(text, mark) { gsub(mark, mark mark, text); return mark text mark }
  function count(row,   name, table, what) {
    name = spell(hex[row], raw)
    table = quoted(name, "\"") (plain ? " NOT INDEXED" : "")
    what = "(SELECT count(*) FROM " table ")"
    what = what ", " (rowid[row] ~ /^(rowid|oid|_rowid_)$/ ? "(SELECT max(" rowid[row] ") FROM " table ")" : "NULL")
    if (stamp[row] ~ /^[a-z_]+$/ && !plain) {
      what = what ", (SELECT replace(replace(replace(substr(CAST(max(\"" stamp[row] "\") AS TEXT), 1, 40),"
      what = what " char(9), char(32)), char(10), char(32)), char(13), char(32)) FROM " table ")"
    } else what = what ", NULL"
    return "SELECT " row ", " what " FROM sqlite_master WHERE rowid = " row " AND name = " quoted(name, "\047") ";"
  }
  part == 0 && NF == 1 && $1 ~ /^UTF-/ { encoding = $1; next }
  part == 0 && $1 == "name" && $2 ~ /^-?[0-9]+$/ && $3 ~ /^[0-9A-F]*$/ && length($3) % 2 == 0 {
    order[++tables] = $2; hex[$2] = as_utf8($3); kind[$2] = broken ? "odd" : $4
    next
  }
  part == 0 && $1 == "more" { rowid[$2] = $3; stamp[$2] = $4; next }
  $0 == "answers" { part = 1; next }
  part == 1 && $1 == "unread" { wanted[$4]; next }
  part == 1 && NF >= 4 && kind[$1] == "table" && $2 ~ /^[0-9]+$/ && length($2) < 16 {
    rows[$1] = $2; greatest[$1] = $3; newest[$1] = $4; gsub(/[\001-\037\177]/, " ", newest[$1])
    next
  }
  part == 1 && $1 == "keys" && $2 ~ /^[0-9]+$/ && length($2) < 16 { violations = $2; next }
  part == 1 && /^! / {
    if (match($0, /near line [0-9]+: /)) {
      at = substr($0, RSTART + 10, RLENGTH - 12) + 0
      if (!(at in error_at)) error_at[at] = substr($0, RSTART + RLENGTH, 200)
    } else if (general == "") general = substr($0, 3, 200)
    next
  }
  part == 1 && /^= / { status = substr($0, 3) + 0; next }
  END {
    for (i = 1; i <= tables; i++) {
      row = order[i]
      if (kind[row] != "table" || (plain && !(row in wanted))) continue
      begins[row] = line
      text = count(row)
      if (step == "count") print text
      line += 1 + gsub(/\n/, "", text)
    }
    if (step == "count") {
      if (keys) print "SELECT \047keys\047, count(*) FROM pragma_foreign_key_check;"
      exit
    }
    for (i = 1; i <= tables; i++) {
      row = order[i]
      if (plain && !(row in wanted)) continue
      name = spell(hex[row], word)
      if (row in rows) { print "table", name, rows[row], greatest[row], newest[row]; continue }
      if (kind[row] == "long") why = "its name is longer than 1000 bytes"
      else if (kind[row] == "nul") why = "its name holds a NUL character"
      else if (kind[row] != "table") why = "its name is not what its definition says"
      else if (begins[row] in error_at) why = error_at[begins[row]]
      else if (status == 124) why = "it took too long"
      else why = general == "" ? "its name cannot be given to sqlite3" : general
      gsub(/[\001-\037\177]/, " ", why)
      print "unread", name, why, row
    }
    if (violations != "") print "keys", violations
    if (status >= 125) print "ended", status
  }'

# census SECONDS DATABASE KEYS [OPTION...]: print lines, with names percent-encoded and no control characters elsewhere:
#   table NAME ROWS GREATEST-ROWID NEWEST-STAMP (the last two are empty if there is none)
#   unread NAME REASON ROW                       could not be counted; ROW is its row in sqlite_master
#   keys VIOLATIONS                              foreign keys, if KEYS is 1 and they could be counted
#   failed REASON                                not even the names could be read
#   ended STATUS                                 sqlite3 was killed or could not run: the database may be fine
census() {
  local seconds=$1 database=$2 keys=$3 list answers report again
  shift 3
  census_list_sql
  list=$(printf '%s\n' "$REPLY" | sql_run "$seconds" "$database" "$@")
  census_listed "$list" || return 1
  answers=$(printf '%s\n' "$list" | awk -v step=count -v keys="$keys" "$CENSUS_AWK" | sql_run "$seconds" "$database" "$@")
  report=$(printf '%s\n' "$list" answers "$answers" | awk -v step=report "$CENSUS_AWK")
  if [[ $'\n'$report == *$'\nunread\t'* && $'\n'$answers == *$'\n= 1' ]]; then
    again=$(printf '%s\n' "$list" answers "$report" | awk -v step=count -v plain=1 "$CENSUS_AWK" | sql_run "$seconds" "$database" "$@")
    again=$(printf '%s\n' "$list" answers "$report" "$again" | awk -v step=report -v plain=1 "$CENSUS_AWK")
    report=$(printf '%s\n' "$report" | grep -v $'^unread\t')$'\n'$again
  fi
  printf '%s\n' "$report"
}

census_listed() { # LIST: print why it is not a list; status 1 then
  local names status=${1##*$'= '}
  if [[ ! $status =~ ^[0-9]{1,3}$ ]] || ((status >= 125)); then
    printf 'ended\t%s\n' "${status:0:3}"
    return 1
  fi
  if [[ $'\n'$1 != *$'\nlisted\t'* ]]; then
    sql_complaint "$1"
    printf 'failed\t%s\n' "$REPLY"
    return 1
  fi
  names=$(printf '%s\n' "$1" | grep -c $'^name\t')
  [[ $names =~ ^[0-9]{1,9}$ ]] && ((names <= CENSUS_TABLES)) || { printf 'failed\tthere are more than %s tables\n' "$CENSUS_TABLES"; return 1; }
}

# census_one_sql NAME: REPLY = a statement that returns NAME and its row count if it is a table; it reads no views. NAME is a
# key table of the policy: letters, digits and underscores.
census_one_sql() {
  local name=$1
  census_proven
  REPLY="SELECT '$name', (SELECT count(*) FROM \"$name\") FROM sqlite_master m WHERE lower(m.name) = lower('$name') AND $REPLY LIMIT 1;"
  REPLY=${REPLY//$'\n'/ }
}

# sql_complaint ANSWER-OF-SQL_RUN: REPLY = the first error, in one line.
sql_complaint() {
  local status=${1##*$'= '}
  REPLY=''
  if [[ $'\n'$1 == *$'\n! '* ]]; then
    REPLY=$'\n'$1 REPLY=${REPLY#*$'\n! '} REPLY=${REPLY%%$'\n'*}
    [[ ! $REPLY =~ ^[A-Za-z\ ]*[Ee]rror:?\ (near\ line\ [0-9]+:\ )?(in\ prepare,\ )?(.*)$ ]] || REPLY=${BASH_REMATCH[3]}
  elif [[ $status == 124 ]]; then
    REPLY='it took too long'
  elif [[ $status != 0 ]]; then
    REPLY="sqlite3 ended with status $status"
  fi
  REPLY=${REPLY:0:300} REPLY=${REPLY//[[:cntrl:]]/ }
}

# table_counts DATABASE [OPTION...]: print a line for each table: name (percent-encoded), rows, greatest rowid, newest
# timestamp; the last two are empty if there is none. Omits tables that cannot be counted. Status 1 if the tables cannot be
# listed.
table_counts() {
  local report
  report=$(census "$SQL_SECONDS" "$1" 0 "${@:2}") || return 1
  printf '%s\n' "$report" | sed -n $'s/^table\t//p'
}

# table_rows TABLE LINE...: REPLY = the table's row count from lines of table_counts, or empty. Ignores case, as SQLite does.
table_rows() {
  local table=$1 line
  shift
  for line in "$@"; do
    [[ ${line,,} != "${table,,}"$'\t'* ]] || { line=${line#*$'\t'} REPLY=${line%%$'\t'*}; return; }
  done
  REPLY=''
}
