# --- The restore transaction: its state, journaled before each change -------------------------------------------------------
#
# What changes is the table of renames (rows.sh). The journal in TX_DIR names each change before it is made. Phases in order:
#
#   staged      everything new is complete and verified beside the old; nothing has changed
#   stopping    the services are being stopped
#   keeping     what is live is being renamed to the safety copies
#   swapping    what is staged is being renamed to the live names
#   swapped     everything new is in place, on disk
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
TX_WERE='' TX_HEALTHY_BEFORE='' # services that ran before, and whether the site was healthy
TX_BACKUP='' TX_DOWN_MS='' TX_PHASE='' TX_TABLES=()
TX_DOWN_FROM=0    # wall clock when the services were asked to stop; 0 before
TX_DOWN_UPTIME='' # the same moment by the monotonic clock; empty after a reboot
TX_KEEPING=''     # not empty once renaming may have begun; before that there is nothing to put back
TX_OVER=''        # not empty once only the outcome is left to write
TX_SIDECARS=' ' # identities of the live database's sidecars when `keeping` began, each between blanks

# The journal starts with its format and the SHA-256 of the kit that writes it: that kit finishes what it began, even if the
# console has installed another one since (recover.sh). No format means 1. Increase the number for any change that would make
# an older kit misread a journal.
readonly JOURNAL_FORMAT=4 # 1 and 2 know one thing to rename: the database, by its inode; 3 creates and takes away nothing

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

# transaction_begin BACKUP: journal what later phases and recovery need. What is staged must be ready, in the table of renames.
transaction_begin() {
  local backup=$1 i field part=${ROW_PART[0]} pairs=(format "$JOURNAL_FORMAT" kit "$KIT_SHA256")
  # A restore is called by what was asked for, even if it takes only one part from a system backup.
  [[ $SYSTEM_FILE == '' ]] || part=system
  AFTER_OUTCOME=transaction_close
  ON_FAIL=transaction_forget # before the services are stopped, only our own files need removing
  TX_DIR=$OPERATION_DIR
  TX_BACKUP=$backup
  rows_ready
  for i in "${!ROW_KIND[@]}"; do
    row_line "$i"
    pairs+=(row "$REPLY")
  done
  settle_look
  for field in WERE HEALTHY_BEFORE BACKUP NGINX; do
    local variable=TX_$field
    encode_path "${!variable}"
    pairs+=("$field" "$REPLY")
  done
  encode_path "$HEALTH_PROBE"
  pairs+=(SERVICES "${SERVICES[*]}" DEPENDENTS "${DEPENDENTS[*]-}" PROBE "$REPLY")
  encode_path "$backup"
  must_journal "${pairs[@]}" part "$part" backup "$REPLY"
  # After a power cut, either all of this is found or the transaction was never begun.
  sync_paths "$TX_DIR"/* "$TX_DIR" "$STATE/operations" "$STATE" || fail internal 'The journal of the transaction cannot be written.'
  write_whole "$STATE/unfinished" "$OPERATION"$'\n' || fail internal 'The state folder cannot be written.'
  phase staged
}

# transaction_load ID: load the journal of an interrupted operation. Status 1 if no transaction was begun, 2 if a folder cannot
# be entered (REPLY names it), 3 if the format is unknown or a row cannot be read.
transaction_load() {
  local line key value
  local -A old=([FOLDER]='' [FOLDER_INODE]='' [NAME]='' [STAGE]='' [SAFETY]='' [LIVE_INODE]='' [STAGED_INODE]='' [STAGED_STAMP]='')
  TX_DIR=$STATE/operations/$1
  AFTER_OUTCOME=transaction_close
  TX_PHASE='' TX_KEEPING='' TX_OVER='' JOURNAL_LEAD='' TX_SIDECARS=' '
  rows_forget
  [[ -e $TX_DIR/journal ]] || return 1
  journal_known "$1" || return 3
  ! line_is_torn "$TX_DIR/journal" || JOURNAL_LEAD=$TORN$'\n'
  while IFS= read -r line; do
    [[ $line != *"$TORN" ]] || continue
    key=${line%%=*} value=${line#*=}
    case $key in
      row) row_load "$value" || return 3 ;;
      FOLDER | FOLDER_INODE | NAME | STAGE | SAFETY | LIVE_INODE | STAGED_INODE | STAGED_STAMP)
        decode_path "$value"
        [[ ! $key =~ ^[A-Z_]{1,20}$ ]] || old[$key]=$REPLY
        ;;
      WERE | HEALTHY_BEFORE | BACKUP | NGINX | SIDECARS)
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
  if [[ ${old[NAME]} != '' ]]; then
    row_add database database "${old[FOLDER]}" "${old[NAME]}" "${old[STAGE]}" staged.db '' ''
    ROW_SAFETY=("${old[SAFETY]}") ROW_FOLDER_ID=("${old[FOLDER_INODE]}") ROW_LIVE_ID=("${old[LIVE_INODE]}")
    ROW_STAGED_ID=("${old[STAGED_INODE]}") ROW_STAMP=("${old[STAGED_STAMP]}") ROW_ID='%i'
  elif [[ $REPLY != "$(</proc/sys/kernel/random/boot_id)" ]]; then
    rows_without_device
  fi
  about "$1" boot
  [[ $REPLY == "$(</proc/sys/kernel/random/boot_id)" ]] || TX_DOWN_UPTIME=''
  # The names may lead elsewhere by now: require the same folders, owned as before.
  # What is rolled back needs none of them any more; one that was created may be gone.
  rows_hold || [[ $TX_PHASE == rolled-back ]] || return 2
  rows_of database
  ((${#ROWS[@]} == 0)) || DATABASE_FILE=${ROW_FOLDER[${ROWS[0]}]}/${ROW_LIVE[${ROWS[0]}]}
  # A rollback may have begun without a journal entry because the disk was full. Then something new is no longer in place.
  case $TX_PHASE in
    swapped | starting) rows_in_place || TX_PHASE=rolling-back ;;
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
