# --- plan -----------------------------------------------------------------------------------------------------------------
#
# Shows what a restore would find and change: runs its first two steps in a scratch folder.

readonly PLAN_UNCHANGED='nothing was changed'

run_plan() {
  local part file entry recovery='' loss=null now given=()
  while (($# > 0)); do
    case $1 in
      --site-is-down) SITE_IS_DOWN=yes ;;
      --keep-venv) R_KEEP_VENV=yes ;;
      --at)
        (($# >= 2)) || usage_error '--at: a value is missing'
        R_AT=$2
        shift
        ;;
      *) given+=("$1") ;;
    esac
    shift
  done
  [[ $R_AT == '' || ${#given[@]} -ne 2 ]] || given+=('')
  [[ ${#given[@]} -eq 3 && ${given[0]} == restore && ${given[1]} =~ $RESTORABLE && ($R_AT == '' || ${given[2]} == '') ]] ||
    usage_wrong
  part=${given[1]} PLANNING=yes
  backup_meant "$part" "${given[2]}"
  file=$REPLY
  plan_at
  state_writable || fail no-rights "This login cannot keep a work folder: $STATE cannot be written." "$PLAN_UNCHANGED"
  answer_alone
  live_look
  enter_scratch || fail internal "A work folder could not be made in $STATE/work." "$PLAN_UNCHANGED"
  if [[ $part == database ]]; then plan_database "$file"; else plan_folder "$part" "$file"; fi
  check_rights "$PLAN_FOLDER"
  check_services
  services_json
  P_SERVICES=$REPLY
  check_health
  health_last_json "$HEALTH_HEALTHY"
  P_HEALTH=$REPLY
  if [[ $part == database ]]; then check_database_holders; else check_folder_holders "$part"; fi
  holders_json
  P_HOLDERS=$REPLY
  check_unfinished
  found machine passed 'This is the expected server' "$(hostname), machine $(head -c 32 /etc/machine-id 2>/dev/null || echo unknown)"
  backup_entry_json "$file"
  entry=$REPLY
  plan_recovery_point "$file"
  recovery=$REPLY
  now_ms
  now=$REPLY
  [[ $recovery == null ]] || loss=$(((now - recovery) / 1000))
  step_done
  plan_words "$loss"
  plan_answer "$part" "$entry" "$recovery" "$loss"
}
PLAN_FOLDER='' P_SERVICES='[]' P_HEALTH=null P_HOLDERS='[]' P_SPACE=null P_TREE=null P_AT=null

plan_answer() { # PART ENTRY RECOVERY LOSS
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
  json_object part="$1" backup:="$2" sha256="$EXTRACT_SHA256" possible:=$PLAN_POSSIBLE checks:="$checks" recoveryPoint:="$3" \
    lossSeconds:="$4" comparison:="$comparison" tables:="$COMPARE_TABLES" schema:="$schema" space:="$P_SPACE" \
    services:="$P_SERVICES" health:="$P_HEALTH" holders:="$P_HOLDERS" tree:="$P_TREE" at:="$P_AT"
  [[ $PLAN_POSSIBLE == true ]] || words='A restore is not possible: a check failed.'
  succeed "$words" "$REPLY"
}

# plan_database FILE: extract, check and compare.
plan_database() {
  local checker
  PLAN_FOLDER=${DATABASE_FILE%/*}
  step stage 'Extract the backup in a scratch folder'
  CHECK_USER_VERSION=0 COMPARE_UNREAD='the backup cannot be read'
  if database_extract "$1" database "$PLAN_UNCHANGED"; then
    step compare 'Verify it, and compare it with the live database'
    in_background check_by_reader database
    checker=$REPLY
    in_background compare_by_owner
    watch "$PLAN_UNCHANGED" '' "$checker" "$REPLY"
    compare_load compared "$?"
    check_database_content
  fi
  step checks 'Check the site'
  check_database_target
  check_database_schema
  plan_space "$PLAN_FOLDER" "$((EXTRACT_DATABASE_SIZE > 0 ? EXTRACT_DATABASE_SIZE : EXTRACT_SIZE))" 'There is enough space beside the database'
}

plan_space() { # FOLDER NEEDED TITLE: P_SPACE = space
  local problem=$EXTRACT_PROBLEM code=$EXTRACT_CODE path status words
  # The same rule as in the restore, which refuses while it extracts.
  extract_space "$1" "$2"
  status=$?
  extract_needs "$2"
  words=$REPLY
  if ((status == 0)); then found space passed "$3" "$words"; else found space failed "$3" "$words" 'make space'; fi
  EXTRACT_PROBLEM=$problem EXTRACT_CODE=$code
  encode_path "$1"
  path=$REPLY
  json_object needed:="$2" free:=$((EXTRACT_LIMIT > 0 ? EXTRACT_LIMIT : 0)) path="$path"
  P_SPACE=$REPLY
}

# plan_at: P_AT = how the backup was found by a moment, or null.
plan_at() {
  local next=null failed=() path
  P_AT=null
  [[ $R_AT != '' ]] || return 0
  if [[ $AT_NEXT != '' ]]; then
    encode_path "${AT_NEXT#* }"
    json_object path="$REPLY" takenAt:="${AT_NEXT%% *}"
    next=$REPLY
  fi
  for path in ${AT_SKIPPED[@]+"${AT_SKIPPED[@]}"}; do
    encode_path "$path"
    json_string "$REPLY"
    failed+=("$REPLY")
  done
  json_array ${failed[@]+"${failed[@]}"}
  json_object moment:="$AT_MS" next:="$next" failed:="$REPLY"
  P_AT=$REPLY
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
  [[ $P_TREE == null ]] || return 0
  if [[ $COMPARE_KNOWN == '' ]]; then
    say_readable "  The lost rows are not known: ${COMPARE_UNREAD:-the backup cannot be read}."
    return
  fi
  ((COMPARE_UNCOMPARED == 0)) || least='at least '
  say_readable "  Rows that would be lost: $least$COMPARE_LOST; come back: $least$COMPARE_BACK; revert to old values: $least$COMPARE_CHANGED"
  ((COMPARE_UNCOMPARED == 0)) || say_readable "  Tables that could not be compared: $COMPARE_UNCOMPARED"
}
