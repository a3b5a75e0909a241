# --- What the live database has and a backup has not, and the other way round ---------------------------------------------

readonly COMPARE_LIMIT_WAL=20000000 # rows of one table; above, the comparison is not worth its time
readonly COMPARE_LIMIT_LOCKING=300000 # where reading keeps writers waiting, it must be short

# The owner may read what the reader extracted.
compare_by_owner() { owner_do compare_say ../reader/database >compared 2>/dev/null; }

# compare_say FILE: by the owner: what compare_to finds, on stdout.
compare_say() { compare_to result "$1" && cat result; }

COMPARE_ATTACH=''
# compare_to RESULT FILE: for a background process. One line a table goes to RESULT:
#   NAME LIVE-ROWS BACKUP-ROWS COMMON-ROWS (TAB-separated; `-` where it is not there or not known)
# and `version TAB LIVE-USER-VERSION` if the live database can be read.
compare_to() {
  local result=$1 name backup live common version kind
  database_plain "$DATABASE_FILE" || return 1
  database_uri "$2"
  backup=$REPLY
  live_uri
  live=$REPLY
  sql_text "$live"
  COMPARE_ATTACH="ATTACH $REPLY AS live;"
  {
    version=$(sql "$live" 'PRAGMA user_version;' -cmd '.timeout 2000') && printf 'version\t%s\n' "$version"
    compare_names "$backup" | while IFS=$'\t' read -r name kind; do
      hex_text "$name"
      name=$REPLY
      compare_table "$backup" "$name" "$kind"
    done
  } >"$result.new" 2>>"$result.stderr"
  mv -fT -- "$result.new" "$result"
}

# Names in hexadecimal, with where they are: live, backup or both; `both-key` where rows have no rowid.
compare_names() {
  local live backup
  names_of live
  live=$REPLY
  names_of main
  backup=$REPLY
  sql "$1" "$COMPARE_ATTACH
    SELECT hex(name), CASE WHEN name NOT IN ($live) THEN 'backup' WHEN name NOT IN ($backup) THEN 'live'
      WHEN $(without_rowid main) OR $(without_rowid live) THEN 'both-key' ELSE 'both' END
    FROM ($live UNION $backup) t ORDER BY name;" -cmd '.timeout 2000' ||
    sql "$1" "SELECT hex(name), 'unknown' FROM ($backup) ORDER BY name;"
}

names_of() { # SCHEMA: REPLY = an SQL query for its tables
  REPLY="SELECT name FROM $1.sqlite_master WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
}

without_rowid() { # SCHEMA: an SQL condition on t.name
  printf '%s' "EXISTS (SELECT 1 FROM pragma_index_list(t.name, '$1') i WHERE i.origin = 'pk'
    AND NOT EXISTS (SELECT 1 FROM $1.sqlite_master x WHERE x.type = 'index' AND x.name = i.name))"
}

# One table, one statement: its numbers belong together although the application goes on writing.
compare_table() { # BACKUP-URI NAME KIND
  local uri=$1 kind=$3 quoted answer live='-' backup='-' common='-' limit=$COMPARE_LIMIT_WAL
  sql_name "$2"
  quoted=$REPLY
  [[ $H_JOURNAL == wal ]] || limit=$COMPARE_LIMIT_LOCKING
  [[ $kind == live ]] || backup=$(sql "$uri" "SELECT count(*) FROM main.$quoted;") || backup='-'
  case $kind in
    both | both-key | live)
      if [[ $kind == both && $backup != - ]] && ((backup <= limit)); then
        answer=$(sql "$uri" "$COMPARE_ATTACH SELECT (SELECT count(*) FROM live.$quoted),
          (SELECT count(*) FROM live.$quoted a NOT INDEXED CROSS JOIN main.$quoted b ON b.rowid = a.rowid);" -cmd '.timeout 2000') &&
          live=${answer%%$'\t'*} common=${answer#*$'\t'}
      else
        live=$(sql "$uri" "$COMPARE_ATTACH SELECT count(*) FROM live.$quoted;" -cmd '.timeout 2000') || live='-'
      fi
      ;;
  esac
  encode_path "$2"
  printf '%s\t%s\t%s\t%s\t%s\n' "$REPLY" "${live:--}" "${backup:--}" "${common:--}" "$kind"
}

COMPARE_VERSION='' COMPARE_TABLES='[]' COMPARE_ONLY_LIVE=() COMPARE_ONLY_BACKUP=() COMPARE_LOST=0 COMPARE_KNOWN=''

# compare_load RESULT: sets the COMPARE_ globals; COMPARE_TABLES is a tableDifference array, COMPARE_LOST the rows that
# would be lost as far as they are known.
compare_load() {
  local name live backup common kind list=() only_live only_backup
  COMPARE_VERSION='' COMPARE_TABLES='[]' COMPARE_ONLY_LIVE=() COMPARE_ONLY_BACKUP=() COMPARE_LOST=0 COMPARE_KNOWN=''
  [[ -r $1 ]] || return 1
  while IFS=$'\t' read -r name live backup common kind; do
    if [[ $kind == '' ]]; then
      COMPARE_VERSION=$live COMPARE_KNOWN=yes
      continue
    fi
    only_live=null only_backup=null
    case $kind in
      live) only_live=$live only_backup=0 && COMPARE_ONLY_LIVE+=("$name") ;;
      backup) only_live=0 only_backup=$backup && COMPARE_ONLY_BACKUP+=("$name") ;;
      *) [[ $common == - ]] || only_live=$((live - common)) only_backup=$((backup - common)) ;;
    esac
    [[ ! $only_live =~ ^[0-9]+$ ]] || COMPARE_LOST=$((COMPARE_LOST + only_live))
    compare_row "$name" "$live" "$backup" "$only_live" "$only_backup"
    list+=("$REPLY")
  done <"$1"
  json_array ${list[@]+"${list[@]}"}
  COMPARE_TABLES=$REPLY
}

compare_row() {
  local name=$1 value fields=()
  shift
  for value in "$@"; do
    json_number_or_null "$value"
    fields+=("$REPLY")
  done
  decode_path "$name"
  say_readable "$(printf '  %-32s live %10s   backup %10s   would be lost %8s   would come back %8s' "$REPLY" "$1" "$2" "$3" "$4")"
  json_object table="$REPLY" live:="${fields[0]}" backup:="${fields[1]}" onlyLive:="${fields[2]}" onlyBackup:="${fields[3]}"
}

# names_json ENCODED-NAME...: REPLY = array of the names.
names_json() {
  local name list=()
  for name in "$@"; do
    decode_path "$name"
    json_string "$REPLY"
    list+=("$REPLY")
  done
  json_array ${list[@]+"${list[@]}"}
}
