# --- Operations: detached, journaled, one at a time ---------------------------------------------------------------------
#
# An operation is a folder. The caller writes the request and follows it; a separate worker process runs it and outlives the
# connection. The worker holds a lock on `alive` until it dies, by whatever cause.

WHO=''
REASON=''
TOKEN='' # chosen by the caller to find its operation again if the connection breaks during the start
ID_WORD='' # the word in its ID, if it is not the command
ALIVE_FD=''
DATA_LOCK_FD=''
ARGUMENTS=()
AFTER_OUTCOME='' # function to call once the outcome is on disk
LOCK_PATIENCE='' # seconds for which an operation waits for the site's lock; empty: not at all
LAUNCH_HERE=''   # not empty: the caller runs the worker itself

# operation_start ARG...: REPLY = the ID of the new operation, which is already running.
operation_start() {
  local id draft
  state_writable || fail no-rights "This login cannot keep state: $STATE cannot be written." 'nothing was changed' \
    'log in as root, with sudo, or as a user with a writable home'
  id=$(date -u +%Y%m%dT%H%M%SZ)-${ID_WORD:-$COMMAND}-$(od -An -N3 -tx1 /dev/urandom | tr -d ' \n')
  draft=$STATE/operations/.new-$id
  mkdir -- "$draft" || fail internal "The operation's folder could not be made in $STATE/operations." 'nothing was changed'
  now_ms
  { printf '%s\0' "$@" >"$draft/request" && printf '%s\n' "command=$COMMAND" "startedAt=$REPLY" "boot=$(</proc/sys/kernel/random/boot_id)" \
    "root=$ROOT_OPTION" "kit=$KIT_SHA256" "who=${WHO//$'\n'/ }" "reason=${REASON//$'\n'/ }" "token=$TOKEN" \
    "patience=$LOCK_PATIENCE" >"$draft/about"; } 2>/dev/null || {
    rm -rf -- "$draft"
    fail no-space "The operation could not be written to $STATE/operations." 'nothing was changed' 'make room on the disk of '"$STATE"
  }
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
  [[ $LAUNCH_HERE == '' ]] || return 0
  # A killed worker cannot roll back, so systemd starts recovery as soon as the worker ends. The recovery unit does nothing
  # if no transaction is open.
  case $COMMAND in
    restore | undo) after=(--property="ExecStopPost=-$(command -v systemctl) start --no-block ${RECOVERY_UNIT##*/}") ;;
  esac
  if ((EUID == 0)) && [[ -d /run/systemd/system ]] && command -v systemd-run >/dev/null; then
    # IgnoreSIGPIPE=no: a writer whose reader has closed the pipe must end quietly, as in any shell.
    systemd-run --quiet --collect --unit="cvd-backup-$id" --description="CVD backup: $id" \
      --setenv=CVD_BACKUP_STATE="$STATE" ${CVD_BACKUP_ETC:+--setenv=CVD_BACKUP_ETC="$CVD_BACKUP_ETC"} --property=KillMode=mixed --property=TimeoutStopSec=180 \
      --property=IgnoreSIGPIPE=no \
      ${after[@]+"${after[@]}"} \
      /bin/bash --noprofile --norc "$kit" work "$id" >/dev/null 2>"$STATE/operations/$id/launch" && return 0
  fi
  CVD_BACKUP_STATE=$STATE setsid -f /bin/bash --noprofile --norc "$kit" work "$id" </dev/null >/dev/null 2>&1
}

# store_kit KIT: copy the kit to the state folder. The worker runs from there: the caller's copy may be a pipe, or lie in
# another user's folder.
store_kit() {
  local kit=$1 source=${KIT_FILE:-} fresh
  [[ -O $kit && $(sha256sum <"$kit") == "$KIT_SHA256 "* ]] && return 0
  [[ $source != '' && -r $source ]] || return 1
  # A unique name: another operation may store the kit at the same time.
  mkdir -p -- "${kit%/*}" && fresh=$(mktemp -- "$kit.XXXXXXXX") || return 1
  cp -- "$source" "$fresh" && chmod 700 -- "$fresh" && sync_paths "$fresh" && mv -fT -- "$fresh" "$kit" || { rm -f -- "$fresh"; return 1; }
}

about() { # ID KEY: REPLY = its value; status 1 if there is none
  local line
  REPLY=''
  while IFS= read -r line; do
    [[ $line == "$2="* ]] && { REPLY=${line#*=}; return 0; }
  done <"$STATE/operations/$1/about" 2>/dev/null
  return 1
}

readonly OPERATION_ID='^[0-9]{8}T[0-9]{6}Z-[a-z]+-[0-9a-f]{6}$'
valid_operation() { [[ $1 =~ $OPERATION_ID && -d $STATE/operations/$1 ]]; }

# --- in the worker

# work ID: run the request of an operation. Called by launch_worker only.
work() {
  OPERATION=$1
  OPERATION_DIR=$STATE/operations/$1
  [[ -d $OPERATION_DIR ]] || exit 2
  exec {ALIVE_FD}<"$OPERATION_DIR/alive"
  flock -w 20 "$ALIVE_FD" || exit 1
  [[ ! -e $OPERATION_DIR/outcome ]] || exit 1
  ON_RESULT=operation_record_outcome
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
  about "$OPERATION" patience
  [[ ! $REPLY =~ ^[1-9][0-9]{0,4}$ ]] || LOCK_PATIENCE=$REPLY
  trap 'CANCEL_ASKED="the server asked the operation to stop"' TERM HUP INT
  trap 'worker_exit $?' EXIT
  say_hello
  audit began '' ''
  audit_rotate
  mapfile -d '' -t ARGUMENTS <"$OPERATION_DIR/request"
  policy_load
  services_load
  [[ $COMMAND == recover ]] || state_refuse_newer
  if [[ $COMMAND != recover && $STATE_KIND == known ]]; then
    operations_prune
    state_prune
  fi
  "run_$COMMAND" ${ARGUMENTS[@]+"${ARGUMENTS[@]}"}
}

# A worker that ends without a result has hit a fault of ours: report that.
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
  # If the outcome cannot be written, the transaction stays open and recovery writes it when there is space.
  if write_whole "$OPERATION_DIR/outcome" "outcome=$1"$'\n'"code=$2"$'\n'"endedAt=$REPLY"$'\n'"message=${3//$'\n'/ }"$'\n'"lockLost=$LOCK_LOST"$'\n'; then
    failpoint outcome
    [[ $AFTER_OUTCOME == '' ]] || "$AFTER_OUTCOME"
  fi
  audit ended "$1" "$2"
  leave_work_dir
}

# lock_site: take the site's lock, and have a state.db. It is two locks: one in STATE, which names its holder, and one on the
# data folder, so that root's kit and an unprivileged login's exclude each other. Both end with the process.
LOCK_LOST='' # yes if another operation has the site's lock, and this one ends because of that
lock_site() {
  local holder=''
  if ! lock_take -n && ! lock_passing && ! lock_patiently site && ! { recovery_waits "$LOCK_FD" && { lock_is_current || lock_take -w 60; }; }; then
    lock_holder
    holder=$(tr '\n' ' ' <"$REPLY" 2>/dev/null)
    LOCK_LOST=yes
    fail busy "Another operation is running on this site: ${holder:-unknown}" 'nothing was changed' \
      'wait until it has ended, or cancel it'
  fi
  [[ $OWNER_PROBLEM == '' ]] || fail wrong-owner "$OWNER_PROBLEM" 'nothing was changed' \
    'look who owns the folders; if the policy is wrong, set it: cvd-backup policy owner=USER:GROUP'
  # Enter the folder instead of opening its name, which would block on a named pipe.
  if hold_folder "${DATABASE_FILE%/*}" && { exec {DATA_LOCK_FD}<.; } 2>/dev/null; then
    cd /
    flock -n "$DATA_LOCK_FD" || lock_patiently data || data_lock_passed || fail busy "Another login of this server runs an operation on this site, or a program keeps its data folder locked: $(data_lockers)." \
      'nothing was changed' 'wait until it has ended, or end these programs'
  fi
  # Without sqlite3, only backups are impossible; what has to be recorded says so itself. A recovery needs no records.
  state_ready || [[ $COMMAND == recover || $STATE_CODE == @(missing-tool|no-space) ]] || fail "$STATE_CODE" "$STATE_PROBLEM" 'nothing was changed' ''
  lock_holder
  local file=$REPLY
  now_ms
  write_whole "$file" "operation=$OPERATION"$'\n'"command=$COMMAND"$'\n'"pid=$$"$'\n'"since=$REPLY"$'\n'"who=$WHO"$'\n'
  # We hold the lock, so work folders here are leftovers of killed processes. Those of an open transaction are for `recover`.
  cd /
  [[ -e $STATE/unfinished ]] || { work_places; scratch_sweep "${PLACES[@]}"; }
}

# lock_passing: wait for a lock that no operation is known to have: whoever has it makes state.db, has just done so, or is about to
# name itself. Status 1 if it is still not ours, or if an operation has it.
lock_passing() {
  local turn id=''
  for ((turn = 0; turn < 40; turn++)); do
    lock_holder
    { IFS= read -r id <"$REPLY"; } 2>/dev/null
    ! operation_runs "${id#operation=}" || return 1
    lock_leave
    ! lock_take -w 0.5 || return 0
    heed_cancel 'nothing was changed'
  done
  return 1
}

# lock_patiently site|data: wait for that lock as long as this operation does; status 1 if it is still not ours. Whoever has it may
# be a person: until it is ours, this operation keeps nobody waiting.
lock_patiently() {
  local until
  [[ $LOCK_PATIENCE =~ ^[1-9][0-9]{0,4}$ ]] || return 1
  say info "Another operation is running on this site: this one waits for it, at most $LOCK_PATIENCE s."
  uptime_ms
  until=$((REPLY + LOCK_PATIENCE * 1000))
  while :; do
    if [[ $1 == data ]]; then
      ! flock -w 1 "$DATA_LOCK_FD" || return 0
    else
      lock_leave
      ! lock_take -w 1 || return 0
    fi
    heed_cancel 'nothing was changed'
    uptime_ms
    ((REPLY < until)) || return 1
  done
}

# data_lock_passed: decide whether to continue without the data folder's lock; status 1 if not. Anybody who can read the
# folder can lock it for ever. So an operation of another login gets time to end; then root's recovery continues, as the site
# may be down. Such a login can do no more than the application's user can at any time.
data_lock_passed() {
  [[ $COMMAND == recover && -r $STATE/unfinished ]] || return 1
  if ((EUID != 0)); then recovery_waits "$DATA_LOCK_FD"; return; fi
  say info 'Another login of this server has the data folder locked: the recovery gives it time to end.'
  flock -w "$DATA_LOCK_SECONDS" "$DATA_LOCK_FD" ||
    say warning "The recovery goes on, although the data folder is locked: $(data_lockers)."
}
DATA_LOCK_SECONDS=60

# data_lockers: print, for people, the programs that may hold the lock. The lock itself names only the process that took it,
# which may be gone.
data_lockers() {
  holders_find "${DATABASE_FILE%/*}"
  if ((${#HOLDERS[@]} > 0)); then holders_words; else printf 'which, is not known'; fi
}

# recovery_waits FD: wait for a lock that would refuse any other command; status 1 unless this is the recovery of an
# interrupted transaction. The site may be down, and nobody may ask for recovery again.
recovery_waits() {
  local id
  [[ $COMMAND == recover && -r $STATE/unfinished ]] || return 1
  id=$(<"$STATE/unfinished")
  ! operation_runs "$id" || return 1
  say info 'Another operation is running on this site: the recovery waits until it ends.'
  until flock -w 1 "$1"; do heed_cancel 'nothing was changed'; done
}

# heed_cancel UNCHANGED: if a cancel was requested, undo changes and end the operation as cancelled.
heed_cancel() {
  cancel_asked || return 0
  local take_back=$ON_FAIL
  step_end failed reason="cancelled: $CANCEL_ASKED"
  ON_FAIL=''
  [[ $take_back == '' ]] || "$take_back" cancelled "Cancelled: $CANCEL_ASKED." ''
  result cancelled cancelled "Cancelled: $CANCEL_ASKED." "${1:-nothing was changed; what had been written was removed}" ''
  exit 1
}

# watch UNCHANGED PROGRESS-FUNCTION PID...: wait for background processes, report progress, heed a cancel. Status: that of
# the first one that failed; TOO_LONG if they were ended because they took longer than WATCH_SECONDS.
WATCH_SECONDS=7200
readonly TOO_LONG=142
watch() {
  local unchanged=$1 progress=$2 pid status=0 one living alive turn=0
  shift 2
  living=("$@")
  uptime_ms
  local until=$((REPLY + WATCH_SECONDS * 1000))
  while :; do
    # Skip processes that have ended: the PID may have been reused.
    alive=()
    for pid in "${living[@]}"; do ! kill -0 "$pid" 2>/dev/null || alive+=("$pid"); done
    ((${#alive[@]} > 0)) || break
    living=("${alive[@]}")
    [[ $progress == '' ]] || ((turn++ % 10)) || "$progress"
    if cancel_asked; then
      end_background "${living[@]}"
      heed_cancel "$unchanged"
    fi
    uptime_ms
    if ((REPLY >= until)); then
      end_background "${living[@]}"
      return "$TOO_LONG"
    fi
    pause 0.02
  done
  for pid in "$@"; do
    wait "$pid" 2>/dev/null
    one=$?
    ((status != 0)) || status=$one
  done
  [[ $progress == '' ]] || "$progress"
  return "$status"
}
