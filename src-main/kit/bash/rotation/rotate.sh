# --- rotate: delete the backups that the policy does not keep -----------------------------------------------------------------

readonly ROTATE_UNCHANGED='nothing was deleted'
ROTATE_DRY='' ROTATE_ACCEPT=''

# check_rotate [--dry-run] [--accept-clock] [--expect-machine ID]: a dry run is answered here, without an operation.
check_rotate() {
  rotate_arguments "$@"
  [[ $ROTATE_DRY == '' ]] || rotate_dry_run
}

rotate_arguments() {
  ROTATE_DRY='' ROTATE_ACCEPT=''
  while (($# > 0)); do
    case $1 in
      '') ;; # the request of an operation without arguments is an empty one
      --dry-run) ROTATE_DRY=yes ;;
      --accept-clock) ROTATE_ACCEPT=yes ;;
      --expect-machine)
        [[ ${2-} == "$(</etc/machine-id)" ]] || fail wrong-site 'This is not the machine that was meant.' "$ROTATE_UNCHANGED" \
          'check the address of the site'
        shift
        ;;
      *) usage_wrong ;;
    esac
    shift
  done
  [[ $ROTATE_DRY == '' || $ROTATE_ACCEPT == '' ]] || usage_wrong
}

# rotate_decide: fill ROTATION; fails if that is not possible.
rotate_decide() {
  hash sqlite3 2>/dev/null || fail missing-tool 'sqlite3 is not installed: what to keep cannot be decided.' "$ROTATE_UNCHANGED" ''
  rotation_decide || fail internal 'What to keep could not be decided.' "$ROTATE_UNCHANGED" 'look at the problems of the site'
}

# rotate_dry_run: say of each backup whether it would be kept, and why. Changes nothing.
rotate_dry_run() {
  local decision path reason measure bound rest data
  [[ $OWNER_PROBLEM == '' ]] || fail wrong-owner "$OWNER_PROBLEM" "$ROTATE_UNCHANGED" ''
  say_hello
  rotate_decide
  if [[ $READABLE_FD != '' ]]; then
    while IFS=$'\t' read -r decision path reason measure bound rest; do
      [[ $rest != '' ]] || continue
      decode_path "$path"
      path=${REPLY##*/}
      rotation_words "$reason" "$measure" "$bound"
      printf -v rest '%-7s %-40s %s' "$decision" "$path" "$REPLY"
      say_readable "$rest"
    done < <(printf '%s' "$ROTATION")
  fi
  rotation_count || fail internal 'What to keep could not be decided.' "$ROTATE_UNCHANGED"
  rotate_report yes
  data=$REPLY
  counted "$RT_DUE" 'backup would be' 'backups would be'
  succeed "$REPLY deleted, $RT_KEPT kept; nothing was changed." "$data"
}

RT_KEPT=0 RT_DUE=0 RT_BYTES=0 # of the decisions
RT_DATABASES=0 RT_APPLICATIONS=0 RT_SYSTEMS=0 RT_TOTAL=0

# rotation_count: set the RT_ counts from ROTATION.
rotation_count() {
  local counts
  RT_KEPT=0 RT_DUE=0 RT_BYTES=0 RT_DATABASES=0 RT_APPLICATIONS=0 RT_SYSTEMS=0 RT_TOTAL=0
  counts=$(printf '%s' "$ROTATION" | awk -F '\t' '
    NF == 12 { if ($1 == "delete") { due++; bytes += $8 } else kept++; of[$6]++; total += $8 }
    END { printf "%d %d %.0f %d %d %d %.0f", kept, due, bytes, of["database"], of["application"] + of["config"] + of["systemd"], of["system"], total }')
  [[ $counts =~ ^([0-9]{1,6})\ ([0-9]{1,6})\ ([0-9]{1,18})\ ([0-9]{1,6})\ ([0-9]{1,6})\ ([0-9]{1,6})\ ([0-9]{1,18})$ ]] || return 1
  RT_KEPT=${BASH_REMATCH[1]} RT_DUE=${BASH_REMATCH[2]} RT_BYTES=${BASH_REMATCH[3]}
  RT_DATABASES=${BASH_REMATCH[4]} RT_APPLICATIONS=${BASH_REMATCH[5]} RT_SYSTEMS=${BASH_REMATCH[6]} RT_TOTAL=${BASH_REMATCH[7]}
}

# rotate_report DRY: REPLY = the report.
rotate_report() {
  local decisions deleted which=delete dry=false
  [[ $1 == '' ]] || which=all dry=true
  rotation_json "$which"
  decisions=$REPLY
  json_array ${RT_DELETED[@]+"${RT_DELETED[@]}"}
  deleted=$REPLY
  json_array ${RT_REMAINING[@]+"${RT_REMAINING[@]}"}
  json_object dryRun:=$dry now:="$ROTATION_NOW" decisions:="$decisions" kept:="$RT_KEPT" deleted:="$deleted" bytes:="$RT_BYTES" remaining:="$REPLY"
}

run_rotate() {
  local words
  rotate_arguments "$@"
  lock_site
  enter_scratch || fail internal "A work folder could not be made in $STATE/work." "$ROTATE_UNCHANGED"
  step settle 'Finish what an interrupted rotation began'
  rotate_settle
  step decide 'Decide what to keep'
  if [[ $ROTATE_ACCEPT != '' ]]; then
    rotation_see_clock || fail "$STATE_CODE" "$STATE_PROBLEM" "$ROTATE_UNCHANGED" ''
    audit clock accepted ''
  fi
  rotate_decide
  rotation_count || fail internal 'What to keep could not be decided.' "$ROTATE_UNCHANGED"
  step_done keep:="$RT_KEPT" delete:="$RT_DUE"
  rotate_say_stop
  ((RT_DUE == 0)) || rotate_delete
  rotate_log
  rotate_report ''
  words=$REPLY
  counted "${#RT_DELETED[@]}" 'backup was' 'backups were'
  REPLY+=" deleted, $RT_KEPT kept"
  [[ $RT_FAILED == '' ]] || fail checks-failed "$REPLY; not deleted: $RT_WHY." 'what was not deleted is as it was' '' "$words"
  succeed "$REPLY${RT_WHY:+; not deleted: $RT_WHY}." "$words"
}

# rotate_say_stop: a clock in doubt, and all that prevents any deletion, is said aloud; a clock in order is recorded.
rotate_say_stop() {
  local reason measure
  IFS=$'\t' read -r _ _ reason measure _ < <(printf '%s' "$ROTATION")
  case $reason in
    clock-*)
      rotation_doubt_clock || say warning "$STATE_PROBLEM"
      rotation_words "$reason" "$measure" -
      say warning "$REPLY If the time is right, say so: cvd-backup rotate --accept-clock"
      ;;
    incomplete | unfinished)
      rotation_words "$reason" - -
      say warning "$REPLY"
      ;;
    *) rotation_see_clock || fail "$STATE_CODE" "$STATE_PROBLEM" "$ROTATE_UNCHANGED" '' ;;
  esac
}

# rotate_log: write what the runbook's maintenance writes to its log.
rotate_log() {
  local total
  human_bytes "$RT_TOTAL"
  total=$REPLY
  runbook_log backup_maintenance.log "Current backup counts - Database: $RT_DATABASES, Application: $RT_APPLICATIONS, System: $RT_SYSTEMS; $total"
  counted "${#RT_DELETED[@]}" backup backups
  runbook_log backup_maintenance.log "Backup maintenance completed: $REPLY deleted, $RT_KEPT kept, by $WHO${RT_WHY:+; not deleted: $RT_WHY}"
}
