# --- The restore transaction: what it knows, and writes down before each change ----------------------------------------------
#
# All names are relative to the folder of the database (TX_FOLDER), which is entered once: the application's user owns
# that folder and could exchange any path leading there. The journal in TX_DIR tells, before each change, what is about
# to change; which file is which is decided by inode, never by hope. Phases, in their order:
#
#   staged      the new database is complete and verified beside the old one; nothing was changed
#   stopping    the services are being stopped
#   keeping     the live database is being renamed to the safety copy, sidecars too
#   swapping    the staged file is being renamed to the live name
#   swapped     the new database is in place, on disk
#   starting    the services are being started, then asked for their health
#   committed   the end, new state
#
#   rolling-back   the old files are being given their names back
#   returned       they have them, on disk; the services are being started: from here on they are written to
#   rolled-back    the end, old state
#
# Before `swapped`, an interruption is rolled back. From `swapped` on it is completed if the site becomes healthy, and
# rolled back if it does not. STATE/unfinished names the operation until its outcome is on disk.

readonly SIDECARS=('' -wal -shm -journal)
TX_DIR='' TX_FOLDER='' TX_NAME='' TX_STAGE='' TX_SAFETY='' TX_LIVE_INODE='' TX_STAGED_INODE='' TX_STAGED_STAMP='' TX_WERE='' TX_HEALTHY_BEFORE=''
TX_FOLDER_FD='' TX_STAGE_FD='' # the folder of the database, and the staged file's: held, whatever happens to their names
TX_FOLDER_INODE=''
TX_BACKUP='' TX_DOWN_MS='' TX_PHASE='' TX_TABLES=()
TX_DOWN_FROM=0    # the time of day at which the services were asked to stop; 0 before
TX_DOWN_UPTIME='' # the same by the clock that never jumps; empty after another boot
TX_KEEPING=''     # not empty once renaming may have begun: before, there is nothing to put back
TX_REJECTED=''    # name of the restored database where it was written to and taken back
TX_OVER=''        # not empty once only the outcome is missing
TX_SIDECARS='' # inodes of the live database's sidecars at the moment of `keeping`, between blanks

# The journal begins with its format and with the kit that writes it: whatever is sent to the server meanwhile, that kit
# finishes what it began (recover.sh). Journals without a format are of the first one. Any change that would make an
# older kit read a journal wrongly needs a new number.
readonly JOURNAL_FORMAT=2

JOURNAL_LEAD='' # what closes the line before, where that may have been cut off: by a full disk, or with its process
journal() { # KEY VALUE [KEY VALUE...]: on disk when it returns, with all that was written to it before
  journal_write "$@" && journal_sync
}

journal_write() { # KEY VALUE [KEY VALUE...]: outlives us, and no power cut
  local text=$JOURNAL_LEAD
  while (($# > 0)); do
    text+=$1=$2$'\n'
    shift 2
  done
  { printf '%s' "$text" >>"$TX_DIR/journal"; } 2>/dev/null || { JOURNAL_LEAD=$TORN$'\n'; return 1; }
  JOURNAL_LEAD=''
}

journal_sync() { # [PATH...]: on disk when it returns: first these, then the journal
  sync_paths "$@" "$TX_DIR/journal" || { JOURNAL_LEAD=$TORN$'\n'; return 1; }
}

# journal_value OPERATION KEY: REPLY = the last value that its journal has for it, or empty. What was cut off is none.
journal_value() {
  local line value=''
  while IFS= read -r line; do
    [[ $line != "$2="* || $line == *"$TORN" ]] || value=${line#*=}
  done 2>/dev/null <"$STATE/operations/$1/journal"
  REPLY=$value
}

# journal_known OPERATION: can we read its journal? REPLY = its format.
journal_known() {
  journal_value "$1" format
  REPLY=${REPLY:-1}
  [[ $REPLY =~ ^[0-9]{1,4}$ ]] && ((10#$REPLY <= JOURNAL_FORMAT))
}

must_journal() { journal "$@" || fail internal "$JOURNAL_FAILED"; }
readonly JOURNAL_FAILED='The journal of the transaction cannot be written.'

# phase NAME [KEY VALUE...]: what it begins with, and that it begins: on disk when it returns.
phase() {
  TX_PHASE=$1
  must_journal "${@:2}" phase "$1"
  failpoint "$1"
}

# phase_mark NAME: one that recovery treats as the one before. A power cut may take the line away.
phase_mark() {
  TX_PHASE=$1
  journal_write phase "$1" || fail internal "$JOURNAL_FAILED"
  failpoint "$1"
}

# For tests of crash safety: STATE/failpoint holds lines `PHASE kill|pause|fail`. The folder is ours alone.
failpoint() {
  local at action
  [[ -e $STATE/failpoint ]] || return 0
  while read -r at action; do
    [[ $at == "$1" ]] || continue
    case $action in
      kill) # once: what recovers comes by here too
        rm -f -- "$STATE/failpoint"
        kill -KILL "$$"
        ;;
      pause)
        printf '%s\n' "$1" >"$STATE/failpoint.reached"
        while [[ -e $STATE/failpoint ]]; do sleep 0.1; done
        ;;
      fail) fail internal "The failpoint '$1' was set." ;;
    esac
  done < <(cat -- "$STATE/failpoint")
}

inode() { REPLY=$(exec stat -c %i -- "$1" 2>/dev/null) || REPLY=''; }

# transaction_begin BACKUP: writes what every later phase and every recovery needs. The staged file must be ready.
transaction_begin() {
  local backup=$1
  ON_FAIL=transaction_forget # until the services are stopped there is only our own to remove
  TX_DIR=$OPERATION_DIR
  TX_BACKUP=$backup
  TX_NAME=${DATABASE_FILE##*/}
  TX_SAFETY=$TX_NAME.pre-restore.$(date +%Y%m%d_%H%M%S)
  safety_free || TX_SAFETY+=.$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')
  safety_free || fail internal "$TX_SAFETY is there already."
  inode "$TX_NAME"
  TX_LIVE_INODE=$REPLY
  inode "/proc/self/fd/$TX_STAGE_FD/staged.db"
  TX_STAGED_INODE=$REPLY
  inode .
  TX_FOLDER_INODE=$REPLY
  local field pairs=(format "$JOURNAL_FORMAT" kit "$KIT_SHA256")
  file_stamp "/proc/self/fd/$TX_STAGE_FD/staged.db"
  TX_STAGED_STAMP=$REPLY
  for field in FOLDER FOLDER_INODE NAME STAGE SAFETY LIVE_INODE STAGED_INODE STAGED_STAMP WERE HEALTHY_BEFORE BACKUP; do
    local variable=TX_$field
    encode_path "${!variable}"
    pairs+=("$field" "$REPLY")
  done
  encode_path "$HEALTH_PROBE"
  pairs+=(SERVICES "${SERVICES[*]}" DEPENDENTS "${DEPENDENTS[*]-}" PROBE "$REPLY")
  encode_path "$backup"
  must_journal "${pairs[@]}" backup "$REPLY"
  # All of it is found again after a power cut, or none of it was begun.
  sync_paths "$TX_DIR"/* "$TX_DIR" "$STATE/operations" "$STATE" || fail internal 'The journal of the transaction cannot be written.'
  write_whole "$STATE/unfinished" "$OPERATION"$'\n' || fail internal 'The state folder cannot be written.'
  phase staged
}

# Is nothing there under the safety copy's name, or a sidecar's, not even a link that leads nowhere?
safety_free() {
  local suffix
  for suffix in "${SIDECARS[@]}"; do
    [[ ! -e $TX_SAFETY$suffix && ! -L $TX_SAFETY$suffix ]] || return 1
  done
}

# transaction_load ID: the journal of an interrupted operation. Status 1 if it never got as far as a transaction, 2 if
# the folder of its database cannot be entered, 3 if its format is not known: then nothing can be said or done.
transaction_load() {
  local line key value
  TX_DIR=$STATE/operations/$1
  TX_PHASE='' TX_KEEPING='' TX_OVER='' JOURNAL_LEAD=''
  [[ -e $TX_DIR/journal ]] || return 1
  journal_known "$1" || return 3
  ! line_is_torn "$TX_DIR/journal" || JOURNAL_LEAD=$TORN$'\n'
  while IFS= read -r line; do
    [[ $line != *"$TORN" ]] || continue
    key=${line%%=*} value=${line#*=}
    case $key in
      FOLDER | FOLDER_INODE | NAME | STAGE | SAFETY | LIVE_INODE | STAGED_INODE | STAGED_STAMP | WERE | HEALTHY_BEFORE | BACKUP | SIDECARS)
        decode_path "$value"
        printf -v "TX_$key" '%s' "$REPLY"
        ;;
      PROBE)
        decode_path "$value"
        HEALTH_PROBE=$REPLY
        ;;
      SERVICES) read -r -a SERVICES < <(printf '%s\n' "$value") ;;
      DEPENDENTS) read -r -a DEPENDENTS < <(printf '%s\n' "$value") ;;
      DOWN_FROM) [[ ! $value =~ ^[0-9]{1,15}$ ]] || TX_DOWN_FROM=$value ;;
      DOWN_UPTIME) [[ ! $value =~ ^[0-9]{1,15}$ ]] || TX_DOWN_UPTIME=$value ;;
      phase)
        TX_PHASE=$value
        [[ $value != keeping ]] || TX_KEEPING=yes
        ;;
    esac
  done <"$TX_DIR/journal"
  [[ $TX_PHASE != '' ]] || return 1
  about "$1" boot
  [[ $REPLY == "$(</proc/sys/kernel/random/boot_id)" ]] || TX_DOWN_UPTIME=''
  # The folder that it was, and the owner's: a name can be exchanged while nobody looks.
  hold_folder "$TX_FOLDER" || return 2
  inode .
  [[ $TX_FOLDER_INODE == '' || $REPLY == "$TX_FOLDER_INODE" ]] || return 2
  DATABASE_FILE=$TX_FOLDER/$TX_NAME
  # A way back may have begun without a word in the journal: the disk was full. Then the new database is gone from its place.
  case $TX_PHASE in
    swapped | starting)
      inode "$TX_NAME"
      [[ $REPLY == "$TX_STAGED_INODE" ]] || TX_PHASE=rolling-back
      ;;
  esac
}

down_begins() {
  now_ms
  TX_DOWN_FROM=$REPLY
  uptime_ms
  TX_DOWN_UPTIME=$REPLY
}

# down_ends: TX_DOWN_MS = for how long the site was down. Across a boot there is only the time of day to tell.
down_ends() {
  ((TX_DOWN_FROM != 0)) || return 0
  if [[ $TX_DOWN_UPTIME != '' ]]; then
    uptime_ms
    TX_DOWN_MS=$((REPLY - TX_DOWN_UPTIME))
  else
    now_ms
    TX_DOWN_MS=$((REPLY - TX_DOWN_FROM))
  fi
  ((TX_DOWN_MS >= 0)) || TX_DOWN_MS=0
}
