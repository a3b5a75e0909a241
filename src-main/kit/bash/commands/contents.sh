# --- contents: what is in a system backup, read from the file itself ------------------------------------------------------------
#
# Works for the runbook's backups and for uploaded ones, too, of which nothing is recorded here.

readonly CONTENTS_UNCHANGED='the backup was only read'

# contents FILE
run_contents() {
  local file part parts=() bytes manifest facts proven=false
  (($# == 1)) || usage_wrong
  backup_find "$1" || fail not-found "There is no backup '$1'." 'nothing was changed' 'look at the list: cvd-backup inspect'
  file=$REPLY
  state_writable || fail no-rights "This login cannot keep a work folder: $STATE cannot be written." "$CONTENTS_UNCHANGED"
  answer_alone
  live_look
  step open 'Read the system backup'
  enter_scratch || fail internal "A work folder could not be made in $STATE/work." "$CONTENTS_UNCHANGED"
  if ! system_open "$file" "$CONTENTS_UNCHANGED"; then
    extract_fix "$file"
    fail "$EXTRACT_CODE" "$EXTRACT_PROBLEM" "$CONTENTS_UNCHANGED" "$REPLY"
  fi
  [[ $SYSTEM_PROVEN != "$SYSTEM_SHA256" ]] || proven=true
  for part in database application venv config systemd nginx; do
    system_holds "$part" || continue
    bytes=null
    [[ ! $part =~ ^(database|application|venv)$ ]] || bytes=$SYSTEM_BYTES
    json_object part="$part" bytes:="$bytes"
    parts+=("$REPLY")
    say_readable "part $part"
  done
  contents_text manifest MANIFEST.txt
  manifest=$REPLY
  contents_text facts manifest.json
  facts=$REPLY
  leave_work_dir
  step_done parts="${#parts[@]}"
  json_array ${parts[@]+"${parts[@]}"}
  json_object sha256="$SYSTEM_SHA256" proven:="$proven" parts:="$REPLY" manifest:="$manifest" facts:="$facts"
  succeed 'What is in this backup.' "$REPLY"
}

# contents_text NAME FILE: REPLY = a text in the backup as a JSON string, at most 256 KiB of it; null if it is not there.
contents_text() {
  if system_holds "$1" && system_take "$1" "$2" "$CONTENTS_UNCHANGED"; then
    json_string "$(side_says 10 262144 reader system_shown "$2")"
  else
    EXTRACT_PROBLEM='' EXTRACT_CODE=ok REPLY=null
  fi
}
