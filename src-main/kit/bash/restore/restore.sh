# --- restore, undo ---------------------------------------------------------------------------------------------------

UNDOING=''      # the operation to undo

restore_confirm() {
  host_confirm 'Everything written after this backup will be lost.'
  [[ $REASON != '' ]] || fail not-confirmed 'A restore needs a reason.' 'nothing was changed' 'give it: --reason TEXT'
}

check_restore() {
  local words=2
  restore_arguments "$@"
  [[ $R_AT == '' ]] || words=1
  [[ ${R_WORDS[0]-} =~ $RESTORABLE && ${#R_WORDS[@]} -eq $words ]] ||
    usage_wrong
  backup_meant "${R_WORDS[@]}"
  # The worker has another working folder: pass the absolute path.
  ARGUMENTS=("${R_WORDS[0]}" "$REPLY" --reason "$REASON" --expect-sha256 "$R_EXPECT_SHA256" ${R_ACCEPT_SCHEMA:+--accept-schema}
    ${R_KEEP_VENV:+--keep-venv} ${SITE_IS_DOWN:+--site-is-down} ${R_AT:+--at "$R_AT"})
  restore_confirm
}

# backup_meant PART [FILE]: REPLY = the backup that FILE names, or that R_AT means; fails if there is none.
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
  restore_arguments "$@"
  backup_find "${R_WORDS[1]}" || fail not-found "There is no backup '${R_WORDS[1]}' any more." 'nothing was changed' ''
  if [[ $R_AT != '' ]]; then
    # Found by that moment when the restore was requested.
    local file=$REPLY
    runbook_log pit_recovery.log "Starting point-in-time recovery to: $R_AT"
    runbook_log pit_recovery.log "Selected backup: $file"
    REPLY=$file
  fi
  restore_part "${R_WORDS[0]}" "$REPLY"
}

check_undo() {
  restore_arguments "$@"
  [[ ${#R_WORDS[@]} -eq 1 ]] || usage_wrong
  undo_find "${R_WORDS[0]}"
  # Every console sees from the ID alone that this undoes an undo.
  [[ ${R_WORDS[0]} != *-undo-* ]] || ID_WORD=redo
  restore_confirm
}

run_undo() {
  restore_arguments "$@"
  # The safety copy is what the application ran with, schema and virtual environment.
  R_ACCEPT_SCHEMA=yes R_KEEP_VENV=yes
  UNDOING=${R_WORDS[0]}
  undo_find "$UNDOING"
  restore_part "$UNDO_PART" "$REPLY"
}

# undo_find OPERATION: REPLY = its safety copy, UNDO_PART = what that is; fails if there is none.
UNDO_PART=database
undo_find() {
  valid_operation "$1" || fail not-found "There is no operation '$1' on this server." 'nothing was changed' ''
  journal_value "$1" part
  UNDO_PART=${REPLY:-database}
  journal_value "$1" safety
  decode_path "$REPLY"
  [[ $REPLY != '' && $UNDO_PART =~ $RESTORABLE ]] &&
    if [[ $UNDO_PART == database ]]; then [[ -f $REPLY ]]; else [[ -d $REPLY && ! -L $REPLY ]]; fi ||
    fail not-undoable 'That operation has no safety copy any more; it cannot be undone.' \
      'nothing was changed' 'choose a backup to restore instead'
}

# restore_part PART FILE: run the whole transaction. Until the services are stopped, a failure has no effect on the site.
restore_part() {
  local part=$1 file=$2 words kept
  restore_prepare "$part"
  case $part in
    database) database_stage "$file" ;;
    *) folder_stage "$part" "$file" ;;
  esac
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
  part_title "$part"
  runbook_log restore.log "${UNDOING:+Undo of $UNDOING. }$REPLY restored from $file; safety copy: ${kept:-none}"
  [[ $kept == '' ]] || words+=" Previous state saved as ${kept##*/}."
  [[ $TX_HEALTHY_BEFORE == yes ]] || words+=' The site was not healthy before.'
  succeed "$words" "$(report_json yes)"
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
    REPLY="The $noun was restored from ${1##*/}."
  elif [[ $UNDOING == *-undo-* ]]; then
    REPLY="The restore was redone: the $noun that the undo had replaced (${1##*/}) is live again."
  else
    journal_value "$UNDOING" backup
    # A redo restored a safety copy, whose name says nothing.
    [[ $REPLY == '' || $UNDOING == *-redo-* ]] || { decode_path "$REPLY"; from=" from ${REPLY##*/}"; }
    REPLY="The restore$from was undone: the $noun from before it (${1##*/}) is live again."
  fi
}

restore_prepare() { # PART
  lock_site
  step check 'Check the site before anything is changed'
  live_look
  check_unfinished
  part_path "$1"
  check_rights "${REPLY%/*}"
  if [[ $1 == database ]]; then check_database_target; else check_folder_target "$1"; fi
  check_services
  check_health
  if [[ $1 == database ]]; then check_database_holders; else check_folder_holders "$1"; fi
  step_done services="${SERVICES[*]}" healthy_before="$TX_HEALTHY_BEFORE" probe="$HEALTH_PROBE"
  heed_cancel "$NOTHING_CHANGED"
}

# enter_stage FOLDER: make a work folder in it and enter it. The folder is held to the end.
enter_stage() {
  enter_work_dir "$1" || fail no-database "No private folder can be made in $1, or it belongs to somebody else." \
    "$NOTHING_CHANGED" 'look at the folder and its owner'
}

# leave_stage FOLDER: all is staged and in the table. From here on names are relative to the folders of the table, and the
# transaction removes the private folder.
leave_stage() {
  ON_FAIL=transaction_forget
  cd -P "/proc/self/fd/$WORK_PARENT_FD" && WORK_DIR='' WORK_FD='' WORK_PARENT_FD='' && [[ . -ef $1 ]] ||
    fail internal "$1 was moved away." "$NOTHING_CHANGED"
}
