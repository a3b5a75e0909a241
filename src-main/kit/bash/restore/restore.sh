# --- restore -----------------------------------------------------------------------------------------------------------------

UNDOING=''       # the operation to undo

restore_confirm() {
  host_confirm 'Everything written after this backup will be lost.'
  [[ $REASON != '' ]] || fail not-confirmed 'A restore needs a reason.' 'nothing was changed' 'give it: --reason TEXT'
}

check_restore() {
  local words=2 path
  restore_arguments "$@"
  [[ $R_AT == '' ]] || words=1
  [[ ${R_WORDS[0]-} =~ $RESTORABLE && ${#R_WORDS[@]} -eq $words ]] ||
    usage_wrong
  parts_asked "${R_WORDS[0]}"
  only_check "${R_WORDS[0]}"
  backup_meant "${R_WORDS[@]}"
  # The worker has another working folder: pass the absolute path.
  ARGUMENTS=("${R_WORDS[0]}" "$REPLY" --reason "$REASON" --expect-sha256 "$R_EXPECT_SHA256" ${R_ACCEPT_SCHEMA:+--accept-schema}
    ${R_ACCEPT_FILES:+--accept-files} ${R_KEEP_VENV:+--keep-venv} ${R_REBUILD_VENV:+--rebuild-venv} ${SITE_IS_DOWN:+--site-is-down}
    ${R_AT:+--at "$R_AT"} ${R_PARTS:+--parts "$R_PARTS"} ${R_NEW_SERVER:+--new-server}
    ${R_OWNER:+--owner "$R_OWNER"})
  for path in ${R_ONLY[@]+"${R_ONLY[@]}"}; do ARGUMENTS+=(--only "$path"); done
  restore_confirm
}

# parts_asked KIND: RESTORE_PARTS = what a restore of that kind of backup brings back; for a system backup, the parts that were
# asked for, or none if all.
parts_asked() {
  local part
  RESTORE_PARTS=("$1")
  [[ $1 == system || $R_PARTS == '' ]] || usage_error '--parts is for a system backup'
  [[ $1 == system ]] || return 0
  RESTORE_PARTS=()
  words_of "$R_PARTS"
  for part in ${WORDS[@]+"${WORDS[@]}"}; do
    [[ " ${PARTS[*]} " == *" $part "* ]] || usage_error "--parts: some of ${PARTS[*]}, not '$part'"
  done
  for part in "${PARTS[@]}"; do
    [[ " ${WORDS[*]-} " != *" $part "* ]] || RESTORE_PARTS+=("$part")
  done
}

# backup_meant KIND [FILE]: REPLY = the backup that FILE names, or that R_AT means; fails if there is none.
backup_meant() {
  local path
  if [[ $R_AT == '' ]]; then
    backup_find "$2" || fail not-found "There is no backup '$2'." 'nothing was changed' 'look at the list: cvd-backup inspect'
    return
  fi
  backup_at "$1" "$R_AT"
  path=$REPLY
  say_readable "The newest backup that is not later than $R_AT: ${path##*/}."
  [[ $AT_NEXT == '' ]] || say_readable "The next later one: ${AT_NEXT##*/}, from $(moment_words "${AT_NEXT%% *}")."
  ((${#AT_SKIPPED[@]} == 0)) || say_readable "Skipped, as their verification failed: ${AT_SKIPPED[*]##*/}."
  REPLY=$path
}

run_restore() {
  local file
  restore_arguments "$@"
  parts_asked "${R_WORDS[0]}"
  backup_find "${R_WORDS[1]}" || fail not-found "There is no backup '${R_WORDS[1]}' any more." 'nothing was changed' ''
  file=$REPLY
  if [[ $R_AT != '' ]]; then
    # Found by that moment when the restore was requested.
    runbook_log pit_recovery.log "Starting point-in-time recovery to: $R_AT"
    runbook_log pit_recovery.log "Selected backup: $file"
  fi
  lock_site
  if [[ ${R_WORDS[0]} == system ]]; then
    runbook_log disaster_recovery.log '=== STARTING DISASTER RECOVERY ==='
    runbook_log disaster_recovery.log "Backup file: $file"
    restore_open "$file"
  fi
  restore_parts "$file"
}

# restore_open FILE: read the list of a system backup, and complete RESTORE_PARTS from it.
restore_open() {
  step open 'Read the system backup'
  enter_scratch || fail internal "A work folder could not be made in $STATE/work." "$NOTHING_CHANGED"
  system_read "$1" "$NOTHING_CHANGED"
  leave_work_dir
  new_server_look
  [[ $R_EXPECT_SHA256 == '' || $R_EXPECT_SHA256 == "$SYSTEM_SHA256" ]] ||
    fail plan-stale 'The backup has changed since the plan was made.' "$NOTHING_CHANGED" 'plan again'
  step_done sha256="$SYSTEM_SHA256" parts="${RESTORE_PARTS[*]}"
  heed_cancel "$NOTHING_CHANGED"
}

# system_read FILE UNCHANGED: open a system backup, check it as a whole, and complete RESTORE_PARTS from it. Status 1 if a plan
# cannot go on.
system_read() {
  local title='The system backup holds what is to be restored' part missing=''
  if ! system_open "$1" "$2"; then
    extract_fix "$1"
    found readable failed 'The backup can be read' "$EXTRACT_PROBLEM" "$REPLY" "$EXTRACT_CODE" "The backup cannot be restored: $EXTRACT_PROBLEM"
    return 1
  fi
  FOLDER_PROVEN=$SYSTEM_PROVEN
  check_folder_fingerprint
  new_server_facts
  if ((${#RESTORE_PARTS[@]} == 0)); then
    for part in "${PARTS[@]}"; do
      if system_holds "$part"; then RESTORE_PARTS+=("$part"); else missing+="${missing:+, }$part"; fi
    done
    if [[ $missing == '' ]]; then found parts passed "$title" "all parts: ${RESTORE_PARTS[*]}"; else
      found parts warning "$title" "not in it, and left as they are: $missing" '' '' "Not in the backup, and left as they are: $missing."
    fi
    return 0
  fi
  for part in "${RESTORE_PARTS[@]}"; do system_holds "$part" || missing+="${missing:+, }$part"; done
  if [[ $missing == '' ]]; then
    found parts passed "$title" "${RESTORE_PARTS[*]}"
    return 0
  fi
  found parts failed "$title" "not in it: $missing" 'choose other parts, or another backup' missing-part "Not in the backup: $missing."
  return 1
}

# restore_parts FILE: run the whole transaction. Until the services are stopped, a failure has no effect on the site.
restore_parts() {
  local file=$1 words kept part
  restore_prepare
  for part in "${RESTORE_PARTS[@]}"; do
    part_begin "$part"
    if [[ $UNDOING != '' ]]; then undo_stage "$part"; else part_stage "$part" "$file"; fi
    heed_cancel "$NOTHING_CHANGED"
  done
  ((${#ROW_KIND[@]} > 0)) || fail not-undoable 'There is nothing to put back.' "$NOTHING_CHANGED" ''
  recovery_unit_install
  transaction_begin "$file"
  heed_cancel "$NOTHING_CHANGED"
  ON_FAIL=roll_back
  transaction_stop
  heed_cancel
  transaction_keep
  transaction_swap
  heed_cancel
  transaction_start
  transaction_prove
  transaction_commit
  restored_words "$file"
  words=$REPLY
  restored_kept
  kept=$REPLY
  restored_log "$file" "$kept"
  [[ $kept == '' ]] || words+=" Previous state saved as ${kept##*/}."
  [[ $TX_HEALTHY_BEFORE == yes ]] || words+=' The site was not healthy before.'
  succeed "$words" "$(report_json yes)"
}

part_stage() { # PART FILE
  case $1 in
    database) database_stage "$2" ;;
    systemd | nginx) files_stage "$1" "$2" ;;
    *) folder_stage "$1" "$2" ;;
  esac
}

# restored_log FILE SAFETY-COPY: what the runbook logs, and where.
restored_log() {
  local titles='' part
  for part in "${RESTORE_PARTS[@]}"; do
    part_title "$part"
    titles+="${titles:+, }$REPLY"
  done
  runbook_log restore.log "${UNDOING:+Undo of $UNDOING. }$titles restored from $1; safety copy: ${2:-none}"
  [[ $SYSTEM_FILE == '' ]] || runbook_log disaster_recovery.log '=== DISASTER RECOVERY COMPLETED SUCCESSFULLY ==='
}

# restored_kept: REPLY = the path of the first safety copy, or empty.
restored_kept() {
  local i
  for i in "${!ROW_KIND[@]}"; do
    REPLY=${ROW_FOLDER[$i]}/${ROW_SAFETY[$i]}
    [[ ${ROW_SAFETY[$i]} == '' || ! -e $REPLY ]] || return 0
  done
  REPLY=''
}

# restored_words FILE: REPLY = a sentence that says what was restored, undone or redone.
restored_words() {
  local from='' noun
  rows_noun
  noun=$REPLY
  if [[ $UNDOING == '' ]]; then
    parts_words
    noun=$REPLY
    only_words
    REPLY="The $noun restored from ${1##*/}$REPLY."
  elif [[ $UNDOING == *-undo-* ]]; then
    REPLY="The restore was redone: the $noun that the undo had replaced${1:+ (${1##*/})} is live again."
  else
    journal_value "$UNDOING" backup
    # A redo restored a safety copy, whose name says nothing.
    [[ $REPLY == '' || $UNDOING == *-redo-* ]] || { decode_path "$REPLY"; from=" from ${REPLY##*/}"; }
    REPLY="The restore$from was undone: the $noun from before it${1:+ (${1##*/})} is live again."
  fi
}

# parts_words: REPLY = what is restored, for a sentence: `database, application and configuration were`.
parts_words() {
  local part words='' rest=${#RESTORE_PARTS[@]}
  for part in "${RESTORE_PARTS[@]}"; do
    rest=$((rest - 1))
    case $part in config) part=configuration ;; systemd) part='unit files' ;; nginx) part='nginx site' ;; esac
    if [[ $words == '' ]]; then words=$part; elif ((rest == 0)); then words+=" and $part"; else words+=", $part"; fi
  done
  if [[ $words == *' and '* || $words == 'unit files' ]]; then REPLY="$words were"; else REPLY="$words was"; fi
}

restore_prepare() {
  local part
  check_programs
  check_new_server
  new_server_create
  step check 'Check the site before anything is changed'
  live_look
  check_unfinished
  restore_rights
  for part in "${RESTORE_PARTS[@]}"; do check_part_target "$part"; done
  check_services
  check_health
  for part in "${RESTORE_PARTS[@]}"; do check_part_holders "$part"; done
  step_done services="${SERVICES[*]}" healthy_before="$TX_HEALTHY_BEFORE" probe="$HEALTH_PROBE"
  heed_cancel "$NOTHING_CHANGED"
}

check_part_target() { # PART
  case $1 in
    database) check_database_target ;;
    systemd | nginx) check_files_target "$1" ;;
    *) check_folder_target "$1" ;;
  esac
}

check_part_holders() { # PART
  case $1 in
    database) check_database_holders ;;
    systemd | nginx) ;;
    *) check_folder_holders "$1" ;;
  esac
}

# restore_rights: check the login's rights in the folder of each part.
restore_rights() {
  local part folders=()
  for part in "${RESTORE_PARTS[@]}"; do
    part_folder "$part"
    [[ " ${folders[*]-} " == *" $REPLY "* ]] || new_has "$REPLY" || folders+=("$REPLY")
  done
  check_rights ${folders[@]+"${folders[@]}"}
}
