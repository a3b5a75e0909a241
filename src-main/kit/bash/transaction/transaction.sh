# --- The restore transaction: its steps in order (phases: journal.sh) --------------------------------------------------------

services_active() {
  local state
  services_states
  for state in "${SERVICE_STATES[@]}"; do [[ $state == active ]] || return 1; done
}

# services_known: KNOWN = the services that are there: a restore may bring others.
KNOWN=()
services_known() {
  local index
  KNOWN=()
  for index in "${!SERVICES[@]}"; do
    [[ ${SERVICE_LOAD[$index]-} == not-found ]] || KNOWN+=("${SERVICES[$index]}")
  done
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
  services_known
  ((${#KNOWN[@]} == 0)) || services_do stop "${KNOWN[@]}" || fail service "The service could not be stopped: ${SERVICES[*]}." '' 'check: systemctl status'
  services_states
  for index in "${!SERVICES[@]}"; do
    [[ ${SERVICE_STATES[$index]} != active ]] ||
      fail service "The service ${SERVICES[$index]} is still active after it was stopped."
  done
  uptime_ms
  began=$REPLY
  # Limit by time as well as by turns: many open files make each scan slow.
  while rows_held; do
    uptime_ms
    ((waited++ < 50 && REPLY - began < 15000)) || {
      rows_noun
      fail holders "The service is stopped, but the $REPLY is still open in: $(holders_words)." '' \
        'end these programs, then restore again'
    }
    pause 0.1
  done
  step_done services="${SERVICES[*]}" holders:=0
}

transaction_keep() {
  local i kept=''
  rows_noun
  step keep "Keep the live $REPLY as the safety copy"
  rows_keep
  for i in "${!ROW_KIND[@]}"; do kept+=${ROW_SAFETY[$i]:+${kept:+, }${ROW_SAFETY[$i]}}; done
  step_done safety="$kept"
}

transaction_swap() {
  rows_noun
  step swap "Put the restored $REPLY in place"
  rows_swap
  step_done
}

# Start the services and wait until the site answers as expected.
transaction_start() {
  step start 'Start the service and check its health'
  phase_mark starting
  settle || fail service "The restored files are refused: $SETTLE_PROBLEM." '' 'choose another backup, or leave this part out: --parts …'
  services_do start || {
    rows_noun
    fail service "The service did not start with the restored $REPLY: ${SERVICES[*]}." '' 'look at: journalctl -u cvd'
  }
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

# Check that the running site has what was restored.
transaction_prove() {
  local noun
  rows_noun
  noun=$REPLY
  rows_of database
  if ((${#ROWS[@]} > 0)); then step prove "Compare the running $noun with the backup"; else step prove "Check that the restored $noun is live"; fi
  rows_in_place || fail internal "The live $noun is not what was restored."
  rows_of database
  if ((${#ROWS[@]} > 0)); then prove_database; else step_done; fi
}

# prove_database: the key tables of the running database hold the rows of the backup.
prove_database() {
  local table rows expected counts line
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

# Record where the safety copies are. Recovery repeats this if it was interrupted.
safety_record() {
  local i path
  for i in "${!ROW_KIND[@]}"; do
    [[ ${ROW_SAFETY[$i]} != '' ]] && row_enter "$i" && [[ -e ${ROW_SAFETY[$i]} ]] || continue
    path=${ROW_FOLDER[$i]}/${ROW_SAFETY[$i]}
    encode_path "$path"
    journal safety "$REPLY"
    [[ ${ROW_KIND[$i]} == database ]] || continue # the list of backups holds files, no folders
    file_stamp "${ROW_SAFETY[$i]}"
    state_write state_record made "$path" "${REPLY%$'\t'*}" "${REPLY#*$'\t'}" database safety "$TX_DOWN_FROM"
  done
}

# Only the outcome is left to write.
transaction_forget() {
  stage_remove
  [[ $TX_PHASE == committed ]] || {
    leave_work_dir # it may lie in what was created
    created_remove "$TX_DIR/journal"
  }
  TX_OVER=yes
}

# transaction_close: called when the outcome is on disk. Removing the mark earlier would make an interruption look as if
# nothing had changed.
transaction_close() {
  [[ $TX_OVER != '' ]] || return 0
  rm -f -- "$STATE/unfinished"
  sync_paths "$STATE"
}

STAGES=() # `FD NAME` of each stage folder that this process made, by the folder that it lies in
# Take the stage folders' names from the journal, but remove each only if it is a work folder of ours.
stage_remove() {
  local i one
  for one in ${STAGES[@]+"${STAGES[@]}"}; do
    (cd -P "/proc/self/fd/${one%% *}" && enter_leftover "${one#* }" "${one%% *}" && leftover_remove "${one#* }" "${one%% *}")
  done
  for i in "${!ROW_KIND[@]}"; do
    (
      [[ ${ROW_STAGE[$i]} == .cvd-backup-* && ${ROW_STAGE[$i]} != */* ]] && row_enter "$i" && exec 8<. &&
        enter_leftover "${ROW_STAGE[$i]}" 8 && leftover_remove "${ROW_STAGE[$i]}" 8
    )
  done
}

# report_json yes|'': print the report (not in REPLY: callers use it inside argument lists), with the safety copies if `yes`.
report_json() {
  local safety=null parts=() part=null i backup healthy=false health before=null
  case $TX_HEALTHY_BEFORE in yes) before=true ;; no) before=false ;; esac
  for i in "${!ROW_KIND[@]}"; do
    [[ ${ROW_KIND[$i]} != inner ]] || continue
    part=null
    if [[ $1 == yes ]] && row_enter "$i" && [[ -e ${ROW_SAFETY[$i]} ]]; then
      encode_path "${ROW_FOLDER[$i]}/${ROW_SAFETY[$i]}"
      json_text_or_null "$REPLY"
      part=$REPLY
    fi
    [[ $safety != null ]] || safety=$part
    json_object part="${ROW_PART[$i]}" kind="${ROW_KIND[$i]}" safetyCopy:="$part"
    parts+=("$REPLY")
  done
  encode_path "$TX_BACKUP"
  json_text_or_null "$REPLY"
  backup=$REPLY
  [[ $HEALTH_STATUS != "${POLICY[health_status]}" ]] || healthy=true
  health_last_json "$healthy"
  health=$REPLY
  tables_json ${TX_TABLES[@]+"${TX_TABLES[@]}"}
  local tables=$REPLY
  json_array ${parts[@]+"${parts[@]}"}
  json_object operation="${TX_DIR##*/}" backup:="$backup" safetyCopy:="$safety" downMs:="${TX_DOWN_MS:-null}" \
    tables:="$tables" health:="$health" healthyBefore:="$before" parts:="$REPLY"
  printf '%s' "$REPLY"
}
