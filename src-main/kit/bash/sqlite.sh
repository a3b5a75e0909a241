# --- SQLite ---------------------------------------------------------------------------------------------------------------

# sql DATABASE SQL [OPTION...]: runs SQL on a file by its path, whatever the path looks like. Output: rows, tab-separated.
# Opened read-only: what only reads must not be able to write.
sql() {
  local database=$1 text=$2
  shift 2
  sqlite3 -batch -bail -noheader -separator $'\t' -nullvalue '' -init /dev/null -readonly "$@" -- "$database" "$text" </dev/null
}

# database_uri PATH: REPLY = a URI that opens it as what nobody changes: no locks, no sidecars, nothing written beside it.
database_uri() {
  encode_path "$1"
  REPLY="file:$REPLY?mode=ro&immutable=1"
}

# sql_name NAME: REPLY = NAME quoted as an SQL identifier.
sql_name() { REPLY="\"${1//\"/\"\"}\""; }

# sql_text TEXT: REPLY = TEXT quoted as an SQL string.
sql_text() { REPLY="'${1//\'/\'\'}'"; }

# header_read FILE: reads the 100-byte header without opening the database. Status 1 if it is none.
# Sets H_PAGE_SIZE, H_PAGE_COUNT (0 where the header does not tell), H_JOURNAL (wal or delete), H_USER_VERSION, H_CHANGES.
header_read() {
  local hex
  H_PAGE_SIZE=0 H_PAGE_COUNT=0 H_JOURNAL='' H_USER_VERSION=0 H_CHANGES=0
  hex=$(head -c 100 -- "$1" 2>/dev/null | od -An -v -tx1 | tr -d ' \n')
  [[ ${#hex} -eq 200 && $hex == 53514c69746520666f726d6174203300* ]] || return 1
  H_PAGE_SIZE=$((16#${hex:32:4}))
  ((H_PAGE_SIZE != 1)) || H_PAGE_SIZE=65536
  if [[ ${hex:36:2} == 02 ]]; then H_JOURNAL=wal; else H_JOURNAL=delete; fi
  H_CHANGES=$((16#${hex:48:8}))
  # The count is valid only while the change counter and the version-valid-for number agree.
  [[ ${hex:48:8} != "${hex:184:8}" ]] || H_PAGE_COUNT=$((16#${hex:56:8}))
  H_USER_VERSION=$((16#${hex:120:8}))
  ((H_USER_VERSION < 2147483648)) || H_USER_VERSION=$((H_USER_VERSION - 4294967296))
  ((H_PAGE_SIZE >= 512))
}

# table_counts DATABASE: one line a table on stdout: name (percent-encoded), rows, greatest rowid, newest stamp.
# One pass of SQL makes the statements, a second runs them: the tables are the database's, not a list of ours.
table_counts() {
  local database=$1 statements
  # shellcheck disable=SC2016
  statements=$(sql "$database" "
    SELECT 'SELECT ' || quote(m.name) || ', count(*), '
      || CASE WHEN upper(m.sql) LIKE '%WITHOUT ROWID%' THEN 'NULL' ELSE 'max(rowid)' END || ', '
      || coalesce((SELECT 'max(' || group_concat('coalesce(' || '\"' || replace(p.name, '\"', '\"\"') || '\", '''')', ', ') || ')'
           FROM (SELECT name FROM pragma_table_info(m.name)
                 WHERE lower(name) IN ('created_at', 'updated_at', 'last_modified', 'timestamp', 'recorded_at')
                 ORDER BY CASE lower(name) WHEN 'created_at' THEN 0 ELSE 1 END LIMIT 1) p), 'NULL')
      || ' FROM \"' || replace(m.name, '\"', '\"\"') || '\";'
    FROM sqlite_master m WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.name") || return 1
  [[ $statements != '' ]] || return 0
  sql "$database" "$statements"
}

# sqlite_problem VERSION: REPLY = a known fault of that version that matters to us, or empty.
# Source: sqlite.org/changes.html, 3.51.3 (2026-03), with back-ports 3.50.7 and 3.44.6.
sqlite_problem() {
  local version=$1 a b c number
  REPLY=''
  IFS=. read -r a b c _ <<<"$version"
  [[ $a =~ ^[0-9]+$ && $b =~ ^[0-9]+$ ]] || { REPLY="unknown version '$version'"; return; }
  c=${c%%[!0-9]*}
  number=$((a * 1000000 + b * 1000 + ${c:-0}))
  if ((number < 3026000)); then
    REPLY="older than 3.26: not supported"
  elif ((number < 3051003)) && ! ((number >= 3050007 && number < 3051000)) && ! ((number >= 3044006 && number < 3045000)); then
    REPLY="may corrupt a WAL database when two processes write and checkpoint at the same moment (fixed in 3.51.3, 3.50.7, 3.44.6)"
  fi
}
