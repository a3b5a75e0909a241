# --- What the rules of alerts look at -----------------------------------------------------------------------------------------------
#
# One look at the site (inspect/look.sh), the schedule, the disks, the lock, the clock. alerts_facts prints it as rows of `said`:
#   site      NOW QUIET UP SYNCHRONIZED UNFINISHED SCHEDULED WANTED CHANGED INTACT LOCK-SINCE LOCK-HOLDER PAUSED BOOT
#   limits    MIN-SIZE CHANGE RUNWAY LOCK WITHIN          kind      KIND OVERDUE WANTED SINCE
#   seen      PART                                        unseen    PART WHY
#   backup    PATH NAME KIND ORIGIN SIZE AT VERDICT VERIFIED FUTURE
#   watched   TABLE                                       planned   KIND
#   missing   KIND DUE WHY                                error     LOG TIME TEXT
#   disk      PURPOSE DEVICE TOTAL FREE NEED              service   NAME STATE RUNNING
#   health    KNOWN HEALTHY WORDS                         finding   RULE SENTENCE
# What cannot be seen is not `seen`: no alert about it is cleared. `unseen` is an alert itself.

AL_NOW='' AL_ROWS='' AL_RESTORING=''

# alerts_fact WORD FIELD...: add a row.
alerts_fact() {
  local IFS=$'\t' fields=("$1") field count
  for field in "${@:2}"; do
    encode_path "$field"
    fields+=("$REPLY")
  done
  AL_ROWS+=${fields[*]}
  for ((count = ${#fields[@]}; count < 14; count++)); do AL_ROWS+=$'\t'; done
  AL_ROWS+=$'\n'
}

# alerts_look: look at everything; AL_ROWS = the rows, without those of backups, which are in LOOK_LISTING.
alerts_look() {
  local since
  AL_ROWS=''
  now_ms
  AL_NOW=$REPLY
  printf -v since '%(%F %T)T' "$((AL_NOW / 1000 - 7 * 86400))"
  facts_read
  look_begin "$since" ''
  services_read
  alerts_look_lock
  alerts_look_schedule
  alerts_look_runs
  alerts_look_disk
  alerts_look_policy
  alerts_look_site
  alerts_look_services
  look_end
  alerts_look_health
  alerts_look_logs
}

# alerts_look_site: the row of the site, after those that set its parts.
AL_LOCK_SINCE='' AL_LOCK_HOLDER='' AL_SCHEDULED=0 AL_WANTED=0 AL_CHANGED=0 AL_INTACT=1
alerts_look_site() {
  local up quiet synchronized unfinished='' paused=0
  uptime_ms
  up=$REPLY
  alerts_quiet
  quiet=$REPLY
  alerts_synchronized
  synchronized=$REPLY
  [[ $synchronized == '' ]] || alerts_fact seen synchronization
  { [[ ! -e $STATE/unfinished ]] || read -r unfinished <"$STATE/unfinished"; } 2>/dev/null
  [[ $unfinished == '' ]] || ! operation_runs "$unfinished" || unfinished=''
  pause_state "$AL_NOW"
  [[ $REPLY == '' ]] || paused=1
  rotation_boot
  alerts_fact site "$AL_NOW" "$quiet" "$up" "$synchronized" "$unfinished" "$AL_SCHEDULED" "$AL_WANTED" "$AL_CHANGED" "$AL_INTACT" \
    "$AL_LOCK_SINCE" "$AL_LOCK_HOLDER" "$paused" "$REPLY"
  alerts_fact limits "${POLICY[alert_min_size]}" "${POLICY[alert_change]}" "${POLICY[alert_runway]}" "${POLICY[alert_lock]}000" "${POLICY[verify_within]}"
}

# alerts_quiet: REPLY = 1 in the quiet hours of the policy, by the clock of this server; else 0.
alerts_quiet() {
  local hour from to
  REPLY=0
  [[ ${POLICY[quiet_hours]} =~ ^([01][0-9]|2[0-3])-([01][0-9]|2[0-3])$ ]] || return 0
  from=${BASH_REMATCH[1]} to=${BASH_REMATCH[2]}
  printf -v hour '%(%H)T' "$((AL_NOW / 1000))"
  # Two digits each: they compare as texts do.
  if [[ $from < $to ]]; then
    [[ $hour < $from || ! $hour < $to ]] || REPLY=1
  else
    [[ $hour < $from && ! $hour < $to ]] || REPLY=1
  fi
}

# alerts_synchronized: REPLY = whether the clock is synchronized, 0 or 1; empty if nobody says.
alerts_synchronized() {
  local said=''
  hash timedatectl 2>/dev/null && said=$(timeout --signal=KILL 5 timedatectl show --property=NTPSynchronized --value 2>/dev/null </dev/null)
  case $said in yes) REPLY=1 ;; no) REPLY=0 ;; *) REPLY='' ;; esac
}

# alerts_look_lock: who has the site's lock, and since when; whether a restore is at work.
alerts_look_lock() {
  local line operation='' command='' who='' since='' lock=${FACT_PLACE[lock]-}
  AL_LOCK_SINCE='' AL_LOCK_HOLDER='' AL_RESTORING=''
  lock_holder
  while IFS= read -r line; do
    case $line in
      operation=*) operation=${line#*=} ;;
      command=*) command=${line#*=} ;;
      who=*) who=${line#*=} ;;
      since=*) since=${line#*=} ;;
    esac
  done 2>/dev/null <"$REPLY"
  alerts_fact seen lock
  operation_runs "$operation" || flock_held "${lock#*:}" || return 0
  [[ ! $since =~ $WHOLE_NUMBER ]] || AL_LOCK_SINCE=$since
  for_terminal "$command by $who ($operation)"
  AL_LOCK_HOLDER=${REPLY:0:300}
  [[ $command != @(restore|undo|recover) ]] || AL_RESTORING=yes
}

# alerts_look_schedule: whether it is installed, and as it was installed. Only root can install one.
alerts_look_schedule() {
  local kind age wanted index
  AL_SCHEDULED=0 AL_WANTED=0 AL_CHANGED=0 AL_INTACT=1
  ! schedule_load || AL_SCHEDULED=1
  for index in "${!KINDS[@]}"; do
    kind=${KINDS[index]} wanted=0
    kind_schedule "$kind"
    [[ $REPLY == off ]] || { wanted=1; AL_WANTED=1; }
    case $kind in
      database) wanted=1 age=${POLICY[backup_max_age]} ;;
      application | config) age=${POLICY[application_max_age]} ;;
      system) age=${POLICY[system_max_age]} ;;
      *) continue ;;
    esac
    alerts_fact kind "$kind" "${age}000" "$wanted" "${S_SINCE[index]}"
  done
  # Verified, but made by hand.
  alerts_fact kind systemd "${POLICY[application_max_age]}000" 0 ''
  ((EUID == 0)) || return 0
  alerts_fact seen schedule
  ((AL_SCHEDULED)) || return 0
  ! { schedule_differs || units_changed; } || AL_CHANGED=1
  installed_intact "$S_KIT" || AL_INTACT=0
}

# alerts_look_runs: what should have run and did not.
alerts_look_runs() {
  local line at index
  for index in "${!KINDS[@]}"; do [[ ${S_SPEC[index]} == '' ]] || alerts_fact planned "${KINDS[index]}"; done
  runs_account "$AL_NOW" || { alerts_fact unseen runs 'the records of the runs, or the times at which they are due, cannot be read'; return; }
  alerts_fact seen runs
  for line in ${LAPSED[@]+"${LAPSED[@]}"}; do
    at=${line#*$'\t'}
    [[ $at =~ $WHOLE_NUMBER ]] && ((at + RUN_GRACE < AL_NOW && at > FORGOTTEN)) || continue
    alerts_fact missing "${line%$'\t'*}" "$at" 'Its timer may be off.'
  done
}

alerts_look_disk() {
  local purpose need=$((${FACT_SIZE[database]:-0} * 5 / 2)) whole=yes
  inspect_disk
  for purpose in database backups state; do
    [[ ${I_FREE[$purpose]-} != '' ]] || { whole=''; continue; }
    [[ $purpose != state ]] || need=0
    alerts_fact disk "$purpose" "${I_DEVICE[$purpose]}" "${I_TOTAL[$purpose]}" "${I_FREE[$purpose]}" "$need"
  done
  if [[ $whole != '' ]]; then alerts_fact seen disk; else alerts_fact unseen disk 'df does not say how much is free'; fi
}

# alerts_look_policy: the contradictions that the linter calls errors. Whether a schedule is installed, and how long the disk lasts, is for rules
# of their own here.
alerts_look_policy() {
  local rule severity texts
  policy_lint || { alerts_fact unseen policy 'the rule about it could not be asked'; return; }
  alerts_fact seen policy
  while IFS=$'\t' read -r rule severity _ _ _ texts; do
    [[ $severity == error && $rule != @(not-installed|disk-full) && $rule =~ ^[a-z-]{1,30}$ && ${POLICY_SAYS[$rule]+known} == known ]] || continue
    lint_fill "${POLICY_SAYS[$rule]}" "$texts"
    alerts_fact finding "$rule" "$REPLY"
  done < <(printf '%s' "$LINT")
}

# alerts_look_services: during a restore, that a service is down is no news.
alerts_look_services() {
  local index running
  [[ $AL_RESTORING == '' ]] || return 0
  alerts_fact seen services
  for index in "${!SERVICES[@]}"; do
    state_of "${SERVICE_LOAD[index]}" "${SERVICE_ACTIVE[index]}"
    running=0
    # One that is starting is judged by the health check.
    ! runs "$REPLY" && [[ $REPLY != activating ]] || running=1
    alerts_fact service "${SERVICES[index]}" "$REPLY" "$running"
  done
}

alerts_look_health() {
  local known=0 healthy=0
  [[ $AL_RESTORING == '' ]] || return 0
  inspect_health
  [[ $I_HEALTH_SAID != '' ]] || { alerts_fact unseen health 'the look at the site ended before it was asked'; return; }
  alerts_fact seen health
  [[ $HEALTH_PROBE == '' ]] || known=1
  [[ $HEALTH_HEALTHY != true ]] || healthy=1
  health_words
  for_terminal "$REPLY"
  alerts_fact health "$known" "$healthy" "${REPLY:0:300}"
}

# alerts_look_logs: the errors in the runbook's logs. Whoever can write there can write anything.
alerts_look_logs() {
  local line at file unread=''
  for line in ${LOOK_LINES[@]+"${LOOK_LINES[@]}"}; do
    [[ ! $line =~ ^unread=([a-z_]{1,30}\.log)$ ]] || unread=${BASH_REMATCH[1]}
    [[ $line == error=* && $line =~ ^error=([0-9-]{10}\ [0-9:]{8})$'\t'([a-z_]{1,30}\.log)$'\t'(.*)$ ]] || continue
    at=${BASH_REMATCH[1]//[!0-9]/} file=${BASH_REMATCH[2]}
    for_terminal "${BASH_REMATCH[3]}"
    alerts_fact error "$file" "$at" "${REPLY:0:300}"
  done
  if [[ $unread != '' ]]; then
    alerts_fact unseen logs "the owner of the CVD data cannot read $unread"
  elif [[ $I_HEALTH_SAID == '' && $LOOK_WHOLE == '' ]]; then
    alerts_fact unseen logs 'the look at the site ended before it read them'
  else
    alerts_fact seen logs
  fi
}
