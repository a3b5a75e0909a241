# --- recover: complete or roll back an interrupted transaction ---------------------------------------------------------------

readonly RECOVERY_UNIT=/etc/systemd/system/cvd-backup-recover.service

# The files must be right before the services start at boot: an application that finds no database creates an empty one. The
# unit does nothing unless a transaction is open. It needs systemd; without it, recovery starts from the console.
recovery_unit_install() {
  local text
  ((EUID == 0)) && [[ -d /run/systemd/system && ${POLICY[service_manager]} == systemd ]] || return 0
  text="[Unit]
Description=Finish an interrupted CVD restore
ConditionPathExists=$STATE/unfinished
After=local-fs.target
Before=$(printf '%s.service ' "${SERVICES[@]}" nginx)

[Service]
Type=oneshot
Environment=CVD_BACKUP_STATE=$STATE
ExecStart=/bin/bash --noprofile --norc $STATE/kit/$KIT_SHA256/cvd-backup recover --boot

[Install]
WantedBy=multi-user.target
"
  [[ $(cat "$RECOVERY_UNIT" 2>/dev/null) == "${text%$'\n'}" && -e /etc/systemd/system/multi-user.target.wants/${RECOVERY_UNIT##*/} ]] && return 0
  step unit 'Prepare recovery at boot'
  write_whole "$RECOVERY_UNIT" "$text" && chmod 644 "$RECOVERY_UNIT" &&
    systemctl daemon-reload >&2 && systemctl --quiet enable "${RECOVERY_UNIT##*/}" >&2 ||
    fail internal 'Recovery at boot could not be prepared.' "$NOTHING_CHANGED"
  sync_paths "$RECOVERY_UNIT" /etc/systemd/system/multi-user.target.wants
  step_done unit="${RECOVERY_UNIT##*/}"
}

check_recover() {
  [[ ${1-} == --boot ]] || (($# == 0)) || usage_error 'recover takes no arguments'
  recover_with_its_kit "$@"
  [[ ${1-} != --boot ]] || recover_at_boot
}

# recover_with_its_kit [--boot]: rerun as the kit that began the interrupted transaction, if that is kept. Otherwise continue
# if we can read its journal, or fail without touching anything.
recover_with_its_kit() {
  local id='' kit
  [[ -r $STATE/unfinished ]] || return 0
  read -r id <"$STATE/unfinished"
  valid_operation "$id" || return 0
  journal_value "$id" kit
  kit=$REPLY
  if [[ $kit =~ ^[0-9a-f]{64}$ && $kit != "$KIT_SHA256" ]] && kit_is_kept "$kit"; then
    run_kept_kit "$kit" "$@"
  fi
  journal_known "$id" || newer_format "$id" "$kit"
}

newer_format() { # OPERATION KIT
  fail newer-format "The interrupted operation $1 was begun by a newer cvd-backup (${2:0:12}…), which is not on this server any more; its journal cannot be read by this one." \
    'nothing was changed' 'update the console (or use the one that began it): it brings its cvd-backup along; then recover again'
}

# kit_is_kept SHA256: status 0 if that kit is here, intact, and only we could have written it.
kit_is_kept() {
  local folder=$STATE/kit/$1
  [[ $(find "$STATE" "$STATE/kit" "$folder" "$folder/cvd-backup" -maxdepth 0 \
    \( -type l -o -perm /022 -o ! -uid "$EUID" \) -print 2>&1) == '' ]] &&
    [[ $(sha256sum <"$folder/cvd-backup") == "$1 "* ]]
}

# run_kept_kit SHA256 [--boot]: replace this process by that kit, with the same request.
run_kept_kit() {
  local words=(--who "$WHO" --reason "$REASON" --token "$TOKEN") kit=(/bin/bash --noprofile --norc "$STATE/kit/$1/cvd-backup")
  [[ $EVENTS_FD == '' ]] || words=(--events "${words[@]}")
  [[ $ROOT_OPTION == '' ]] || words+=(--root "$ROOT_OPTION")
  words+=(recover "${@:2}")
  export CVD_BACKUP_KIT_SHA256=$1
  [[ $FOLLOW_STDIN != '' ]] || exec "${kit[@]}" "${words[@]}"
  exec 3< <(printf '%s\0' "${words[@]}")
  exec "${kit[@]}" --params-fd 3
}

# Called by the boot unit: put the files right now; an operation does services and health when the boot allows.
recover_at_boot() {
  local id
  lock_open
  id=$(<"$STATE/unfinished")
  if ! flock -n "$LOCK_FD"; then
    # Not at boot: a restore is running, so nothing is unfinished.
    ! operation_runs "$id" || exit 0
    # Another backup may have started at boot. If it takes longer, the new operation waits for it.
    flock -w 30 "$LOCK_FD" || { operation_start; exit 0; }
  fi
  if valid_operation "$id" && transaction_load "$id"; then
    case $TX_PHASE in
      swapped | starting | committed | returned | rolled-back) ;;
      *)
        transaction_files_back || say error 'The old state could not be renamed back.'
        # systemd has read the units already.
        rows_of systemd
        ((${#ROWS[@]} == 0)) || [[ ${POLICY[service_manager]} != systemd ]] || systemctl daemon-reload >&2
        ;;
    esac
    cd /
  fi
  lock_leave
  operation_start
  exit 0
}

run_recover() {
  local id=''
  lock_site
  if [[ -r $STATE/unfinished ]]; then id=$(<"$STATE/unfinished"); fi
  if [[ $id == '' ]]; then
    recover_orphans
    succeed "${ORPHANS:-Nothing was interrupted.}" null
  fi
  valid_operation "$id" || fail internal "The mark of an unfinished operation is not readable: '$id'."
  step load "Read the journal of $id"
  transaction_load "$id"
  case $? in
    1)
      recover_orphans
      TX_OVER=yes
      succeed "The operation $id was interrupted before it changed anything." null
      ;;
    2) fail no-database "The folder of what is restored cannot be entered: $ROW_LOST" 'nothing was changed' \
      'make it available (is its disk mounted?), then: cvd-backup recover' ;;
    3)
      journal_value "$id" kit
      newer_format "$id" "$REPLY"
      ;;
  esac
  journal_value "$id" kit
  if [[ $REPLY == "$KIT_SHA256" ]]; then step_done phase="$TX_PHASE"; else step_done phase="$TX_PHASE" begun_by="${REPLY:-an older cvd-backup}"; fi
  case $TX_PHASE in
    committed)
      safety_record
      transaction_forget
      recover_end "$id" succeeded ok "The $(transaction_noun "$id") had succeeded; only its end was not recorded."
      ;;
    rolled-back)
      transaction_forget
      recover_end "$id" 'rolled back' interrupted "The $(transaction_noun "$id") was interrupted; the previous $(noun_words) is in place."
      ;;
    staged)
      transaction_forget
      recover_end "$id" failed interrupted "The $(transaction_noun "$id") was interrupted before it changed anything."
      ;;
    swapped | starting) recover_forward "$id" ;;
    *) recover_back "$id" ;;
  esac
}

noun_words() { rows_noun; printf '%s' "$REPLY"; }

# transaction_noun ID: what an interrupted operation was, for a sentence.
transaction_noun() {
  case $1 in
    *-undo-*) printf undo ;;
    *-redo-*) printf redo ;;
    *) printf restore ;;
  esac
}

# The new database is in place and intact: if the site becomes healthy with it, the restore has succeeded.
recover_forward() {
  local id=$1
  step start "Start the service with the restored $(noun_words) and check its health"
  services_reset_failures
  settle || {
    step_end failed reason="The restored files are refused: $SETTLE_PROBLEM."
    recover_back "$id"
  }
  services_do start
  if health_await "${POLICY[health_timeout]}" && services_active; then
    down_ends
    step_done health="$HEALTH_STATUS"
    transaction_commit
    recover_end "$id" succeeded ok "The $(transaction_noun "$id") was interrupted after the swap, and was completed: the site is healthy with the restored $(noun_words)."
  fi
  step_end failed reason="$HEALTH_PROBE answered $HEALTH_STATUS"
  recover_back "$id"
}

recover_back() {
  local id=$1
  trap : TERM HUP INT
  if roll_back_state; then
    recover_end "$id" 'rolled back' interrupted "The $(transaction_noun "$id") was interrupted and rolled back: the previous $(noun_words) is in place."
  fi
  rows_old
  fail unhealthy "The interrupted restore could not be rolled back completely: $ROLL_BACK_PROBLEM" \
    "the old $(noun_words) is safe: $REPLY" 'look at the log of the service, then: cvd-backup recover' \
    "$(report_json '')"
}

# recover_end ID OUTCOME CODE MESSAGE: give the interrupted operation its outcome and last event, for its followers.
recover_end() {
  local id=$1 outcome=$2 code=$3 message=$4 line safety=''
  [[ $outcome != succeeded ]] || safety=yes
  now_ms
  json_object kind=result at:="$REPLY" outcome="$outcome" code="$code" message="$message" unchanged='' next='' \
    data:="$(report_json "$safety")"
  line=$REPLY
  if [[ ! -e $TX_DIR/outcome ]]; then
    now_ms
    write_whole "$TX_DIR/outcome" "outcome=$outcome"$'\n'"code=$code"$'\n'"endedAt=$REPLY"$'\n'"message=$message"$'\n' || {
      TX_OVER='' # stays open until the outcome is written
      fail no-space "$message It could not be recorded." '' 'make space, then: cvd-backup recover' "$(report_json "$safety")"
    }
    append_line "$TX_DIR/events" "$line"
    append_line "$TX_DIR/readable" "$outcome: $message"
  fi
  recover_orphans
  result succeeded ok "$id: $message" '' '' "$(report_json "$safety")"
  exit 0
}

# Close operations that died without a transaction, and remove their work folders. A restore had changed nothing; a backup may
# exist by then, and files may be deleted.
ORPHANS=''
recover_orphans() {
  local dir id words unchanged count=0
  for dir in "$STATE"/operations/*/; do
    id=${dir%/}
    id=${id##*/}
    valid_operation "$id" && [[ ! -e $dir/outcome && $id != "$OPERATION" ]] || continue
    operation_state "$id"
    [[ $REPLY == interrupted ]] || continue
    words='The operation was interrupted. What it had done by then stays done.' unchanged='the live database is as it was'
    case $id in *-restore-* | *-undo-* | *-redo-*) words='The operation was interrupted before it changed anything.' unchanged='the site is as it was' ;; esac
    created_remove "${dir}journal"
    now_ms
    write_whole "${dir}outcome" $'outcome=failed\ncode=interrupted\n'"endedAt=$REPLY"$'\n'"message=$words"$'\n'
    json_object kind=result at:="$REPLY" outcome=failed code=interrupted message="$words" unchanged="$unchanged" next='' data:=null
    append_line "${dir}events" "$REPLY"
    append_line "${dir}readable" "failed: $words"
    ((count++))
  done
  work_places
  scratch_sweep "$STATE/work" "${PLACES[@]}"
  ((count > 0)) || return 0
  counted "$count" 'interrupted operation was closed; it' 'interrupted operations were closed; they'
  ORPHANS="$REPLY had not changed the live database."
}
