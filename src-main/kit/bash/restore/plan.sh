# --- plan -----------------------------------------------------------------------------------------------------------------
#
# Shows what a restore would find and change: runs its first two steps in a scratch folder.

readonly PLAN_UNCHANGED='nothing was changed'
PLAN_CHECKS=()
PLAN_POSSIBLE=true

# plan restore database FILE [--site-is-down]
run_plan() {
  local file entry recovery='' loss=null health holders space services now
  [[ ${4-} != --site-is-down ]] || { SITE_IS_DOWN=yes; set -- "${@:1:3}" "${@:5}"; }
  [[ $# -eq 3 && $1 == restore && $2 == database ]] || usage_error 'plan restore database FILE [--site-is-down]'
  backup_find "$3" || fail not-found "There is no backup '$3'." "$PLAN_UNCHANGED"
  file=$REPLY
  state_writable || fail no-rights "This login cannot keep a work folder: $STATE cannot be written." "$PLAN_UNCHANGED"
  answer_alone
  live_look
  enter_scratch || fail internal "A work folder could not be made in $STATE/work." "$PLAN_UNCHANGED"
  plan_read "$file"
  step checks 'Check the site'
  plan_check_schema
  plan_check_space
  space=$REPLY
  plan_check_rights
  plan_check_services
  services=$REPLY
  plan_check_health
  health=$REPLY
  plan_check_holders
  holders=$REPLY
  plan_check_lock
  backup_entry_json "$file"
  entry=$REPLY
  plan_recovery_point "$file"
  recovery=$REPLY
  now_ms
  now=$REPLY
  [[ $recovery == null ]] || loss=$(((now - recovery) / 1000))
  step_done
  plan_words "$loss"
  plan_answer "$entry" "$recovery" "$loss" "$space" "$services" "$health" "$holders"
}

plan_answer() { # ENTRY RECOVERY LOSS SPACE SERVICES HEALTH HOLDERS
  local checks live only_live only_backup schema comparison words='A restore is possible.'
  json_array "${PLAN_CHECKS[@]}"
  checks=$REPLY
  texts_json ${COMPARE_ONLY_LIVE[@]+"${COMPARE_ONLY_LIVE[@]}"}
  only_live=$REPLY
  texts_json ${COMPARE_ONLY_BACKUP[@]+"${COMPARE_ONLY_BACKUP[@]}"}
  only_backup=$REPLY
  json_number_or_null "$COMPARE_VERSION"
  live=$REPLY
  json_object liveUserVersion:="$live" backupUserVersion:="$CHECK_USER_VERSION" onlyLive:="$only_live" onlyBackup:="$only_backup" \
    differences:="$COMPARE_SCHEMA_JSON" settings:="$COMPARE_SETTINGS"
  schema=$REPLY
  json_object known:="$([[ $COMPARE_KNOWN == yes ]] && echo true || echo false)" reason="$COMPARE_UNREAD"
  comparison=$REPLY
  json_object backup:="$1" sha256="$EXTRACT_SHA256" possible:=$PLAN_POSSIBLE checks:="$checks" recoveryPoint:="$2" \
    lossSeconds:="$3" comparison:="$comparison" tables:="$COMPARE_TABLES" schema:="$schema" space:="$4" services:="$5" health:="$6" holders:="$7"
  [[ $PLAN_POSSIBLE == true ]] || words='A restore is not possible: a check failed.'
  succeed "$words" "$REPLY"
}

# plan_check CHECK STATE TITLE EVIDENCE [FIX] [ACKNOWLEDGE]: add a check. With ACKNOWLEDGE, a warning blocks the restore
# until it is acknowledged.
plan_check() {
  [[ $2 != failed ]] || PLAN_POSSIBLE=false
  say_readable "$(printf '  %-8s %-30s %s' "$2" "$3" "$4${5:+ -> $5}")"
  json_object check="$1" state="$2" title="$3" evidence="$4" fix="${5:-}" acknowledge:="${6:-false}"
  PLAN_CHECKS+=("$REPLY")
}

# plan_read FILE: extract, check and compare; add the findings to PLAN_CHECKS.
plan_read() {
  local file=$1 expected=0 checker fingerprint='' packed
  if fingerprint_load "$file"; then
    fingerprint=yes
    expected=${FP[databaseSize]}
  fi
  step stage 'Extract the backup in a scratch folder'
  CHECK_USER_VERSION=0 COMPARE_UNREAD='the backup cannot be read'
  if ! extract_backup "$file" database "$PLAN_UNCHANGED" "$expected"; then
    extract_fix "$file"
    plan_check readable failed 'The backup can be read' "$EXTRACT_PROBLEM" "$REPLY"
    return
  fi
  human_bytes "$EXTRACT_SIZE"
  packed=$REPLY
  human_bytes "$EXTRACT_DATABASE_SIZE"
  plan_check readable passed 'The backup can be read' "$packed, $REPLY extracted"
  step compare 'Verify it, and compare it with the live database'
  in_background check_by_reader database
  checker=$REPLY
  in_background compare_by_owner
  watch "$PLAN_UNCHANGED" '' "$checker" "$REPLY"
  compare_load compared "$?"
  if ! database_check_load check; then
    plan_check integrity failed 'The database is sound' "$CHECK_PROBLEM" 'choose another backup'
    return
  fi
  if [[ $CHECK_UNABLE == '' ]]; then
    plan_check integrity passed 'The database is sound' "integrity_check ok, $CHECK_PAGE_COUNT pages"
  else
    plan_check integrity warning 'The database is sound' "no damage was found; not checked: $CHECK_UNABLE"
  fi
  if [[ $fingerprint == '' ]]; then
    plan_check fingerprint warning 'The backup matches its fingerprint' 'there is no fingerprint to compare with'
    plan_check_key_tables
  elif fingerprint_compare "$EXTRACT_SHA256" "$EXTRACT_SIZE" "$EXTRACT_DATABASE_SHA256"; then
    plan_check fingerprint passed 'The backup matches its fingerprint' 'equal to its fingerprint'
  else
    plan_check fingerprint failed 'The backup matches its fingerprint' "$REPLY" 'choose another backup'
  fi
}

# Without a fingerprint, we cannot know whether a key table was empty when the backup was made.
plan_check_key_tables() {
  if [[ $CHECK_KEY_MISSING$CHECK_KEY_EMPTY$CHECK_KEY_UNREAD == '' ]]; then
    plan_check key-tables passed 'The key tables are not empty' "${POLICY[key_tables]}"
  elif [[ $CHECK_KEY_MISSING$CHECK_KEY_EMPTY == '' ]]; then
    plan_check key-tables warning 'The key tables are not empty' "could not be read: $CHECK_KEY_UNREAD"
  else
    plan_check key-tables failed 'The key tables are not empty' \
      "missing: ${CHECK_KEY_MISSING:-none}; empty: ${CHECK_KEY_EMPTY:-none}" \
      'choose another backup; if this is right, set: cvd-backup policy key_tables=…'
  fi
}

plan_check_schema() {
  local title='The backup has everything that the live schema has'
  if [[ $COMPARE_KNOWN == '' ]]; then
    plan_check schema warning "$title" "not compared: ${COMPARE_UNREAD:-the backup cannot be read}"
  elif ((${#COMPARE_LACKS[@]} > 0)); then
    schema_words "${COMPARE_LACKS[@]}" ${COMPARE_OTHERS[@]+"${COMPARE_OTHERS[@]}"}
    plan_check schema warning "$title" "$REPLY" 'make sure that the running application fits the backup; then restore with --accept-schema' true
  elif ((${#COMPARE_OTHERS[@]} > 0)); then
    schema_words "${COMPARE_OTHERS[@]}"
    plan_check schema warning "$title" "$REPLY" 'make sure that the running application fits the backup'
  else
    plan_check schema passed "$title" "user_version $COMPARE_VERSION; the same tables, columns, indexes, triggers and views"
  fi
}

# schema_words DIFFERENCE...: REPLY = the first eight in a sentence, and the number of the rest.
schema_words() {
  local words='' one total=$#
  for one in "${@:1:8}"; do words+="${words:+; }$one"; done
  ((total <= 8)) || words+="; and $((total - 8)) more"
  REPLY=$words
}

plan_check_space() { # REPLY = space
  local folder=${DATABASE_FILE%/*} needed=$EXTRACT_DATABASE_SIZE problem=$EXTRACT_PROBLEM code=$EXTRACT_CODE path status words
  ((needed > 0)) || needed=$EXTRACT_SIZE
  # The same rule as in the restore.
  extract_space "$folder" "$needed"
  status=$?
  extract_needs "$needed"
  words=$REPLY
  if ((status == 0)); then
    plan_check space passed 'There is enough space beside the database' "$words"
  else
    plan_check space failed 'There is enough space beside the database' "$words" 'make space'
  fi
  EXTRACT_PROBLEM=$problem EXTRACT_CODE=$code
  encode_path "$folder"
  path=$REPLY
  json_object needed:="$needed" free:=$((EXTRACT_LIMIT > 0 ? EXTRACT_LIMIT : 0)) path="$path"
}

plan_check_rights() {
  rights_known
  if [[ $R_RESTORE == true ]]; then
    plan_check rights passed 'This login has the required permissions' "$(id -un) writes to ${DATABASE_FILE%/*} and controls the service"
  else
    plan_check rights failed 'This login has the required permissions' \
      "$(id -un) $([[ -w ${DATABASE_FILE%/*} ]] || printf 'cannot write to %s; ' "${DATABASE_FILE%/*}")$([[ $R_SERVICES == true ]] || printf 'cannot control the service')" \
      'log in as root or with sudo'
  fi
}

plan_check_services() { # REPLY = services
  local index words='' fix='' state=passed
  services_read
  for index in "${!SERVICES[@]}"; do
    service_problem "$index"
    if [[ $REPLY != '' ]]; then
      state=failed fix=$SERVICE_FIX
    else
      REPLY="${SERVICES[$index]} is ${SERVICE_ACTIVE[$index]}"
      runs "${SERVICE_ACTIVE[$index]}" || [[ $state == failed ]] || state=warning
    fi
    words+="${words:+; }$REPLY"
  done
  [[ $words != '' ]] || { state=failed words='no service is set' fix='set it: cvd-backup policy service=…'; }
  [[ $state != warning ]] || fix='the restore starts them; look why they do not run'
  plan_check service "$state" 'The services can be stopped and started' "$words" "$fix"
  services_json
}

plan_check_health() { # REPLY = healthAnswer
  local answer
  health_settled
  health_last_json "$HEALTH_HEALTHY"
  answer=$REPLY
  health_words
  if [[ $HEALTH_HEALTHY == true ]] && ! services_run; then
    plan_check health failed 'The health check passes' "$REPLY, but its service is not active: ${SERVICES[*]-}" "$ANSWERS_WITHOUT_SERVICE"
  elif [[ $HEALTH_HEALTHY == true ]]; then
    plan_check health passed 'The health check passes' "$REPLY"
  elif [[ $HEALTH_PROBE == '' ]]; then
    plan_check health failed 'The health check passes' "$REPLY" \
      'set it: cvd-backup policy health=http://127.0.0.1:5000/api/health'
  elif [[ $SITE_IS_DOWN != '' && $HEALTH_CONFIGURED == true ]]; then
    plan_check health warning 'The health check passes' "$REPLY; you confirmed that the site is down and that this probe is correct" \
      'if the address is wrong, the restore will be rolled back'
  else
    plan_check health failed 'The health check passes' "$REPLY" \
      'if the address is wrong, set it: cvd-backup policy health=…; if it is right and the site is down, say so: --site-is-down'
  fi
  REPLY=$answer
}

plan_check_holders() { # REPLY = holders
  local entry others='' rest service
  holders_find
  for entry in ${HOLDERS[@]+"${HOLDERS[@]}"}; do
    rest=${entry#*$'\t'*$'\t'}
    service=${rest%%$'\t'*}
    [[ $service != '' ]] || others+="${others:+; }${rest#*$'\t'} (process ${entry%%$'\t'*})"
  done
  if [[ $others != '' ]]; then
    plan_check holders failed 'No other program has the database open' "$others" 'end these programs'
  elif ((EUID != 0)); then
    plan_check holders warning 'No other program has the database open' 'only root sees the processes of others'
  else
    plan_check holders passed 'No other program has the database open' "only the service: ${#HOLDERS[@]} of its processes"
  fi
  holders_json
}

plan_check_lock() {
  lock_json
  if [[ $REPLY == '{"held":true'* ]]; then
    plan_check lock failed 'No other operation runs' "$(tr '\n' ' ' <"$STATE/lock.holder" 2>/dev/null)" 'wait until it has ended'
  elif [[ -e $STATE/unfinished ]]; then
    plan_check lock failed 'No other operation runs' 'an earlier restore was interrupted and is not finished' 'run: cvd-backup recover'
  else
    plan_check lock passed 'No other operation runs' 'the lock is free'
  fi
  plan_check machine passed 'This is the expected server' "$(hostname), machine $(head -c 32 /etc/machine-id 2>/dev/null || echo unknown)"
}

plan_recovery_point() {
  local moment future
  IFS=$'\t' read -r moment future < <(file_listed "$1" | awk -F '\t' -v OFS='\t' '{ print $2, $15 }')
  json_number_or_null "${moment:-}"
  # A recovery point in the future means that the clock was wrong: the true moment is unknown.
  [[ ${future:-1} == 0 ]] || REPLY=null
}

plan_words() { # LOSS-SECONDS
  local least=''
  [[ $1 == null ]] || say_readable "  You would lose the last $(($1 / 86400)) d $(($1 % 86400 / 3600)) h $(($1 % 3600 / 60)) min."
  if [[ $COMPARE_KNOWN == '' ]]; then
    say_readable "  The lost rows are not known: ${COMPARE_UNREAD:-the backup cannot be read}."
    return
  fi
  ((COMPARE_UNCOMPARED == 0)) || least='at least '
  say_readable "  Rows that would be lost: $least$COMPARE_LOST; come back: $least$COMPARE_BACK; revert to old values: $least$COMPARE_CHANGED"
  ((COMPARE_UNCOMPARED == 0)) || say_readable "  Tables that could not be compared: $COMPARE_UNCOMPARED"
}
