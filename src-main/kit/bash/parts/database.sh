# --- The part `database` of a restore ----------------------------------------------------------------------------------------

# database_stage FILE: extract it beside the live database, verify it, and give it the live database's owner, mode and journal
# mode. Adds its row.
database_stage() {
  local file=$1 journal_mode basis=content
  enter_stage "${DATABASE_FILE%/*}"
  local folder=/proc/self/fd/$WORK_PARENT_FD
  [[ ! -e $folder/${DATABASE_FILE##*/} || (-f $folder/${DATABASE_FILE##*/} && ! -L $folder/${DATABASE_FILE##*/}) ]] ||
    fail no-database "$DATABASE_FILE is not a file." "$NOTHING_CHANGED" ''
  part_step stage 'Extract the backup beside the live database'
  database_extract "$file" staged.db "$NOTHING_CHANGED"
  [[ $R_EXPECT_SHA256 == '' || $R_EXPECT_SHA256 == "$EXTRACT_SHA256" ]] ||
    fail plan-stale 'The backup has changed since the plan was made.' "$NOTHING_CHANGED" 'plan again'
  step_done sha256="$EXTRACT_SHA256" bytes:="$EXTRACT_DATABASE_SIZE"
  heed_cancel "$NOTHING_CHANGED"
  part_step verify 'Verify the extracted database'
  in_background check_by_reader staged.db
  watch "$NOTHING_CHANGED" '' "$REPLY" || true
  check_database_content
  in_background compare_schema_by_owner
  WATCH_SECONDS=$((COMPARE_TIME_LIMIT + 60)) watch "$NOTHING_CHANGED" '' "$REPLY"
  compare_load compared "$?"
  rm -f -- compared
  check_database_schema
  [[ ${#FP[@]} == 0 && $SYSTEM_PROVEN == '' ]] || basis=fingerprint
  step_done basis="$basis" integrity="$CHECK_INTEGRITY" \
    tables:="${#CHECK_TABLES[@]}" user_version:="$CHECK_USER_VERSION"
  heed_cancel "$NOTHING_CHANGED"
  part_step ready 'Apply owner, mode and journal mode of the live database'
  if [[ $LIVE_HEADER != '' ]]; then journal_mode=$H_JOURNAL; else journal_mode=$CHECK_JOURNAL; fi
  reader_do database_set_journal staged.db "$journal_mode" >/dev/null 2>&1 ||
    fail internal 'The journal mode could not be set.' "$NOTHING_CHANGED"
  # From here on only root can change it: once it has its owner, that user must not reach it before it is in place.
  reader_settle && chmod 700 . && mv -nT -- reader/staged.db staged.db && [[ ! -e reader/staged.db ]] ||
    fail internal 'The extracted file is not the expected one.' "$NOTHING_CHANGED"
  database_dress "$folder/${DATABASE_FILE##*/}" || fail internal 'The owner could not be set.' "$NOTHING_CHANGED"
  sync_paths staged.db . || fail internal 'The extracted database could not be written to disk.' "$NOTHING_CHANGED"
  step_done journal_mode="$journal_mode" owner="$(stat -c %U:%G staged.db)" mode="$(stat -c %a staged.db)"
  row_add database database "${DATABASE_FILE%/*}" "${DATABASE_FILE##*/}" "${WORK_DIR##*/}" staged.db "$WORK_PARENT_FD" "$WORK_FD"
  leave_stage "${DATABASE_FILE%/*}"
}

# database_extract FILE TARGET UNCHANGED: extract the backup to reader/TARGET. Status 1 if it cannot be read.
database_extract() {
  local file=$1 packed status
  if [[ $SYSTEM_FILE == '' ]]; then
    fingerprint_load "$1"
    extract_backup "$file" "$2" "$3" "${FP[databaseSize]:-0}"
  else
    FP=() FP_TABLES=()
    system_take database member "$3" && EXTRACT_SIDE=reader && extract_backup member "$2" "$3"
  fi
  status=$?
  system_taken
  rm -f -- reader/member
  if ((status != 0)); then
    extract_fix "$1"
    found readable failed 'The backup can be read' "$EXTRACT_PROBLEM" "$REPLY" "$EXTRACT_CODE" \
      "The backup cannot be restored: $EXTRACT_PROBLEM"
    return 1
  fi
  human_bytes "$EXTRACT_SIZE"
  packed=$REPLY
  human_bytes "$EXTRACT_DATABASE_SIZE"
  found readable passed 'The backup can be read' "$packed, $REPLY extracted"
}

# check_database_content: what the reader found in the extracted database, by its fingerprint or, if it has none (the runbook's
# backups, safety copies), by its key tables.
check_database_content() {
  local sound='The database is sound' equal='The backup matches its fingerprint'
  database_check_load check || {
    found integrity failed "$sound" "$CHECK_PROBLEM" 'choose another backup' "$CHECK_CODE" \
      "The backup cannot be restored: $CHECK_PROBLEM"
    return
  }
  if [[ $CHECK_UNABLE == '' ]]; then
    found integrity passed "$sound" "integrity_check ok, $CHECK_PAGE_COUNT pages"
  else
    found integrity warning "$sound" "no damage was found; not checked: $CHECK_UNABLE" '' '' \
      "Not everything in the backup could be checked: $CHECK_UNABLE."
  fi
  if [[ $SYSTEM_FILE != '' ]]; then
    [[ $SYSTEM_PROVEN != '' ]] || check_database_keys
  elif ((${#FP[@]} == 0)); then
    found fingerprint warning "$equal" 'there is no fingerprint to compare with'
    check_database_keys
  elif fingerprint_compare "$EXTRACT_SHA256" "$EXTRACT_SIZE" "$EXTRACT_DATABASE_SHA256"; then
    found fingerprint passed "$equal" 'equal to its fingerprint'
  else
    found fingerprint failed "$equal" "$REPLY" 'choose another backup' fingerprint-mismatch \
      "The backup is not what it was when it was made: $REPLY"
  fi
}

# Without a fingerprint, we cannot know whether a key table was empty when the backup was made.
check_database_keys() {
  local title='The key tables are not empty' fix='choose another backup; if this is right, set: cvd-backup policy key_tables=…'
  if [[ $CHECK_KEY_MISSING$CHECK_KEY_EMPTY$CHECK_KEY_UNREAD == '' ]]; then
    found key-tables passed "$title" "${POLICY[key_tables]}"
  elif [[ $CHECK_KEY_MISSING$CHECK_KEY_EMPTY == '' ]]; then
    found key-tables warning "$title" "could not be read: $CHECK_KEY_UNREAD"
  else
    found key-tables failed "$title" "missing: ${CHECK_KEY_MISSING:-none}; empty: ${CHECK_KEY_EMPTY:-none}" "$fix" empty \
      "These tables are empty or missing in the backup: $CHECK_KEY_EMPTY $CHECK_KEY_MISSING"
  fi
}

# check_database_schema: the application may fail on a backup that lacks part of the live schema.
check_database_schema() {
  local title='The backup has everything that the live schema has' lacks others=''
  local fix='make sure that the running application fits the backup'
  if ((${#COMPARE_OTHERS[@]} > 0)); then
    schema_words "${COMPARE_OTHERS[@]}"
    others="The schema of the backup is not the live one: $REPLY."
  fi
  if [[ $COMPARE_KNOWN == '' ]]; then
    found schema warning "$title" "not compared: ${COMPARE_UNREAD:-the backup cannot be read}" '' '' \
      "The schema of the backup could not be compared with the live one: $COMPARE_UNREAD."
  elif ((${#COMPARE_LACKS[@]} > 0)); then
    schema_words "${COMPARE_LACKS[@]}"
    lacks=$REPLY
    schema_words "${COMPARE_LACKS[@]}" ${COMPARE_OTHERS[@]+"${COMPARE_OTHERS[@]}"}
    found schema ask "$title" "$REPLY" "$fix; then restore with --accept-schema" checks-failed \
      "The backup lacks what the live schema has: $lacks." "$R_ACCEPT_SCHEMA"
    [[ $PLANNING != '' || $others == '' ]] || say warning "$others"
  elif [[ $others != '' ]]; then
    found schema warning "$title" "$REPLY" "$fix" '' "$others"
  else
    found schema passed "$title" "user_version $COMPARE_VERSION; the same tables, columns, indexes, triggers and views"
  fi
}

# schema_words DIFFERENCE...: REPLY = the first eight in a sentence, and the number of the rest.
schema_words() {
  local words='' one total=$#
  for one in "${@:1:8}"; do words+="${words:+; }$one"; done
  ((total <= 8)) || words+="; and $((total - 8)) more"
  REPLY=$words
}

# database_set_journal FILE wal|delete: for reader_do.
database_set_journal() { sql_private "$1" "PRAGMA journal_mode=$2;"; }

# database_dress LIVE: give staged.db the owner, mode and SELinux label of LIVE, without set-ID and sticky bits.
database_dress() {
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
