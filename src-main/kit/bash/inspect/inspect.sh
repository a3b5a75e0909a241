# --- inspect: everything about a site in one answer -----------------------------------------------------------------------
#
# Changes nothing, takes no lock, works for any login. What cannot be found out is null, empty or false, and the problems say
# why. Each part leaves its JSON in I and what the problems need in globals.

declare -A I=()

run_inspect() {
  local part pairs=() safe='' since number
  (($# == 0)) || usage_error 'inspect takes no arguments'
  answer_alone
  now_ms
  I_NOW=$REPLY
  facts_read
  tools_read
  sqlite_number "${TOOL_VERSION[sqlite3]-}"
  number=$REPLY
  ((number < 3037000)) || safe=-safe
  printf -v since '%(%F %T)T' "$((I_NOW / 1000 - 7 * 86400))"
  look_begin "$since" "$safe"
  services_read
  holders_of "${FACT_PLACE[database]-}" "${FACT_PLACE[-wal]-}" "${FACT_PLACE[-shm]-}" "${FACT_PLACE[-journal]-}"
  for part in time tools disk layout services lock unfinished policy; do
    "inspect_$part"
    I[$part]=$REPLY
  done
  look_end
  for part in database host health backups log_errors alerts schedule; do
    "inspect_$part"
    I[$part]=$REPLY
  done
  inspect_problems
  I[problems]=$REPLY
  json_string "$I_COMPRESSOR"
  I[compressor]=$REPLY
  for part in host time tools compressor disk layout database services health lock unfinished backups policy problems alerts schedule; do
    pairs+=("$part:=${I[$part]}")
  done
  json_object "${pairs[@]}" logErrors:="${I[log_errors]}" otherFiles:="${I[other_files]}"
  [[ $READABLE_FD == '' ]] || inspect_words
  succeed "${#PROBLEMS[@]} problems" "$REPLY"
}

inspect_host() {
  local line os='' name kernel machine='' login rights
  # Parse it as data; do not run it as a script.
  while IFS= read -r line; do
    [[ $line != PRETTY_NAME=* || $os != '' ]] || os=${line#*=} os=${os//\"/}
  done 2>/dev/null </etc/os-release
  rights_known "$I_READABLE"
  json_object readDatabase:="$R_READ" writeBackups:=$R_WRITE_BACKUPS controlServices:=$R_SERVICES keepState:=$R_STATE
  rights=$REPLY
  host_name
  name=$REPLY
  { IFS= read -r -n 32 machine </etc/machine-id; } 2>/dev/null
  read -r kernel </proc/sys/kernel/osrelease
  user_name "$EUID"
  login=$REPLY
  [[ $login != UNKNOWN ]] || login=$EUID
  json_object name="$name" machineId="$machine" os="${os:-unknown}" kernel="$kernel" login="$login" uid:="$EUID" rights:="$rights"
}

inspect_time() {
  local zone offset
  zone_name
  zone=$REPLY
  printf -v offset '%(%z)T' -1
  json_object now:="$I_NOW" zone="$zone" offset="${offset:0:3}:${offset:3}"
}

I_MISSING=() I_SQLITE_PROBLEM='' I_SQLITE='' I_COMPRESSOR=''
inspect_tools() {
  local name version problem list=()
  I_MISSING=()
  for name in "${TOOLS[@]}"; do
    if [[ ${TOOL_PATH[$name]-} == '' ]]; then
      case $name in igzip | pigz) continue ;; esac
      [[ $name != systemctl || ${POLICY[service_manager]} == systemd ]] || continue
      I_MISSING+=("$name")
      json_object name="$name" version='' problem='missing'
      list+=("$REPLY")
      continue
    fi
    problem='' version=${TOOL_VERSION[$name]-}
    if [[ $name == sqlite3 ]]; then
      sqlite_problem "$version"
      problem=$REPLY I_SQLITE_PROBLEM=$REPLY I_SQLITE=$version
    fi
    json_text_or_null "$problem"
    json_object name="$name" version="$version" problem:="$REPLY"
    list+=("$REPLY")
  done
  I_COMPRESSOR=${POLICY[compressor]}
  if [[ $I_COMPRESSOR == '' ]] || ! hash -- "$I_COMPRESSOR" 2>/dev/null; then
    for I_COMPRESSOR in igzip pigz gzip; do ! hash -- "$I_COMPRESSOR" 2>/dev/null || break; done
  fi
  json_array "${list[@]}"
}

declare -A I_FREE=() I_TOTAL=() I_DEVICE=()
inspect_disk() { # after facts_read
  local purpose path paths=() list=() lines=() total free device place index=0
  for purpose in database backups state; do
    disk_folder "$purpose"
    paths+=("$REPLY")
  done
  # One df for all. If a folder has gone or cannot be read, query each one alone.
  mapfile -t lines < <(exec df -B1 --output=size,avail,source -- "${paths[@]}" 2>/dev/null)
  if ((${#lines[@]} != 4)); then
    lines=('')
    for path in "${paths[@]}"; do lines+=("$(df -B1 --output=size,avail,source -- "$path" 2>/dev/null | tail -n 1)"); done
  fi
  for purpose in database backups state; do
    path=${paths[index]}
    index=$((index + 1))
    [[ ${lines[index]} =~ ^\ *([0-9]{1,18})\ +([0-9]{1,18})\ +(.*)$ ]] || continue
    total=${BASH_REMATCH[1]} free=${BASH_REMATCH[2]} device=${BASH_REMATCH[3]}
    place=${FACT_PLACE[disk $purpose]-}
    file_system "${place%%:*}" "$device"
    I_FREE[$purpose]=$free I_TOTAL[$purpose]=$total I_DEVICE[$purpose]=$REPLY
    encode_path "$path"
    json_object purpose="$purpose" path="$REPLY" total:="$total" free:="$free" device="$device" fileSystem="${I_DEVICE[$purpose]}"
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
  owner_of_data
  json_object root="$root" found:=$found parts:="${parts[0]}" owner="$REPLY"
}

I_PRESENT=false I_DATABASE_SIZE=0 I_HEADER=false I_READABLE=false I_STATE_SAID=''
declare -A I_SIDECAR=()
inspect_database() {
  local path resolved sidecars owner='' mode='' holders keys suffix line list=()
  live_unknown
  I_READABLE=false I_STATE_SAID=''
  for line in ${LOOK_LINES[@]+"${LOOK_LINES[@]}"}; do
    [[ $line != readable=yes ]] || I_READABLE=true
    [[ $line != state=* ]] || I_STATE_SAID=yes
    live_said "$line"
  done
  # The look was ended before it reported the state. Root has seen the file.
  [[ $I_STATE_SAID != '' || ${FACT_SIZE[database]-} == '' ]] || LIVE_STATE=there
  I_PRESENT=false I_HEADER=false I_DATABASE_SIZE=0 I_SIDECAR=([-wal]=0 [-journal]=0)
  [[ $LIVE_HEADER == '' ]] || I_HEADER=true
  if [[ $LIVE_STATE == there || $LIVE_STATE == no-rights ]]; then
    I_PRESENT=true I_DATABASE_SIZE=${FACT_SIZE[database]:-0}
    owner=${FACT_OWNER[database]-} mode=${FACT_MODE[database]-}
  fi
  for suffix in -wal -shm -journal; do
    [[ -f $DATABASE_FILE$suffix && ${FACT_SIZE[$suffix]-} != '' ]] || continue
    I_SIDECAR[$suffix]=${FACT_SIZE[$suffix]}
    json_object suffix="$suffix" size:="${FACT_SIZE[$suffix]}"
    list+=("$REPLY")
  done
  json_array ${list[@]+"${list[@]}"}
  sidecars=$REPLY
  holders_json
  holders=$REPLY
  inspect_key_tables
  keys=$REPLY
  encode_path "$DATABASE"
  path=$REPLY
  encode_path "$DATABASE_FILE"
  resolved=$REPLY
  json_object path="$path" resolved="$resolved" present:=$I_PRESENT size:="$I_DATABASE_SIZE" pageSize:="$H_PAGE_SIZE" \
    pageCount:=$((H_PAGE_SIZE > 0 ? I_DATABASE_SIZE / H_PAGE_SIZE : 0)) userVersion:="$H_USER_VERSION" \
    journalMode="$H_JOURNAL" owner="$owner" mode="$mode" sidecars:="$sidecars" keyTables:="$keys" holders:="$holders"
}

I_ROWS_KNOWN='' I_ROWS=''
inspect_key_tables() {
  local name rows line list=() version=''
  I_ROWS_KNOWN='' I_ROWS=''
  for line in ${LOOK_LINES[@]+"${LOOK_LINES[@]}"}; do [[ $line != version=* ]] || version=${line#*=}; done
  for name in ${POLICY[key_tables]}; do
    rows=''
    for line in ${LOOK_LINES[@]+"${LOOK_LINES[@]}"}; do
      [[ $line != "rows=$name"$'\t'* ]] || rows=${line#*$'\t'}
    done
    [[ $rows =~ $WHOLE_NUMBER ]] || rows=''
    [[ $rows == '' ]] || I_ROWS_KNOWN=yes
    I_ROWS+="${I_ROWS:+, }$name ${rows:-?}"
    json_number_or_null "$rows"
    json_object table="$name" rows:="$REPLY"
    list+=("$REPLY")
  done
  [[ ! $version =~ ^(0|-?[1-9][0-9]{0,10})$ ]] || H_USER_VERSION=$version
  json_array ${list[@]+"${list[@]}"}
}

I_SERVICES=''
inspect_services() { # reads what services_read found; call it before the holders, which need it
  local index
  I_SERVICES=''
  for index in "${!SERVICES[@]}"; do
    state_of "${SERVICE_LOAD[$index]}" "${SERVICE_ACTIVE[$index]}"
    I_SERVICES+="${I_SERVICES:+, }${SERVICES[$index]} $REPLY"
  done
  services_json
}

I_HEALTH_SAID=''
inspect_health() {
  local line index
  I_HEALTH_SAID=''
  HEALTH_CONFIGURED=false HEALTH_HEALTHY=false HEALTH_PROBE=${POLICY[health]} HEALTH_STATUS=000 HEALTH_MS=0
  HEALTH_DETAIL='the look at the site was ended before it was asked'
  [[ $HEALTH_PROBE == '' ]] || HEALTH_CONFIGURED=true
  for line in ${LOOK_LINES[@]+"${LOOK_LINES[@]}"}; do
    # Bash takes milliseconds to compile a pattern with bounds in the hundreds.
    [[ $line == health=* && ${#line} -le 820 && $line =~ ^health=([0-9]{3})\ (0|[1-9][0-9]{0,5})\ ([0-9]|-)\ ((%[0-9A-F][0-9A-F]|[A-Za-z0-9._/-])*)$ ]] || continue
    I_HEALTH_SAID=yes
    HEALTH_STATUS=${BASH_REMATCH[1]} HEALTH_MS=${BASH_REMATCH[2]} index=${BASH_REMATCH[3]}
    decode_path "${BASH_REMATCH[4]}"
    HEALTH_DETAIL=${REPLY:0:200}
    [[ $HEALTH_CONFIGURED == true || $index == - ]] || HEALTH_PROBE=${HEALTH_USUAL[$index]-}
  done
  [[ $HEALTH_PROBE == '' || $HEALTH_STATUS != "${POLICY[health_status]}" ]] || HEALTH_HEALTHY=true
  health_last_json "$HEALTH_HEALTHY"
}

inspect_lock() {
  local lock=${FACT_PLACE[lock]-} folder=${FACT_PLACE[folder]-}
  lock_json "${lock#*:}" "${folder#*:}"
}

# Reports a transaction that is open although nobody works on it.
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

I_COUNT=0 I_BYTES=0 I_EMPTY=0 I_FAILED=0 I_FUTURE=0 I_DATABASES=0 I_NEWEST='' I_VERIFIED='' I_UNFINISHED_FILES=0 I_UNSUPPORTED=0 I_UNLISTED='' I_CUT=0 I_KNOWN='' I_LOSS='' I_ALERTS=''
inspect_backups() {
  local list figures backups='' others=''
  LISTED=$LOOK_LISTING LOOK_LISTING=''
  STATE_ASIDE=("${ALERTS_ASIDE[@]}") STATE_ASIDE_SQL=$ALERTS_ASIDE_SQL
  list=$(listing_whole)
  STATE_ASIDE=() STATE_ASIDE_SQL=''
  [[ $list != unread ]] || list=$(LISTING_KNOWN=lost listing_whole)
  LISTED=''
  figures=${list%%$'\n'*}
  # In the order in which LISTING_WHOLE_AWK prints them.
  if [[ $figures =~ ^([0-9]{1,6})\ ([0-9]{1,18})\ ([0-9]{1,6})\ ([0-9]{1,6})\ ([0-9]{1,6})\ ([0-9]{1,6})\ ([0-9]{1,40}|-)\ ([0-9]{1,40}|-)\ ([0-9]{1,6})\ ([0-9]{1,6})\ ([0-9]{1,12})\ ([0-9]{1,12})\ ([01])\ ([A-Za-z0-9._/%-]+)\ (yes|none|lost)\ ([0-9]{1,15}|-)\ ([0-9]{1,7})$ ]]; then
    I_COUNT=${BASH_REMATCH[1]} I_BYTES=${BASH_REMATCH[2]} I_EMPTY=${BASH_REMATCH[3]} I_FAILED=${BASH_REMATCH[4]}
    I_FUTURE=${BASH_REMATCH[5]} I_DATABASES=${BASH_REMATCH[6]} I_NEWEST=${BASH_REMATCH[7]} I_VERIFIED=${BASH_REMATCH[8]}
    I_UNFINISHED_FILES=${BASH_REMATCH[9]} I_UNSUPPORTED=${BASH_REMATCH[10]}
    I_CUT=${BASH_REMATCH[13]} I_KNOWN=${BASH_REMATCH[15]} I_LOSS=${BASH_REMATCH[16]#-}
    decode_path "${BASH_REMATCH[14]}"
    I_UNLISTED=${REPLY#-}
    backups=${list:${#figures}+1:BASH_REMATCH[11]} others=${list:${#figures}+1+BASH_REMATCH[11]:BASH_REMATCH[12]}
    I_ALERTS=${list:${#figures}+1+BASH_REMATCH[11]+BASH_REMATCH[12]:BASH_REMATCH[17]}
  fi
  [[ $I_NEWEST =~ $WHOLE_NUMBER ]] || I_NEWEST=''
  [[ $I_VERIFIED =~ $WHOLE_NUMBER ]] || I_VERIFIED=''
  I[other_files]="[$others]"
  REPLY="[$backups]"
}

inspect_policy() { policy_json; }

# Errors of the last seven days in the runbook's logs, newest last, at most twenty.
I_ERRORS_TODAY=0
inspect_log_errors() {
  local line at file day list=()
  I_ERRORS_TODAY=0
  printf -v day '%(%F %T)T' "$((I_NOW / 1000 - 86400))"
  for line in ${LOOK_LINES[@]+"${LOOK_LINES[@]}"}; do
    [[ $line == error=* && $line =~ ^error=([0-9-]{10}\ [0-9:]{8})$'\t'([a-z_]{1,30}\.log)$'\t'(.*)$ ]] || continue
    ((${#list[@]} < 20)) || break
    at=${BASH_REMATCH[1]} file=${BASH_REMATCH[2]} line=${BASH_REMATCH[3]:0:300}
    [[ $at < $day ]] || I_ERRORS_TODAY=$((I_ERRORS_TODAY + 1))
    json_object file="$file" at="$at" text="$line"
    list+=("$REPLY")
  done
  json_array ${list[@]+"${list[@]}"}
}

# inspect_alerts: those that are open, as they were recorded with the list.
inspect_alerts() {
  local line list=() monitored=null known=true
  I_ALERTS+=$'\n' # the substitution took the last one
  while [[ $I_ALERTS == *$'\n'* ]]; do
    line=${I_ALERTS%%$'\n'*} I_ALERTS=${I_ALERTS#*$'\n'}
    if [[ $line =~ ^monitored$'\t'([0-9]{1,15})$ ]]; then
      monitored=${BASH_REMATCH[1]}
    elif [[ $line == open$'\t'* ]] && alert_json "$I_NOW" "${line#*$'\t'}"; then
      list+=("$REPLY")
    fi
  done
  [[ $I_KNOWN == @(yes|none) ]] || known=false
  json_array ${list[@]+"${list[@]}"}
  json_object known:="$known" monitoredAt:="$monitored" open:="$REPLY"
}

# inspect_schedule: whether anything runs by itself.
inspect_schedule() {
  local installed=false paused=null
  [[ ! -f $STATE/schedule || -L $STATE/schedule ]] || installed=true
  pause_state "$I_NOW"
  case $REPLY in
    '') ;;
    yes) paused='{"until":null}' ;;
    *) paused="{\"until\":$REPLY}" ;;
  esac
  json_object installed:="$installed" paused:="$paused" monitor="${POLICY[schedule_monitor]}"
}
