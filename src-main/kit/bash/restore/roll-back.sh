# --- Rollback -----------------------------------------------------------------------------------------------------------------

# Give the old database its name back. Files only; works from any phase and can be repeated.
transaction_files_back() {
  local suffix
  [[ $TX_KEEPING != '' ]] || return 0
  inode "$TX_NAME"
  # Never renamed, or back already (the database is renamed last): what lies beside it is its own, even new files.
  if [[ $REPLY != '' && $REPLY == "$TX_LIVE_INODE" ]]; then
    sync_paths .
    return
  fi
  if [[ $REPLY != '' && $REPLY == "$TX_STAGED_INODE" ]]; then
    rejected_aside
  else
    unexpected_files_aside
  fi
  # Sidecars first: the database must not appear under its name without its log.
  for suffix in -journal -wal -shm ''; do
    [[ -e $TX_SAFETY$suffix ]] || continue
    mv -nT -- "$TX_SAFETY$suffix" "$TX_NAME$suffix" && [[ ! -e $TX_SAFETY$suffix ]] || return 1
  done
  [[ -e $TX_NAME || $TX_LIVE_INODE == '' ]] || return 1
  sync_paths .
}

# Remove the restored database. If it was written to meanwhile, those writes exist nowhere else: keep it.
rejected_aside() {
  local suffix
  file_stamp "$TX_NAME"
  if [[ $REPLY != "$TX_STAGED_STAMP" || -s $TX_NAME-wal || -s $TX_NAME-journal ]]; then
    rejected_keep
  fi
  # Leave nothing of it beside the old database, even if it could not be kept.
  for suffix in "${SIDECARS[@]}"; do rm -f -- "$TX_NAME$suffix"; done
}

rejected_keep() {
  local suffix kept=yes
  TX_REJECTED=$TX_NAME.rejected.$(date +%Y%m%d_%H%M%S)
  while [[ -e $TX_REJECTED || -L $TX_REJECTED ]]; do TX_REJECTED+=+; done
  # In this order, so that a sidecar left alone by an interruption is kept as a stray.
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

# Set aside unknown files under the live name: an application that starts without a database creates one.
unexpected_files_aside() {
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

# roll_back CODE MESSAGE NEXT: roll the transaction back, prove the old state, and end the operation with that result.
roll_back() {
  local code=$1 message=$2 next=$3 outcome='rolled back' proof
  trap : TERM HUP INT # no signal may interrupt a rollback; not '', which the application started here would inherit
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
    proof='The previous database is back. '
    if [[ $HEALTH_HEALTHY == true ]]; then
      proof+="The site answers ($HEALTH_STATUS); it did not before the restore."
    else
      proof+="${ROLL_BACK_PROBLEM:+The service did not start. }The site does not answer, as before the restore."
    fi
  fi
  [[ $TX_REJECTED == '' ]] || proof+=" What was written meanwhile to the restored database is kept in $TX_FOLDER/$TX_REJECTED."
  result "$outcome" "$code" "$message" "$proof" "$next" "$(report_json '')"
  exit_with_code failed
}

# roll_back_state: put the old state back; status 1 with ROLL_BACK_PROBLEM set if it is not back or less healthy than before.
ROLL_BACK_PROBLEM=''
roll_back_state() {
  local were
  step roll-back 'Roll back'
  ROLL_BACK_PROBLEM=''
  journal phase rolling-back
  failpoint rolling-back
  services_do stop
  services_reset_failures
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
  # What did not answer before may do so now: what is said of it is not what the restored database answered.
  [[ $TX_HEALTHY_BEFORE == yes ]] || health_await 5 || true
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

# A server that is shutting down starts no services, so health cannot be judged. Leave the rest to recovery at boot.
leave_to_boot() {
  step_end skipped reason='the server is shutting down; recovery at boot finishes this'
  RESULT_SAID=left
  exit 1
}

wait_for_no_holders() {
  local began killed=''
  uptime_ms
  began=$REPLY
  # Limit by time: many open files make each scan slow.
  while holders_find && ((${#HOLDERS[@]} > 0)); do
    uptime_ms
    ((REPLY - began < 10000)) || break
    if ((REPLY - began >= 5000)) && [[ $killed == '' ]]; then holders_kill && killed=yes || break; fi
    pause 0.1
  done
}

# holders_kill: kill processes of the service that still have the database open after the stop. They would keep writing to
# the rejected database while appearing to work. Status 1 if there are none; other programs are left alone.
holders_kill() {
  local entry pid service status=1
  for entry in "${HOLDERS[@]}"; do
    IFS='|' read -r pid _ service _ < <(printf '%s\n' "${entry//$'\t'/|}")
    [[ $service != '' ]] || continue
    # The scan takes time, which a process can prolong: check again, because the PID may have been reused.
    holder_service "$pid"
    [[ $REPLY != '' ]] && kill -KILL "$pid" && status=0
  done
  return "$status"
}

# service_on_rejected: REPLY = the PID of a service process that has the rejected database open, even deleted or renamed;
# status 1 if there is none. Such a process answers, but not from the old database.
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
