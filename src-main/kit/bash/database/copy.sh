# --- Copying a database that is in use; for owner_do -------------------------------------------------------------------------

# database_copy_run [FILE]: copy the live database, or FILE (absolute), to copy.db. The copy is private, is read back, and is
# deleted after compression: use no journal and no fsync if this sqlite3 allows that. Prints the last line of sqlite3's log;
# status 124 if the application was blocked for too long.
database_copy_run() {
  local file=${1:-$DATABASE_FILE} within=() async='' status
  header_read "$file"
  [[ $(sqlite3 -batch -init /dev/null :memory: '.help backup' 2>/dev/null </dev/null) != *--async* ]] || async='--async '
  # SIGTERM: on SIGINT sqlite3 would finish the copy first, and the copy is discarded anyway. --foreground: in a process
  # group of its own, it would go on, and block the application, after a cancel.
  [[ $H_JOURNAL == wal ]] || within=(timeout --foreground --signal=TERM --kill-after=2 "${POLICY[writer_block_limit]}")
  database_copy_once
  status=$?
  # A hot journal: the owner may roll that change back, which opening the database does.
  if ((status != 0 && status != 124)) && [[ -s $file-journal && $(<log) == *'readonly database'* ]]; then
    sqlite3 -batch -init /dev/null -cmd ".timeout ${POLICY[busy_timeout]}" \
      "$file" 'SELECT count(*) FROM sqlite_master;' </dev/null >/dev/null 2>&1
    rm -f copy.db
    database_copy_once
    status=$?
  fi
  tail -n 1 log
  return "$status"
}

database_copy_once() {
  local began=$SECONDS status
  ${within[@]+"${within[@]}"} sqlite3 -batch -bail -init /dev/null -readonly "$file" >log 2>&1 < <(
    printf '%s\n' ".timeout ${POLICY[busy_timeout]}" 'BEGIN;' 'PRAGMA schema_version;' \
      ".backup ${async}main copy.db" 'COMMIT;'
  )
  status=$?
  # A stopped process gets the SIGTERM when it goes on; it was killed instead.
  ((status != 137 || ${#within[@]} == 0 || SECONDS - began < POLICY[writer_block_limit])) || status=124
  return "$status"
}
