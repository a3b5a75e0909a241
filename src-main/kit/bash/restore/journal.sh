# --- The restore transaction: its state, journaled before each change -------------------------------------------------------
#
# All names are relative to the database's folder (TX_FOLDER), which is entered once: the application's user owns it and can
# replace any path to it. The journal in TX_DIR names each change before it is made. Files are identified by inode, not by
# name. Phases in order:
#
#   staged      the new database is complete and verified beside the old one; nothing has changed
#   stopping    the services are being stopped
#   keeping     the live database and its sidecars are being renamed to the safety copy
#   swapping    the staged file is being renamed to the live name
#   swapped     the new database is in place, on disk
#   starting    the services are being started, then their health is checked
#   committed   end: new state
#
#   rolling-back   the old files are being renamed back
#   returned       the old files are back, on disk; the services are being started and may write to them
#   rolled-back    end: old state
#
# Recovery rolls back what was interrupted before `swapped`. From `swapped` on it completes the restore if the site becomes
# healthy, else rolls it back. STATE/unfinished names the operation until its outcome is on disk.

readonly SIDECARS=('' -wal -shm -journal)
TX_FOLDER='' TX_NAME='' TX_STAGE='' TX_SAFETY='' TX_LIVE_INODE='' TX_STAGED_INODE='' TX_STAGED_STAMP='' TX_WERE='' TX_HEALTHY_BEFORE=''
TX_FOLDER_FD='' TX_STAGE_FD='' # held open, whatever happens to their names: the database's folder and the stage folder
TX_FOLDER_INODE=''
TX_BACKUP='' TX_DOWN_MS='' TX_PHASE='' TX_TABLES=()
TX_DOWN_FROM=0    # wall clock when the services were asked to stop; 0 before
TX_DOWN_UPTIME='' # the same moment by the monotonic clock; empty after a reboot
TX_KEEPING=''     # not empty once renaming may have begun; before that there is nothing to put back
TX_REJECTED=''    # name under which a rolled-back database is kept if it was written to
TX_OVER=''        # not empty once only the outcome is left to write
TX_SIDECARS='' # inodes of the live database's sidecars when `keeping` began, space-separated

# The journal starts with its format and the SHA-256 of the kit that writes it: that kit finishes what it began, even if the
# console has installed another one since (recover.sh). No format means 1. Increase the number for any change that would make
# an older kit misread a journal.
readonly JOURNAL_FORMAT=2

# journal_known OPERATION: REPLY = the format of its journal; status 1 if we cannot read that format.
journal_known() {
  journal_value "$1" format
  REPLY=${REPLY:-1}
  [[ $REPLY =~ ^[0-9]{1,4}$ ]] && ((10#$REPLY <= JOURNAL_FORMAT))
}

must_journal() { journal "$@" || fail internal "$JOURNAL_FAILED"; }
readonly JOURNAL_FAILED='The journal of the transaction cannot be written.'

# phase NAME [KEY VALUE...]: journal that a phase begins, with these values; on disk on return.
phase() {
  TX_PHASE=$1
  must_journal "${@:2}" phase "$1"
  failpoint "$1"
}

# phase_mark NAME: journal a phase without syncing. Recovery treats it like the previous phase, so a power cut may lose it.
phase_mark() {
  TX_PHASE=$1
  journal_write phase "$1" || fail internal "$JOURNAL_FAILED"
  failpoint "$1"
}

# transaction_begin BACKUP: journal what later phases and recovery need. The staged file must be ready.
transaction_begin() {
  local backup=$1
  AFTER_OUTCOME=transaction_close
  ON_FAIL=transaction_forget # before the services are stopped, only our own files need removing
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
  # After a power cut, either all of this is found or the transaction was never begun.
  sync_paths "$TX_DIR"/* "$TX_DIR" "$STATE/operations" "$STATE" || fail internal 'The journal of the transaction cannot be written.'
  write_whole "$STATE/unfinished" "$OPERATION"$'\n' || fail internal 'The state folder cannot be written.'
  phase staged
}

# safety_free: status 1 if the name of the safety copy or of one of its sidecars is taken, even by a dangling link.
safety_free() {
  local suffix
  for suffix in "${SIDECARS[@]}"; do
    [[ ! -e $TX_SAFETY$suffix && ! -L $TX_SAFETY$suffix ]] || return 1
  done
}

# transaction_load ID: load the journal of an interrupted operation. Status 1 if no transaction was begun, 2 if the
# database's folder cannot be entered, 3 if the format is unknown.
transaction_load() {
  local line key value
  TX_DIR=$STATE/operations/$1
  AFTER_OUTCOME=transaction_close
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
  # The name may lead elsewhere by now: require the same folder, owned as before.
  hold_folder "$TX_FOLDER" || return 2
  inode .
  [[ $TX_FOLDER_INODE == '' || $REPLY == "$TX_FOLDER_INODE" ]] || return 2
  DATABASE_FILE=$TX_FOLDER/$TX_NAME
  # A rollback may have begun without a journal entry because the disk was full. Then the new database is no longer in place.
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

# down_ends: TX_DOWN_MS = the downtime. After a reboot, measure it by the wall clock.
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
