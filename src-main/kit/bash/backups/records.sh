# --- The catalog -----------------------------------------------------------------------------------------------------------
#
# The catalog records what we know about files; the last line about a file counts. Fields, tab-separated:
#   made     PATH SIZE MTIME KIND ORIGIN TAKEN-AT-MS
#   verdict  PATH SIZE MTIME VERDICT AT-MS BASIS SHA256 REASON
#   hold     PATH AT-MS WHO REASON        release  PATH AT-MS WHO REASON
# PATH and free text are percent-encoded. A verdict counts only while size and mtime are unchanged. Ignore a line with the
# wrong number of fields.
catalog_add() {
  local line='' field
  for field in "$@"; do
    encode_path "$field"
    line+="${line:+$'\t'}$REPLY"
  done
  append_line "$STATE/catalog" "$line"
}

# catalog_lines: print the catalog, ending in TORN so that readers skip a last line that was cut off.
catalog_lines() {
  [[ -r $STATE/catalog ]] || return 0
  cat -- "$STATE/catalog"
  printf '%s\n' "$TORN"
}

# catalog_mark PATH: REPLY = hold or release, whichever the backup was marked with last; empty if neither.
catalog_mark() {
  encode_path "$1"
  REPLY=$(catalog_lines | path=$REPLY awk -F '\t' '
    !/\ttorn$/ && NF == 5 && ($1 == "hold" || $1 == "release") && $2 == ENVIRON["path"] { mark = $1 }
    END { print mark }')
}

# file_stamp PATH: REPLY = size TAB mtime, as printed by find and kept in the catalog.
file_stamp() { REPLY=$(find "$1" -maxdepth 0 -printf '%s\t%T@' 2>/dev/null); }

# work_proves BACKUP: status 1, with a warning, if the owner had to read back what it had made itself: that proves nothing.
work_proves() {
  [[ $WORK_UNPROVEN != '' ]] || return 0
  say warning "${1##*/} was read back with the rights of its owner only, as no other user may enter ${1%/*}: verify it, or give others the right to enter that folder (chmod o+x)."
  return 1
}
