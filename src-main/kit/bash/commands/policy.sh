# --- The policy, as a command, and which backup is meant --------------------------------------------------------------------

POLICY_CHANGED='' # not empty once this process has changed it

policy_json() {
  local key list=()
  for key in "${!POLICY[@]}"; do list+=("$key=${POLICY[$key]}"); done
  json_object "${list[@]}"
}

# policy [--try] [--expect VERSION] [KEY=VALUE...]: set all or none. If one of them is about health, probe the site and report the answer,
# so that a wrong address shows now and not during a restore. Set it even if the probe fails: the site may be down today.
run_policy() {
  local pair line try='' words='The policy.' probe=null
  POLICY_EXPECT=''
  while [[ ${1-} == --* ]]; do
    case $1 in
      --try) try=yes ;;
      --expect)
        [[ ${2-} =~ ^[0-9a-f]{16}$ ]] || usage_error 'policy: --expect: the version that a policy answer has'
        POLICY_EXPECT=$2
        shift
        ;;
      *) usage_wrong ;;
    esac
    shift
  done
  for pair in "$@"; do
    line=${pair:0:41}
    ((${#pair} <= POLICY_BYTES + 41)) || usage_error "policy: ${line%%=*}: at most $POLICY_BYTES characters"
    [[ $pair == *=* ]] || usage_error "policy: KEY=VALUE, not '${pair:0:200}'"
    policy_problem "${pair%%=*}" "${pair#*=}"
    [[ $REPLY != '' || ${pair%%=*} != owner ]] || owner_problem "${pair#*=}"
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
  elif [[ $POLICY_EXPECT != '' ]]; then
    policy_expected
  fi
  while IFS= read -r line; do say_readable "$line"; done < <(policy_lines)
  [[ $probe == null || $HEALTH_HEALTHY == true ]] || say warning "$words A restore needs a probe that works."
  policy_answer "$probe"
  succeed "$words" "$REPLY"
}

policy_lines() {
  local key
  for key in "${!POLICY[@]}"; do printf '%s\n' "$key=${POLICY[$key]}"; done | sort
}

# policy_version: REPLY = what changes whenever a value in force does.
policy_version() {
  REPLY=$(policy_lines | sha256sum)
  REPLY=${REPLY:0:16}
}

# policy_answer PROBE: REPLY = the policy with all that is known about it, as JSON.
policy_answer() {
  local policy facts key list=()
  policy_json
  policy=$REPLY
  policy_facts
  facts=$REPLY
  for key in "${!POLICY_DEFAULTS[@]}"; do list+=("$key=${POLICY_DEFAULTS[$key]}"); done
  json_object "${list[@]}"
  REPLY="{\"policy\":$policy,\"probe\":$1,\"defaults\":$REPLY,${facts#\{}"
  facts=${REPLY%\}}
  if ! policy_lint; then
    say warning 'What is wrong with the policy could not be found out.'
    REPLY="$facts}"
    return
  fi
  lint_json
  facts+=",\"findings\":$REPLY"
  lint_site_json
  REPLY="$facts,\"site\":$REPLY}"
}

# policy_facts: REPLY = its version, and who changed it when, as JSON.
policy_facts() {
  local version
  policy_version
  version=$REPLY
  json_number_or_null "$POLICY_AT"
  json_object version="$version" changedAt:="$REPLY" changedBy="$POLICY_BY"
}

POLICY_EXPECT='' # the version that a change was made on; empty: any

# policy_expected: end with a conflict if the policy has another version than POLICY_EXPECT. Says what was changed since.
policy_expected() {
  local key words='' count=0 facts
  [[ $POLICY_EXPECT != '' ]] || return 0
  policy_version
  [[ $REPLY != "$POLICY_EXPECT" ]] || return 0
  while IFS= read -r key; do
    [[ $key =~ ^[a-z_]{1,40}$ && ${POLICY_DEFAULTS[$key]+known} == known ]] && ((count++ < 10)) || continue
    words+="${words:+, }$key is now '${POLICY[$key]}'"
  done < <(policy_since "$POLICY_EXPECT")
  policy_facts
  facts=${REPLY%\}}
  policy_json
  fail conflict "The policy was changed by ${POLICY_BY:-somebody else} meanwhile${words:+: $words}." 'nothing was changed' \
    'look at the policy as it is now, then change it again' "$facts,\"policy\":$REPLY}"
}

# policy_since VERSION: print the keys that the audit says were changed since the policy had that version.
policy_since() {
  [[ -f $STATE/audit && ! -L $STATE/audit ]] || return 0
  from="\"from\":\"$1\"" awk '
    !index($0, "\"event\":\"policy\"") { next }
    # The last time that it had it counts. A change of several settings has a line for each.
    index($0, ENVIRON["from"]) { if (!same) { split("", keys); n = 0; found = 1 } same = 1 }
    !index($0, ENVIRON["from"]) { same = 0 }
    found && match($0, /"code":"[a-z_]+"/) { keys[n++] = substr($0, RSTART + 8, RLENGTH - 9) }
    END { for (i = 0; i < n; i++) if (!(keys[i] in said)) { said[keys[i]] = 1; print keys[i] } }' <"$STATE/audit"
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

policy_others() {
  local key
  for key in "${!POLICY_OTHERS[@]}"; do printf '%s\n' "$key=${POLICY_OTHERS[$key]}"; done | sort
}

# policy_text: REPLY = the file. Its last line says by a hash whether the others are as this program has written them.
policy_text() {
  local text
  text=$(printf 'changed_at=%s\nchanged_by=%s\n' "$POLICY_AT" "$POLICY_BY" && policy_lines && policy_others)
  REPLY=$(printf '%s\n' "$text" | sha256sum)
  REPLY=$text$'\n'sum=${REPLY:0:16}$'\n'
}

policy_set() { # KEY=VALUE…, all valid
  local pair key from version lock count=0 said=''
  local -A value_before=()
  state_writable || fail no-rights "This login cannot keep state: $STATE cannot be written." 'nothing was changed' ''
  { exec {lock}>>"$STATE/policy.lock"; } 2>/dev/null && flock -w 10 "$lock" ||
    fail busy 'Another console is changing the policy.' 'nothing was changed' 'try again'
  policy_load # load again: keep what others have set meanwhile
  policy_expected
  policy_version
  from=$REPLY
  for key in "${!POLICY[@]}"; do value_before[$key]=${POLICY[$key]}; done
  for pair in "$@"; do policy_take "$pair"; done
  for key in "${!POLICY[@]}"; do [[ ${POLICY[$key]} == "${value_before[$key]}" ]] || count=$((count + 1)); done
  if ((count > 0)); then
    now_ms
    POLICY_AT=$REPLY POLICY_BY=${WHO//[[:cntrl:]]/ }
    POLICY_BY=${POLICY_BY:0:256}
    policy_text
    write_whole "$STATE/policy" "$REPLY" || fail internal 'The policy could not be written.' 'the old one is in force'
    # The answer is about the file as it is now.
    POLICY_SUM=${REPLY##*sum=} POLICY_SUM=${POLICY_SUM%$'\n'} POLICY_NOT_TAKEN=0
    policy_version
    version=$REPLY
    for key in "${!POLICY[@]}"; do
      [[ ${POLICY[$key]} != "${value_before[$key]}" ]] || continue
      audit_line policy '' "$key"
      said+="${said:+$'\n'}${REPLY%\}},"
      json_object before="${value_before[$key]}" after="${POLICY[$key]}" from="$from" version="$version"
      said+=${REPLY#\{}
    done
    append_line "$STATE/audit" "$said" || say warning "The change could not be written to $STATE/audit."
  fi
  exec {lock}>&-
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
