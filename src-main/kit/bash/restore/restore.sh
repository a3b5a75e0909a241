# --- restore database, undo ---------------------------------------------------------------------------------------------------

UNDOING=''      # the operation to undo

restore_confirm() {
  host_confirm 'Everything written after this backup will be lost.'
  [[ $REASON != '' ]] || fail not-confirmed 'A restore needs a reason.' 'nothing was changed' 'give it: --reason TEXT'
}

check_restore() {
  restore_arguments "$@"
  [[ ${R_WORDS[0]-} == database && ${#R_WORDS[@]} -eq 2 ]] || usage_error 'restore database FILE --confirm HOST --reason TEXT'
  backup_find "${R_WORDS[1]}" || fail not-found "There is no backup '${R_WORDS[1]}'." 'nothing was changed' \
    'look at the list: cvd-backup inspect'
  # The worker has another working folder: pass the absolute path.
  ARGUMENTS=(database "$REPLY" --reason "$REASON" --expect-sha256 "$R_EXPECT_SHA256" ${R_ACCEPT_SCHEMA:+--accept-schema} ${SITE_IS_DOWN:+--site-is-down})
  restore_confirm
}

run_restore() {
  restore_arguments "$@"
  backup_find "${R_WORDS[1]}" || fail not-found "There is no backup '${R_WORDS[1]}' any more." 'nothing was changed' ''
  restore_database "$REPLY"
}

check_undo() {
  restore_arguments "$@"
  [[ ${#R_WORDS[@]} -eq 1 ]] || usage_error 'undo OPERATION --confirm HOST --reason TEXT'
  undo_find "${R_WORDS[0]}"
  # Every console sees from the ID alone that this undoes an undo.
  [[ ${R_WORDS[0]} != *-undo-* ]] || ID_WORD=redo
  restore_confirm
}

run_undo() {
  restore_arguments "$@"
  R_ACCEPT_SCHEMA=yes # the safety copy has the schema that the application ran with
  UNDOING=${R_WORDS[0]}
  undo_find "$UNDOING"
  restore_database "$REPLY"
}

# undo_find OPERATION: REPLY = its safety copy; fails if there is none.
undo_find() {
  local safety
  valid_operation "$1" || fail not-found "There is no operation '$1' on this server." 'nothing was changed' ''
  journal_value "$1" safety
  safety=$REPLY
  decode_path "$safety"
  [[ $safety != '' && -f $REPLY ]] ||
    fail not-undoable 'That operation has no safety copy any more; it cannot be undone.' \
      'nothing was changed' 'choose a backup to restore instead'
}

# restore_database FILE: run the whole transaction. Until the services are stopped, a failure has no effect on the site.
restore_database() {
  local file=$1 words
  restore_prepare "$file"
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
  runbook_log restore.log "${UNDOING:+Undo of $UNDOING. }Database restored from $file; safety copy: $TX_FOLDER/$TX_SAFETY"
  if [[ -e $TX_SAFETY ]]; then words+=" Previous state saved as $TX_SAFETY."; TX_SAFETY=$TX_FOLDER/$TX_SAFETY; else TX_SAFETY=''; fi
  [[ $TX_HEALTHY_BEFORE == yes ]] || words+=' The site was not healthy before.'
  succeed "$words" "$(report_json "$TX_SAFETY")"
}

# restored_words FILE: REPLY = a sentence that says what was restored, undone or redone.
restored_words() {
  local from=''
  if [[ $UNDOING == '' ]]; then
    REPLY="The database was restored from ${1##*/}."
  elif [[ $UNDOING == *-undo-* ]]; then
    REPLY="The restore was redone: the database that the undo had replaced (${1##*/}) is live again."
  else
    journal_value "$UNDOING" backup
    # A redo restored a safety copy, whose name says nothing.
    [[ $REPLY == '' || $UNDOING == *-redo-* ]] || { decode_path "$REPLY"; from=" from ${REPLY##*/}"; }
    REPLY="The restore$from was undone: the database from before it (${1##*/}) is live again."
  fi
}

readonly NOTHING_CHANGED='The site runs as before; nothing was changed.'
readonly ANSWERS_WITHOUT_SERVICE='find out which program answers; if it is another service, set it: cvd-backup policy service=…'

restore_prepare() {
  local file=$1
  lock_site
  step check 'Check the site before anything is changed'
  live_look
  [[ ! -e $STATE/unfinished ]] || fail checks-failed 'An earlier restore was interrupted and is not finished.' \
    "$NOTHING_CHANGED" 'run: cvd-backup recover'
  TX_FOLDER=${DATABASE_FILE%/*}
  restore_rights
  restore_target_safe
  ((${#SERVICES[@]} > 0)) || fail service 'No service is set for this site.' "$NOTHING_CHANGED" 'set it: cvd-backup policy service=…'
  restore_services
  restore_health
  restore_refuse_other_holders
  step_done services="${SERVICES[*]}" healthy_before="$TX_HEALTHY_BEFORE" probe="$HEALTH_PROBE"
  heed_cancel "$NOTHING_CHANGED"
  restore_stage "$file"
  recovery_unit_install
}

# Require that every service can be stopped and started. TX_WERE = those that are running.
restore_services() {
  local index
  services_read
  TX_WERE=''
  for index in "${!SERVICES[@]}"; do
    service_problem "$index"
    [[ $REPLY == '' ]] || fail service "$REPLY" "$NOTHING_CHANGED" "$SERVICE_FIX"
    [[ ${SERVICE_ACTIVE[$index]} == inactive ]] || TX_WERE+="${TX_WERE:+ }${SERVICES[$index]}"
  done
}

# A probe that fails before the restore would fail after it too, and the site would be stopped for nothing. Continue only if
# a probe is configured and a person confirmed that the site is down.
restore_health() {
  TX_HEALTHY_BEFORE=yes
  if health_settled; then
    # Another program answers: a rollback would not know what to start again.
    services_run || fail service "The site answers, but its service is not active: ${SERVICES[*]}." "$NOTHING_CHANGED" \
      "$ANSWERS_WITHOUT_SERVICE"
    return 0
  fi
  TX_HEALTHY_BEFORE=no
  health_words
  if [[ $HEALTH_CONFIGURED == false ]]; then
    fail health-unknown "No health probe is known for this site: $REPLY." \
      "$NOTHING_CHANGED" 'set it: cvd-backup policy health=http://127.0.0.1:5000/api/health'
  fi
  [[ $SITE_IS_DOWN != '' ]] || fail health-fails "The site is not healthy before the restore: $REPLY." 'nothing was changed' \
    'if the address is wrong, set it: cvd-backup policy health=…; if it is right and the site is down, say so: --site-is-down'
  say warning "$REPLY. The site was confirmed to be down; the restore continues with this probe."
}

# A restore writes to the target of the database's path. It must not become a way to write anywhere as root, or over another
# service's database: the folder must be the owner's; it is entered once and held to the end.
restore_target_safe() {
  [[ -d $TX_FOLDER ]] || fail no-database "The folder of the database does not exist: $TX_FOLDER" "$NOTHING_CHANGED" 'set it: cvd-backup policy database=…'
  [[ $LIVE_STATE != not-plain ]] || fail no-database "$DATABASE_FILE is not a file." "$NOTHING_CHANGED" ''
  enter_work_dir "$TX_FOLDER" || fail no-database "$DATABASE leads to $DATABASE_FILE, and the folder of that belongs to somebody else, or no private folder can be made there." \
    "$NOTHING_CHANGED" 'remove the link; or, if it is meant, set: cvd-backup policy database=…'
  TX_STAGE=${WORK_DIR##*/}
  local folder=/proc/self/fd/$WORK_PARENT_FD
  [[ ! -e $folder/${DATABASE_FILE##*/} || (-f $folder/${DATABASE_FILE##*/} && ! -L $folder/${DATABASE_FILE##*/}) ]] ||
    fail no-database "$DATABASE_FILE is not a file." "$NOTHING_CHANGED" ''
}

restore_rights() {
  [[ -w $TX_FOLDER ]] || fail no-rights "This login cannot write to $TX_FOLDER." "$NOTHING_CHANGED" \
    'log in as root or with sudo'
  [[ ${POLICY[service_manager]} == program ]] || ((EUID == 0)) ||
    fail no-rights 'Only root can stop and start the service.' "$NOTHING_CHANGED" 'log in as root or with sudo'
}

restore_refuse_other_holders() {
  local entry others=() pid user service command
  holders_find
  for entry in ${HOLDERS[@]+"${HOLDERS[@]}"}; do
    IFS='|' read -r pid user service command < <(printf '%s\n' "${entry//$'\t'/|}")
    [[ $service != '' ]] || others+=("$entry")
  done
  ((${#others[@]} > 0)) || return 0
  HOLDERS=("${others[@]}")
  fail holders "The database is open in programs that do not belong to the service: $(holders_words)." "$NOTHING_CHANGED" \
    'end these programs, then restore again'
}

# restore_stage FILE: extract beside the live database, verify, and apply the live database's owner, mode and journal mode.
restore_stage() {
  local file=$1 journal_mode live
  step stage 'Extract the backup beside the live database'
  fingerprint_load "$file"
  extract_backup "$file" staged.db "$NOTHING_CHANGED" "${FP[databaseSize]:-0}" || {
    extract_fix "$file"
    fail "$EXTRACT_CODE" "The backup cannot be restored: $EXTRACT_PROBLEM" "$NOTHING_CHANGED" "$REPLY"
  }
  [[ $R_EXPECT_SHA256 == '' || $R_EXPECT_SHA256 == "$EXTRACT_SHA256" ]] ||
    fail plan-stale 'The backup has changed since the plan was made.' "$NOTHING_CHANGED" 'plan again'
  step_done sha256="$EXTRACT_SHA256" bytes:="$EXTRACT_DATABASE_SIZE"
  heed_cancel "$NOTHING_CHANGED"
  restore_verify
  heed_cancel "$NOTHING_CHANGED"
  step ready 'Apply owner, mode and journal mode of the live database'
  if [[ $LIVE_HEADER != '' ]]; then journal_mode=$H_JOURNAL; else journal_mode=$CHECK_JOURNAL; fi
  reader_do database_set_journal staged.db "$journal_mode" >/dev/null 2>&1 ||
    fail internal 'The journal mode could not be set.' "$NOTHING_CHANGED"
  # From here on only root can change it.
  reader_settle && mv -nT -- reader/staged.db staged.db && [[ ! -e reader/staged.db ]] ||
    fail internal 'The extracted file is not the expected one.' "$NOTHING_CHANGED"
  restore_dress "/proc/self/fd/$WORK_PARENT_FD/${DATABASE_FILE##*/}" || fail internal 'The owner could not be set.' "$NOTHING_CHANGED"
  sync_paths staged.db . || fail internal 'The extracted database could not be written to disk.' "$NOTHING_CHANGED"
  step_done journal_mode="$journal_mode" owner="$(stat -c %U:%G staged.db)" mode="$(stat -c %a staged.db)"
  # From here on all names are relative to the database's folder, and the transaction removes the private folder.
  ON_FAIL=transaction_forget
  TX_FOLDER_FD=$WORK_PARENT_FD TX_STAGE_FD=$WORK_FD
  cd -P "/proc/self/fd/$TX_FOLDER_FD" && WORK_DIR='' WORK_FD='' WORK_PARENT_FD='' && [[ . -ef $TX_FOLDER ]] ||
    fail internal "$TX_FOLDER was moved away." "$NOTHING_CHANGED"
}

# database_set_journal FILE wal|delete: for reader_do.
database_set_journal() { sql_private "$1" "PRAGMA journal_mode=$2;"; }

# restore_dress LIVE: give staged.db the owner, mode and SELinux label of LIVE, without set-ID and sticky bits.
restore_dress() {
  local uid gid mode kind
  IFS=' ' read -r uid gid mode kind < <(stat -c '%u %g %a %F' -- "$1" 2>/dev/null)
  if [[ "$uid $gid $mode" =~ ^[0-9]{1,10}\ [0-9]{1,10}\ [0-7]{1,4}$ && $kind == 'regular '?(empty\ )file ]] &&
    [[ $uid == 0 || $uid == "$OWNER_UID" ]]; then
    printf -v mode '%o' $((8#$mode & 8#777))
    chcon -h --reference="$1" -- staged.db 2>/dev/null
  else
    uid=$OWNER_UID gid=$DATA_GID mode=644
  fi
  { ((EUID != 0)) || chown -- "$uid:$gid" staged.db; } && chmod "$mode" staged.db
}

# Verify the staged file against its fingerprint; by content if there is none (the runbook's backups, safety copies).
restore_verify() {
  local basis=content
  step verify 'Verify the extracted database'
  in_background check_by_reader staged.db
  watch "$NOTHING_CHANGED" '' "$REPLY" || true
  database_check_load check ||
    fail "$CHECK_CODE" "The backup cannot be restored: $CHECK_PROBLEM" "$NOTHING_CHANGED" 'choose another backup'
  if ((${#FP[@]} > 0)); then
    basis=fingerprint
    fingerprint_compare "$EXTRACT_SHA256" "$EXTRACT_SIZE" "$EXTRACT_DATABASE_SHA256" ||
      fail fingerprint-mismatch "The backup is not what it was when it was made: $REPLY" "$NOTHING_CHANGED" 'choose another backup'
  elif [[ $CHECK_KEY_EMPTY$CHECK_KEY_MISSING != '' ]]; then
    fail empty "These tables are empty or missing in the backup: $CHECK_KEY_EMPTY $CHECK_KEY_MISSING" "$NOTHING_CHANGED" \
      'choose another backup; if this is right, set: cvd-backup policy key_tables=…'
  fi
  [[ $CHECK_UNABLE == '' ]] || say warning "Not everything in the backup could be checked: $CHECK_UNABLE."
  restore_check_schema
  step_done basis="$basis" integrity="$CHECK_INTEGRITY" tables:="${#CHECK_TABLES[@]}" user_version:="$CHECK_USER_VERSION"
}

# The application may fail on a backup that lacks part of the live schema: require --accept-schema.
restore_check_schema() {
  in_background compare_schema_by_owner
  WATCH_SECONDS=$((COMPARE_TIME_LIMIT + 60)) watch "$NOTHING_CHANGED" '' "$REPLY"
  compare_load compared "$?"
  rm -f -- compared
  if [[ $COMPARE_KNOWN == '' ]]; then
    say warning "The schema of the backup could not be compared with the live one: $COMPARE_UNREAD."
  elif ((${#COMPARE_LACKS[@]} > 0)); then
    schema_words "${COMPARE_LACKS[@]}"
    [[ $R_ACCEPT_SCHEMA == yes ]] ||
      fail checks-failed "The backup lacks what the live schema has: $REPLY." "$NOTHING_CHANGED" \
        'make sure that the running application fits the backup; then restore with --accept-schema'
    say warning "The backup lacks what the live schema has: $REPLY."
  fi
  ((${#COMPARE_OTHERS[@]} == 0)) || { schema_words "${COMPARE_OTHERS[@]}"; say warning "The schema of the backup is not the live one: $REPLY."; }
}
