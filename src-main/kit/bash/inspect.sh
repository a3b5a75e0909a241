# --- inspect: everything about a site in one answer -----------------------------------------------------------------------
#
# Changes nothing, waits for no lock, works for any login: what cannot be known is null, empty or false, and the problems
# say why. Each part leaves its JSON in I_ and what the problems need in globals.

declare -A I=()
readonly RUNBOOK_LOGS='backup system_backup restore pit_recovery disaster_recovery backup_verification backup_maintenance'

run_inspect() {
  local part pairs=()
  (($# == 0)) || usage_error 'inspect takes no arguments'
  answer_alone
  for part in host time tools disk layout database services health lock unfinished backups policy log_errors; do
    "inspect_$part"
    I[$part]=$REPLY
  done
  inspect_problems
  I[problems]=$REPLY
  json_string "$I_COMPRESSOR"
  I[compressor]=$REPLY
  for part in host time tools compressor disk layout database services health lock unfinished backups policy problems; do
    pairs+=("$part:=${I[$part]}")
  done
  json_object "${pairs[@]}" logErrors:="${I[log_errors]}" otherFiles:="${I[other_files]}"
  [[ $READABLE_FD == '' ]] || inspect_words
  succeed "${#PROBLEMS[@]} problems" "$REPLY"
}

inspect_host() {
  local os rights
  # Read as data: it is only meant to be a program.
  os=$(sed -n 's/^PRETTY_NAME=//p' /etc/os-release 2>/dev/null | head -n 1 | tr -d '"')
  rights_known
  json_object readDatabase:=$R_READ writeBackups:=$R_WRITE_BACKUPS controlServices:=$R_SERVICES keepState:=$R_STATE
  rights=$REPLY
  json_object name="$(hostname)" machineId="$(head -c 32 /etc/machine-id 2>/dev/null)" os="${os:-unknown}" \
    kernel="$(uname -r)" login="$(id -un 2>/dev/null || id -u)" uid:="$EUID" rights:="$rights"
}

inspect_time() {
  local zone=${TZ:-}
  [[ $zone != '' ]] || { zone=$(readlink -f /etc/localtime 2>/dev/null) && zone=${zone#*/zoneinfo/}; }
  [[ $zone != '' && $zone != /* ]] || zone=$(date +%Z)
  now_ms
  I_NOW=$REPLY
  json_object now:="$I_NOW" zone="$zone" offset="$(date +%:z)"
}

I_MISSING=()
inspect_tools() {
  local name version problem list=()
  I_MISSING=()
  for name in bash sqlite3 tar gzip curl flock find awk sed setsid systemctl igzip pigz; do
    if ! command -v "$name" >/dev/null; then
      case $name in igzip | pigz) continue ;; esac
      [[ $name != systemctl || ${POLICY[service_manager]} == systemd ]] || continue
      I_MISSING+=("$name")
      json_object name="$name" version='' problem='missing'
      list+=("$REPLY")
      continue
    fi
    problem=''
    tool_version "$name"
    version=$REPLY
    if [[ $name == sqlite3 ]]; then
      sqlite_problem "$version"
      problem=$REPLY I_SQLITE_PROBLEM=$REPLY I_SQLITE=$version
    fi
    json_text_or_null "$problem"
    json_object name="$name" version="$version" problem:="$REPLY"
    list+=("$REPLY")
  done
  I_COMPRESSOR=${POLICY[compressor]}
  if [[ $I_COMPRESSOR == '' ]] || ! command -v "$I_COMPRESSOR" >/dev/null; then
    for I_COMPRESSOR in igzip pigz gzip; do ! command -v "$I_COMPRESSOR" >/dev/null || break; done
  fi
  json_array "${list[@]}"
}
I_SQLITE_PROBLEM='' I_SQLITE='' I_COMPRESSOR=''

tool_version() { # REPLY = the version number in what the tool says about itself, or empty
  local text
  case $1 in
    bash) REPLY=${BASH_VERSION%%(*}; return ;;
    awk) text=$(awk -W version 2>&1 </dev/null || awk --version 2>&1 </dev/null) ;;
    sqlite3) text=$(sqlite3 -version 2>&1 </dev/null) ;;
    *) text=$("$1" --version 2>&1 </dev/null) ;;
  esac
  text=${text%%$'\n'*}
  REPLY=''
  if [[ $text =~ ([0-9]+(\.[0-9A-Za-z]+)+|[0-9]+) ]]; then REPLY=${BASH_REMATCH[1]}; fi
}

declare -A I_FREE=() I_TOTAL=()
inspect_disk() {
  local purpose path list=() total free device
  for purpose in database backups state; do
    case $purpose in
      database) path=${DATABASE_FILE%/*} ;;
      backups) path=$BACKUPS ;;
      state) path=$STATE ;;
    esac
    nearest_folder "$path"
    path=$REPLY
    read -r total free device < <(df -B1 --output=size,avail,source -- "$path" 2>/dev/null | tail -n 1)
    [[ ${total-} =~ ^[0-9]+$ && ${free-} =~ ^[0-9]+$ ]] || continue
    I_FREE[$purpose]=$free I_TOTAL[$purpose]=$total
    encode_path "$path"
    json_object purpose="$purpose" path="$REPLY" total:="$total" free:="$free" device="$device"
    list+=("$REPLY")
  done
  json_array ${list[@]+"${list[@]}"}
}

inspect_layout() {
  local part parts=() there found=false root
  for part in app data config backups logs; do
    there=false
    [[ ! -d $ROOT/$part ]] || there=true
    parts+=("$part:=$there")
  done
  [[ ! -d $ROOT ]] || found=true
  json_object "${parts[@]}"
  parts=("$REPLY")
  encode_path "$ROOT"
  root=$REPLY
  json_object root="$root" found:=$found parts:="${parts[0]}"
}

I_PRESENT=false I_DATABASE_SIZE=0 I_HEADER=false
declare -A I_SIDECAR=()
inspect_database() {
  local path resolved sidecars owner='' mode='' holders keys suffix size list=()
  encode_path "$DATABASE"
  path=$REPLY
  encode_path "$DATABASE_FILE"
  resolved=$REPLY
  live_look
  I_PRESENT=false I_HEADER=false I_DATABASE_SIZE=$LIVE_SIZE I_SIDECAR=([-wal]=$LIVE_WAL [-journal]=$LIVE_JOURNAL)
  [[ $LIVE_HEADER == '' ]] || I_HEADER=true
  if [[ $LIVE_STATE == there || $LIVE_STATE == no-rights ]]; then
    I_PRESENT=true
    IFS=$'\t' read -r owner mode < <(stat -c $'%U:%G\t%a' -- "$DATABASE_FILE" 2>/dev/null)
  fi
  for suffix in -wal -shm -journal; do
    [[ -f $DATABASE_FILE$suffix ]] || continue
    file_size "$DATABASE_FILE$suffix"
    size=$REPLY
    json_object suffix="$suffix" size:="$size"
    list+=("$REPLY")
  done
  json_array ${list[@]+"${list[@]}"}
  sidecars=$REPLY
  services_read
  holders_find
  holders_json
  holders=$REPLY
  inspect_key_tables
  keys=$REPLY
  # What a WAL holds may be newer than the header in the file.
  [[ $I_ROWS_KNOWN == '' ]] || { suffix=$(live_sql 'PRAGMA user_version;' 500 2>/dev/null | head -c 20) &&
    [[ $suffix =~ ^(0|-?[1-9][0-9]{0,10})$ ]] && H_USER_VERSION=$suffix; }
  json_object path="$path" resolved="$resolved" present:=$I_PRESENT size:="$I_DATABASE_SIZE" pageSize:="$H_PAGE_SIZE" \
    pageCount:=$((H_PAGE_SIZE > 0 ? I_DATABASE_SIZE / H_PAGE_SIZE : 0)) userVersion:="$H_USER_VERSION" \
    journalMode="$H_JOURNAL" owner="$owner" mode="$mode" sidecars:="$sidecars" keyTables:="$keys" holders:="$holders"
}

I_ROWS_KNOWN='' I_ROWS=''
inspect_key_tables() {
  local name rows answer='' list=()
  I_ROWS_KNOWN='' I_ROWS=''
  [[ $I_HEADER != true || $LIVE_STATE != there ]] || answer=$(owner_do live_key_tables 2>/dev/null | head -c 65536)
  for name in ${POLICY[key_tables]}; do
    rows=$'\n'$answer rows=${rows#*$'\n'"$name"$'\t'} rows=${rows%%$'\n'*}
    [[ $rows =~ $WHOLE_NUMBER ]] || rows=''
    [[ $rows == '' ]] || I_ROWS_KNOWN=yes
    I_ROWS+="${I_ROWS:+, }$name ${rows:-?}"
    json_number_or_null "$rows"
    json_object table="$name" rows:="$REPLY"
    list+=("$REPLY")
  done
  json_array ${list[@]+"${list[@]}"}
}

# live_key_tables: by the owner: name and rows of each. Whatever a table of that name turns out to be, it ends.
live_key_tables() {
  local name uri
  database_plain "$DATABASE_FILE" || return 1
  live_uri
  uri=$REPLY
  for name in ${POLICY[key_tables]}; do
    census_one_sql "$name"
    printf '%s\n' "$REPLY"
  done | sql_run 10 "$uri" -cmd '.timeout 500'
}

I_SERVICES=''
inspect_services() { # as they were read with the database, whose holders are looked for by them
  local index
  I_SERVICES=''
  for index in "${!SERVICES[@]}"; do
    state_of "${SERVICE_LOAD[$index]}" "${SERVICE_ACTIVE[$index]}"
    I_SERVICES+="${I_SERVICES:+, }${SERVICES[$index]} $REPLY"
  done
  services_json
}

inspect_health() {
  health_choose
  health_json
}

inspect_lock() { lock_json; }

# A transaction that is open although nobody works on it.
I_UNFINISHED=''
inspect_unfinished() {
  local id=''
  I_UNFINISHED=''
  { [[ ! -r $STATE/unfinished ]] || id=$(head -n 1 "$STATE/unfinished"); } 2>/dev/null
  REPLY='[]'
  valid_operation "$id" || return 0
  operation_state "$id"
  if [[ $REPLY == running ]]; then REPLY='[]'; return 0; fi
  I_UNFINISHED=$id
  operation_json "$id"
  REPLY="[$REPLY]"
}

I_COUNT=0 I_BYTES=0 I_EMPTY=0 I_FAILED=0 I_FUTURE=0 I_DATABASES=0 I_NEWEST='' I_VERIFIED='' I_UNFINISHED_FILES=0 I_UNSUPPORTED=0
inspect_backups() {
  local list
  list=$(backup_list)
  IFS=$'\t' read -r I_COUNT I_BYTES I_EMPTY I_FAILED I_FUTURE I_DATABASES I_NEWEST I_VERIFIED I_UNFINISHED_FILES I_UNSUPPORTED < <(
    printf '%s\n' "$list" | awk -F '\t' '
      BEGIN { newest = verified = "-" }
      $1 == "other" { others[$4]++ }
      $1 != "backup" { next }
      { count++; bytes += $6 }
      $6 == 0 { empty++ }
      $9 == "failed" { failed++ }
      $15 { future++ }
      $4 == "database" && $5 != "safety" && $6 > 0 { databases++ }
      $14 && newest == "-" { newest = $2 }
      $14 && $9 == "verified" && verified == "-" { verified = $2 }
      END {
        printf "%d\t%.0f\t%d\t%d\t%d\t%d\t%s\t%s\t%d\t%d\n", count, bytes < 1e17 ? bytes : 1e17, empty, failed, future, databases, newest, verified,
          others["unfinished"], others["unsupported"]
      }')
  # What was listed is the owner's: only a number is reckoned with.
  [[ "$I_COUNT $I_BYTES $I_EMPTY $I_FAILED $I_FUTURE $I_DATABASES $I_UNFINISHED_FILES $I_UNSUPPORTED" =~ ^[0-9]{1,18}(\ [0-9]{1,18}){7}$ ]] ||
    I_COUNT=0 I_BYTES=0 I_EMPTY=0 I_FAILED=0 I_FUTURE=0 I_DATABASES=0 I_UNFINISHED_FILES=0 I_UNSUPPORTED=0
  [[ $I_NEWEST =~ ^[1-9][0-9]{0,14}$ ]] || I_NEWEST=''
  [[ $I_VERIFIED =~ ^[1-9][0-9]{0,14}$ ]] || I_VERIFIED=''
  I[other_files]="[$(printf '%s\n' "$list" | other_files_json)]"
  REPLY="[$(printf '%s\n' "$list" | backups_json)]"
}

inspect_policy() { policy_json; }

# Errors of the last seven days in the runbook's logs, newest last, at most twenty. A log that somebody made a link of
# is not read.
I_ERRORS_TODAY=0
inspect_log_errors() {
  local text day
  day=$(date -d '-1 day' '+%Y-%m-%d %H:%M:%S')
  text=$(owner_do log_errors_found "$(date -d '-7 days' '+%Y-%m-%d %H:%M:%S')" 2>/dev/null | head -c 16384)
  I_ERRORS_TODAY=$(printf '%s\n' "$text" | day=$day awk -F '\t' '$1 >= ENVIRON["day"] { n++ } END { print n + 0 }')
  [[ $I_ERRORS_TODAY =~ ^[0-9]{1,9}$ ]] || I_ERRORS_TODAY=0
  log_errors_json "$text"
}

# log_errors_found SINCE: by the owner.
log_errors_found() {
  local name file
  for name in $RUNBOOK_LOGS; do
    file=$LOGS/$name.log
    [[ -f $file && ! -L $file && -r $file ]] || continue
    tail -c 262144 -- "$file" | tr '\t' ' ' | name=$name since=$1 awk '
      /^\[[0-9-]+ [0-9:]+\] .*ERROR/ {
        at = substr($0, 2, 19)
        if (at >= ENVIRON["since"]) print at "\t" ENVIRON["name"] ".log\t" substr($0, 23, 300)
      }' | tail -n 20
  done | sort | tail -n 20
}

log_errors_json() {
  local at file words list=()
  while IFS=$'\t' read -r at file words; do
    [[ $at != '' ]] || continue
    json_object file="$file" at="$at" text="$words"
    list+=("$REPLY")
  done < <(printf '%s\n' "$1")
  json_array ${list[@]+"${list[@]}"}
}
