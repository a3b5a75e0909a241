# --- Policy and holds, as commands ------------------------------------------------------------------------------------------

policy_json() {
  local key list=()
  for key in "${!POLICY[@]}"; do list+=("$key=${POLICY[$key]}"); done
  json_object "${list[@]}"
}

# policy [KEY=VALUE...]: all or none.
run_policy() {
  local pair key text='' changed='' lock
  for pair in "$@"; do
    key=${pair%%=*}
    [[ $pair == *=* ]] || usage_error "policy: KEY=VALUE, not '$pair'"
    policy_problem "$key" "${pair#*=}"
    [[ $REPLY == '' ]] || usage_error "policy: $REPLY"
    changed=yes
  done
  if [[ $changed != '' ]]; then
    state_writable || fail no-rights "This login cannot keep state: $STATE cannot be written." 'nothing was changed' ''
    { exec {lock}>>"$STATE/policy.lock"; } 2>/dev/null && flock -w 10 "$lock" ||
      fail busy 'Another console is changing the policy.' 'nothing was changed' 'try again'
    policy_load # as it is now: what others have set meanwhile stays
    for pair in "$@"; do POLICY[${pair%%=*}]=${pair#*=}; done
    for key in "${!POLICY[@]}"; do text+="$key=${POLICY[$key]}"$'\n'; done
    write_whole "$STATE/policy" "$text" || fail internal 'The policy could not be written.' 'the old one is in force'
    exec {lock}>&-
    audit policy '' "$*"
  fi
  for key in $(printf '%s\n' "${!POLICY[@]}" | sort); do say_readable "$key=${POLICY[$key]}"; done
  policy_json
  succeed "$([[ $changed ]] && echo 'The policy was changed.' || echo 'The policy.')" "{\"policy\":$REPLY}"
}

# backup_find FILE: REPLY = absolute path of a backup given by path or by bare name; status 1 if there is none.
backup_find() {
  local name=$1 folder
  if [[ $name == */* ]]; then
    REPLY=$name
    [[ $name == /* ]] || REPLY=$PWD/$name
    [[ -f $REPLY ]]
    return
  fi
  for folder in "$BACKUPS" "$BACKUPS/app" "$BACKUPS/system" "${DATABASE%/*}"; do
    REPLY=$folder/$name
    [[ ! -f $REPLY ]] || return 0
  done
  return 1
}

run_hold() { mark_backup hold "$@"; }
run_release() { mark_backup release "$@"; }

mark_backup() {
  local mark=$1 file=${2-}
  [[ $file != '' ]] || usage_error "$mark: which backup?"
  backup_resolve "$file" || fail not-found "There is no backup '$file'." 'nothing was changed'
  file=$REPLY
  state_writable || fail no-rights "This login cannot keep state: $STATE cannot be written." 'nothing was changed' ''
  now_ms
  catalog_add "$mark" "$file" "$REPLY" "$WHO" "$REASON" || fail internal 'The catalog could not be written.' 'nothing was changed'
  # What is said is what everybody reads there now.
  catalog_mark "$file"
  [[ $REPLY == "$mark" ]] || fail internal 'The catalog does not have the mark that was written to it.' \
    'the backup is marked as it was before' 'look at the catalog in the state folder, and at its disk; then try again'
  audit "$mark" succeeded "$file"
  encode_path "$file"
  json_string "$REPLY"
  succeed "$([[ $mark == hold ]] && echo 'Held: rotation will not delete it.' || echo 'Released.')" "{\"path\":$REPLY}"
}
