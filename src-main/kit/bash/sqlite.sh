# --- SQLite ---------------------------------------------------------------------------------------------------------------

# What a database of somebody else may not do to us: its schema is a program. Functions in it are not trusted, its CHECK
# constraints are not run (an old sqlite3 would run any function in them), cells are checked before they are read.
readonly SQL_DISTRUST='PRAGMA trusted_schema=OFF; PRAGMA ignore_check_constraints=ON; PRAGMA cell_size_check=ON;'

# sql DATABASE SQL [OPTION...]: runs SQL on a file by its path or URI. Output: rows, tab-separated. Opened read-only: what
# only reads must not be able to write. sqlite3 knows no `--`: a relative path must not look like an option.
sql() {
  local database=$1 text=$2
  shift 2
  [[ $database == /* || $database == file:* ]] || database=./$database
  sqlite3 -batch -bail -noheader -separator $'\t' -nullvalue '' -init /dev/null -readonly "$@" \
    "$database" "$SQL_DISTRUST $text" </dev/null
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

# database_plain FILE: SQLite opens whatever has the name of a database or a sidecar, and waits for ever for a named pipe
# that nobody writes. REPLY = the one that is no plain file; status 0 if there is none.
database_plain() {
  local suffix
  for suffix in '' -wal -shm -journal; do
    REPLY=$1$suffix
    [[ ! -e $REPLY || -f $REPLY ]] || return 1
  done
}

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

# table_counts DATABASE [OPTION...]: one line a table on stdout: name (percent-encoded), rows, greatest rowid, newest stamp; the last
# two are empty where there is none. One pass of SQL makes the statements, a second runs them: the tables are the
# database's, not a list of ours. Virtual tables (rootpage 0) are left out: their rows lie in tables that are counted.
table_counts() {
  local database=$1 statements line name
  shift
  statements=$(sql "$database" "
    SELECT 'SELECT ' || quote(hex(m.name)) || ', count(*), '
      || CASE WHEN EXISTS (SELECT 1 FROM pragma_index_list(m.name) i WHERE i.origin = 'pk'
                AND NOT EXISTS (SELECT 1 FROM sqlite_master x WHERE x.type = 'index' AND x.name = i.name))
           THEN 'NULL' ELSE 'max(rowid)' END || ', '
      || coalesce((SELECT 'replace(replace(replace(substr(CAST(max(\"' || replace(p.name, '\"', '\"\"')
                     || '\") AS TEXT), 1, 40), char(9), '' ''), char(10), '' ''), char(13), '' '')'
           FROM pragma_table_info(m.name) p
           WHERE lower(p.name) IN ('created_at', 'updated_at', 'last_modified', 'timestamp', 'recorded_at')
           ORDER BY CASE lower(p.name) WHEN 'created_at' THEN 0 ELSE 1 END, p.cid LIMIT 1), 'NULL')
      || ' FROM \"' || replace(m.name, '\"', '\"\"') || '\";'
    FROM sqlite_master m
    WHERE m.type = 'table' AND m.rootpage > 0 AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.name" "$@") || return
  [[ $statements != '' ]] || return 0
  sql "$database" "$statements" "$@" | while IFS= read -r line; do
    name=${line%%$'\t'*}
    hex_text "$name"
    encode_path "$REPLY"
    printf '%s\t%s\n' "$REPLY" "${line#*$'\t'}"
  done
}

# hex_text HEX: REPLY = the bytes that SQLite's hex() wrote so (no NUL among them).
hex_text() {
  local hex=$1 text=''
  while [[ $hex != '' ]]; do
    text+="\\x${hex:0:2}"
    hex=${hex:2}
  done
  printf -v REPLY '%b' "$text"
}

# count_line LINE: takes a line of table_counts apart: T_NAME (percent-encoded), T_ROWS, T_MAX, T_NEWEST.
count_line() {
  local rest=$1
  T_NAME=${rest%%$'\t'*} rest=${rest#*$'\t'}
  T_ROWS=${rest%%$'\t'*} rest=${rest#*$'\t'}
  T_MAX=${rest%%$'\t'*} T_NEWEST=${rest#*$'\t'}
}

# sqlite_problem VERSION: REPLY = a known fault of that version that matters to us, or empty.
# Source: sqlite.org/changes.html, 3.51.3 (2026-03), with back-ports 3.50.7 and 3.44.6.
sqlite_problem() {
  local version=$1 a b c number
  REPLY=''
  IFS=. read -r a b c _ < <(printf '%s\n' "$version")
  [[ $a =~ ^[0-9]+$ && $b =~ ^[0-9]+$ ]] || { REPLY="unknown version '$version'"; return; }
  c=${c%%[!0-9]*}
  number=$((a * 1000000 + b * 1000 + ${c:-0}))
  if ((number < 3026000)); then
    REPLY="older than 3.26: not supported"
  elif ((number < 3051003)) && ! ((number >= 3050007 && number < 3051000)) && ! ((number >= 3044006 && number < 3045000)); then
    REPLY="may corrupt a WAL database when two processes write and checkpoint at the same moment (fixed in 3.51.3, 3.50.7, 3.44.6)"
  fi
}
