# --- Integrity of a database ------------------------------------------------------------------------------------------------
#
# Three answers: intact, damaged, or this sqlite3 cannot tell.

# integrity_check SECONDS URI: print one line: `ok`, or `damage`, `unable` or `internal` with the reason. Any failure prints
# something other than `ok`. cell_size_check is off: integrity_check looks at every cell anyway, and with it takes three
# times as long and finds nothing more.
integrity_check() {
  local answer
  answer=$(printf '%s\n' 'PRAGMA cell_size_check=OFF; PRAGMA cache_size=-131072; PRAGMA integrity_check(20);' |
    sql_run "$1" "$2" "${MAPPED[@]}")
  if [[ $answer == $'ok\n= 0' ]]; then
    printf 'ok\n'
  elif [[ $answer != '! '* && $answer != '= '* && $answer != 'unable to validate '* && $answer != ok$'\n'* ]]; then
    answer=${answer%%$'\n'*}
    printf 'damage %s\n' "${answer//[[:cntrl:]]/ }"
  else
    answer_means "$answer"
    printf '%s\n' "$REPLY"
  fi
}

# What sqlite3 prints for a definition that it does not understand, as it may for one of a newer version.
readonly NEWER_SCHEMA='malformed database schema.* - (near |no such |unknown |unrecognized |unsupported |error in )'

# answer_means ANSWER-OF-SQL_RUN: REPLY = damage, unable or internal, with the reason. If sqlite3 is missing, was killed or
# could not read, nothing is known. If it lacks a collation, function, module or syntax, the database may still be sound.
answer_means() {
  local status=${1##*$'= '} kind=unable
  sql_complaint "$1"
  [[ $REPLY != '' ]] || REPLY=${1%%$'\n'*}
  case $REPLY in
    *'out of memory'* | *'interrupted'*) ;;
    *'disk I/O error'* | *'unable to open'* | *'disk is full'* | *'unknown option'*) kind=internal ;;
    *malformed* | *'not a database'* | *corrupt*) [[ $REPLY =~ $NEWER_SCHEMA ]] || kind=damage ;;
  esac
  [[ $status != 124 ]] || kind=unable
  [[ ! $status =~ ^[0-9]+$ ]] || ((status < 125)) || kind=internal
  REPLY="$kind $REPLY"
}

# check_by_table SECONDS URI REASON: when the check of the whole cannot complete, check each table with its indexes, then the
# remaining ones without. (sqlite3 before 3.33 checks the whole again, and gets no further.)
CHECK_LEFT=() CHECK_DONE=()
check_by_table() {
  local entry names=() indexes=()
  for entry in ${CHECK_TABLES[@]+"${CHECK_TABLES[@]}"} ${CHECK_UNREAD[@]+"${CHECK_UNREAD[@]}"}; do names+=("${entry%%$'\t'*}"$'\t'"$3"); done
  check_each integrity_check "$1" "$2" ${names[@]+"${names[@]}"} || return 0
  check_each quick_check "$1" "$2" ${CHECK_LEFT[@]+"${CHECK_LEFT[@]}"} || return 0
  indexes=(${CHECK_DONE[@]+"${CHECK_DONE[@]}"})
  check_list CHECK_LEFT 'the table '
  check_list indexes 'the indexes of '
  [[ $CHECK_UNABLE != '' ]] || check_unable "$3"
}

# check_each PRAGMA SECONDS URI NAME-TAB-REASON...: CHECK_DONE = tables found sound; CHECK_LEFT = tables that could not be
# checked, with reasons. Status 1 if it found damage.
check_each() {
  local pragma=$1 seconds=$2 uri=$3 entry line at=0 answer complaint='' names=() looked=() reason=()
  shift 3
  CHECK_DONE=() CHECK_LEFT=()
  for entry in "$@"; do
    # Skip names that do not fit into one line, or that look like the pragma's maximum number of complaints.
    if [[ ${entry%%$'\t'*} =~ %[01][0-9A-F]|%7F|^[0-9]*$ ]]; then CHECK_LEFT+=("$entry"); else names+=("$entry"); fi
  done
  ((${#names[@]} > 0)) || return 0
  answer=$(for entry in "${names[@]}"; do
    decode_path "${entry%%$'\t'*}"
    sql_text "$REPLY"
    printf "SELECT 'table %s';\nPRAGMA %s(%s);\n" "$((at++))" "$pragma" "$REPLY"
  done | sql_run "$seconds" "$uri" "${MAPPED[@]}")
  while IFS= read -r line; do
    if [[ $line =~ ^table\ ([0-9]{1,6})$ ]]; then
      at=$((10#${BASH_REMATCH[1]}))
    elif [[ $line == ok ]]; then
      looked[at]=yes
    elif [[ $line =~ ^'! '[A-Za-z\ ]*[Ee]rror:?\ near\ line\ ([0-9]{1,6}): ]]; then
      at=$(((10#${BASH_REMATCH[1]} - 1) / 2))
      answer_means "! ${line#"${BASH_REMATCH[0]} "}"$'\n= 1'
      [[ $REPLY == unable* ]] || complaint=${complaint:-$REPLY}
      reason[at]=${REPLY#* }
    elif [[ $line != '! '* && $line != '= '* ]]; then
      complaint=${complaint:-damage $line}
    fi
  done < <(printf '%s\n' "$answer")
  case $complaint in
    '') ;;
    damage*) CHECK_INTEGRITY=${complaint#* } && check_finds integrity "The database is damaged: ${CHECK_INTEGRITY:0:300}" && return 1 ;;
    *) check_finds internal "The database could not be checked: ${complaint#* }" && return 1 ;;
  esac
  for ((at = 0; at < ${#names[@]}; at++)); do
    entry=${names[at]}
    if [[ ${looked[at]-} == yes ]]; then CHECK_DONE+=("$entry"); else CHECK_LEFT+=("${entry%%$'\t'*}"$'\t'"${reason[at]:-${entry#*$'\t'}}"); fi
  done
}
