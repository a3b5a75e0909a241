# --- Events: the output of operations and commands ----------------------------------------------------------------------------
#
# All output comes twice: as JSON for the console and as readable text for people. An operation stores both and its followers
# choose; a plain command prints only the one requested. An empty descriptor is not written to.

EVENTS_FD=''
READABLE_FD=''
OPERATION=''      # ID of the operation that this process works for
OPERATION_DIR=''  # its folder, in its worker
COMMAND=''        # its command
STEP=''           # the open step
STEP_TITLE=''
STEP_AT=0
ON_FAIL=''        # function that undoes changes before a failure is reported
ON_RESULT=''      # function that records a result on disk before it is said
RESULT_SAID=''
KIT_SHA256=''

now_ms() {
  local t=${EPOCHREALTIME-} seconds
  if [[ $t != '' ]]; then
    t=${t/[.,]/}
    REPLY=${t%???}
    return
  fi
  # bash 4 has only whole seconds. Take milliseconds from the monotonic clock, until the two disagree.
  printf -v seconds '%(%s)T' -1
  uptime_ms
  t=$((REPLY + NOW_BOOTED))
  [[ $seconds =~ ^[0-9]{1,15}$ ]] && ((t / 1000 >= seconds - 1 && t / 1000 <= seconds + 1)) || {
    t=$(exec date +%s%3N)
    [[ $t =~ ^[0-9]{1,15}$ ]] || t=0
    NOW_BOOTED=$((t - REPLY))
  }
  REPLY=$t
}
NOW_BOOTED=0 # wall clock at boot

# pause SECONDS: wait without starting a process, on a pipe that nobody writes to. bash aborts if a trap runs during `read
# -t` and itself reads, as $(...) does, when the time is up. So while PAUSING is set, a trap only stores its action in
# AFTER_PAUSE, to run when the pause is over.
PAUSE_FD='' PAUSING='' AFTER_PAUSE=''
pause() {
  [[ $PAUSE_FD != '' ]] || exec {PAUSE_FD}<> <(:)
  PAUSING=yes
  read -r -t "$1" -u "$PAUSE_FD" _
  pause_over
}

# read_over: call it after a `read -t` that timed out. bash would give the bytes that it had read from the pipe to the next
# `read`, on whatever file; mapfile discards them.
read_over() {
  local nothing
  mapfile -n 1 nothing </dev/null
}

pause_over() {
  local after=$AFTER_PAUSE
  PAUSING='' AFTER_PAUSE=''
  [[ $after == '' ]] || "$after"
}

# uptime_ms: REPLY = milliseconds since boot. Unlike the wall clock, it never jumps.
uptime_ms() {
  local up
  read -r up _ </proc/uptime
  REPLY=$((10#${up/./} * 10))
}

say_event() {
  [[ $EVENTS_FD == '' ]] || printf '%s\n' "$1" >&"$EVENTS_FD"
}

# Replace control characters: a file name must not move the cursor.
say_readable() {
  local REPLY # callers keep theirs
  [[ $READABLE_FD != '' ]] || return 0
  for_terminal "$1"
  printf '%s\n' "$REPLY" >&"$READABLE_FD"
}

# for_terminal TEXT: REPLY = TEXT without what a terminal acts on: control characters (C0, and C1 in UTF-8), and characters that
# reverse or hide text (U+200B to U+200F, U+2028 to U+202E, U+2060 to U+206F).
for_terminal() {
  local text=${1//[[:cntrl:]]/?}
  text=${text//$'\xc2'[$'\x80'-$'\x9f']/?}
  text=${text//$'\xe2\x80'[$'\x8b'-$'\x8f'$'\xa8'-$'\xae']/?}
  REPLY=${text//$'\xe2\x81'[$'\xa0'-$'\xaf']/?}
}

HELLO_SAID=''
say_hello() {
  local operation
  HELLO_SAID=yes
  json_text_or_null "$OPERATION"
  operation=$REPLY
  now_ms
  json_object v:=$PROTOCOL kind=hello at:="$REPLY" kit="$KIT_SHA256" command="$COMMAND" operation:="$operation"
  say_event "$REPLY"
}

# step NAME TITLE: close the open step as done and open the next.
step() {
  [[ $STEP == '' ]] || step_done
  now_ms
  STEP=$1 STEP_TITLE=$2 STEP_AT=$REPLY
  json_object kind=step at:="$REPLY" step="$STEP" title="$STEP_TITLE" state=started evidence:='{}'
  say_event "$REPLY"
}

# step_done [EVIDENCE-PAIR...]: close the open step. Pairs as in json_object.
step_done() { step_end 'done' "$@"; }

step_end() {
  local state=$1 evidence words at ms
  shift
  [[ $STEP != '' ]] || return 0
  json_object "$@"
  evidence=$REPLY
  evidence_words "$@"
  words=$REPLY
  now_ms
  at=$REPLY
  ms=$((at - STEP_AT))
  json_object kind=step at:="$at" step="$STEP" title="$STEP_TITLE" state="$state" evidence:="$evidence" ms:="$ms"
  say_event "$REPLY"
  printf -v words '%-7s %6d ms  %s%s' "$state" "$ms" "$STEP_TITLE" "${words:+ ($words)}"
  say_readable "$words"
  STEP=''
}

evidence_words() {
  local pair key value words=''
  for pair in "$@"; do
    key=${pair%%[:=]*}
    value=${pair#"$key"}
    value=${value#:}
    words+="${words:+, }$key ${value#=}"
  done
  REPLY=$words
}

PROGRESS_AT=0
# progress DONE TOTAL UNIT: report at most five times a second, and always at the end.
progress() {
  local total=$2
  now_ms
  ((REPLY - PROGRESS_AT >= 200 || $1 >= total)) || return 0
  PROGRESS_AT=$REPLY
  json_object kind=progress at:="$REPLY" step="$STEP" done:="$1" total:="$total" unit="$3"
  say_event "$REPLY"
}

# say LEVEL TEXT: info, warning or error.
say() {
  now_ms
  json_object kind=log at:="$REPLY" level="$1" text="$2"
  say_event "$REPLY"
  if [[ $1 == info ]]; then say_readable "                   $2"; else say_readable "$1: $2"; fi
}

# result OUTCOME CODE MESSAGE UNCHANGED NEXT [DATA]: the last event. DATA is JSON.
result() {
  local outcome=$1 code=$2 message=$3 unchanged=$4 next=$5 data=${6:-null}
  RESULT_SAID=$outcome
  [[ $HELLO_SAID != '' ]] || say_hello
  now_ms
  json_object kind=result at:="$REPLY" outcome="$outcome" code="$code" message="$message" unchanged="$unchanged" \
    next="$next" data:="$data"
  local line=$REPLY
  # Write the outcome to disk first, so that a follower who sees the result can rely on it.
  [[ $ON_RESULT == '' ]] || "$ON_RESULT" "$outcome" "$code" "$message" "$line"
  say_event "$line"
  say_readable ''
  say_readable "$outcome: $message"
  [[ $unchanged == '' ]] || say_readable "  unchanged: $unchanged"
  [[ $next == '' ]] || say_readable "  next:      $next"
}

# succeed MESSAGE [DATA]
succeed() {
  [[ $STEP == '' ]] || step_done
  result succeeded ok "$1" '' '' "${2:-null}"
  exit 0
}

# fail CODE MESSAGE [UNCHANGED] [NEXT] [DATA]: end with an expected failure. Runs ON_FAIL to undo changes first.
fail() {
  local code=$1 message=$2 unchanged=${3:-} next=${4:-} data=${5:-null} take_back=$ON_FAIL
  step_end failed reason="$message"
  ON_FAIL=''
  [[ $take_back == '' ]] || "$take_back" "$code" "$message" "$next"
  result failed "$code" "$message" "$unchanged" "$next" "$data"
  exit_with_code "$code"
}

exit_with_code() {
  case $1 in
    ok) exit 0 ;;
    usage) exit 2 ;;
    busy | conflict | wrong-site | plan-stale | not-confirmed | no-rights | checks-failed | newer-format | health-fails) exit 4 ;;
    *) exit 1 ;;
  esac
}

# usage_error TEXT: end before anything was done.
usage_error() {
  result failed usage "$1" 'nothing was changed' 'see: cvd-backup help'
  exit 2
}

# usage_wrong: end before anything was done, with how COMMAND is called, from the table of commands.
usage_wrong() {
  local help=''
  [[ ! $COMMAND =~ ^[a-z]{1,20}$ ]] || help=${COMMAND_HELP[$COMMAND]-}
  usage_error "${help%%$'\n'*}"
}
