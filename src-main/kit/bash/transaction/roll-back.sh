# --- Rollback -----------------------------------------------------------------------------------------------------------------

# roll_back CODE MESSAGE NEXT: roll the transaction back, prove the old state, and end the operation with that result.
roll_back() {
  local code=$1 message=$2 next=$3 outcome='rolled back' proof noun one
  rows_noun
  noun=$REPLY
  trap : TERM HUP INT # no signal may interrupt a rollback; not '', which the application started here would inherit
  roll_back_state || {
    rows_old
    result failed "$code" "$message The rollback failed too: $ROLL_BACK_PROBLEM" "The old $noun is safe: $REPLY" \
      "run: cvd-backup recover" "$(report_json '')"
    exit 1
  }
  [[ $code != cancelled ]] || outcome=cancelled
  if [[ $TX_HEALTHY_BEFORE == yes ]]; then
    proof="The previous $noun is back, and the site answers ($HEALTH_STATUS)."
  else
    proof="The previous $noun is back. "
    if [[ $HEALTH_HEALTHY == true ]]; then
      proof+="The site answers ($HEALTH_STATUS); it did not before the restore."
    else
      proof+="${ROLL_BACK_PROBLEM:+The service did not start. }The site does not answer, as before the restore."
    fi
  fi
  for one in ${TX_REJECTED[@]+"${TX_REJECTED[@]}"}; do
    proof+=" What was written meanwhile to the restored $noun is kept in $one."
  done
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
    rows_noun
    ROLL_BACK_PROBLEM="the old $REPLY could not be renamed back to ${ROW_LIVE[0]}."
    step_end failed reason="$ROLL_BACK_PROBLEM"
    return 1
  fi
  journal phase returned
  failpoint returned
  ! system_stopping || leave_to_boot
  settle back || say error "The files that are back are refused: $SETTLE_PROBLEM."
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
  while rows_held; do
    uptime_ms
    ((REPLY - began < 10000)) || break
    if ((REPLY - began >= 5000)) && [[ $killed == '' ]]; then holders_kill && killed=yes || break; fi
    pause 0.1
  done
}

# holders_kill: kill processes of the service that still hold what is rejected after the stop. They would keep writing to it
# while appearing to work. Status 1 if there are none; other programs are left alone.
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
  local line pid database
  rows_of database
  ((${#ROWS[@]} > 0)) || return 1
  database=${ROW_FOLDER[${ROWS[0]}]}/${ROW_LIVE[${ROWS[0]}]}
  while IFS= read -r -d '' line; do
    case ${line#* } in
      "$database (deleted)" | "$database.rejected."*) ;;
      *) continue ;;
    esac
    pid=${line#/proc/} pid=${pid%%/*}
    holder_service "$pid"
    [[ $REPLY == '' ]] || { REPLY=$pid; return 0; }
  done < <(find /proc/[0-9]*/fd -maxdepth 1 -printf '%p %l\0' 2>/dev/null)
  return 1
}
