# --- What is recorded of backups ------------------------------------------------------------------------------------------------
#
# In STATE/state.db: where, when and as what it was made, verdicts, and a hold. A verdict counts only while size and modification
# time of the file are unchanged.

HELD_AS=() # the paths under which it is on hold: links to folders give a file more than one

# backup_held PATH: REPLY = yes or no; empty if what is known cannot be read. Sets HELD_AS.
backup_held() {
  local line whole=''
  HELD_AS=()
  while IFS= read -r line; do
    if [[ $line == whole ]]; then whole=yes; continue; fi
    decode_path "$line"
    [[ $REPLY != "$1" && ! $REPLY -ef $1 ]] || HELD_AS+=("$REPLY")
  done < <(state_record asked "$1" "/${1##*/}" | state_rows "SELECT path FROM said JOIN hold ON path = a OR substr(path, -length(b)) = b;")
  REPLY=no
  ((${#HELD_AS[@]} == 0)) || REPLY=yes
  [[ $whole == yes ]] || REPLY=''
}

# backup_as_listed PATH: REPLY = the path that the list gives this file, whatever links PATH leads through; PATH if it is not listed.
backup_as_listed() {
  local real place places=("$BACKUPS" "${DATABASE_FILE%/*}" "${DATABASE%/*}" "$BACKUPS"/*)
  real_path "$1" || { REPLY=$1; return; }
  real=$REPLY
  REPLY=$1
  for place in "${places[@]}"; do
    [[ -d $place && $place -ef ${real%/*} ]] || continue
    # As in the list: below the backups, follow only these links.
    [[ ! -L $place || $place != "$BACKUPS"/* || $place == "$BACKUPS"/@(app|system) ]] || continue
    REPLY=$place/${real##*/}
    return
  done
}

# backup_verdicts PATH: print its verdicts, newest first, at most a hundred: PATH SIZE MODIFIED VERDICT AT BASIS SHA256 REASON.
backup_verdicts() {
  state_record asked "$1" | state_rows "SELECT path, size, modified, verdict, at, basis, sha256, reason
    FROM said JOIN verdict ON path = a WHERE word = 'asked' ORDER BY n DESC LIMIT 100;" | sed '/^whole$/d'
}

# file_stamp PATH: REPLY = size TAB mtime, as printed by find and recorded.
file_stamp() { REPLY=$(find "$1" -maxdepth 0 -printf '%s\t%T@' 2>/dev/null); }

# work_proves BACKUP: status 1, with a warning, if the owner had to read back what it had made itself: that proves nothing.
work_proves() {
  [[ $WORK_UNPROVEN != '' ]] || return 0
  say warning "${1##*/} was read back with the rights of its owner only, as no other user may enter ${1%/*}: verify it, or give others the right to enter that folder (chmod o+x)."
  return 1
}
