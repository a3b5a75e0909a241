# --- verify ---------------------------------------------------------------------------------------------------------------

readonly VERIFY_UNCHANGED='backups were only read; the verdicts found so far are kept'

# check_verify FILE... | --last N | --all | --budget MINUTES: runs before the operation starts. Makes paths absolute.
check_verify() {
  local file files=()
  case ${1-} in
    '') usage_error 'verify: which backups? FILE..., --last N, --all or --budget MINUTES' ;;
    --all) (($# == 1)) || usage_error 'verify --all takes nothing more' ;;
    --last) [[ $# -eq 2 && $2 =~ ^[1-9][0-9]{0,5}$ ]] || usage_error 'verify --last: a positive number' ;;
    --budget)
      [[ $# -eq 2 && $2 =~ ^(0|[1-9][0-9]{0,3})$ ]] && (($2 <= 1440)) || usage_error 'verify --budget: minutes, at most 1440'
      ;;
    *)
      for file in "$@"; do
        backup_find "$file" || fail not-found "There is no backup '$file'." 'nothing was changed'
        files+=("$REPLY")
      done
      ARGUMENTS=("${files[@]}")
      ;;
  esac
}

run_verify() {
  local file files=() list=() number=0 verified=0 failed=0 inconclusive=0 left counts words
  verify_select files "$@"
  ((${#files[@]} > 0)) || fail not-found 'No backup to verify was found.' 'nothing was changed'
  live_look
  enter_scratch || fail internal "A work folder could not be made in $STATE/work." 'nothing was changed'
  for file in "${files[@]}"; do
    heed_cancel "$VERIFY_UNCHANGED"
    [[ $VERIFY_BUDGET == '' ]] || ((number < VERIFY_NEWEST)) || ! verify_over "$((number - VERIFY_NEWEST))" || break
    number=$((number + 1))
    step "backup-$number" "Verify ${file##*/}"
    verify_one "$file"
    list+=("$REPLY")
    case $V_VERDICT in
      verified) verified=$((verified + 1)) && step_end 'done' verdict=verified reason="$V_REASON" ;;
      failed) failed=$((failed + 1)) && step_end failed verdict=failed reason="$V_REASON" ;;
      *) inconclusive=$((inconclusive + 1)) && step_end skipped verdict=inconclusive reason="$V_REASON" ;;
    esac
  done
  [[ $VERIFY_BUDGET == '' ]] || ((VERIFY_MS == 0)) || state_change "$PACE_ADD" state_record pace "$VERIFY_BYTES" "$VERIFY_MS" || true
  left=$((${#files[@]} - number + VERIFY_LATER))
  json_object verified:=$verified failed:=$failed inconclusive:=$inconclusive
  counts=$REPLY
  json_array "${list[@]}"
  json_object backups:="$REPLY" counts:="$counts" left:=$left
  words="Verified: $verified of $number"
  ((verified == number)) || words+="; failed: $failed, inconclusive: $inconclusive"
  ((left == 0)) || words+="; left for the next time: $left"
  ((verified < number)) || succeed "$words." "$REPLY"
  counts=$REPLY
  ((failed == 0)) || verify_alert
  fail integrity "$words." 'backups were only read' '' "$counts"
}

# verify_alert: do not leave a failed verification that a person asked for to the next look. One of the schedule is followed by a look
# anyway, and where no schedule is installed, nothing looks by itself.
verify_alert() {
  [[ -f $STATE/schedule && $KIT_FILE != '' && $WHO != schedule@* && ${POLICY[schedule_monitor]} != off ]] || return 0
  close_for_child env -i CVD_BACKUP_STATE="$STATE" ${CVD_BACKUP_ETC:+CVD_BACKUP_ETC="$CVD_BACKUP_ETC"} ${TZ+TZ="$TZ"} \
    /bin/bash --noprofile --norc "$KIT_FILE" ${ROOT_OPTION:+--root "$ROOT_OPTION"} monitor </dev/null >/dev/null 2>&1
}

# verify_select ARRAY-NAME ARG...: put the absolute paths of the requested files into the array.
verify_select() {
  local -n selected=$1
  local path limit=-1
  shift
  case $1 in
    --all) ;;
    --last) limit=$2 ;;
    --budget)
      [[ $2 =~ ^[0-9]{1,4}$ ]] || return 1
      VERIFY_BUDGET=$((10#$2 * 60000))
      verify_step_back
      verify_choose selected
      return
      ;;
    *) selected=("$@"); return ;;
  esac
  while IFS= read -r path; do
    if [[ $path == cut ]]; then
      say warning 'There are more files among the backups than can be listed: some backups are not known.'
      continue
    fi
    decode_path "${path#!}"
    if [[ $path == !* ]]; then
      unlisted_words "$REPLY"
      say warning "$REPLY"
    else
      selected+=("$REPLY")
    fi
  done < <(backup_list | limit=$limit awk -F '\t' '
    # The newest N are the ones that a restore would use.
    $1 == "backup" && !$17 && (ENVIRON["limit"] < 0 || $14 && ++n <= ENVIRON["limit"] + 0) { print $3 }
    $1 == "cut" { print "cut" }
    $1 == "unlisted" { print "!" $3 }')
}

V_VERDICT='' V_REASON='' V_BASIS='' V_EVIDENCE=()

# verify_one FILE: set the V_ globals, record the verdict. REPLY = verification.
verify_one() {
  local file=$1 began at size mtime path evidence kind
  now_ms
  began=$REPLY
  V_VERDICT=inconclusive V_REASON='' V_BASIS=content V_EVIDENCE=()
  backup_kind "$file"
  kind=$REPLY
  if [[ $kind == database ]]; then verify_database "$file"; else verify_archive "$file" "$kind"; fi
  reader_reset
  now_ms
  at=$REPLY
  [[ $EXTRACT_STAMP != '' ]] || { file_stamp "$file" && EXTRACT_STAMP=$REPLY; }
  if [[ $EXTRACT_STAMP != '' ]]; then
    size=${EXTRACT_STAMP%%$'\t'*} mtime=${EXTRACT_STAMP#*$'\t'}
    [[ ! $size =~ ^[0-9]{1,15}$ ]] || VERIFY_BYTES=$((VERIFY_BYTES + size)) VERIFY_MS=$((VERIFY_MS + at - began))
    state_write state_record verdict "$file" "$size" "$mtime" "$V_VERDICT" "$at" "$V_BASIS" "${EXTRACT_SHA256:--}" "$V_REASON" ||
      say warning "The verdict could not be recorded. $STATE_PROBLEM"
  fi
  json_object ${V_EVIDENCE[@]+"${V_EVIDENCE[@]}"}
  evidence=$REPLY
  encode_path "$file"
  path=$REPLY
  json_object path="$path" verdict="$V_VERDICT" reason="$V_REASON" at:="$at" ms:=$((at - began)) evidence:="$evidence" \
    basis="$V_BASIS"
}

verdict() { V_VERDICT=$1 V_REASON=$2; }

# What kept us from reading a backup says nothing about it; damage that we read does.
verdict_of_extraction() {
  case $EXTRACT_CODE in
    integrity | empty | not-a-backup) verdict failed "$EXTRACT_PROBLEM" ;;
    *) verdict inconclusive "$EXTRACT_PROBLEM" ;;
  esac
  V_EVIDENCE+=(size:="$EXTRACT_SIZE")
  [[ $EXTRACT_SHA256 == '' ]] || V_EVIDENCE+=(sha256="$EXTRACT_SHA256")
}

verify_database() {
  local file=$1 expected=0
  if fingerprint_load "$file"; then
    V_BASIS=fingerprint
    expected=${FP[databaseSize]}
  fi
  if ! extract_backup "$file" database "$VERIFY_UNCHANGED" "$expected"; then
    verdict_of_extraction
    return
  fi
  V_EVIDENCE=(size:="$EXTRACT_SIZE" sha256="$EXTRACT_SHA256")
  # If the hash differs, skip the slow part.
  if [[ $V_BASIS == fingerprint && "$EXTRACT_SIZE $EXTRACT_SHA256" != "${FP[size]} ${FP[sha256]}" ]]; then
    fingerprint_compare "$EXTRACT_SHA256" "$EXTRACT_SIZE" ''
    verdict failed "$REPLY"
    V_EVIDENCE+=(expectedSha256="${FP[sha256]}" expectedSize:="${FP[size]}")
    return
  fi
  check_by_reader_watched
  database_check_load check
  verdict_of_check "$file"
}

# check_by_reader NAME: write the findings of database_check to the file `check`, which is ours.
check_by_reader() { reader_do database_check_say "$1" 2>/dev/null | head -c 33554432 >check; }

# verdict_of_check: set the verdict from the CHECK_ and EXTRACT_ globals and, if V_BASIS says so, the fingerprint.
verdict_of_check() {
  local line rows=0 facts
  if [[ $CHECK_PROBLEM != '' ]]; then
    V_EVIDENCE+=(integrity="$CHECK_INTEGRITY")
    if [[ $CHECK_CODE == internal ]]; then verdict inconclusive "$CHECK_PROBLEM"; else verdict failed "$CHECK_PROBLEM"; fi
    return
  fi
  for line in ${CHECK_TABLES[@]+"${CHECK_TABLES[@]}"}; do
    count_line "$line"
    rows=$((rows + T_ROWS))
  done
  V_EVIDENCE+=(databaseSha256="$EXTRACT_DATABASE_SHA256" integrity="$CHECK_INTEGRITY" pageCount:="$CHECK_PAGE_COUNT"
    userVersion:="$CHECK_USER_VERSION" foreignKeyViolations:="${CHECK_FK:-null}" tables:="${#CHECK_TABLES[@]}" rows:="$rows")
  facts="$CHECK_PAGE_COUNT pages, ${#CHECK_TABLES[@]} tables, $rows rows"
  [[ $CHECK_INTEGRITY != ok ]] || facts="integrity_check ok, $facts"
  [[ $CHECK_UNABLE == '' ]] || V_EVIDENCE+=(notChecked="$CHECK_UNABLE")
  if [[ $V_BASIS == fingerprint ]]; then
    if fingerprint_compare "$EXTRACT_SHA256" "$EXTRACT_SIZE" "$EXTRACT_DATABASE_SHA256"; then
      verdict verified "Equal to its fingerprint: SHA-256, $facts.$(foreign_key_words)${CHECK_UNABLE:+ Not checked: $CHECK_UNABLE.}"
    else
      verdict failed "$REPLY"
    fi
  elif [[ $CHECK_UNABLE != '' ]]; then
    verdict inconclusive "No damage found ($facts), but not everything could be checked, and there is no fingerprint to compare with: $CHECK_UNABLE."
  elif [[ $CHECK_KEY_MISSING != '' ]]; then
    verdict inconclusive "Sound ($facts), but has no table ${CHECK_KEY_MISSING// /, }: it may be from another application or an older version."
  elif [[ $CHECK_KEY_EMPTY != '' ]]; then
    verdict inconclusive "Sound ($facts), but ${CHECK_KEY_EMPTY// /, } is empty; without a fingerprint it is unknown whether it was when the backup was made."
  elif ((${CHECK_FK:-0} > 0)) && ! live_violates_foreign_keys; then
    verdict inconclusive "Sound ($facts), but with $CHECK_FK foreign key violations that the live database does not have; without a fingerprint it is unknown whether they existed when the backup was made."
  else
    verdict verified "By its content, as there is no fingerprint to compare with: $facts.$(foreign_key_words)"
  fi
}

foreign_key_words() {
  ((${CHECK_FK:-0} == 0)) || printf ' %s' "$CHECK_FK foreign key violations were in the database already."
}

live_violates_foreign_keys() {
  local count
  count=$(live_sql 'SELECT count(*) FROM (SELECT 1 FROM pragma_foreign_key_check LIMIT 1);' | head -c 20)
  [[ $count == 1 ]]
}

check_by_reader_watched() {
  in_background check_by_reader database
  watch "$VERIFY_UNCHANGED" '' "$REPLY"
}
