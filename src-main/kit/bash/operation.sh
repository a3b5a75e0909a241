# --- Operations: detached, journaled, one at a time ---------------------------------------------------------------------
#
# An operation is a folder. Whoever starts it only writes the request and follows; the worker is a process of its own,
# which outlives the connection. It holds a lock on `alive` for as long as it lives, whatever kills it.

WHO=''
REASON=''
TOKEN='' # whatever the caller chose to find its operation again by, should the connection break while it starts
OPERATION_DIR=''
ALIVE_FD=''
LOCK_FD=''
DATA_LOCK_FD=''
CANCEL_ASKED=''
ARGUMENTS=()

# operation_start ARGUMENT...: REPLY = id of the new operation, already running.
operation_start() {
  local id draft
  state_writable || fail no-rights "This login cannot keep state: $STATE cannot be written." 'nothing was changed' \
    'log in as root, with sudo, or as a user with a writable home'
  id=$(date -u +%Y%m%dT%H%M%SZ)-$COMMAND-$(od -An -N3 -tx1 /dev/urandom | tr -d ' \n')
  draft=$STATE/operations/.new-$id
  mkdir -- "$draft" || fail internal "The operation's folder could not be made in $STATE/operations." 'nothing was changed'
  printf '%s\0' "$@" >"$draft/request"
  now_ms
  printf '%s\n' "command=$COMMAND" "startedAt=$REPLY" "boot=$(</proc/sys/kernel/random/boot_id)" \
    "root=$ROOT_OPTION" "kit=$KIT_SHA256" "who=${WHO//$'\n'/ }" "reason=${REASON//$'\n'/ }" "token=$TOKEN" >"$draft/about"
  : >"$draft/events"
  : >"$draft/readable"
  : >"$draft/alive"
  mv -T -- "$draft" "$STATE/operations/$id"
  launch_worker "$id" || fail internal "The operation could not be started on the server." 'nothing was changed'
  REPLY=$id
}

launch_worker() {
  local id=$1 kit=$STATE/kit/$KIT_SHA256/cvd-backup after=()
  store_kit "$kit" || return 1
  # A worker that is killed cannot take anything back: whatever kills it, recovery begins at once. The unit does
  # nothing where a transaction has ended.
  case $COMMAND in
    restore | undo) after=(--property="ExecStopPost=-$(command -v systemctl) start --no-block ${RECOVERY_UNIT##*/}") ;;
  esac
  if ((EUID == 0)) && [[ -d /run/systemd/system ]] && command -v systemd-run >/dev/null; then
    # IgnoreSIGPIPE: a pipe whose reader has enough must end its writer quietly, as it does in every shell.
    systemd-run --quiet --collect --unit="cvd-backup-$id" --description="CVD backup: $id" \
      --setenv=CVD_BACKUP_STATE="$STATE" --property=KillMode=mixed --property=TimeoutStopSec=180 \
      --property=IgnoreSIGPIPE=no \
      ${after[@]+"${after[@]}"} \
      /bin/bash --noprofile --norc "$kit" work "$id" >/dev/null 2>"$STATE/operations/$id/launch" && return 0
  fi
  CVD_BACKUP_STATE=$STATE setsid -f /bin/bash --noprofile --norc "$kit" work "$id" </dev/null >/dev/null 2>&1
}

# The worker runs from the state folder, never from where it was called: that may be a pipe, or a folder of others.
store_kit() {
  local kit=$1 source=${KIT_FILE:-} fresh
  [[ -O $kit && $(sha256sum <"$kit") == "$KIT_SHA256 "* ]] && return 0
  [[ $source != '' && -r $source ]] || return 1
  # A name of its own: another operation may be started, and store it, at the same time.
  mkdir -p -- "${kit%/*}" && fresh=$(mktemp -- "$kit.XXXXXXXX") || return 1
  cp -- "$source" "$fresh" && chmod 700 -- "$fresh" && sync_paths "$fresh" && mv -fT -- "$fresh" "$kit" || { rm -f -- "$fresh"; return 1; }
}

about() { # ID KEY: REPLY = its value
  local line
  REPLY=''
  while IFS= read -r line; do
    [[ $line == "$2="* ]] && { REPLY=${line#*=}; return 0; }
  done <"$STATE/operations/$1/about" 2>/dev/null
  return 1
}

valid_operation() { [[ $1 =~ ^[0-9]{8}T[0-9]{6}Z-[a-z]+-[0-9a-f]{6}$ && -d $STATE/operations/$1 ]]; }

# --- in the worker

# work ID: runs the request of an operation. Only launch_worker calls it.
work() {
  OPERATION=$1
  OPERATION_DIR=$STATE/operations/$1
  [[ -d $OPERATION_DIR ]] || exit 2
  exec {ALIVE_FD}<"$OPERATION_DIR/alive"
  flock -w 20 "$ALIVE_FD" || exit 1
  [[ ! -e $OPERATION_DIR/outcome ]] || exit 1
  printf '%s\n' "$$" >"$OPERATION_DIR/pid"
  exec {EVENTS_FD}>>"$OPERATION_DIR/events" {READABLE_FD}>>"$OPERATION_DIR/readable" 2>>"$OPERATION_DIR/stderr"
  about "$OPERATION" who
  WHO=$REPLY
  about "$OPERATION" reason
  REASON=$REPLY
  about "$OPERATION" command
  COMMAND=$REPLY
  about "$OPERATION" root
  ROOT_OPTION=$REPLY
  trap 'CANCEL_ASKED="the server asked the operation to stop"' TERM HUP INT
  trap 'worker_exit $?' EXIT
  say_hello
  audit began '' ''
  audit_rotate
  operations_prune
  mapfile -d '' -t ARGUMENTS <"$OPERATION_DIR/request"
  policy_load
  services_load
  "run_$COMMAND" ${ARGUMENTS[@]+"${ARGUMENTS[@]}"}
}

# Whatever ends the worker without a result is a fault of ours, and is said as one.
worker_exit() {
  local status=$1
  [[ $RESULT_SAID == '' ]] || return 0
  local detail
  detail=$(tail -n 3 "$OPERATION_DIR/stderr" 2>/dev/null)
  local take_back=$ON_FAIL
  ON_FAIL=''
  [[ $take_back == '' ]] || "$take_back" internal "An unexpected error stopped the operation (exit $status)." ''
  result failed internal "An unexpected error stopped the operation (exit $status): ${detail:-no detail}" '' \
    "report it with the operation's id, $OPERATION"
  leave_work_dir
}

operation_record_outcome() { # OUTCOME CODE MESSAGE RESULT-LINE
  now_ms
  # Where it cannot be written, a transaction stays open: recovery writes it down when there is space.
  if write_whole "$OPERATION_DIR/outcome" "outcome=$1"$'\n'"code=$2"$'\n'"endedAt=$REPLY"$'\n'"message=${3//$'\n'/ }"$'\n'; then
    failpoint outcome
    transaction_close
  fi
  audit ended "$1" "$2"
  leave_work_dir
}

# The one lock of the site. Two locks in truth: ours, which names its holder, and one on the data folder itself, so that
# root's kit and an unprivileged login's exclude each other. Both vanish with the process.
lock_site() {
  local holder=''
  exec {LOCK_FD}>>"$STATE/lock"
  if ! flock -n "$LOCK_FD" && ! recovery_waits "$LOCK_FD"; then
    holder=$(tr '\n' ' ' <"$STATE/lock.holder" 2>/dev/null)
    fail busy "Another operation is running on this site: ${holder:-unknown}" 'nothing was changed' \
      'wait until it has ended, or cancel it'
  fi
  [[ $OWNER_PROBLEM == '' ]] || fail wrong-owner "$OWNER_PROBLEM" 'nothing was changed' \
    'look who owns the folders; if the policy is wrong, set it: cvd-backup policy owner=USER:GROUP'
  # Entered, not opened by its name: a named pipe of that name would be waited for.
  if hold_folder "${DATABASE_FILE%/*}" && { exec {DATA_LOCK_FD}<.; } 2>/dev/null; then
    cd /
    flock -n "$DATA_LOCK_FD" || data_lock_passed || fail busy "Another login of this server runs an operation on this site, or a program keeps its data folder locked: $(data_lockers)." \
      'nothing was changed' 'wait until it has ended, or end these programs'
  fi
  now_ms
  write_whole "$STATE/lock.holder" "operation=$OPERATION"$'\n'"command=$COMMAND"$'\n'"pid=$$"$'\n'"since=$REPLY"$'\n'"who=$WHO"$'\n'
  # Only who holds the lock works in these folders: what is there was left by a process that was killed. What belongs to
  # an open transaction is for `recover`.
  cd /
  [[ -e $STATE/unfinished ]] || scratch_sweep "$BACKUPS" "${DATABASE_FILE%/*}"
}

# data_lock_passed: whoever may look into the data folder can lock it, for ever. An operation of another login has its time to
# end; then a recovery by root goes on without that lock, as the site may be down: whatever such a login does meanwhile, the
# application's user may do at any time. Status 1: this is no such recovery.
data_lock_passed() {
  [[ $COMMAND == recover && -r $STATE/unfinished ]] || return 1
  if ((EUID != 0)); then recovery_waits "$DATA_LOCK_FD"; return; fi
  say info 'Another login of this server has the data folder locked: the recovery gives it time to end.'
  flock -w "$DATA_LOCK_SECONDS" "$DATA_LOCK_FD" ||
    say warning "The recovery goes on, although the data folder is locked: $(data_lockers)."
}
DATA_LOCK_SECONDS=60

# data_lockers: for people: the programs that may have it locked. The lock itself tells only who took it, who may be gone.
data_lockers() {
  holders_find "${DATABASE_FILE%/*}"
  if ((${#HOLDERS[@]} > 0)); then holders_words; else printf 'which, is not known'; fi
}

# recovery_waits FD: an interrupted transaction may have left the site down. Nobody may ask for its recovery again, so that
# waits for a lock where everything else is refused. Status 1: this is no such recovery.
recovery_waits() {
  local id
  [[ $COMMAND == recover && -r $STATE/unfinished ]] || return 1
  id=$(<"$STATE/unfinished")
  ! operation_runs "$id" || return 1
  say info 'Another operation is running on this site: the recovery waits until it ends.'
  until flock -w 1 "$1"; do heed_cancel 'nothing was changed'; done
}

# Between steps, and while waiting: has anybody asked us to stop?
cancel_asked() {
  [[ $CANCEL_ASKED == '' ]] || return 0
  [[ $OPERATION_DIR != '' && -e $OPERATION_DIR/cancel ]] || return 1
  CANCEL_ASKED=$(head -c 200 "$OPERATION_DIR/cancel" | tr '\n' ' ')
  CANCEL_ASKED=${CANCEL_ASKED% }
  CANCEL_ASKED=${CANCEL_ASKED:-cancelled}
}

# heed_cancel UNCHANGED: ends the operation as cancelled if that was asked for; takes changes back first.
heed_cancel() {
  cancel_asked || return 0
  local take_back=$ON_FAIL
  step_end failed reason="cancelled: $CANCEL_ASKED"
  ON_FAIL=''
  [[ $take_back == '' ]] || "$take_back" cancelled "Cancelled: $CANCEL_ASKED." ''
  result cancelled cancelled "Cancelled: $CANCEL_ASKED." "${1:-nothing was changed; what had been written was removed}" ''
  exit 1
}

# in_background FUNCTION ARGUMENT...: REPLY = its pid. It is a process group of its own, so that it can be ended whole.
in_background() {
  set -m
  "$@" </dev/null &
  REPLY=$!
  set +m
}

# end_background PID...: ends background processes with all that they started. What they started may live, and write, a
# moment longer than they: it is over when the whole group is. What does not heed a request for a second is killed.
end_background() {
  local pid turn
  for pid in "$@"; do kill -TERM -- "-$pid" 2>/dev/null || kill -TERM "$pid" 2>/dev/null; done
  for pid in "$@"; do
    for ((turn = 0; turn < 100; turn++)); do
      kill -0 -- "-$pid" 2>/dev/null || break
      ((turn != 50)) || kill -KILL -- "-$pid" 2>/dev/null
      pause 0.02
    done
    wait "$pid" 2>/dev/null
  done
}

# watch UNCHANGED PROGRESS-FUNCTION PID...: waits for background processes, tells progress, heeds a cancel.
# Status: that of the first process that failed.
watch() {
  local unchanged=$1 tell=$2 pid status=0 one left alive turn=0
  shift 2
  left=("$@")
  while :; do
    # Who has ended is not looked for again: his number may be that of a stranger by then.
    alive=()
    for pid in "${left[@]}"; do ! kill -0 "$pid" 2>/dev/null || alive+=("$pid"); done
    ((${#alive[@]} > 0)) || break
    left=("${alive[@]}")
    [[ $tell == '' ]] || ((turn++ % 10)) || "$tell"
    if cancel_asked; then
      end_background "${left[@]}"
      heed_cancel "$unchanged"
    fi
    pause 0.02
  done
  for pid in "$@"; do
    wait "$pid" 2>/dev/null
    one=$?
    ((status != 0)) || status=$one
  done
  [[ $tell == '' ]] || "$tell"
  return "$status"
}
