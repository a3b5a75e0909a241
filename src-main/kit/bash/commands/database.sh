# --- database: back up the live database ---------------------------------------------------------------------------------------

D_NAME_PREFIX='' D_ORIGIN='' D_SIZE=0 D_COPY_MS=0 D_BLOCKED_MS=0 D_TAKEN_AT=0 D_FILE=''

check_database() {
  case "$*" in
    '') D_ORIGIN=manual D_NAME_PREFIX=cvd_backup ;;
    --scheduled) D_ORIGIN=scheduled D_NAME_PREFIX=cvd_auto ;;
    *) usage_wrong ;;
  esac
}

run_database() {
  local began
  check_database "$@"
  now_ms
  began=$REPLY
  ON_FAIL=database_failed
  lock_site
  database_prepare
  heed_cancel
  database_copy
  database_check_and_compress
  database_publish
  ON_FAIL=''
  database_report $(($(date +%s%3N) - began))
}

# Log the failure for the runbook's monitoring. A cancel is not an error.
database_failed() {
  [[ $1 == cancelled ]] || runbook_log backup.log "ERROR: Database backup failed: $2"
}

readonly NO_BACKUP='The live database was only read; no backup was made.'

# database_look: look at the live database before it is copied, and set D_SIZE.
database_look() {
  live_look
  case $LIVE_STATE in
    missing | not-plain) fail no-database "There is no database at $DATABASE." "$NO_BACKUP" \
      'if it lies elsewhere, set it: cvd-backup policy database=…' ;;
    no-rights)
      owner_words
      fail no-rights "The owner of the CVD data ($REPLY) cannot read $DATABASE_FILE." "$NO_BACKUP" \
        'look who owns it; if this login is not root, log in as root or with sudo' ;;
  esac
  if [[ $LIVE_HEADER == '' ]]; then
    ((LIVE_SIZE == 0)) ||
      fail not-a-backup 'The live database is not an SQLite database: its header is wrong.' "$NO_BACKUP" 'restore a backup'
    ((LIVE_WAL > 0)) || fail empty 'The live database is empty (0 bytes).' "$NO_BACKUP" 'restore a backup'
  fi
  [[ $LIVE_PLAIN == '' ]] ||
    fail no-database "$DATABASE_FILE$LIVE_PLAIN is not a regular file." "$NO_BACKUP" 'find out what it is, then remove it'
  D_SIZE=$((LIVE_SIZE + LIVE_WAL))
}

database_prepare() {
  step check 'Check the database and the space'
  database_look
  backups_folder "$BACKUPS" "$NO_BACKUP"
  # The copy, and as much again in case it does not compress.
  new_backup_begin "$BACKUPS" $((D_SIZE * 2 + 16777216)) "$NO_BACKUP"
  step_done size:="$D_SIZE" free:="$REPLY" journal_mode="${H_JOURNAL:-unknown}" compressor="$D_COMPRESSOR"
}

# Hold a read transaction around the copy. Without it, the copy restarts whenever another process commits, and never ends
# under steady writes. It does not block the writers of a WAL database. It does block those of a rollback-journal database,
# so limit the time.
database_copy() {
  local began status
  step copy 'Copy the database'
  now_ms
  began=$REPLY
  D_TAKEN_AT=$began
  in_background database_copy_by_owner
  watch "$NO_BACKUP" database_copy_progress "$REPLY"
  status=$?
  now_ms
  D_COPY_MS=$((REPLY - began))
  [[ $H_JOURNAL == wal ]] || D_BLOCKED_MS=$D_COPY_MS
  if ((status == 124)); then
    fail block-limit "The copy was stopped after ${POLICY[writer_block_limit]} s because the application cannot write while it runs." "$NO_BACKUP" \
      'set the database to WAL mode, or allow more: cvd-backup policy writer_block_limit=…'
  elif ((status == TOO_LONG)); then
    span_words "$WATCH_SECONDS"
    fail internal "The copy was stopped: it took longer than $REPLY." "$NO_BACKUP" 'look why the disk or the database is so slow'
  elif ((status != 0)); then
    database_copy_failed "$(tail -n 1 copy.log | head -c 300)"
  fi
  [[ ! -e owner/copy.db-journal ]] || fail internal 'The copy is not complete: its journal is still there.' "$NO_BACKUP"
  seize copy.db || fail internal 'The copy is not a regular file of the owner.' "$NO_BACKUP"
  ((D_BLOCKED_MS < 5000)) || say warning "The application could not write for up to $((D_BLOCKED_MS / 1000)) s."
  file_size reader/copy.db
  step_done bytes:="$REPLY" writers_blocked_ms:="$D_BLOCKED_MS"
}

database_copy_by_owner() {
  owner_do database_copy_run 2>&1 | head -c 4096 >copy.log
  return "${PIPESTATUS[0]}"
}

database_copy_progress() {
  file_size owner/copy.db
  progress "$((REPLY < D_SIZE ? REPLY : D_SIZE))" "$D_SIZE" bytes
}

database_copy_failed() {
  local words=$1
  # The messages are on the same disk, so a full disk may have swallowed them.
  free_bytes .
  ((REPLY >= 1048576)) || words='No space'
  case $words in
    *locked* | *busy*) fail database-locked "The database was locked for more than $((POLICY[busy_timeout] / 1000)) s: $words" "$NO_BACKUP" \
      'look who holds it: cvd-backup inspect' ;;
    *'disk is full'* | *'No space'*) fail no-space 'The disk became full while the database was copied.' "$NO_BACKUP" 'remove old backups' ;;
    *'not a database'*) fail internal "This sqlite3 cannot read the live database: it needs a newer one, or its header is damaged." "$NO_BACKUP" \
      'make a backup with a newer sqlite3, or restore one' ;;
    *malformed*) fail integrity "The live database is damaged: $words" "$NO_BACKUP" 'restore a backup' ;;
    *) fail internal "The copy failed: $words" "$NO_BACKUP" ;;
  esac
}

# In parallel: one process checks the copy, others compress it and read the result back.
database_check_and_compress() {
  local violations checker
  step compress "Verify the copy, compress it with $D_COMPRESSOR, read it back"
  in_background check_by_reader copy.db
  checker=$REPLY
  in_background compress_by_reader
  watch "$NO_BACKUP" database_compress_progress "$checker" "$REPLY"
  if (($? == TOO_LONG)); then
    span_words "$WATCH_SECONDS"
    fail internal "The copy could not be verified and compressed within $REPLY." "$NO_BACKUP" 'look why the disk or the processor is so slow'
  fi
  # The reader's files are ours from here on.
  reader_settle || fail internal 'The written file is not the expected one.' "$NO_BACKUP"
  # Without a result, the check proves nothing.
  [[ -s check ]] || database_disk_full verified
  if ! database_check_load check; then
    [[ $CHECK_CODE != internal ]] || fail internal "$CHECK_PROBLEM" "$NO_BACKUP"
    fail "$CHECK_CODE" "The copy of the live database is not sound: $CHECK_PROBLEM" "$NO_BACKUP" 'restore a backup that is'
  fi
  if [[ ! -e reader/read-back-equal ]]; then
    database_disk_full compressed
    fail integrity "The compressed backup does not read back correctly: $(tail -n 1 reader/compress.log | head -c 300)" "$NO_BACKUP" ''
  fi
  [[ $CHECK_UNABLE == '' ]] || say warning "The backup matches the database, but not everything in it could be checked: $CHECK_UNABLE."
  violations=${CHECK_FK:-0}
  ((violations == 0)) || say info "$violations foreign key violations are in the live database, and so in its backup."
  [[ $CHECK_KEY_EMPTY == '' ]] || say warning "These tables hold no rows in the live database: $CHECK_KEY_EMPTY"
  [[ $CHECK_KEY_MISSING == '' ]] || say warning "These tables are not in the live database: $CHECK_KEY_MISSING"
  file_size reader/backup.gz
  step_done integrity="$CHECK_INTEGRITY" tables:="${#CHECK_TABLES[@]}" bytes:="$REPLY" read_back=equal
}

# At the start there was space for more than twice the copy.
database_disk_full() { # WHILE-IT-WAS
  local size
  file_size reader/copy.db
  size=$REPLY
  free_bytes .
  ((REPLY >= size)) || fail no-space "The disk became full while the copy was $1." "$NO_BACKUP" 'remove old backups'
}

database_compress_progress() {
  local one bytes=0
  for one in reader/backup.gz reader/part.*; do
    file_size "$one"
    bytes=$((bytes + REPLY))
  done
  progress "$((bytes < D_SIZE ? bytes : D_SIZE))" "$D_SIZE" bytes
}

# Publish only what is complete, read back and on disk. Write the fingerprint first.
database_publish() {
  step publish 'Publish the backup'
  new_backup_take 640 "$NO_BACKUP"
  new_backup_name "$NO_BACKUP" database_name database_fingerprint
  D_FILE=$REPLY
  new_backup_record "$D_FILE" database "$D_ORIGIN" "$D_TAKEN_AT" \
    "${CHECK_UNABLE:+Read back when it was made. Not checked: }${CHECK_UNABLE:-Read back and checked when it was made}."
  step_done file="${D_FILE##*/}" sha256="${FP[sha256]}"
}

database_name() { REPLY=$BACKUPS/${D_NAME_PREFIX}_$(date +%Y%m%d_%H%M%S).db.gz; }

database_fingerprint() { # FILE
  fingerprint_of_check "$1" "$N_SHA256" "$N_SIZE" "$N_COPY_SHA256" "$D_TAKEN_AT"
  fingerprint_save "$1"
}

database_report() { # MS
  local users backup
  table_rows users ${CHECK_TABLES[@]+"${CHECK_TABLES[@]}"}
  users=${REPLY:-0}
  runbook_log backup.log "Backup completed - Size: $((CHECK_SIZE / 1024))KB, User records: $users"
  runbook_log backup.log "Backup compressed: $D_FILE"
  backup_entry_json "$D_FILE"
  backup=$REPLY
  fingerprint_json
  json_object backup:="$backup" fingerprint:="$REPLY" writersBlockedMs:="$D_BLOCKED_MS" ms:="$1" compressor="$D_COMPRESSOR"
  succeed "The database was backed up to $D_FILE." "$REPLY"
}
