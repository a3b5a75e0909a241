# --- What ran, and what should have -----------------------------------------------------------------------------------------------
#
# Each run is a row of state.db, written before it begins and when it is over. A run is missed if its time has passed and there is no
# row. It can still run, late, until the next one of its kind is due; then whoever runs next writes down that it was missed.

readonly RUN_GRACE=5400000   # milliseconds after which a run that did not begin is reported: longer than a timer is spread, than the
                             # hour of due_timer, and than the second of two equal hours in autumn
readonly RUN_BACK=3024000000 # those of 35 days ago are not looked for

S_MANAGER='' S_KIT='' # of the installed schedule: systemd or cron; and the SHA-256 of the installed kit
S_SINCE=() S_SPEC=()  # of each of KINDS: since when, and how often; empty if it is off

# schedule_load: set S_*; status 1 if no schedule is installed.
schedule_load() {
  local line index kind value
  S_MANAGER='' S_KIT='' S_SINCE=() S_SPEC=()
  schedule_kinds
  for index in "${!KINDS[@]}"; do S_SINCE[index]='' S_SPEC[index]=''; done
  [[ -f $STATE/schedule && ! -L $STATE/schedule ]] || return 1
  while IFS= read -r line; do
    value=${line#*=}
    case $line in
      manager=systemd | manager=cron) S_MANAGER=$value ;;
      kit=*) [[ ! $value =~ ^[0-9a-f]{64}$ ]] || S_KIT=$value ;;
      since.*)
        kind=${line%%=*}
        [[ ${value%% *} =~ ^[1-9][0-9]{12}$ && ${value#* } =~ $SCHEDULE_FORM ]] || continue
        for index in "${!KINDS[@]}"; do
          [[ ${KINDS[index]} != "${kind#since.}" ]] || S_SINCE[index]=${value%% *} S_SPEC[index]=${value#* }
        done
        ;;
    esac
  done <"$STATE/schedule"
  [[ $S_MANAGER != '' && $S_KIT != '' ]]
}

# schedule_save MANAGER KIT NOW: write it down. What is as it was stays since then.
schedule_save() {
  local index kind since text="manager=$1"$'\n'"kit=$2"$'\n'
  for index in "${!KINDS[@]}"; do
    kind_schedule "${KINDS[index]}"
    [[ $REPLY != off ]] || continue
    since=$3
    [[ ${S_SPEC[index]-} != "$REPLY" || ${S_SINCE[index]-} == '' ]] || since=${S_SINCE[index]}
    text+="since.${KINDS[index]}=$since $REPLY"$'\n'
  done
  write_whole "$STATE/schedule" "$text"
}

# schedule_differs: status 0 if the policy has another schedule than the one that is installed.
schedule_differs() {
  local index
  for index in "${!KINDS[@]}"; do
    kind_schedule "${KINDS[index]}"
    [[ ${REPLY/#off/} == "${S_SPEC[index]}" ]] || return 0
  done
  return 1
}

RUNNING=() # rows of runs that have no end yet: KIND DUE BEGAN OPERATION KIT, TAB-separated
LAPSED=()  # due times without a run, in order: KIND TAB MILLISECONDS
FORGOTTEN=0 # until when runs may be unknown: the last loss of records

# runs_account NOW: set RUNNING and LAPSED; call schedule_load first. Status 1 if what ran is not known.
runs_account() {
  local now=$1 at rest index low whole='' lines=() wishes=()
  RUNNING=() LAPSED=() FORGOTTEN=0
  [[ $now =~ ^[0-9]{1,15}$ ]] || return 1
  runs_table || { [[ $REPLY == none ]] && lines=(whole) || return 1; }
  ((${#lines[@]} > 0)) || mapfile -t lines < <(state_record asked "$((now + 60000))" | state_rows "SELECT 'last', kind, max(due_at) FROM run
    WHERE due_at <= (SELECT 0 + a FROM said) GROUP BY kind;
    SELECT 'running', kind, due_at, coalesce(began_at, due_at), coalesce(nullif(operation, ''), '-'), coalesce(nullif(kit, ''), '-')
      FROM run WHERE outcome = 'running' ORDER BY due_at;
    SELECT 'loss', '-', at FROM (SELECT max(at) AS at FROM loss WHERE at <= (SELECT 0 + a FROM said)) WHERE at IS NOT NULL;")
  for rest in ${lines[@]+"${lines[@]}"}; do
    at=${rest##*$'\t'}
    case ${rest%%$'\t'*} in
      whole) whole=yes ;;
      loss) [[ ! $at =~ ^[0-9]{1,15}$ ]] || FORGOTTEN=$at ;;
      running) RUNNING+=("${rest#running$'\t'}") ;;
    esac
  done
  [[ $whole != '' ]] || return 1
  for index in "${!KINDS[@]}"; do
    low=${S_SINCE[index]}
    [[ $low =~ ^[0-9]{1,15}$ ]] || continue
    # The clock was wrong then, or is now: what is dated in the future does not keep anything from running.
    ((low <= now)) || low=$((now - RUN_GRACE))
    ((low >= now - RUN_BACK)) || low=$((now - RUN_BACK))
    for rest in "${lines[@]}"; do
      [[ $rest == "last"$'\t'"${KINDS[index]}"$'\t'* ]] || continue
      at=${rest##*$'\t'}
      [[ ! $at =~ ^[0-9]{1,15}$ ]] || ((low >= at)) || low=$at
    done
    # A minute early: the clock may be set back a little after a timer has gone off.
    wishes+=("$(schedule_wish "${KINDS[index]}" "${S_SPEC[index]}" "$low" "$((now + 60000))")")
  done
  ((${#wishes[@]} > 0)) || return 0
  mapfile -t LAPSED < <(printf '%s\n' "${wishes[@]}" | schedule_times)
  ((${#LAPSED[@]} > 0)) && [[ ${LAPSED[-1]} == whole ]] || { LAPSED=(); return 1; }
  unset 'LAPSED[-1]'
}

# runs_table: status 0 if state.db has runs; otherwise REPLY = none if there cannot be any, or unknown.
runs_table() {
  local lines=()
  mapfile -t lines < <(state_rows "SELECT 'run' FROM sqlite_master WHERE type = 'table' AND name = 'run';" </dev/null)
  REPLY=unknown
  [[ ${lines[*]-} == 'run whole' ]] && return 0
  [[ ${lines[*]-} != whole ]] || REPLY=none
  return 1
}

# runs_missed NOW: print rows of `said` for what was missed: of each kind, all of LAPSED but the newest, which can still run. Before a
# loss of records, nothing is called missed; but the newest runs then, too: better once too often than never.
runs_missed() {
  local now=$1 index at booted reason
  [[ $now =~ ^[0-9]{1,15}$ ]] || return 1
  uptime_ms
  booted=$((now - REPLY))
  for index in "${!LAPSED[@]}"; do
    runs_newest "$index" && continue
    at=${LAPSED[index]#*$'\t'}
    [[ $at =~ ^[0-9]{1,15}$ ]] && ((at > FORGOTTEN)) || continue
    reason='Nothing ran at that time: its timer was off, or it came too late.'
    ((at >= booted)) || reason='Nothing ran at that time: the server was off, or the timer was.'
    state_record lapsed "${LAPSED[index]%$'\t'*}" "$at" '' '' missed missed "$reason"
  done
}

# runs_newest INDEX: status 0 if LAPSED has no later one of this kind.
runs_newest() {
  local line
  for line in "${LAPSED[@]:$1 + 1}"; do [[ ${line%$'\t'*} != "${LAPSED[$1]%$'\t'*}" ]] || return 1; done
}

# runs_broken NOW: print rows of `said` for runs that were begun and whose process is gone. What their operation says counts.
runs_broken() {
  local line kind due began operation kit outcome code message ended
  for line in ${RUNNING[@]+"${RUNNING[@]}"}; do
    IFS=$'\t' read -r kind due began operation kit < <(printf '%s\n' "$line")
    # The one that looks has the lock of its kind.
    kind_known "$kind" && { [[ $kind == "$RUN_KIND" ]] || ! kind_lives "$kind"; } || continue
    outcome_read "$operation"
    outcome=$RUN_OUTCOME code=$RUN_CODE message=$RUN_MESSAGE ended=$RUN_ENDED
    if [[ $outcome == '' ]]; then
      outcome=failed code=interrupted message='The run was interrupted: its process was killed, or the server stopped.' ended=$1
    fi
    state_record run "$kind" "$due" "$began" "$ended" "$outcome" "$code" "$message" "${operation#-}" "${kit#-}"
  done
}

# kind_lives KIND: status 0 if a run of that kind is at work.
kind_lives() { [[ -e $STATE/runs/$1 ]] && ! flock -n -s "$STATE/runs/$1" true; }

# outcome_read OPERATION: set RUN_*: how its operation ended; all empty if it has not.
RUN_OUTCOME='' RUN_CODE='' RUN_MESSAGE='' RUN_ENDED=''
outcome_read() {
  local key value lost=''
  RUN_OUTCOME='' RUN_CODE='' RUN_MESSAGE='' RUN_ENDED=''
  valid_operation "$1" || return 0
  while IFS='=' read -r key value; do
    case $key in
      outcome) RUN_OUTCOME=$value ;;
      code) RUN_CODE=$value ;;
      message) RUN_MESSAGE=$value ;;
      lockLost) lost=$value ;;
      endedAt) [[ ! $value =~ ^[1-9][0-9]{12}$ ]] || RUN_ENDED=$value ;;
    esac
  done 2>/dev/null <"$STATE/operations/$1/outcome"
  # What found another operation at work for as long as it waits did nothing wrong. A data folder that a program keeps locked is no
  # reason to go without backups quietly.
  [[ $RUN_CODE != busy || $lost != yes ]] || RUN_OUTCOME=skipped
}
