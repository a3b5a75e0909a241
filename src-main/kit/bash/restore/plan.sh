# --- plan -----------------------------------------------------------------------------------------------------------------
#
# Shows what a restore would find and change: runs its first two steps in a scratch folder.

readonly PLAN_UNCHANGED='nothing was changed'

run_plan() {
  local kind file part
  restore_arguments "$@"
  [[ $R_AT == '' || ${#R_WORDS[@]} -ne 2 ]] || R_WORDS+=('')
  [[ ${#R_WORDS[@]} -eq 3 && ${R_WORDS[0]} == restore && ${R_WORDS[1]} =~ $RESTORABLE && ($R_AT == '' || ${R_WORDS[2]} == '') ]] ||
    usage_wrong
  kind=${R_WORDS[1]} PLANNING=yes
  parts_asked "$kind"
  only_check "$kind"
  backup_meant "$kind" "${R_WORDS[2]}"
  file=$REPLY
  plan_at
  state_writable || fail no-rights "This login cannot keep a work folder: $STATE cannot be written." "$PLAN_UNCHANGED"
  answer_alone
  live_look
  [[ $kind != system ]] || plan_system "$file"
  for part in ${RESTORE_PARTS[@]+"${RESTORE_PARTS[@]}"}; do
    part_begin "$part"
    FOUND_PART=$part
    plan_scratch
    case $part in
      database) plan_database "$file" ;;
      systemd | nginx) plan_files "$part" "$file" ;;
      *) plan_folder "$part" "$file" ;;
    esac
    plan_part "$part"
    leave_work_dir
  done
  FOUND_PART=''
  step checks 'Check the site'
  plan_site
  step_done
  plan_answer "$kind" "$file"
}
PLAN_FOLDER='' P_SERVICES='[]' P_HEALTH=null P_HOLDERS='[]' P_TREE=null P_AT=null P_PARTS=() P_MANIFEST=null P_OWNER=null

plan_scratch() { enter_scratch || fail internal "A work folder could not be made in $STATE/work." "$PLAN_UNCHANGED"; }

# plan_system FILE: read the list of a system backup, and what it says of itself. RESTORE_PARTS is empty if it cannot be restored.
plan_system() {
  step open 'Read the system backup'
  plan_scratch
  if system_read "$1" "$PLAN_UNCHANGED"; then
    plan_manifest
  else
    RESTORE_PARTS=()
  fi
  leave_work_dir
  new_server_look
  [[ $NEW_OWNER_SAID == none ]] || { json_string "$NEW_OWNER_SAID"; P_OWNER=$REPLY; }
  check_programs
  check_new_server
}

# plan_manifest: P_MANIFEST = MANIFEST.txt, for people.
plan_manifest() {
  P_MANIFEST=null
  system_holds manifest && ((SYSTEM_BYTES <= 262144)) && system_take manifest MANIFEST.txt "$PLAN_UNCHANGED" || {
    EXTRACT_PROBLEM='' EXTRACT_CODE=ok
    return 0
  }
  json_string "$(side_says 10 262144 reader system_shown MANIFEST.txt)"
  P_MANIFEST=$REPLY
}

# plan_part PART: add what the part's plan says of it to P_PARTS.
plan_part() {
  local tree=null single='[]'
  case $1 in
    systemd | nginx) single=$F_JSON ;;
    database) ;;
    *) tree=$P_TREE ;;
  esac
  json_object part="$1" tree:="$tree" files:="$single"
  P_PARTS+=("$REPLY")
}

# plan_site: the checks that are about the site and not about the backup.
plan_site() {
  local part entry held=() shown=' '
  ((${#RESTORE_PARTS[@]} == 0)) || restore_rights
  check_services
  services_json
  P_SERVICES=$REPLY
  check_health
  health_last_json "$HEALTH_HEALTHY"
  P_HEALTH=$REPLY
  for part in ${RESTORE_PARTS[@]+"${RESTORE_PARTS[@]}"}; do
    HOLDERS=() FOUND_PART=$part
    check_part_holders "$part"
    FOUND_PART=''
    for entry in ${HOLDERS[@]+"${HOLDERS[@]}"}; do
      # One program may use several parts.
      [[ $shown != *" ${entry%%$'\t'*} "* ]] || continue
      shown+="${entry%%$'\t'*} " held+=("$entry")
    done
  done
  HOLDERS=(${held[@]+"${held[@]}"})
  holders_json
  P_HOLDERS=$REPLY
  check_unfinished
  found machine passed 'This is the expected server' "$(hostname), machine $(head -c 32 /etc/machine-id 2>/dev/null || echo unknown)"
}

plan_answer() { # KIND FILE
  [[ $1 != system ]] || P_TREE=null
  local checks live only_live only_backup schema comparison words='A restore is possible.' entry recovery loss=null now parts
  backup_entry_json "$2"
  entry=$REPLY
  plan_recovery_point "$2"
  recovery=$REPLY
  now_ms
  now=$REPLY
  [[ ! $recovery =~ $WHOLE_NUMBER ]] || loss=$(((now - recovery) / 1000))
  plan_words "$loss"
  say_readable "  SHA-256 of the backup: ${SYSTEM_SHA256:-$EXTRACT_SHA256}"
  json_array "${PLAN_CHECKS[@]}"
  checks=$REPLY
  json_array ${P_PARTS[@]+"${P_PARTS[@]}"}
  parts=$REPLY
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
  json_object part="$1" backup:="$entry" sha256="${SYSTEM_SHA256:-$EXTRACT_SHA256}" possible:=$PLAN_POSSIBLE checks:="$checks" \
    recoveryPoint:="$recovery" lossSeconds:="$loss" comparison:="$comparison" tables:="$COMPARE_TABLES" schema:="$schema" \
    space:="$P_SPACE" services:="$P_SERVICES" health:="$P_HEALTH" holders:="$P_HOLDERS" tree:="$P_TREE" at:="$P_AT" \
    parts:="$parts" manifest:="$P_MANIFEST" owner:="$P_OWNER" packages:="$P_PACKAGES"
  [[ $PLAN_POSSIBLE == true ]] || words='A restore is not possible: a check failed.'
  succeed "$words" "$REPLY"
}

# plan_database FILE: extract, check and compare.
plan_database() {
  local checker
  PLAN_FOLDER=${DATABASE_FILE%/*}
  part_step stage 'Extract the backup in a scratch folder'
  CHECK_USER_VERSION=0 COMPARE_UNREAD='the backup cannot be read'
  if database_extract "$1" database "$PLAN_UNCHANGED"; then
    part_step compare 'Verify it, and compare it with the live database'
    in_background check_by_reader database
    checker=$REPLY
    in_background compare_by_owner
    watch "$PLAN_UNCHANGED" '' "$checker" "$REPLY"
    compare_load compared "$?"
    check_database_content
  fi
  check_database_target
  check_database_schema
  plan_space "$PLAN_FOLDER" "$((EXTRACT_DATABASE_SIZE > 0 ? EXTRACT_DATABASE_SIZE : EXTRACT_SIZE))" 'There is enough space beside the database'
}

# plan_at: P_AT = how the backup was found by a moment, or null.
plan_at() {
  P_AT=null
  [[ $R_AT != '' ]] || return 0
  at_json
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
  [[ " ${RESTORE_PARTS[*]-} " == *' database '* ]] || return 0
  if [[ $COMPARE_KNOWN == '' ]]; then
    say_readable "  The lost rows are not known: ${COMPARE_UNREAD:-the backup cannot be read}."
    return
  fi
  ((COMPARE_UNCOMPARED == 0)) || least='at least '
  say_readable "  Rows that would be lost: $least$COMPARE_LOST; come back: $least$COMPARE_BACK; revert to old values: $least$COMPARE_CHANGED"
  ((COMPARE_UNCOMPARED == 0)) || say_readable "  Tables that could not be compared: $COMPARE_UNCOMPARED"
}
