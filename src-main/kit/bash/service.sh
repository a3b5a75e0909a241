# --- Services, holders, health --------------------------------------------------------------------------------------------

SERVICES=()
DEPENDENTS=() # running units that systemd stops together with ours, and does not start again by itself

services_load() { read -r -a SERVICES < <(printf '%s\n' "${POLICY[service]}"); }

dependents_load() {
  local name unit state
  DEPENDENTS=()
  [[ ${POLICY[service_manager]} == systemd ]] || return 0
  for name in "${SERVICES[@]}"; do
    for unit in $(systemctl show --property=ConsistsOf --property=BoundBy --property=RequiredBy --value -- "$name" 2>/dev/null); do
      [[ $unit == *.service && " ${DEPENDENTS[*]-} " != *" ${unit%.service} "* ]] || continue
      service_state "$unit"
      [[ $REPLY != active ]] || DEPENDENTS+=("${unit%.service}")
    done
  done
}

# service_state NAME: REPLY = active, inactive, failed, activating, … as the manager says; `unknown` if there is none.
service_state() {
  if [[ ${POLICY[service_manager]} == program ]]; then
    REPLY=unknown
    [[ -x ${POLICY[service_program]} ]] || return 0
    if "${POLICY[service_program]}" status "$1" >/dev/null 2>&1; then REPLY=active; else REPLY=inactive; fi
    return 0
  fi
  REPLY=$(systemctl show --property=ActiveState --value -- "$1" 2>/dev/null)
  REPLY=${REPLY:-unknown}
}

service_enabled() {
  REPLY=unknown
  [[ ${POLICY[service_manager]} == systemd ]] || return 0
  REPLY=$(systemctl is-enabled -- "$1" 2>/dev/null)
  REPLY=${REPLY:-unknown}
}

# services_do start|stop [NAME...]: all of them, or these; stop in the order of the policy, start in the opposite order,
# and then what had been stopped with them.
services_do() {
  local verb=$1 name order=() status=0 names=("${SERVICES[@]}")
  shift
  (($# == 0)) || names=("$@")
  for name in "${names[@]}"; do
    if [[ $verb == stop ]]; then order+=("$name"); else order=("$name" ${order[@]+"${order[@]}"}); fi
  done
  for name in "${order[@]}"; do
    if [[ ${POLICY[service_manager]} == program ]]; then
      # What it starts must not inherit our locks: they would be held for as long as the application lives. Nor our session:
      # what has the database open in it counts as ours.
      close_for_child setsid --wait "${POLICY[service_program]}" "$verb" "$name" </dev/null || status=1
    else
      [[ $verb == stop ]] || systemctl reset-failed -- "$name" 2>/dev/null
      systemctl "$verb" -- "$name" >&2 || status=1
    fi
  done
  if [[ $verb == start ]]; then
    # They wait for ours by themselves, and we do not wait for them.
    for name in ${DEPENDENTS[@]+"${DEPENDENTS[@]}"}; do systemctl --no-block start -- "$name" >&2; done
  fi
  return "$status"
}

# Runs a command without our lock and event descriptors.
close_for_child() (
  drop_descriptors
  "$@" >&2
)

services_json() {
  local name list=() state
  for name in "${SERVICES[@]}"; do
    service_state "$name"
    state=$REPLY
    service_enabled "$name"
    json_object name="$name" manager="${POLICY[service_manager]}" state="$state" enabled="$REPLY"
    list+=("$REPLY")
  done
  json_array ${list[@]+"${list[@]}"}
}

# holders_find [DATABASE]: fills HOLDERS with the processes that have it or a sidecar open, one
# `pid TAB user TAB service TAB command` each; service is empty where it is none of ours. Only root sees all processes.
HOLDERS=()
holders_find() {
  local database=${1:-$DATABASE_FILE} file fd pid own seen=' ' user service command list=() same=() where=' ' device
  HOLDERS=()
  session_of "$$"
  own=$REPLY
  for file in "$database" "$database"-wal "$database"-shm "$database"-journal; do
    # By number: find opens what it is told to compare with, and would wait for ever for a named pipe.
    IFS=' ' read -r device REPLY < <(stat -L -c '%d %i' -- "$file" 2>/dev/null) || continue
    same+=(${same[@]+-o} -inum "$REPLY") where+="$device:$REPLY "
  done
  ((${#same[@]} > 0)) || return 0
  # One level only: an open directory would be searched to its depths, and / is open somewhere.
  while IFS=' ' read -r -d '' device fd; do
    [[ $where != *" $device "* ]] || list+=("$fd")
  done < <(find -L /proc/[0-9]*/fd -maxdepth 1 '(' "${same[@]}" ')' -printf '%D:%i %p\0' 2>/dev/null)
  for fd in ${list[@]+"${list[@]}"}; do
    pid=${fd#/proc/}
    pid=${pid%%/*}
    [[ $seen != *" $pid "* && $pid != "$$" && $pid != "$BASHPID" ]] || continue
    seen+="$pid "
    # Processes of our own session (a copy, a count) hold the database only on our behalf.
    session_of "$pid" || continue
    [[ $REPLY != "$own" ]] || continue
    user=$(stat -c %U -- "/proc/$pid" 2>/dev/null) || continue
    command=$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | tr '[:cntrl:]' '?' | head -c 200)
    holder_service "$pid"
    service=$REPLY
    HOLDERS+=("$pid"$'\t'"$user"$'\t'"$service"$'\t'"$command")
  done
}

session_of() { # PID: REPLY = its session
  local stat
  IFS= read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  read -r _ _ _ REPLY _ < <(printf '%s\n' "${stat##*) }")
}

# holder_service PID: REPLY = the service that the process belongs to, ours or one that stops with it; or empty.
holder_service() {
  local name line
  REPLY=''
  for name in "${SERVICES[@]}" ${DEPENDENTS[@]+"${DEPENDENTS[@]}"}; do
    while IFS= read -r line; do
      [[ $line == *"/$name.service"* || $line == *"/$name.service" ]] && { REPLY=$name; return; }
    done 2>/dev/null <"/proc/$1/cgroup"
    if [[ ${POLICY[service_manager]} == program ]] &&
      "${POLICY[service_program]}" owns "$name" "$1" >/dev/null 2>&1; then
      REPLY=$name
      return
    fi
  done
}

holders_json() {
  local entry pid user service command list=()
  for entry in ${HOLDERS[@]+"${HOLDERS[@]}"}; do
    IFS='|' read -r pid user service command < <(printf '%s\n' "${entry//$'\t'/|}") # blanks would run together
    json_text_or_null "$service"
    json_object pid:="$pid" user="$user" service:="$REPLY" command="$command"
    list+=("$REPLY")
  done
  json_array ${list[@]+"${list[@]}"}
}

# health_ask PROBE: sets HEALTH_STATUS (000 when nothing answered), HEALTH_DETAIL, HEALTH_MS. Never longer than 5 s.
HEALTH_STATUS=000 HEALTH_DETAIL='' HEALTH_MS=0 HEALTH_PROBE='' HEALTH_CONFIGURED=false
health_ask() {
  local probe=$1 rest began answer
  local -a where
  uptime_ms
  began=$REPLY
  if [[ $probe == unix:* ]]; then
    rest=${probe#unix:}
    where=(--unix-socket "${rest%%:*}" "http://localhost${rest#*:}")
  else
    where=("$probe")
  fi
  # By the owner: a socket's path may lead anywhere.
  answer=$(as_owner curl --silent --show-error --noproxy '*' --max-time 5 --connect-timeout 2 --max-filesize 100000 \
    --write-out '\n%{http_code}' "${where[@]}" 2>&1 </dev/null)
  HEALTH_STATUS=${answer##*$'\n'}
  HEALTH_DETAIL=${answer%$'\n'*}
  HEALTH_DETAIL=${HEALTH_DETAIL:0:200}
  [[ $HEALTH_STATUS =~ ^[0-9]{3}$ ]] || HEALTH_STATUS=000
  uptime_ms
  HEALTH_MS=$((REPLY - began))
  [[ $HEALTH_STATUS == "${POLICY[health_status]}" ]]
}

# health_choose: HEALTH_PROBE = the site's probe; where none is set, the usual one that answers now, or empty.
health_choose() {
  local probe
  HEALTH_CONFIGURED=false
  if [[ ${POLICY[health]} != '' ]]; then
    HEALTH_PROBE=${POLICY[health]} HEALTH_CONFIGURED=true
    return 0
  fi
  for probe in http://127.0.0.1:5000/api/health http://127.0.0.1:5000/health; do
    HEALTH_PROBE=$probe
    health_ask "$probe" && return 0
  done
  HEALTH_PROBE=''
}

# health_json: asks once, REPLY = healthAnswer.
health_json() {
  local healthy=false probe status
  if [[ $HEALTH_PROBE != '' ]]; then
    health_ask "$HEALTH_PROBE" && healthy=true
  else
    HEALTH_STATUS=000 HEALTH_DETAIL='no health probe is set, and none of the usual ones answers' HEALTH_MS=0
  fi
  health_last_json "$healthy"
}

# health_last_json HEALTHY: REPLY = healthAnswer of what was asked last.
health_last_json() {
  local probe status=null
  json_text_or_null "$HEALTH_PROBE"
  probe=$REPLY
  [[ $HEALTH_STATUS == 000 ]] || status=$((10#$HEALTH_STATUS))
  json_object probe:="$probe" configured:="$HEALTH_CONFIGURED" healthy:="$1" status:="$status" ms:="$HEALTH_MS" \
    detail="$HEALTH_DETAIL"
}

# health_await SECONDS: asks until it answers as expected. Heeds a cancel. Status 0 healthy, 1 not in time, 2 cancelled.
health_await() {
  local seconds=$1 until
  uptime_ms
  until=$((REPLY + seconds * 1000))
  while :; do
    [[ $ON_FAIL != '' ]] && cancel_asked && return 2
    health_ask "$HEALTH_PROBE" && return 0
    uptime_ms
    ((REPLY < until)) || return 1
    sleep 0.1
  done
}
