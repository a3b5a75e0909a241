# --- The way back ------------------------------------------------------------------------------------------------------------

# Files only, from any phase, any number of times: afterwards the old database has its name again.
transaction_files_back() {
  local suffix
  [[ $TX_KEEPING != '' ]] || return 0
  inode "$TX_NAME"
  # It was not renamed, or has come back, as the last of all: what lies beside it is its own, however new.
  if [[ $REPLY != '' && $REPLY == "$TX_LIVE_INODE" ]]; then
    sync_paths .
    return
  fi
  if [[ $REPLY != '' && $REPLY == "$TX_STAGED_INODE" ]]; then
    rejected_aside
  else
    strays_aside
  fi
  # The sidecars first: the database must not be there under its name without its log.
  for suffix in -journal -wal -shm ''; do
    [[ -e $TX_SAFETY$suffix ]] || continue
    mv -nT -- "$TX_SAFETY$suffix" "$TX_NAME$suffix" && [[ ! -e $TX_SAFETY$suffix ]] || return 1
  done
  [[ -e $TX_NAME || $TX_LIVE_INODE == '' ]] || return 1
  sync_paths .
}

# The restored database makes way. What was written to it while it was tried is in no other file: then it is kept.
rejected_aside() {
  local suffix
  file_stamp "$TX_NAME"
  if [[ $REPLY != "$TX_STAGED_STAMP" || -s $TX_NAME-wal || -s $TX_NAME-journal ]]; then
    rejected_keep
  fi
  # Nothing of it may stay beside the old one, not even where its new name was taken.
  for suffix in "${SIDECARS[@]}"; do rm -f -- "$TX_NAME$suffix"; done
}

rejected_keep() {
  local suffix kept=yes
  TX_REJECTED=$TX_NAME.rejected.$(date +%Y%m%d_%H%M%S)
  while [[ -e $TX_REJECTED || -L $TX_REJECTED ]]; do TX_REJECTED+=+; done
  # In this order: a sidecar that is found alone afterwards is kept as a stray.
  for suffix in "${SIDECARS[@]}"; do
    [[ ! -e $TX_NAME$suffix ]] || { mv -nT -- "$TX_NAME$suffix" "$TX_REJECTED$suffix" && [[ ! -e $TX_NAME$suffix ]]; } || kept=''
  done
  if [[ $kept != '' ]]; then
    say warning "What was written to the restored database is kept in $TX_FOLDER/$TX_REJECTED."
  else
    say warning "What was written to the restored database could not be kept whole in $TX_FOLDER/$TX_REJECTED."
    TX_REJECTED=''
  fi
}

# Somebody's new files under the live name (an application that starts without a database makes one): kept apart.
strays_aside() {
  local suffix stray=''
  for suffix in "${SIDECARS[@]}"; do
    inode "$TX_NAME$suffix"
    [[ $REPLY == '' || $TX_SIDECARS == *" $REPLY "* ]] && continue
    stray=${stray:-$TX_NAME.stray.$(date +%Y%m%d_%H%M%S)}
    mv -nT -- "$TX_NAME$suffix" "$stray$suffix"
  done
  [[ $stray == '' ]] ||
    say warning "Files under the name of the database that are neither the old nor the restored one were kept as $stray."
}

# roll_back CODE MESSAGE NEXT: takes the transaction back, proves the old state, and ends the operation with that.
roll_back() {
  local code=$1 message=$2 next=$3 outcome='rolled back' proof
  trap : TERM HUP INT # nothing may interrupt a way back; not '', which the application started here would inherit
  roll_back_state || {
    result failed "$code" "$message The rollback failed too: $ROLL_BACK_PROBLEM" \
      "The old database is safe: $TX_FOLDER/$TX_SAFETY or $TX_FOLDER/$TX_NAME" \
      "run: cvd-backup recover" "$(report_json '')"
    exit 1
  }
  [[ $code != cancelled ]] || outcome=cancelled
  if [[ $TX_HEALTHY_BEFORE == yes ]]; then
    proof="The previous database is back, and the site answers ($HEALTH_STATUS)."
  else
    proof='The previous database is back. The site does not answer, as before the restore.'
  fi
  [[ $TX_REJECTED == '' ]] || proof+=" What was written meanwhile to the restored database is kept in $TX_FOLDER/$TX_REJECTED."
  result "$outcome" "$code" "$message" "$proof" "$next" "$(report_json '')"
  exit_with_code failed
}

# roll_back_state: status 0 when the old state is back and as healthy as it was; else ROLL_BACK_PROBLEM says what is not.
ROLL_BACK_PROBLEM=''
roll_back_state() {
  local were
  step roll-back 'Roll back'
  ROLL_BACK_PROBLEM=''
  journal phase rolling-back
  failpoint rolling-back
  services_do stop
  services_forgive
  [[ $TX_KEEPING == '' ]] || wait_for_no_holders
  if ! transaction_files_back; then
    ROLL_BACK_PROBLEM="the old database could not be renamed back to $TX_NAME."
    step_end failed reason="$ROLL_BACK_PROBLEM"
    return 1
  fi
  journal phase returned
  failpoint returned
  ! system_stopping || leave_to_boot
  read -r -a were < <(printf '%s\n' "$TX_WERE")
  ((${#were[@]} == 0)) || services_do start "${were[@]}" || ROLL_BACK_PROBLEM='the service did not start.'
  failpoint returned-started
  if [[ $TX_HEALTHY_BEFORE == yes ]] && ! health_await "${POLICY[health_timeout]}"; then
    ROLL_BACK_PROBLEM="the site does not answer: $HEALTH_PROBE gives $HEALTH_STATUS ${HEALTH_DETAIL:0:120}"
    step_end failed reason="$ROLL_BACK_PROBLEM"
    return 1
  fi
  if [[ $TX_KEEPING != '' ]] && service_on_rejected; then
    ROLL_BACK_PROBLEM="process $REPLY of the service still has the restored database open: end it."
    step_end failed reason="$ROLL_BACK_PROBLEM"
    return 1
  fi
  down_ends
  journal phase rolled-back
  failpoint rolled-back
  transaction_forget
  step_done health="$HEALTH_STATUS" down_ms:="${TX_DOWN_MS:-null}"
}

system_stopping() { [[ ${POLICY[service_manager]} == systemd && $(systemctl is-system-running 2>/dev/null) == stopping ]]; }

# A server that shuts down starts no service, and how the site is cannot be told: recovery at boot finishes this.
leave_to_boot() {
  step_end skipped reason='the server is shutting down; recovery at boot finishes this'
  RESULT_SAID=left
  exit 1
}

wait_for_no_holders() {
  local began killed=''
  uptime_ms
  began=$REPLY
  # By the clock: how long it takes to look is up to who has many files open.
  while holders_find && ((${#HOLDERS[@]} > 0)); do
    uptime_ms
    ((REPLY - began < 10000)) || break
    if ((REPLY - began >= 5000)) && [[ $killed == '' ]]; then holders_kill && killed=yes || break; fi
    pause 0.1
  done
}

# Processes of the service that do not let go although it was told to stop: they would go on writing to what is taken back,
# and answer as if nothing were wrong. Status 1 if there are none: strangers are left alone.
holders_kill() {
  local entry pid service status=1
  for entry in "${HOLDERS[@]}"; do
    IFS='|' read -r pid _ service _ < <(printf '%s\n' "${entry//$'\t'/|}")
    [[ $service != '' ]] || continue
    # To find them all takes time, which the last of them can draw out: a number may be that of a stranger by now.
    holder_service "$pid"
    [[ $REPLY != '' ]] && kill -KILL "$pid" && status=0
  done
  return "$status"
}

# service_on_rejected: REPLY = a process of the service that has the database open that was taken back, whatever became of
# its name. Such a process answers, but not with the old database.
service_on_rejected() {
  local line pid
  while IFS= read -r -d '' line; do
    case ${line#* } in
      "$TX_FOLDER/$TX_NAME (deleted)" | "$TX_FOLDER/$TX_NAME.rejected."*) ;;
      *) continue ;;
    esac
    pid=${line#/proc/} pid=${pid%%/*}
    holder_service "$pid"
    [[ $REPLY == '' ]] || { REPLY=$pid; return 0; }
  done < <(find /proc/[0-9]*/fd -maxdepth 1 -printf '%p %l\0' 2>/dev/null)
  return 1
}
