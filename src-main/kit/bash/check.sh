# --- Checking a database file ---------------------------------------------------------------------------------------------
#
# For a plain database file that nobody else changes: an extracted backup, a fresh copy. Opened immutable: no lock, no
# sidecar, nothing written beside it, whatever its journal mode and its folder are.

CHECK_PROBLEM=''     # one sentence, or empty: the file is a sound database
CHECK_CODE=ok        # ok; empty, not-a-backup, integrity: the database's fault; internal: nothing is known about it
CHECK_INTEGRITY=''   # `ok`, or the first complaint of integrity_check
CHECK_FK=''          # foreign key violations; empty where they could not be counted
CHECK_SIZE=0         # bytes
CHECK_PAGE_SIZE=0 CHECK_PAGE_COUNT=0 CHECK_JOURNAL='' CHECK_USER_VERSION=0
CHECK_TABLES=()      # lines of table_counts
CHECK_KEY_MISSING='' # key tables of the policy that are not there, separated by blanks
CHECK_KEY_EMPTY=''   # key tables that are there and hold no row

# Options for sql, for a file that nobody else changes (one that is cut off under a mapping would kill its reader): read as
# memory, in about a quarter of the time of reading page by page. The pragma answers with a row, which is of no interest.
readonly MAPPED=(-cmd '.output /dev/null' -cmd 'PRAGMA mmap_size=2147418112;' -cmd '.output stdout')

# database_check FILE: sets the CHECK_ globals. Status 0 if the file is sound. Violated foreign keys, missing and empty
# key tables are told, not judged: whether they are a fault depends on what the database was like when it was copied.
database_check() {
  local file=$1 uri integrity_fd counts status
  CHECK_PROBLEM='' CHECK_CODE=ok CHECK_INTEGRITY='' CHECK_FK='' CHECK_TABLES=() CHECK_KEY_MISSING='' CHECK_KEY_EMPTY=''
  file_size "$file"
  CHECK_SIZE=$REPLY
  check_header "$file" || return 1
  database_uri "$file"
  uri=$REPLY
  # Side by side: the check is bound by the processor, the counts by reading.
  exec {integrity_fd}< <(integrity_check "$uri")
  counts=$(table_counts "$uri" "${MAPPED[@]}" 2>/dev/null)
  status=$?
  [[ $counts == '' ]] || mapfile -t CHECK_TABLES < <(printf '%s\n' "$counts")
  CHECK_FK=$(sql "$uri" 'SELECT count(*) FROM pragma_foreign_key_check;' "${MAPPED[@]}" 2>/dev/null) || CHECK_FK=''
  CHECK_INTEGRITY=$(cat <&"$integrity_fd")
  exec {integrity_fd}<&-
  if ((status >= 126)) || [[ $CHECK_INTEGRITY == '' || $CHECK_INTEGRITY == "$NOT_CHECKED"* ]]; then
    CHECK_INTEGRITY=${CHECK_INTEGRITY#"$NOT_CHECKED"} CHECK_INTEGRITY=${CHECK_INTEGRITY%%$'\n'*}
    check_finds internal "The database could not be checked: ${CHECK_INTEGRITY:0:300}"
    return 1
  fi
  # The answer must be this one line: a complaint may well contain "ok".
  if [[ $CHECK_INTEGRITY != ok ]]; then
    CHECK_INTEGRITY=${CHECK_INTEGRITY%%$'\n'*}
    check_finds integrity "The database is damaged: ${CHECK_INTEGRITY:0:300}"
    return 1
  fi
  check_key_tables
  [[ $CHECK_PROBLEM == '' ]]
}

# What can be told without opening it. integrity_check answers `ok` for an empty file, and for one that is not there.
check_header() {
  local file=$1
  CHECK_PAGE_SIZE=0 CHECK_PAGE_COUNT=0 CHECK_JOURNAL='' CHECK_USER_VERSION=0
  if ((CHECK_SIZE == 0)); then
    check_finds empty 'The file is empty (0 bytes).'
    return 1
  fi
  if ! header_read "$file"; then
    check_finds not-a-backup 'The file is no SQLite database: its header is wrong.'
    return 1
  fi
  CHECK_PAGE_SIZE=$H_PAGE_SIZE CHECK_JOURNAL=$H_JOURNAL CHECK_USER_VERSION=$H_USER_VERSION
  CHECK_PAGE_COUNT=$((CHECK_SIZE / H_PAGE_SIZE))
  if ((CHECK_SIZE % H_PAGE_SIZE != 0)); then
    check_finds integrity "The database ends in the middle of a page: $CHECK_SIZE bytes, pages of $H_PAGE_SIZE."
    return 1
  fi
  if ((H_PAGE_COUNT != 0 && H_PAGE_COUNT != CHECK_PAGE_COUNT)); then
    check_finds integrity "The database is not whole: its header tells $H_PAGE_COUNT pages, the file has $CHECK_PAGE_COUNT."
    return 1
  fi
}

check_finds() { CHECK_CODE=$1 CHECK_PROBLEM=$2; }

readonly NOT_CHECKED='not checked: '
# integrity_check URI: `ok`, or complaints, on stdout. Whatever goes wrong says something, and that is not `ok`.
# It looks at every cell of every page itself; to have pages looked at again whenever one is met (cell_size_check) makes it
# take three times as long and finds nothing more.
# sqlite3 that is missing, or was killed, or had no memory or no disk, says nothing about the database: that is NOT_CHECKED.
integrity_check() {
  local answer status
  answer=$(sql "$1" 'PRAGMA cell_size_check=OFF; PRAGMA cache_size=-131072; PRAGMA integrity_check(20);' "${MAPPED[@]}" 2>&1)
  status=$?
  ((status == 0)) || answer="${answer:+$answer$'\n'}integrity_check did not end (status $status)"
  if ((status >= 126)) || { ((status != 0)) && [[ $answer == *@(out of memory|disk I/O error|unable to open)* ]]; }; then
    answer=$NOT_CHECKED$answer
  fi
  printf '%s\n' "$answer"
}

check_key_tables() {
  local name line rows
  for name in ${POLICY[key_tables]}; do
    rows=''
    for line in ${CHECK_TABLES[@]+"${CHECK_TABLES[@]}"}; do
      count_line "$line"
      [[ $T_NAME != "$name" ]] || rows=$T_ROWS
    done
    if [[ $rows == '' ]]; then
      CHECK_KEY_MISSING+="${CHECK_KEY_MISSING:+ }$name"
    elif ((rows == 0)); then
      CHECK_KEY_EMPTY+="${CHECK_KEY_EMPTY:+ }$name"
    fi
  done
  if ((${#CHECK_TABLES[@]} == 0)); then check_finds empty 'The database holds no table.'; fi
}

# database_check_say FILE: what database_check finds, as lines on stdout. Status as database_check.
database_check_say() {
  database_check "$1"
  printf '%s\n' "problem=$CHECK_PROBLEM" "code=$CHECK_CODE" "integrity=$CHECK_INTEGRITY" "fk=$CHECK_FK" "size=$CHECK_SIZE" \
    "pageSize=$CHECK_PAGE_SIZE" "pageCount=$CHECK_PAGE_COUNT" "journal=$CHECK_JOURNAL" "userVersion=$CHECK_USER_VERSION" \
    "keyMissing=$CHECK_KEY_MISSING" "keyEmpty=$CHECK_KEY_EMPTY"
  ((${#CHECK_TABLES[@]} == 0)) || printf 'table\t%s\n' "${CHECK_TABLES[@]}"
  printf 'end\n'
  [[ $CHECK_PROBLEM == '' ]]
}

readonly COUNT_LINE=$'^[A-Za-z0-9._/%-]*\t[0-9]{1,15}\t(-?[0-9]{1,19})?\t[^\t]{0,160}$'

# database_check_load RESULT: sets the globals from what database_check_say said. Status as database_check; a result that is
# not there, or not whole, is a check that failed. What it says comes from a reader of foreign data: only what can be meant
# is taken.
database_check_load() {
  local line value whole=''
  CHECK_PROBLEM='The check was stopped before its end.' CHECK_CODE=internal CHECK_TABLES=() CHECK_INTEGRITY='' CHECK_FK=''
  CHECK_SIZE=0 CHECK_PAGE_SIZE=0 CHECK_PAGE_COUNT=0 CHECK_JOURNAL='' CHECK_USER_VERSION=0 CHECK_KEY_MISSING='' CHECK_KEY_EMPTY=''
  [[ -r $1 && $(tail -n 1 -- "$1") == end ]] || return 1
  while IFS= read -r line; do
    value=${line#*=}
    case $line in
      table$'\t'*)
        value=${line#*$'\t'}
        [[ ! $value =~ $COUNT_LINE ]] || CHECK_TABLES+=("$value")
        ;;
      problem=*) CHECK_PROBLEM=${value:0:1000} ;;
      code=*) [[ ! $value =~ ^(ok|empty|not-a-backup|integrity|internal)$ ]] || CHECK_CODE=$value ;;
      integrity=*) CHECK_INTEGRITY=${value:0:1000} ;;
      fk=*) [[ ! $value =~ ^[0-9]{1,15}$ ]] || CHECK_FK=$value ;;
      size=*) [[ ! $value =~ ^[0-9]{1,15}$ ]] || CHECK_SIZE=$value ;;
      pageSize=*) [[ ! $value =~ ^[0-9]{1,6}$ ]] || CHECK_PAGE_SIZE=$value ;;
      pageCount=*) [[ ! $value =~ ^[0-9]{1,15}$ ]] || CHECK_PAGE_COUNT=$value ;;
      journal=*) [[ ! $value =~ ^(wal|delete)$ ]] || CHECK_JOURNAL=$value ;;
      userVersion=*) [[ ! $value =~ ^-?[0-9]{1,11}$ ]] || CHECK_USER_VERSION=$value ;;
      keyMissing=*) CHECK_KEY_MISSING=$value ;;
      keyEmpty=*) CHECK_KEY_EMPTY=$value ;;
      end) whole=yes ;;
    esac
  done <"$1"
  [[ $whole != '' ]] || CHECK_PROBLEM='The check was stopped before its end.' CHECK_CODE=internal
  [[ $CHECK_PROBLEM == '' && $CHECK_CODE == ok ]]
}

# tables_json LINE...: REPLY = tableCount array of lines of table_counts.
tables_json() {
  local line list=() name max newest
  for line in "$@"; do
    count_line "$line"
    decode_path "$T_NAME"
    name=$REPLY
    json_safe_number "$T_MAX"
    max=$REPLY
    json_text_or_null "$T_NEWEST"
    newest=$REPLY
    json_object table="$name" rows:="$T_ROWS" maxRowid:="$max" newest:="$newest"
    list+=("$REPLY")
  done
  json_array ${list[@]+"${list[@]}"}
}

# REPLY = NUMBER if it is a whole number that every JSON reader keeps exact, else null.
json_safe_number() {
  if [[ $1 =~ ^-?[0-9]{1,15}$ ]]; then REPLY=$1; else REPLY=null; fi
}
