# --- scheduled: what a timer runs --------------------------------------------------------------------------------------------------

RUN_KIND='' RUN_DUE='' RUN_BEGAN='' RUN_ID='' RUN_FD=''

# run_scheduled KIND [--timer] | due: run that kind now, or, with --timer, only if it is due; `due`: all that are due, for cron.
run_scheduled() {
  local kind=${1-} only_due=''
  [[ ${2-} != --timer || $# != 2 ]] || only_due=yes
  [[ $kind == due ]] && (($# == 1)) || { kind_known "$kind" && { (($# == 1)) || [[ $only_due != '' ]]; }; } || usage_wrong
  state_writable || fail no-rights "This login cannot keep state: $STATE cannot be written." 'nothing was changed' 'log in as root or with sudo'
  scheduled_intact
  mkdir -p -- "$STATE/runs" && exec {RUN_FD}>>"$STATE/runs/$kind" || fail internal "A run cannot be noted in $STATE/runs." 'nothing was changed'
  # Whoever only looks if it is at work has the lock for a moment.
  flock -w 5 "$RUN_FD" || { [[ $only_due == '' ]] || succeed "A run of this kind ($kind) is at work already." null; false; } || fail busy "A run of this kind ($kind) is at work already." 'nothing was changed' 'wait until it has ended'
  [[ $kind != due ]] || scheduled_due
  if [[ $only_due != '' ]]; then
    host_name
    WHO=schedule@$REPLY
  fi
  RUN_KIND=$kind
  scheduled_choose "$only_due"
  scheduled_run
}

# scheduled_intact: end if this is an installed kit, and not what was installed.
scheduled_intact() {
  [[ $KIT_FILE == "$STATE"/installed/* ]] || return 0
  ! schedule_load || [[ $KIT_FILE != "$STATE/installed/$KIT_SHA256/cvd-backup" ]] || ! installed_intact "$KIT_SHA256" || return 0
  # Monitoring would be refused just the same.
  scheduled_tell kit-changed "Nothing runs on schedule: somebody changed the installed kit ($KIT_FILE), or who can write to it." \
    'find out who changed it, then: cvd-backup timers install'
  fail checks-failed 'The installed kit is not the one that was installed: nothing is run with it.' 'nothing was changed' \
    'find out who changed it, then: cvd-backup timers install'
}

# scheduled_tell RULE SENTENCE FIX: tell the channels at once what monitoring cannot, at most once a day. Needs no record.
scheduled_tell() {
  local told=$STATE/told.$1 evidence at
  [[ $(find "$told" -maxdepth 0 -mmin -1440 -print -quit 2>/dev/null) == '' ]] || return 0
  { : >"$told"; } 2>/dev/null
  now_ms
  at=$REPLY
  encode_path "$2"
  evidence=$REPLY
  encode_path "$3"
  channels_tell <(printf 'new\terror\t%s\t%s\t%s\t%s\n' "$1" "$evidence" "$REPLY" "$at")
}

# scheduled_child ARGUMENT...: `scheduled` in a process of its own.
scheduled_child() {
  close_for_child env -i CVD_BACKUP_STATE="$STATE" ${CVD_BACKUP_ETC:+CVD_BACKUP_ETC="$CVD_BACKUP_ETC"} ${TZ+TZ="$TZ"} \
    /bin/bash --noprofile --norc "$KIT_FILE" scheduled "$@" </dev/null
}

# scheduled_due: run each kind that may be due, one after the other, in a process of its own.
scheduled_due() {
  local kind failed=''
  schedule_load || fail not-found 'No schedule is installed.' 'nothing was changed' 'cvd-backup timers install'
  for kind in "${KINDS[@]}"; do
    scheduled_child "$kind" --timer || failed+=" $kind"
  done
  [[ $failed == '' ]] || fail internal "These runs did not succeed:$failed." '' 'look at them: cvd-backup schedule'
  succeed 'What was due was run.' null
}

# scheduled_choose ONLY-DUE: note what was missed, and set RUN_DUE: which of the due times this run is for. Ends if there is none, or if
# the schedule is paused.
scheduled_choose() {
  local only_due=$1 line now
  schedule_load
  now_ms
  now=$REPLY
  RUN_BEGAN=$now RUN_DUE=''
  if runs_account "$now"; then
    for line in ${LAPSED[@]+"${LAPSED[@]}"}; do [[ ${line%$'\t'*} != "$RUN_KIND" ]] || RUN_DUE=${line#*$'\t'}; done
    state_write scheduled_noted "$now" || say warning "$STATE_PROBLEM"
  elif [[ $only_due != '' ]]; then
    # Better once too often than never.
    say warning 'What ran before is not known: the records cannot be read.'
    RUN_DUE=$now
  fi
  [[ $RUN_DUE != '' || $only_due == '' ]] || succeed "Nothing of this kind ($RUN_KIND) is due." null
  RUN_DUE=${RUN_DUE:-$now}
  pause_state "$now"
  # Somebody has to hear of a schedule that stays paused.
  [[ $REPLY != '' && $only_due != '' && $RUN_KIND != monitor ]] || return 0
  scheduled_record skipped paused 'The schedule is paused.' "$now"
  succeed 'Skipped: the schedule is paused.' null
}

# scheduled_noted NOW: print rows of `said` for runs that broke off, and those that were missed. What was noted while the clock was ahead
# goes: it would keep everything from running until then.
scheduled_noted() {
  [[ $1 =~ ^[0-9]{1,15}$ ]] || return 1
  state_record ahead "$(($1 + 60000))"
  runs_broken "$1" && runs_missed "$1"
}

scheduled_record() { # OUTCOME CODE MESSAGE ENDED
  state_write state_record run "$RUN_KIND" "$RUN_DUE" "$RUN_BEGAN" "$4" "$1" "$2" "$3" "$RUN_ID" "$KIT_SHA256" ||
    say warning "The run could not be recorded. $STATE_PROBLEM"
}

# scheduled_run: start the operation, run its worker, and record how it ended.
scheduled_run() {
  local worker status
  COMMAND=$RUN_KIND
  kind_arguments "$RUN_KIND"
  LOCK_PATIENCE=${POLICY[schedule_wait]} LAUNCH_HERE=yes
  ON_RESULT=scheduled_failed
  operation_start ${ARGUMENTS[@]+"${ARGUMENTS[@]}"}
  RUN_ID=$REPLY
  ON_RESULT=''
  scheduled_record running '' '' ''
  channels_ping start "$RUN_KIND" ''
  failpoint scheduled
  # Of its own session where cron starts it. It keeps no descriptor of ours, except that of this run: until both are gone, it is not over.
  set -m
  scheduled_worker </dev/null >/dev/null 2>&1 &
  worker=$!
  set +m
  trap 'kill -TERM "$worker" 2>/dev/null' TERM HUP INT
  while :; do
    wait "$worker"
    status=$?
    kill -0 "$worker" 2>/dev/null || break
  done
  trap - TERM HUP INT
  outcome_read "$RUN_ID"
  [[ $RUN_OUTCOME != '' ]] || RUN_OUTCOME=failed RUN_CODE=interrupted RUN_MESSAGE="The run was interrupted (exit $status)."
  now_ms
  scheduled_record "$RUN_OUTCOME" "$RUN_CODE" "$RUN_MESSAGE" "${RUN_ENDED:-$REPLY}"
  scheduled_ping
  scheduled_follow_up
  json_object operation="$RUN_ID" outcome="$RUN_OUTCOME" code="$RUN_CODE"
  case $RUN_OUTCOME in
    succeeded) succeed "$RUN_MESSAGE" "$REPLY" ;;
    skipped) succeed "Skipped: $RUN_MESSAGE" "$REPLY" ;;
    *)
      result failed "${RUN_CODE:-internal}" "$RUN_MESSAGE" '' 'look at it: cvd-backup operations' "$REPLY"
      exit 1
      ;;
  esac
}

# scheduled_ping: tell the dead man's switches how it ended. A run that was skipped for somebody's work did not succeed: silence says so.
scheduled_ping() {
  case $RUN_OUTCOME in
    succeeded) channels_ping success "$RUN_KIND" "$RUN_MESSAGE" ;;
    skipped) ;;
    *) channels_ping failure "$RUN_KIND" "$RUN_MESSAGE" ;;
  esac
}

# scheduled_follow_up: a failure is not left to the next look. If it is monitoring that failed, for want of room perhaps, people hear of that.
scheduled_follow_up() {
  if [[ $RUN_OUTCOME == @(succeeded|skipped|cancelled) ]]; then
    [[ $RUN_KIND != monitor ]] || rm -f -- "$STATE/told.monitoring-failed"
  elif [[ $RUN_KIND == monitor ]]; then
    scheduled_tell monitoring-failed "Nobody watches this site: monitoring failed. $RUN_MESSAGE" 'run it, and look: cvd-backup monitor'
  else
    kind_schedule monitor
    [[ $REPLY == off ]] || scheduled_child monitor >/dev/null 2>&1
  fi
}

scheduled_worker() {
  local kit=$STATE/kit/$KIT_SHA256/cvd-backup
  CVD_BACKUP_STATE=$STATE exec /bin/bash --noprofile --norc "$kit" work "$RUN_ID"
}

# scheduled_failed OUTCOME CODE MESSAGE: the operation could not even be started.
scheduled_failed() {
  RUN_OUTCOME=$1 RUN_CODE=$2 RUN_MESSAGE=$3 ON_RESULT=''
  now_ms
  scheduled_record "$1" "$2" "$3" "$REPLY"
  scheduled_ping
  scheduled_follow_up
}
