# --- What is recorded of backups ------------------------------------------------------------------------------------------------
#
# In STATE/state.db: where, when and as what it was made, verdicts, and a hold. A verdict counts only while size and modification
# time of the file are unchanged.

# backup_held PATH: REPLY = yes or no; empty if what is known cannot be read.
backup_held() {
  local line
  REPLY=''
  while IFS= read -r line; do
    case $line in
      held) REPLY=yes ;;
      whole) REPLY=${REPLY:-no} ; return ;;
    esac
  done < <(state_record asked "$1" | state_rows "SELECT 'held' FROM said JOIN hold ON path = a;")
  REPLY=''
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
