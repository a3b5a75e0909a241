# --- The restore transaction: its steps in order (phases: journal.sh) --------------------------------------------------------

# services_run: status 1 if services_read found every service inactive.
services_run() {
  local state
  for state in ${SERVICE_ACTIVE[@]+"${SERVICE_ACTIVE[@]}"}; do [[ $state == inactive ]] || return 0; done
  return 1
}

services_active() {
  local state
  services_states
  for state in "${SERVICE_STATES[@]}"; do [[ $state == active ]] || return 1; done
}

# Stop the services and prove that nobody has the database open. Downtime runs from here to the first healthy answer, so keep
# processes and disk writes to a minimum (docs/adr/0017-two-syncs-while-down.md).
transaction_stop() {
  local index began waited=0
  step stop 'Stop the service'
  services_reset_failures
  down_begins
  phase stopping DOWN_FROM "$TX_DOWN_FROM" DOWN_UPTIME "$TX_DOWN_UPTIME"
  down_begins
  services_do stop || fail service "The service could not be stopped: ${SERVICES[*]}." '' 'check: systemctl status'
  services_states
  for index in "${!SERVICES[@]}"; do
    [[ ${SERVICE_STATES[$index]} != active ]] ||
      fail service "The service ${SERVICES[$index]} is still active after it was stopped."
  done
  uptime_ms
  began=$REPLY
  # Limit by time as well as by turns: many open files make each scan slow.
  while holders_find && ((${#HOLDERS[@]} > 0)); do
    uptime_ms
    ((waited++ < 50 && REPLY - began < 15000)) || fail holders "The service is stopped, but the database is still open in: $(holders_words)." '' \
      'end these programs, then restore again'
    pause 0.1
  done
  step_done services="${SERVICES[*]}" holders:=0
}

# Rename the live database to the safety copy: a rename cannot lose a write.
transaction_keep() {
  local suffix line live=''
  step keep 'Keep the live database as the safety copy'
  TX_SIDECARS=' '
  while IFS= read -r -d '' line; do
    case ${line#* } in
      "$TX_NAME") live=${line%% *} ;;
      "$TX_NAME"-wal | "$TX_NAME"-shm | "$TX_NAME"-journal) TX_SIDECARS+="${line%% *} " ;;
    esac
  done < <(exec stat --printf '%i %n\0' -- "$TX_NAME" "$TX_NAME"-wal "$TX_NAME"-shm "$TX_NAME"-journal 2>/dev/null)
  [[ $live == "$TX_LIVE_INODE" ]] || fail internal "Another program replaced $TX_NAME while the restore was prepared."
  encode_path "$TX_SIDECARS"
  TX_KEEPING=yes
  phase keeping SIDECARS "$REPLY"
  for suffix in "${SIDECARS[@]}"; do
    [[ -e $TX_NAME$suffix || -L $TX_NAME$suffix ]] || continue
    mv -nT -- "$TX_NAME$suffix" "$TX_SAFETY$suffix" && [[ ! -e $TX_NAME$suffix ]] ||
      fail internal "$TX_NAME$suffix could not be renamed to $TX_SAFETY$suffix."
    failpoint "keeping$suffix"
  done
  # The old name is gone. A process that has the file open now would write to the safety copy.
  holders_find "$TX_SAFETY"
  ((${#HOLDERS[@]} == 0)) || fail holders "The database was opened after the service had stopped, by: $(holders_words)." '' \
    'end these programs, then restore again'
  step_done safety="$TX_SAFETY"
}

transaction_swap() {
  step swap 'Put the restored database in place'
  phase_mark swapping
  mv -nT -- "/proc/self/fd/$TX_STAGE_FD/staged.db" "$TX_NAME" || fail internal 'The restored database could not be renamed into place.'
  # Check that the staged file is gone: mv -n fails silently if the name was taken.
  [[ ! -e /proc/self/fd/$TX_STAGE_FD/staged.db ]] || fail internal "Another program created $TX_NAME at the same moment."
  TX_PHASE=swapped
  journal_write phase swapped && journal_sync . "/proc/self/fd/$TX_STAGE_FD/." || fail internal "$JOURNAL_FAILED"
  failpoint swapped
  step_done
}

# Start the services and wait until the site answers as expected.
transaction_start() {
  step start 'Start the service and check its health'
  phase_mark starting
  services_do start || fail service "The service did not start with the restored database: ${SERVICES[*]}." '' \
    'look at: journalctl -u cvd'
  health_await "${POLICY[health_timeout]}"
  case $? in
    1) fail unhealthy "The site did not become healthy within ${POLICY[health_timeout]} s: $HEALTH_PROBE answered $HEALTH_STATUS ${HEALTH_DETAIL:0:120}" '' \
      'read the log of the service; if the probe is wrong, set it: cvd-backup policy health=…' ;;
    2) heed_cancel ;;
  esac
  down_ends
  services_active || fail service 'The site answers, but its service is not active.'
  step_done health="$HEALTH_STATUS" probe="$HEALTH_PROBE" down_ms:="${TX_DOWN_MS:-null}"
}

# Check that the running site uses the restored file, and that its key tables hold the rows of the backup.
transaction_prove() {
  local table rows expected counts line
  step prove 'Compare the running database with the backup'
  inode "$TX_NAME"
  [[ $REPLY == "$TX_STAGED_INODE" ]] || fail internal 'The live database is not the file that was restored.'
  # The site writes again, so wait for its locks.
  counts=$(side_says "$SQL_SECONDS" 33554432 owner live_counts) && [[ $counts != '' ]] || ((${#CHECK_TABLES[@]} == 0)) ||
    fail integrity 'The restored database cannot be read while the site is running.'
  TX_TABLES=()
  while IFS= read -r line; do
    [[ ! $line =~ $COUNT_LINE ]] || TX_TABLES+=("$line")
  done < <(printf '%s\n' "$counts")
  for table in ${POLICY[key_tables]}; do
    table_rows "$table" ${CHECK_TABLES[@]+"${CHECK_TABLES[@]}"}
    expected=$REPLY
    table_rows "$table" ${TX_TABLES[@]+"${TX_TABLES[@]}"}
    rows=$REPLY
    ((${expected:-0} == 0 || ${rows:-0} > 0)) ||
      fail integrity "The table $table is empty in the running database; the backup has $expected rows."
  done
  step_done tables:="${#TX_TABLES[@]}"
}

# live_counts: print the table counts of the live database; for owner_do.
live_counts() { table_counts "$DATABASE_FILE" -cmd ".timeout ${POLICY[busy_timeout]}"; }

transaction_commit() {
  phase committed
  ON_FAIL='' # no rollback from here on
  safety_record
  transaction_forget
}

# Record where the safety copy is. Recovery repeats this if it was interrupted.
safety_record() {
  [[ -e $TX_SAFETY ]] || return 0
  encode_path "$TX_FOLDER/$TX_SAFETY"
  journal safety "$REPLY"
  file_stamp "$TX_SAFETY"
  catalog_add made "$TX_FOLDER/$TX_SAFETY" "${REPLY%$'\t'*}" "${REPLY#*$'\t'}" database safety "$TX_DOWN_FROM"
}

# Only the outcome is left to write.
transaction_forget() {
  stage_remove
  TX_OVER=yes
}

# transaction_close: called when the outcome is on disk. Removing the mark earlier would make an interruption look as if
# nothing had changed.
transaction_close() {
  [[ $TX_OVER != '' ]] || return 0
  rm -f -- "$STATE/unfinished"
  sync_paths "$STATE"
}

# Take the stage folder's name from the journal, but remove it only if it is a work folder of ours.
stage_remove() (
  [[ $TX_STAGE == .cvd-backup-* && $TX_STAGE != */* ]] && exec 8<. && enter_leftover "$TX_STAGE" 8 || return 0
  leftover_remove "$TX_STAGE" 8
)

# report_json SAFETY-PATH: print the report (not in REPLY: callers use it inside argument lists).
report_json() {
  local safety backup healthy=false health before=null
  case $TX_HEALTHY_BEFORE in yes) before=true ;; no) before=false ;; esac
  if [[ $1 == '' ]]; then REPLY=''; else encode_path "$1"; fi
  json_text_or_null "$REPLY"
  safety=$REPLY
  encode_path "$TX_BACKUP"
  json_text_or_null "$REPLY"
  backup=$REPLY
  [[ $HEALTH_STATUS != "${POLICY[health_status]}" ]] || healthy=true
  health_last_json "$healthy"
  health=$REPLY
  tables_json ${TX_TABLES[@]+"${TX_TABLES[@]}"}
  json_object operation="${TX_DIR##*/}" backup:="$backup" safetyCopy:="$safety" downMs:="${TX_DOWN_MS:-null}" \
    tables:="$REPLY" health:="$health" healthyBefore:="$before"
  printf '%s' "$REPLY"
}
