# --- Logs: the audit, and those of the runbook -----------------------------------------------------------------------------

# runbook_log FILE TEXT: append to the runbook's own log, in its format.
runbook_log() {
  side_says 10 1 owner log_line "$LOGS/$1" "[$(date '+%Y-%m-%d %H:%M:%S')] ${2//[[:cntrl:]]/?}" >/dev/null ||
    say warning "cannot write to $LOGS/$1"
}

audit() { # EVENT OUTCOME CODE
  audit_line "$@"
  append_line "$STATE/audit" "$REPLY"
}

# audit_line EVENT OUTCOME CODE: REPLY = a line of the audit.
audit_line() {
  now_ms
  json_object at:="$REPLY" event="$1" operation="$OPERATION" command="$COMMAND" who="$WHO" reason="$REASON" \
    outcome="$2" code="$3"
}

# Keep the current audit (up to 5 MB) and five older files of 5 MB, audit.1 the newest: about 100,000 entries. If a process
# was killed while renaming, fill the gap before dropping the oldest file.
readonly AUDIT_BYTES=5000000 AUDIT_FILES=5
audit_rotate() {
  local number fd
  file_size "$STATE/audit"
  ((REPLY >= AUDIT_BYTES)) || return 0
  { exec {fd}>>"$STATE/audit"; } 2>/dev/null && flock -w 10 "$fd" || return 1
  if [[ /proc/self/fd/$fd -ef $STATE/audit ]]; then
    for ((number = 1; number < AUDIT_FILES; number++)); do [[ -e $STATE/audit.$number ]] || break; done
    for ((; number > 1; number--)); do mv -fT -- "$STATE/audit.$((number - 1))" "$STATE/audit.$number"; done
    mv -fT -- "$STATE/audit" "$STATE/audit.1"
    sync_paths "$STATE"
  fi
  exec {fd}>&-
}
