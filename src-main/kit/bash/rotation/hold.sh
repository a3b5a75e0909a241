# --- hold, release: what rotation never deletes -------------------------------------------------------------------------------

run_hold() { mark_backup hold "$@"; }
run_release() { mark_backup release "$@"; }

mark_backup() {
  local mark=$1 file=${2-} before
  [[ $file != '' ]] || usage_error "$mark: which backup?"
  backup_find "$file" || fail not-found "There is no backup '$file'." 'nothing was changed'
  backup_as_listed "$REPLY"
  file=$REPLY
  state_writable || fail no-rights "This login cannot keep state: $STATE cannot be written." 'nothing was changed' ''
  backup_held "$file"
  before=$REPLY
  now_ms
  mark_write "$mark" "$file" "$REPLY" || fail "$STATE_CODE" "$STATE_PROBLEM" 'the backup is marked as it was before' ''
  # Read it back: report what other readers see.
  backup_held "$file"
  [[ $mark:$REPLY == @(hold:yes|release:no) ]] || fail internal 'The records do not have the mark that was written to them.' \
    'the backup is marked as it was before' 'look at the disk of the state folder; then try again'
  [[ $mark == release || $before == yes ]] || hold_in_time "$file"
  audit "$mark" succeeded "$file"
  encode_path "$file"
  json_string "$REPLY"
  succeed "$([[ $mark == hold ]] && echo 'Held: rotation will not delete it.' || echo 'Released.')" "{\"path\":$REPLY}"
}

# mark_write hold|release FILE AT: write the mark. A release is of the file: of each path under which it is on hold.
mark_write() { state_change "$ROTATION_SCHEMA$STATE_APPLY" mark_rows "$@"; }

mark_rows() {
  local path
  state_record "$1" "$2" "$3" "$WHO" "$REASON"
  [[ $1 == release ]] || return 0
  for path in ${HELD_AS[@]+"${HELD_AS[@]}"}; do state_record release "$path" "$3" "$WHO" "$REASON"; done
}

# hold_in_time FILE: fails, and takes the mark away again, if rotation may not have seen it: what it is deleting at this moment, or has
# deleted, is not on hold. An interrupted rotation deletes nothing any more.
hold_in_time() {
  local line operation='' whole='' unmarked='it is not on hold'
  while IFS= read -r line; do
    if [[ $line == whole ]]; then whole=yes; else operation=$line; fi
  done < <(state_record asked "$1" | state_rows 'SELECT operation FROM deletion JOIN said ON path = a WHERE done_at IS NULL ORDER BY n;')
  [[ $operation == '' ]] || operation_runs "$operation" || operation=''
  [[ $whole != yes || $operation != '' || ! -f $1 ]] || return 0
  now_ms
  mark_write release "$1" "$REPLY" || unmarked='it is not known whether it is on hold'
  [[ $whole == yes ]] || fail internal 'Whether rotation is deleting it is not known: the records of this site cannot be read.' "$unmarked" \
    'look at the problems of the site'
  [[ $operation == '' ]] || fail busy 'Rotation is deleting it at this moment.' "$unmarked" 'look at the list when rotation has ended'
  fail not-found 'It was deleted a moment ago.' "$unmarked" 'look at the list again'
}
