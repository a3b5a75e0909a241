# --- SQLite ---------------------------------------------------------------------------------------------------------------

# A foreign database can attack us: its schema is a program. Trust no functions in it, run no CHECK constraints (an old
# sqlite3 would run any function in them), and check cells before reading them.
readonly SQL_DISTRUST='PRAGMA trusted_schema=OFF; PRAGMA ignore_check_constraints=ON; PRAGMA cell_size_check=ON;'

# Time limit for reading a foreign file: a view may have endless rows, and its page tree may contain loops.
readonly SQL_SECONDS=900

# sql DATABASE SQL [OPTION...]: run SQL on a file given by path or URI, and print rows, tab-separated. Opens it read-only.
# sqlite3 has no `--`, so a relative path must not look like an option. The SQL goes to stdin because it may exceed the
# length limit of an argument.
sql() {
  local database=$1 text=$2
  shift 2
  [[ $database == /* || $database == file:* ]] || database=./$database
  sqlite_safe
  [[ $text != ATTACH\ * ]] || SQLITE_SAFE=() # -safe refuses ATTACH
  printf '%s\n' "$text" | timeout --foreground --kill-after=5 "$SQL_SECONDS" sqlite3 -batch -bail -noheader \
    -separator $'\t' -nullvalue '' -init /dev/null -readonly "$@" -cmd "$SQL_DISTRUST" \
    ${SQLITE_SAFE[@]+"${SQLITE_SAFE[@]}"} "$database"
}

# sql_run SECONDS DATABASE [OPTION...]: run the SQL on stdin; a failing statement does not stop the others. Prints the rows;
# then each error line after `! `; then `= STATUS`, which is 124 after a timeout.
sql_run() {
  local seconds=$1 database=$2 errors status
  shift 2
  sqlite_safe
  {
    errors=$(timeout --foreground --kill-after=5 "$seconds" sqlite3 -batch -noheader -separator $'\t' -nullvalue '' \
      -init /dev/null -readonly "$@" -cmd "$SQL_DISTRUST" ${SQLITE_SAFE[@]+"${SQLITE_SAFE[@]}"} "$database" 2>&1 >&3 3>&-)
    status=$?
  } 3>&1
  [[ $errors == '' ]] || printf '! %s\n' "${errors//$'\n'/$'\n! '}"
  printf '= %s\n' "$status"
}

# sqlite_safe: SQLITE_SAFE = the option that keeps sqlite3 (3.37 or newer) from running programs and writing files. Pass it
# last: preceding -cmd options may still redirect output.
SQLITE_SAFE=() SQLITE_SAFE_KNOWN=''
sqlite_safe() {
  if [[ $SQLITE_SAFE_KNOWN == '' ]]; then
    SQLITE_SAFE_KNOWN=no
    ! sqlite3 -safe -version >/dev/null 2>&1 </dev/null || SQLITE_SAFE_KNOWN=yes
  fi
  SQLITE_SAFE=()
  [[ $SQLITE_SAFE_KNOWN != yes ]] || SQLITE_SAFE=(-safe)
}

# database_uri PATH: REPLY = a URI that opens it as immutable: no locks, no sidecars, nothing written beside it.
database_uri() {
  encode_path "$1"
  REPLY="file:$REPLY?mode=ro&immutable=1"
}

# sql_text TEXT: REPLY = TEXT quoted as an SQL string.
sql_text() { REPLY="'${1//\'/\'\'}'"; }

# database_plain FILE: REPLY = the first of the database and its sidecars that is not a plain file; status 0 if all are.
# SQLite would block on a named pipe.
database_plain() {
  local suffix
  for suffix in '' -wal -shm -journal; do
    REPLY=$1$suffix
    [[ ! -e $REPLY || -f $REPLY ]] || return 1
  done
}

# header_read FILE: read the 100-byte header without opening the database; status 1 if it is not one. Sets H_PAGE_SIZE,
# H_PAGE_COUNT (0 if the header does not record it), H_JOURNAL (wal or delete), H_USER_VERSION, H_CHANGES, H_FORMAT (above 2:
# needs a newer SQLite than any of today), H_ENCODING (1: UTF-8 or not yet chosen).
header_read() {
  local hex REPLY
  H_PAGE_SIZE=0 H_PAGE_COUNT=0 H_JOURNAL='' H_USER_VERSION=0 H_CHANGES=0 H_FORMAT=1 H_ENCODING=1
  header_hex "$1" 100 || return 1
  hex=$REPLY
  [[ $hex == 53514c69746520666f726d6174203300* ]] || return 1
  H_PAGE_SIZE=$((16#${hex:32:4}))
  ((H_PAGE_SIZE != 1)) || H_PAGE_SIZE=65536
  if [[ ${hex:36:2} == 02 ]]; then H_JOURNAL=wal; else H_JOURNAL=delete; fi
  H_FORMAT=$((16#${hex:38:2}))
  [[ ${hex:112:8} != 0000000[23] ]] || H_ENCODING=${hex:119:1}
  H_CHANGES=$((16#${hex:48:8}))
  # The count is valid only while the change counter and the version-valid-for number agree.
  [[ ${hex:48:8} != "${hex:184:8}" ]] || H_PAGE_COUNT=$((16#${hex:56:8}))
  H_USER_VERSION=$((16#${hex:120:8}))
  ((H_USER_VERSION < 2147483648)) || H_USER_VERSION=$((H_USER_VERSION - 4294967296))
  ((H_PAGE_SIZE >= 512))
}

# count_line LINE: split a line of table_counts into T_NAME (percent-encoded), T_ROWS, T_MAX, T_NEWEST.
count_line() {
  local rest=$1
  T_NAME=${rest%%$'\t'*} rest=${rest#*$'\t'}
  T_ROWS=${rest%%$'\t'*} rest=${rest#*$'\t'}
  T_MAX=${rest%%$'\t'*} T_NEWEST=${rest#*$'\t'}
}

# sqlite_number VERSION: REPLY = a number that grows with the version: 3037002 for 3.37.2; 0 if it is not a version.
sqlite_number() {
  local version=$1
  REPLY=0
  [[ $version =~ ^([0-9]{1,3})\.([0-9]{1,3})(\.([0-9]{1,3}))? ]] || return 0
  REPLY=$((10#${BASH_REMATCH[1]} * 1000000 + 10#${BASH_REMATCH[2]} * 1000 + 10#${BASH_REMATCH[4]:-0}))
}

# sqlite_problem VERSION: REPLY = a known fault of that version that matters to us, or empty.
# Source: sqlite.org/changes.html, 3.51.3 (2026-03), with back-ports 3.50.7 and 3.44.6.
sqlite_problem() {
  local version=$1 number
  sqlite_number "$version"
  number=$REPLY REPLY=''
  if ((number == 0)); then
    REPLY="unknown version '$version'"
  elif ((number < 3026000)); then
    REPLY="older than 3.26: not supported"
  elif ((number < 3051003)) && ! ((number >= 3050007 && number < 3051000)) && ! ((number >= 3044006 && number < 3045000)); then
    REPLY="may corrupt a WAL database when two processes write and checkpoint at the same moment (fixed in 3.51.3, 3.50.7, 3.44.6)"
  fi
}
