# --- timers: install, remove, pause and resume the schedule ---------------------------------------------------------------------------

T_REPLACE='' T_UNTIL=''

check_timers() {
  local verb=${1-}
  T_REPLACE='' T_UNTIL=''
  shift || usage_wrong
  R_CONFIRM=''
  while (($# > 0)); do
    case $verb$1 in
      install--replace) T_REPLACE=yes ;;
      install--confirm) (($# >= 2)) || usage_error "$1: a value is missing"; R_CONFIRM=$2; shift ;;
      pause--until) (($# >= 2)) || usage_error "$1: a value is missing"; T_UNTIL=$2; shift ;;
      *) usage_wrong ;;
    esac
    shift
  done
  case $verb in
    install)
      installed_problem
      [[ $REPLY == '' ]] || fail checks-failed "$REPLY" 'nothing was changed' 'log in as root or with sudo; set the policy'
      schedule_manager
      [[ $REPLY != '' ]] || fail missing-tool 'There is neither systemd nor cron on this server.' 'nothing was changed' 'install one of them'
      [[ $T_REPLACE == '' || $OPERATION != '' ]] || host_confirm 'Jobs of others will be switched off, and put back by: cvd-backup timers remove.'
      ;;
    remove | resume) ;;
    pause) [[ $T_UNTIL == '' ]] || timers_until ;;
    *) usage_wrong ;;
  esac
}

# timers_until: T_UNTIL in milliseconds; fails if it is no moment of the future.
timers_until() {
  moment_read "$T_UNTIL" --until
  now_ms
  [[ $AT_MS =~ ^[1-9][0-9]{12}$ ]] && ((AT_MS > REPLY)) || usage_error '--until: a moment of the future'
  T_UNTIL=$AT_MS
}

run_timers() {
  local lock
  check_timers "$@"
  state_writable && { exec {lock}>>"$STATE/schedule.lock"; } 2>/dev/null && flock -w 30 "$lock" ||
    fail busy 'Somebody else is changing the schedule.' 'nothing was changed' 'try again'
  # The records of runs need a state.db.
  state_ready || fail "$STATE_CODE" "$STATE_PROBLEM" 'nothing was changed' ''
  policy_load
  case $1 in
    install) timers_install ;;
    remove) timers_remove ;;
    pause)
      policy_set "schedule_paused=${T_UNTIL:-yes}"
      succeed 'The schedule is paused. Runs that are due are skipped, and listed as such.' null
      ;;
    resume)
      policy_set schedule_paused=
      succeed 'The schedule goes on.' null
      ;;
  esac
}

timers_install() {
  local manager count words now
  schedule_manager
  manager=$REPLY
  step kit 'Install the kit'
  installed_store || fail internal 'The kit could not be installed.' 'nothing was changed' "look at the disk of $STATE"
  step_done sha256="$KIT_SHA256" path="$STATE/installed"
  step timers 'Write the timers and switch them on'
  timers_names_free "$manager"
  schedule_load
  now_ms
  now=$REPLY
  timers_apply "$manager" "$KIT_SHA256" "$now" ||
    fail internal 'The timers could not be written or switched on.' 'jobs of others are as they were' 'look at the log of the operation; then install again'
  step_done manager="$manager" timers:="${#UNITS_ON[@]}"
  installed_forget "$KIT_SHA256"
  foreign_find
  foreign_count
  count=$REPLY
  if [[ $T_REPLACE != '' ]] && [[ $count != 0 ]]; then
    step replace 'Switch the jobs of others off'
    replace_all
    step_done replaced:="$REPLY" failed:="${#FAILED[@]}"
    foreign_find
    foreign_count
    [[ $REPLY == 0 ]] || FAILED=("${FAILED[@]:-There are more than can be replaced at once: do it again.}")
    ((${#FAILED[@]} == 0)) || fail checks-failed "The schedule is installed, but some jobs of others run as well: ${FAILED[*]}" \
      '' 'change them by hand; cvd-backup schedule lists them'
  elif [[ $count != 0 ]]; then
    counted "$count" 'job of others backs' 'jobs of others back'
    say warning "$REPLY this site up, too: cvd-backup schedule lists them, cvd-backup timers install --replace switches them off."
  fi
  words='The schedule is installed.'
  pause_state "$now"
  [[ $REPLY == '' ]] || words+=' It is paused: cvd-backup timers resume.'
  succeed "$words" null
}

# timers_apply MANAGER KIT NOW: write and switch on; then note since when. What is written first is taken back by the next try.
timers_apply() { units_write "$1" "$2" && schedule_save "$1" "$2" "$3"; }

# timers_names_free MANAGER: fail if somebody else has units of our names.
timers_names_free() {
  local index
  units_wanted "$1" "$KIT_SHA256"
  for ((index = 0; index < ${#WANTED[@]}; index += 2)); do
    unit_is_ours "${WANTED[index]}" ||
      fail name-taken "The file ${WANTED[index]} is not from cvd-backup." 'nothing was changed' 'give it another name, then install again'
  done
}

timers_remove() {
  local count
  schedule_load
  step replace 'Put the jobs of others back'
  put_back_all
  count=$REPLY
  step_done put_back:="$count" failed:="${#FAILED[@]}"
  step timers 'Switch the timers off and remove them'
  units_remove || fail internal 'The timers could not be removed.' 'jobs of others are back where they were' 'look at the log of the operation; then remove again'
  rm -f -- "$STATE/schedule" && rm -rf -- "$STATE/installed" && sync_paths "$STATE"
  step_done
  ((${#FAILED[@]} == 0)) || fail checks-failed "The schedule is removed, but some jobs of others were not put back: ${FAILED[*]}" \
    '' 'put them back by hand'
  succeed 'The schedule is removed: nothing backs this site up by itself, except for jobs of others.' "{\"putBack\":$count}"
}

# timers_follow_policy OUTCOME…: after a change of the policy, write the timers again. For ON_RESULT.
timers_follow_policy() {
  local lock=''
  [[ $1 == succeeded && $POLICY_CHANGED != '' ]] && schedule_load || return 0
  if { exec {lock}>>"$STATE/schedule.lock"; } 2>/dev/null && flock -w 30 "$lock"; then
    # Meanwhile, another kit may have been installed, the schedule removed, or the policy changed again.
    policy_load
    schedule_load && schedule_differs || return 0
  fi
  if ((EUID == 0)) && [[ $S_KIT != "$KIT_SHA256" ]]; then
    # It has its own lock.
    [[ $lock == '' ]] || exec {lock}>&-
    if timers_by_installed; then
      say info 'The timers were changed, too.'
    else
      say warning 'The timers could not be changed: they run a kit of another version. Install the schedule again.'
    fi
    return
  fi
  now_ms
  if ((EUID == 0)) && flock -n "$lock" && timers_apply "$S_MANAGER" "$S_KIT" "$REPLY"; then
    say info 'The timers were changed, too.'
  else
    say warning 'The timers could not be changed: install the schedule again.'
  fi
}

# timers_by_installed: have the installed kit write its timers: it knows what it runs, and which text is its own. No version is older or newer by
# its hash, so ours does not take its place unasked. Status 1 if it did not. It follows the policy when a setting is set, also as it is; this one
# is hardly ever changed at the same moment, and has the same form in all versions.
timers_by_installed() {
  local said
  installed_intact "$S_KIT" || return 1
  said=$(close_for_child timeout --signal=KILL 90 env -i CVD_BACKUP_STATE="$STATE" ${TZ+TZ="$TZ"} ${CVD_BACKUP_ETC+CVD_BACKUP_ETC="$CVD_BACKUP_ETC"} \
    /bin/bash --noprofile --norc "$STATE/installed/$S_KIT/cvd-backup" policy "busy_timeout=${POLICY[busy_timeout]}" 2>&1 </dev/null)
  [[ $said == *'The timers were changed, too.'* ]]
}
