# --- Health: is the site up? ---------------------------------------------------------------------------------------------------

# health_ask PROBE: send one request, to this address only, and set HEALTH_STATUS (000 without an answer), HEALTH_DETAIL and
# HEALTH_MS. Takes at most 7 s, starts one program, reads only the beginning of the answer.
HEALTH_REFUSED='' # not empty if nobody listens there
HEALTH_ASKED=''   # the last probe sent
HEALTH_STATUS=000 HEALTH_DETAIL='' HEALTH_MS=0 HEALTH_PROBE='' HEALTH_CONFIGURED=false HEALTH_HEALTHY=false
readonly HEALTH_LIMIT=8192
readonly HEALTH_USUAL=(http://127.0.0.1:5000/api/health http://127.0.0.1:5000/health)
health_ask() {
  local probe=$1 rest began answer asked status cut=''
  local -a where
  uptime_ms
  began=$REPLY
  if [[ $probe == unix:* ]]; then
    rest=${probe#unix:}
    where=(--unix-socket "${rest%%:*}" "http://localhost${rest#*:}")
  else
    where=("$probe")
  fi
  HEALTH_STATUS=000 HEALTH_HEALTHY=false HEALTH_REFUSED='' HEALTH_ASKED=$probe
  [[ $PAUSE_FD != '' ]] || pause 0.001 # create the pipe now: curl below must be the last process started
  PAUSING=yes
  # Run as the owner: a socket's path may lead anywhere. -q: ignore .curlrc. --include puts the head first, so that the
  # status is known however long the body is.
  IFS= read -r -t 7 -N "$HEALTH_LIMIT" answer < <(become_owner curl -q --silent --show-error --include --globoff --noproxy '*' \
    --proto '=http,https' --max-redirs 0 --max-time 5 --connect-timeout 2 "${where[@]}" 2>&1 </dev/null)
  status=$? asked=$!
  ((status <= 128)) || read_over
  pause_over
  health_end "$asked"
  status=$?
  ((${#answer} < HEALTH_LIMIT)) || cut=yes
  answer=${answer//$'\r'/}
  while [[ $answer =~ ^HTTP/[0-9.]+\ ([0-9]{3})[^0-9] ]]; do
    HEALTH_STATUS=${BASH_REMATCH[1]}
    rest=${answer#*$'\n\n'}
    [[ $rest != "$answer" ]] || rest=''
    answer=$rest
    [[ $HEALTH_STATUS == 1?? ]] || break # interim response: the final one follows
  done
  HEALTH_DETAIL=${answer:0:200}
  # An answer that we cut off counts; one that broke off does not.
  if [[ $status != 0 && $cut == '' ]]; then
    HEALTH_STATUS=000
    [[ $status != 7 ]] || HEALTH_REFUSED=yes
    [[ ! $answer =~ curl:\ \([0-9]+\)\ ([^$'\n']+) ]] || HEALTH_DETAIL=${BASH_REMATCH[1]:0:200}
  fi
  uptime_ms
  HEALTH_MS=$((REPLY - began))
  [[ $HEALTH_STATUS == "${POLICY[health_status]}" ]] || return 1
  HEALTH_HEALTHY=true
}

# health_end PID: status of the curl process. The owner can stop it, so kill it after a second. A file system of the owner's
# can keep even a killed process alive: leave that behind, because a restore must not wait for it.
health_end() {
  local children=()
  if ! ended_soon "$1"; then
    { read -r -a children <"/proc/$1/task/$1/children"; } 2>/dev/null
    kill -KILL ${children[@]+"${children[@]}"} "$1" 2>/dev/null
    ended_soon "$1" || return 137
  fi
  wait "$1"
}

# health_words: REPLY = the last answer and its likely cause, as a sentence without the full stop.
health_words() {
  local expected=${POLICY[health_status]}
  if [[ $HEALTH_PROBE == '' ]]; then
    REPLY='no health probe is set, and none of the usual addresses answers'
    return
  fi
  REPLY="$HEALTH_PROBE answers $HEALTH_STATUS, expected $expected"
  case $HEALTH_STATUS in
    "$expected") REPLY="$HEALTH_PROBE answers $HEALTH_STATUS in $HEALTH_MS ms" ;;
    000) REPLY="$HEALTH_PROBE does not answer: ${HEALTH_DETAIL:-nothing was said}" ;;
    404 | 405 | 410) REPLY+=': the address is probably wrong' ;;
    3??) REPLY+=': it leads elsewhere, and that is not followed' ;;
    401 | 403) REPLY+=': this address wants a login' ;;
    502 | 503 | 504) REPLY+=': the application behind it is probably down' ;;
    5??) REPLY+=': the application reports an error' ;;
    *) REPLY+=": if this is its healthy answer, set health_status=$HEALTH_STATUS" ;;
  esac
}

# health_choose: HEALTH_PROBE = the site's probe; if none is set, the usual one that answers now, or empty.
health_choose() {
  local probe
  HEALTH_CONFIGURED=false HEALTH_HEALTHY=false
  if [[ ${POLICY[health]} != '' ]]; then
    HEALTH_PROBE=${POLICY[health]} HEALTH_CONFIGURED=true
    return 0
  fi
  for probe in "${HEALTH_USUAL[@]}"; do
    HEALTH_PROBE=$probe
    health_ask "$probe" && return 0
    [[ $HEALTH_REFUSED == '' ]] || break # the others have the same host and port
  done
  HEALTH_PROBE='' HEALTH_STATUS=000 HEALTH_DETAIL='no health probe is set, and none of the usual ones answers' HEALTH_MS=0
}

# health_settled: status 0 if the site is healthy before anything is changed. A service that is active but fails may have
# just started, so retry for a few seconds. Call services_read first.
health_settled() {
  local asked=1
  health_choose
  [[ $HEALTH_HEALTHY != true ]] || return 0 # health_choose has asked already
  [[ $HEALTH_PROBE != '' ]] || return 1
  until health_ask "$HEALTH_PROBE"; do
    [[ $HEALTH_STATUS == 000 || $HEALTH_STATUS == 5?? ]] && [[ " ${SERVICE_ACTIVE[*]-} " == *" active "* ]] || return 1
    ((asked++ < 6)) || return 1
    sleep 1
  done
}

# health_json: REPLY = healthAnswer; asks unless health_choose has done so.
health_json() {
  [[ $HEALTH_HEALTHY == true || $HEALTH_PROBE == '' ]] || health_ask "$HEALTH_PROBE"
  health_last_json "$HEALTH_HEALTHY"
}

# health_last_json HEALTHY: REPLY = healthAnswer of the last probe.
health_last_json() {
  local probe status=null words
  json_text_or_null "$HEALTH_PROBE"
  probe=$REPLY
  [[ ! $HEALTH_STATUS =~ ^[1-9][0-9]{2}$ ]] || status=$HEALTH_STATUS
  health_words
  words=$REPLY
  json_object probe:="$probe" configured:="$HEALTH_CONFIGURED" healthy:="$1" status:="$status" ms:="$HEALTH_MS" \
    detail="$HEALTH_DETAIL" words="$words"
}

# health_await SECONDS: probe until healthy. Status 0 healthy, 1 timed out, 2 cancelled. Probing takes CPU from the starting
# application: do not probe while nobody listens, then probe less and less often.
health_await() {
  local seconds=$1 began now until due wait turn
  uptime_ms
  began=$REPLY until=$((REPLY + seconds * 1000)) due=$((REPLY + 500))
  HEALTH_STATUS=000 HEALTH_DETAIL='nobody listens there' HEALTH_HEALTHY=false
  while :; do
    [[ $ON_FAIL != '' ]] && cancel_asked && return 2
    uptime_ms
    now=$REPLY wait=20
    if health_listens || ((now >= due)); then
      health_ask "$HEALTH_PROBE" && return 0
      uptime_ms
      now=$REPLY due=$((REPLY + 500)) wait=$(((REPLY - began) / 4))
      ((wait >= 50)) || wait=50
      ((wait <= 250)) || wait=250
    fi
    ((now < until)) || return 1
    printf -v turn '0.%03d' "$wait"
    pause "$turn"
  done
}

# health_listens: status 1 if nobody seems to listen at the probe's address. Looks without a process and without a
# connection, which a listener could keep waiting.
health_listens() {
  local rest port line sockets=() more=()
  if [[ $HEALTH_PROBE == unix:* ]]; then
    rest=${HEALTH_PROBE#unix:}
    [[ -S ${rest%%:*} ]]
    return
  fi
  [[ $HEALTH_PROBE =~ ^http(s?)://(127\.[0-9.]+|localhost|\[::1\])(:([0-9]{1,5}))?([/?#]|$) ]] || return 0
  port=${BASH_REMATCH[4]}
  [[ $port != '' ]] || { port=80 && [[ ${BASH_REMATCH[1]} == '' ]]; } || port=443
  [[ $port =~ ^[0-9]{1,5}$ ]] || return 0
  printf -v rest '%04X' "$((10#$port))"
  # Listening sockets come first.
  { mapfile -t -n 1024 sockets </proc/net/tcp; mapfile -t -n 1024 more </proc/net/tcp6; } 2>/dev/null
  for line in ${sockets[@]+"${sockets[@]}"} ${more[@]+"${more[@]}"}; do
    [[ $line != *": "+([0-9A-F])":$rest "+([0-9A-F])':0000 0A '* ]] || return 0
  done
  return 1
}
