# --- The policy, as a command, and which backup is meant --------------------------------------------------------------------

POLICY_CHANGED='' # not empty once this process has changed it

policy_json() {
  local key list=()
  for key in "${!POLICY[@]}"; do list+=("$key=${POLICY[$key]}"); done
  json_object "${list[@]}"
}

# policy [--try] [KEY=VALUE...]: set all or none. If one of them is about health, probe the site and report the answer, so
# that a wrong address shows now and not during a restore. Set it even if the probe fails: the site may be down today.
run_policy() {
  local pair key line try='' words='The policy.' probe=null
  [[ ${1-} != --try ]] || { try=yes; shift; }
  for pair in "$@"; do
    key=${pair%%=*}
    [[ $pair == *=* ]] || usage_error "policy: KEY=VALUE, not '$pair'"
    policy_problem "$key" "${pair#*=}"
    [[ $REPLY != '' || $key != owner ]] || owner_problem "${pair#*=}"
    [[ $REPLY == '' ]] || usage_error "policy: $REPLY"
  done
  if (($# > 0)); then
    if [[ $try == '' ]]; then
      policy_set "$@"
      POLICY_CHANGED=yes
      words='The policy was changed.'
    else
      for pair in "$@"; do policy_take "$pair"; done
      words='Nothing was changed; the policy would be as shown.'
    fi
    policy_probe "$@"
    probe=$REPLY
    if [[ $probe != null ]]; then
      health_words
      words+=" $REPLY."
    fi
  fi
  while IFS= read -r line; do say_readable "$line"; done < <(
    for key in "${!POLICY[@]}"; do printf '%s\n' "$key=${POLICY[$key]}"; done | sort)
  [[ $probe == null || $HEALTH_HEALTHY == true ]] || say warning "$words A restore needs a probe that works."
  policy_json
  succeed "$words" "{\"policy\":$REPLY,\"probe\":$probe}"
}

# owner_problem USER:GROUP: REPLY = which of them does not exist on this server, or empty.
owner_problem() {
  local user=${1%%:*} group=${1#*:}
  if [[ $1 == '' ]] || ids_of "$user" "$group"; then
    REPLY=''
  elif id_in /etc/passwd "$user" || id -u -- "$user" >/dev/null 2>&1; then
    REPLY="owner: there is no group '$group' on this server"
  else
    REPLY="owner: there is no user '$user' on this server"
  fi
}

policy_set() { # KEY=VALUE…, all valid
  local pair key text='' lock
  state_writable || fail no-rights "This login cannot keep state: $STATE cannot be written." 'nothing was changed' ''
  { exec {lock}>>"$STATE/policy.lock"; } 2>/dev/null && flock -w 10 "$lock" ||
    fail busy 'Another console is changing the policy.' 'nothing was changed' 'try again'
  policy_load # load again: keep what others have set meanwhile
  for pair in "$@"; do policy_take "$pair"; done
  for key in "${!POLICY[@]}"; do text+="$key=${POLICY[$key]}"$'\n'; done
  write_whole "$STATE/policy" "$text" || fail internal 'The policy could not be written.' 'the old one is in force'
  exec {lock}>&-
  audit policy '' "$*"
}

# policy_probe KEY=VALUE…: REPLY = healthAnswer of a probe with the current settings, or null if none of these is about
# health.
policy_probe() {
  local pair
  REPLY=null
  for pair in "$@"; do
    [[ ${pair%%=*} == health || ${pair%%=*} == health_status ]] || continue
    health_choose
    health_json
    return
  done
}

# backup_find FILE: REPLY = the absolute path, as listed, of a backup given by path or name; status 1 if there is none.
# Refuses what the list does not call a backup, except a file of unknown kind given by path.
backup_find() {
  if [[ $1 == */* ]]; then
    backup_at_path "$1" || return
  else
    backup_named "$1" || return
  fi
  local path=$REPLY
  [[ ! $path -ef $DATABASE_FILE ]] || fail not-a-backup "'$1' is the live database." 'nothing was changed' 'choose a backup'
  backup_class "$path"
  case $REPLY in
    backup) ;;
    unknown) [[ $1 == */* ]] || fail not-a-backup "'$1' is not a backup, judging by its name." 'nothing was changed' 'give its path if it is one' ;;
    unfinished)
      fail not-a-backup "By its name, '$1' is unfinished." 'nothing was changed' 'if it is complete, give it the name of a backup'
      ;;
    *)
      fail not-a-backup "'$1' is not a backup that can be read, judging by its name." 'nothing was changed' \
        'decrypt or unpack it first; a backup of the database is called .db or .db.gz'
      ;;
  esac
  REPLY=$path
}

# backup_at_path PATH: REPLY = its absolute path; PATH is relative to the current folder or the backup folder.
backup_at_path() {
  REPLY=$1
  if [[ $1 != /* ]]; then
    REPLY=$PWD/$1
    [[ -f $REPLY ]] || REPLY=$BACKUPS/$1
  fi
  [[ -f $REPLY ]] || return 1
  [[ $REPLY == *//* || $REPLY == */./* || $REPLY == */../* ]] || return 0
  REPLY=$(realpath -s -- "$REPLY" && printf .)
  REPLY=${REPLY%$'\n.'}
}

# backup_named NAME: look among the backups, one folder level down, and beside the database.
backup_named() {
  local file folder places=()
  for file in "$BACKUPS/$1" "$BACKUPS"/*/"$1" "${DATABASE%/*}/$1" "${DATABASE_FILE%/*}/$1"; do
    folder=${file%/*}
    [[ -f $file && ! $file -ef $DATABASE_FILE ]] || continue
    # As in the list: follow only these links to folders.
    [[ ! -L $folder || $folder == "$BACKUPS"?(/app|/system) || $folder == "${DATABASE%/*}" ]] || continue
    ((${#places[@]} == 0)) || [[ ! $file -ef ${places[0]} ]] || continue
    places+=("$file")
  done
  ((${#places[@]} > 0)) || return 1
  ((${#places[@]} == 1)) ||
    fail usage "There are ${#places[@]} backups called '$1': ${places[0]}, ${places[1]}$( ((${#places[@]} == 2)) || printf ', …')." \
      'nothing was changed' 'give the path'
  REPLY=${places[0]}
}
