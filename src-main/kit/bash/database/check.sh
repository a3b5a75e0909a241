# --- Checking a database file ---------------------------------------------------------------------------------------------
#
# For a plain database file that nobody else changes: an extracted backup, a fresh copy. Opened immutable: no lock, no
# sidecar, nothing written beside it, whatever its journal mode and folder.

CHECK_PROBLEM=''     # one sentence; empty if no fault was found
CHECK_CODE=ok        # ok; empty, not-a-backup, integrity: fault of the database; internal: the check itself failed
CHECK_UNABLE=''      # what this sqlite3 could not check, and why; empty if it checked everything
CHECK_INTEGRITY=''   # `ok`, the first complaint of integrity_check, or `not checked`
CHECK_FK=''          # foreign key violations; empty if they could not be counted
CHECK_SIZE=0         # bytes
CHECK_PAGE_SIZE=0 CHECK_PAGE_COUNT=0 CHECK_JOURNAL='' CHECK_USER_VERSION=0 CHECK_ENCODING=1
CHECK_TABLES=()      # lines of table_counts
CHECK_UNREAD=()      # tables that could not be counted: name (percent-encoded) TAB reason
CHECK_KEY_MISSING='' # key tables of the policy that are missing, separated by blanks
CHECK_KEY_EMPTY=''   # key tables without rows
CHECK_KEY_UNREAD=''  # key tables that could not be counted

# Options for sql, for a file that nobody else changes: memory-mapped reading takes about a quarter of the time. (If somebody
# truncated the file, the reader would be killed.) The pragma's answer is discarded.
readonly MAPPED=(-cmd '.output /dev/null' -cmd 'PRAGMA mmap_size=2147418112;' -cmd '.output stdout')

# database_check FILE: set the CHECK_ globals; status 0 if no fault was found. CHECK_UNABLE names what could not be checked.
# Reports violated foreign keys and missing or empty key tables, but not as faults: the live database may have been like
# that.
database_check() {
  local file=$1 uri integrity_fd counts integrity seconds
  CHECK_PROBLEM='' CHECK_CODE=ok CHECK_UNABLE='' CHECK_INTEGRITY='' CHECK_FK='' CHECK_TABLES=() CHECK_UNREAD=()
  CHECK_KEY_MISSING='' CHECK_KEY_EMPTY='' CHECK_KEY_UNREAD=''
  file_size "$file"
  CHECK_SIZE=$REPLY
  seconds=$((120 + CHECK_SIZE / 1048576))
  check_header "$file" || return 1
  database_uri "$file"
  uri=$REPLY
  # In parallel: the check is bound by the CPU, the counts by reading.
  exec {integrity_fd}< <(integrity_check "$seconds" "$uri")
  counts=$(census "$seconds" "$uri" 1 "${MAPPED[@]}")
  integrity=$(cat <&"$integrity_fd")
  exec {integrity_fd}<&-
  check_census "$counts" || return 1
  check_integrity "$seconds" "$uri" "$integrity" || return 1
  check_key_tables
  [[ $CHECK_PROBLEM == '' ]]
}

# Take the lines of a census. Without one, only the integrity check can tell damage from what this sqlite3 cannot read.
check_census() {
  local line rest
  while IFS= read -r line; do
    rest=${line#*$'\t'}
    case $line in
      table$'\t'*) CHECK_TABLES+=("$rest") ;;
      unread$'\t'*) CHECK_UNREAD+=("${rest%$'\t'*}") ;;
      keys$'\t'*) CHECK_FK=$rest ;;
      failed$'\t'*) check_unable "its tables could not be listed ($rest)" ;;
      ended$'\t'*)
        check_finds internal "The database could not be checked: sqlite3 ended with status $rest."
        return 1
        ;;
    esac
  done < <(printf '%s\n' "$1")
  check_list CHECK_UNREAD 'the rows of '
}

check_integrity() { # SECONDS URI ANSWER
  local text=${3#* }
  text=${text%%$'\n'*}
  CHECK_INTEGRITY=$text
  case $3 in
    # The whole answer must be `ok`: a complaint may contain "ok".
    ok) CHECK_INTEGRITY=ok ;;
    'damage '*) check_finds integrity "The database is damaged: ${text:0:300}" ;;
    'unable '*)
      CHECK_INTEGRITY='not checked'
      # Too slow or too large as a whole: do not try it in parts.
      if [[ $text == *'too long'* || $text == *'out of memory'* ]]; then check_unable "$text"; else check_by_table "$1" "$2" "$text"; fi
      ;;
    *)
      CHECK_INTEGRITY=''
      check_finds internal "The database could not be checked: ${text:-integrity_check did not end}"
      ;;
  esac
  [[ $CHECK_PROBLEM == '' ]]
}

check_unable() { CHECK_UNABLE+="${CHECK_UNABLE:+; }${1:0:400}"; }

# check_list ARRAY-NAME WORDS: report its entries (name TAB reason) as not checked; name up to three.
check_list() {
  local -n unable_list=$1
  local entry words='' number=0
  ((${#unable_list[@]} > 0)) || return 0
  for entry in "${unable_list[@]}"; do
    ((++number <= 3)) || break
    name_for_people "${entry%%$'\t'*}"
    words+="${words:+, }$2$REPLY (${entry#*$'\t'})"
  done
  ((${#unable_list[@]} <= 3)) || words+=" and $((${#unable_list[@]} - 3)) more"
  CHECK_UNABLE+="${CHECK_UNABLE:+; }$words"
}

# name_for_people ENCODED: REPLY = the name, or its encoded form if the name would garble the output.
name_for_people() {
  decode_path "$1"
  REPLY=${REPLY:0:80}
  [[ $REPLY != *[[:cntrl:]]* && $1 != *%00* && $REPLY != '' ]] || REPLY="'${1:0:80}'"
}

# Check what the header shows without opening the database: integrity_check answers `ok` for empty and missing files.
check_header() {
  local file=$1
  CHECK_PAGE_SIZE=0 CHECK_PAGE_COUNT=0 CHECK_JOURNAL='' CHECK_USER_VERSION=0
  if ((CHECK_SIZE == 0)); then
    check_finds empty 'The file is empty (0 bytes).'
    return 1
  fi
  if ! header_read "$file"; then
    check_finds not-a-backup 'The file is not an SQLite database: its header is wrong.'
    return 1
  fi
  if ((H_FORMAT > 2)); then
    check_finds internal "The database has the file format $H_FORMAT: it needs a newer sqlite3 than the one here."
    return 1
  fi
  CHECK_PAGE_SIZE=$H_PAGE_SIZE CHECK_JOURNAL=$H_JOURNAL CHECK_USER_VERSION=$H_USER_VERSION CHECK_ENCODING=$H_ENCODING
  CHECK_PAGE_COUNT=$((CHECK_SIZE / H_PAGE_SIZE))
  if ((CHECK_SIZE % H_PAGE_SIZE != 0)); then
    check_finds integrity "The database ends in the middle of a page: $CHECK_SIZE bytes, pages of $H_PAGE_SIZE."
    return 1
  fi
  if ((H_PAGE_COUNT != 0 && H_PAGE_COUNT != CHECK_PAGE_COUNT)); then
    check_finds integrity "The database is incomplete: its header gives $H_PAGE_COUNT pages, the file has $CHECK_PAGE_COUNT."
    return 1
  fi
}

check_finds() { CHECK_CODE=$1 CHECK_PROBLEM=$2; }

# Compare names as SQLite does: ignore case.
check_key_tables() {
  local name line known=' ' rows
  for line in ${CHECK_TABLES[@]+"${CHECK_TABLES[@]}"}; do
    count_line "$line"
    [[ " ${POLICY[key_tables],,} " != *" ${T_NAME,,} "* ]] || known+="${T_NAME,,}=$T_ROWS "
  done
  for line in ${CHECK_UNREAD[@]+"${CHECK_UNREAD[@]}"}; do line=${line%%$'\t'*}; known+="${line,,}=? "; done
  for name in ${POLICY[key_tables]}; do
    rows=${known#*" ${name,,}="}
    if [[ $rows == "$known" && $CHECK_UNABLE != 'its tables could not be listed'* ]]; then
      CHECK_KEY_MISSING+="${CHECK_KEY_MISSING:+ }$name"
    elif [[ $rows == "$known" || $rows == '?'* ]]; then
      CHECK_KEY_UNREAD+="${CHECK_KEY_UNREAD:+ }$name"
    elif [[ $rows == '0 '* ]]; then
      CHECK_KEY_EMPTY+="${CHECK_KEY_EMPTY:+ }$name"
    fi
  done
  [[ ${#CHECK_TABLES[@]} -gt 0 || $CHECK_UNABLE != '' ]] || check_finds empty 'The database holds no table.'
}

# database_check_say FILE: print the findings of database_check as lines. Status as database_check.
database_check_say() {
  database_check "$1"
  printf '%s\n' "problem=$CHECK_PROBLEM" "code=$CHECK_CODE" "unable=$CHECK_UNABLE" "integrity=$CHECK_INTEGRITY" \
    "fk=$CHECK_FK" "size=$CHECK_SIZE" "pageSize=$CHECK_PAGE_SIZE" "pageCount=$CHECK_PAGE_COUNT" "journal=$CHECK_JOURNAL" "userVersion=$CHECK_USER_VERSION" \
    "encoding=$CHECK_ENCODING" "keyMissing=$CHECK_KEY_MISSING" "keyEmpty=$CHECK_KEY_EMPTY" "keyUnread=$CHECK_KEY_UNREAD"
  ((${#CHECK_TABLES[@]} == 0)) || printf 'table\t%s\n' "${CHECK_TABLES[@]}"
  ((${#CHECK_UNREAD[@]} == 0)) || printf 'unread\t%s\n' "${CHECK_UNREAD[@]}"
  printf 'end\n'
  [[ $CHECK_PROBLEM == '' ]]
}

readonly COUNT_LINE=$'^[A-Za-z0-9._/%-]*\t(0|[1-9][0-9]{0,14})\t(-?[0-9]{1,19})?\t[^\t]{0,160}$'
readonly UNREAD_LINE=$'^[A-Za-z0-9._/%-]*\t[^\t]{0,300}$'

# database_check_load RESULT: set the globals from the output of database_check_say. Status as database_check. A missing or
# incomplete result counts as a failed check. The reader handled foreign data, so accept only valid values.
database_check_load() {
  local line value whole=''
  CHECK_PROBLEM='The check was stopped before its end.' CHECK_CODE=internal CHECK_UNABLE='' CHECK_INTEGRITY='' CHECK_FK=''
  CHECK_SIZE=0 CHECK_PAGE_SIZE=0 CHECK_PAGE_COUNT=0 CHECK_JOURNAL='' CHECK_USER_VERSION=0 CHECK_ENCODING=1
  CHECK_TABLES=() CHECK_UNREAD=() CHECK_KEY_MISSING='' CHECK_KEY_EMPTY='' CHECK_KEY_UNREAD=''
  [[ -r $1 && $(tail -n 1 -- "$1") == end ]] || return 1
  while IFS= read -r line; do
    [[ ! $line =~ $ZERO_LED ]] || continue
    value=${line#*=}
    case $line in
      table$'\t'*)
        value=${line#*$'\t'}
        [[ ! $value =~ $COUNT_LINE ]] || CHECK_TABLES+=("$value")
        ;;
      unread$'\t'*)
        value=${line#*$'\t'}
        [[ ! $value =~ $UNREAD_LINE ]] || CHECK_UNREAD+=("$value")
        ;;
      problem=*) CHECK_PROBLEM=${value:0:1000} ;;
      code=*) [[ ! $value =~ ^(ok|empty|not-a-backup|integrity|internal)$ ]] || CHECK_CODE=$value ;;
      unable=*) CHECK_UNABLE=${value:0:2000} ;;
      integrity=*) CHECK_INTEGRITY=${value:0:1000} ;;
      fk=*) [[ ! $value =~ ^[0-9]{1,15}$ ]] || CHECK_FK=$value ;;
      size=*) [[ ! $value =~ ^[0-9]{1,15}$ ]] || CHECK_SIZE=$value ;;
      pageSize=*) [[ ! $value =~ ^[0-9]{1,6}$ ]] || CHECK_PAGE_SIZE=$value ;;
      pageCount=*) [[ ! $value =~ ^[0-9]{1,15}$ ]] || CHECK_PAGE_COUNT=$value ;;
      journal=*) [[ ! $value =~ ^(wal|delete)$ ]] || CHECK_JOURNAL=$value ;;
      userVersion=*) [[ ! $value =~ ^-?[0-9]{1,11}$ ]] || CHECK_USER_VERSION=$value ;;
      encoding=*) [[ ! $value =~ ^[123]$ ]] || CHECK_ENCODING=$value ;;
      keyMissing=*) CHECK_KEY_MISSING=${value:0:1000} ;;
      keyEmpty=*) CHECK_KEY_EMPTY=${value:0:1000} ;;
      keyUnread=*) CHECK_KEY_UNREAD=${value:0:1000} ;;
      end) whole=yes ;;
    esac
  done <"$1"
  [[ $whole != '' ]] || CHECK_PROBLEM='The check was stopped before its end.' CHECK_CODE=internal
  [[ $CHECK_PROBLEM == '' && $CHECK_CODE == ok ]]
}

# tables_json LINE...: REPLY = tableCount array from lines of table_counts.
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

# json_safe_number NUMBER: REPLY = NUMBER if it is a whole number that every JSON reader keeps exactly, else null.
json_safe_number() {
  if [[ $1 =~ ^-?(0|[1-9][0-9]{0,14})$ ]]; then REPLY=$1; else REPLY=null; fi
}
