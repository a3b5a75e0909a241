# --- Having a state.db: new, or from the files of earlier kits ------------------------------------------------------------------
#
# Under the site's lock. Killed at any moment, it is done again: what earlier kits wrote stays until state.db has its name, and
# one operation longer, for who reads it now. Earlier kits are shut out before their catalog is read: where they append and where
# they take the site's lock, they find links that they cannot open for writing, and STATE/lock.holder, which they quote.

readonly STATE_HOLDER='a newer version of cvd-backup keeps the records of this site. Update the console, then try again'

# state_ready: have a state.db that can be written to. Status 1 with STATE_CODE and STATE_PROBLEM if there is none.
state_ready() {
  local status=0 taken='' turn
  STATE_CODE=internal STATE_PROBLEM="The records of this site ($STATE/state.db) could not be written."
  state_look
  hash sqlite3 2>/dev/null || { STATE_CODE=missing-tool STATE_PROBLEM='sqlite3 is not installed: nothing can be recorded.'; return 1; }
  [[ $STATE_KIND != known ]] || { [[ $LOCK_FD == '' ]] || state_old_remove; return 0; }
  if [[ $STATE_KIND == newer ]]; then
    STATE_CODE=newer-format STATE_PROBLEM='The records of this site are kept by a newer cvd-backup.'
    return 1
  fi
  state_writable || { STATE_CODE=no-rights STATE_PROBLEM="This login cannot keep state: $STATE cannot be written."; return 1; }
  if [[ $LOCK_FD == '' ]]; then
    # Whoever has the lock may be making it.
    for ((turn = 0; turn < 20; turn++)); do
      if lock_take -w 0.5; then taken=yes; else lock_leave; fi
      state_look
      [[ $taken == '' && $STATE_KIND != known ]] || break
    done
    [[ $taken != '' || $STATE_KIND == known ]] || { STATE_CODE=busy STATE_PROBLEM='Another operation is running on this site.'; return 1; }
  fi
  [[ $STATE_KIND == known ]] || state_convert || status=1
  [[ $taken == '' ]] || lock_leave
  return "$status"
}

# state_convert: make state.db, when the lock is ours.
state_convert() {
  local new=$STATE/state.db.new said from=state_old_records conflict=REPLACE
  # An earlier kit has to finish what it began, with its own files.
  if [[ $STATE_KIND == old && -e $STATE/unfinished && $COMMAND != recover ]]; then
    STATE_CODE=checks-failed STATE_PROBLEM='An operation of an earlier cvd-backup was interrupted and is not finished: recover it first.'
    return 1
  fi
  if [[ $STATE_KIND == lost ]]; then
    state_set_aside || return 1
    from=state_salvage conflict=IGNORE
  fi
  state_shut_out || return 1
  rm -f -- "$new" "$new-journal"
  said=$("$from" members | STATE_KIND=new state_sqlite said "$STATE_SCHEMA $STATE_BEGIN ${STATE_APPLY//OR REPLACE/OR $conflict} SELECT 'whole';" 2>&1)
  [[ $said == whole ]] || { rm -f -- "$new" "$new-journal"; state_failed "$said"; return 1; }
  chmod 600 -- "$new" && sync_paths "$new" && mv -fT -- "$new" "$STATE/state.db" && sync_paths "$STATE" || return 1
  [[ ! -e $STATE/state.db.lost && ! -L $STATE/state.db.lost ]] || mv -fT -- "$STATE/state.db.lost" "$STATE/state.db.damaged"
  rm -f -- "$STATE/state.damaged" "$STATE/state.db.lost-journal"
  STATE_KIND=known
}

# state_shut_out: make sure that no earlier kit writes here any more. A hard link keeps the catalog, and a rename replaces its
# name: there is no moment without it.
state_shut_out() {
  local catalog fd
  if [[ -f $STATE/catalog && ! -L $STATE/catalog ]]; then
    if [[ -e $STATE/catalog.converting && ! $STATE/catalog -ef $STATE/catalog.converting ]]; then
      { cat -- "$STATE/catalog" >>"$STATE/catalog.converting"; } 2>/dev/null || return 1
    elif [[ ! -e $STATE/catalog.converting ]]; then
      ln -T -- "$STATE/catalog" "$STATE/catalog.converting" || return 1
    fi
  elif [[ $STATE_KIND == old && ! -e $STATE/catalog.converting ]]; then
    : >>"$STATE/catalog.converting" || return 1
  fi
  state_link catalog && mkdir -p -- "$STATE/lock.folder" || return 1
  printf '%s\n' "$STATE_HOLDER" >"$STATE/lock.holder"
  # Ours before it has the name of the lock.
  [[ $STATE/lock -ef $STATE/lock.folder ]] || { exec {LOCK_NEXT_FD}<"$STATE/lock.folder" && flock -w 10 "$LOCK_NEXT_FD" && state_link lock; } || return 1
  sync_paths "$STATE/lock.holder" "$STATE"
  # One of them may be appending now, to the file that it has open.
  [[ ! -e $STATE/catalog.converting ]] || { exec {fd}<"$STATE/catalog.converting" && flock -w 10 "$fd" && exec {fd}<&-; }
}

# state_link catalog|lock: put the link in its place.
state_link() {
  local target=lock.folder
  [[ $1 == lock ]] || target=no-folder/state.db
  [[ -L $STATE/$1 ]] || { ln -sfT -- "$target" "$STATE/$1.new" && mv -fT -- "$STATE/$1.new" "$STATE/$1"; }
}

# state_old_remove: remove what was converted.
state_old_remove() {
  [[ -e $STATE/catalog.converting || -e $STATE/fingerprints || -e $STATE/members ]] || return 0
  rm -rf -- "$STATE/members" "$STATE/fingerprints" && rm -f -- "$STATE/catalog.converting"
}

# state_set_aside: give what cannot be used another name. If we were killed then, state.db.lost is there already.
state_set_aside() {
  [[ -e $STATE/state.db || -L $STATE/state.db ]] || return 0
  rm -rf -- "$STATE/state.db.lost" "$STATE/state.db.lost-journal"
  [[ ! -e $STATE/state.db-journal ]] || mv -fT -- "$STATE/state.db-journal" "$STATE/state.db.lost-journal"
  mv -fT -- "$STATE/state.db" "$STATE/state.db.lost"
}

# state_salvage: print what can still be read of the damaged state.db, as rows of `said`.
state_salvage() {
  if [[ -f $STATE/state.db.lost && ! -L $STATE/state.db.lost ]]; then
    encode_path "$STATE/state.db.lost"
    printf '%s\n' "$STATE_SAID" | SQLITE_TMPDIR=$STATE sqlite3 -batch -noheader -nullvalue '' -init /dev/null -separator $'\t' \
      "file:$REPLY?mode=rw" 2>/dev/null | awk -F '\t' 'NF == 14 && !/[^A-Za-z0-9._\/%\t-]/'
  fi
  now_ms
  state_record loss "$REPLY" state.db.damaged
  state_record end
}
