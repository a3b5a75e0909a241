# --- schedule: what is due, what ran, and what else backs this site up ---------------------------------------------------------------

readonly NEXT_RUNS=5

run_schedule() {
  local now installed=false words runs kinds foreign replaced kit=null paused=null missed=0 line known=true zone
  (($# == 0)) || usage_wrong
  schedule_load && installed=true
  now_ms
  now=$REPLY
  state_say_lost
  runs_account "$now" || known=false
  report_runs
  runs=$REPLY
  report_missed "$now"
  missed=$REPLY
  report_kinds "$now"
  kinds=$REPLY
  foreign_find
  report_foreign
  foreign=$REPLY
  report_replaced
  replaced=$REPLY
  if [[ $installed == true ]]; then
    line=false
    ! installed_intact "$S_KIT" || line=true
    kit=false
    [[ $S_KIT != "$KIT_SHA256" ]] || kit=true
    json_object sha256="$S_KIT" intact:="$line" same:="$kit"
    kit=$REPLY
  fi
  pause_state "$now"
  case $REPLY in
    '') ;;
    yes) paused='{"until":null}' ;;
    *) paused="{\"until\":$REPLY}" ;;
  esac
  report_words "$installed" "$paused"
  words=$REPLY
  zone_name
  zone=$REPLY
  line=false
  [[ $installed == false ]] || ! { schedule_differs || units_changed; } || line=true
  json_object now:="$now" zone="$zone" installed:="$installed" manager="$S_MANAGER" kit:="$kit" changed:="$line" paused:="$paused" \
    recordsKnown:="$known" kinds:="$kinds" runs:="$runs" missed:="$missed" foreign:="$foreign" replaced:="$replaced"
  succeed "$words" "$REPLY"
}

report_words() { # INSTALLED PAUSED
  REPLY='The schedule is installed.'
  [[ $1 == true ]] || REPLY='No schedule is installed: nothing backs this site up by itself, except for the jobs of others that are listed.'
  [[ $1 != true || $2 == null ]] || REPLY='The schedule is installed, and paused.'
}

# report_kinds NOW: REPLY = each kind as JSON: how often, since when, and its next runs.
report_kinds() {
  local now=$1 index kind at line first lines=() coming=() list=() since
  [[ $now =~ ^[0-9]{1,15}$ ]] || return 1
  mapfile -t lines < <(for kind in "${KINDS[@]}"; do
    kind_schedule "$kind"
    # 160 days, for once a month.
    schedule_wish "$kind" "$REPLY" "$now" "$((now + (${#REPLY} < 12 ? 691200000 : 13824000000)))"
  done | schedule_times)
  for index in "${!KINDS[@]}"; do
    kind=${KINDS[index]} coming=() first=''
    for line in ${lines[@]+"${lines[@]}"}; do
      at=${line#*$'\t'}
      [[ ${line%$'\t'*} == "$kind" && $at =~ ^[0-9]{1,15}$ ]] && ((${#coming[@]} < NEXT_RUNS)) || continue
      coming+=("$at")
      [[ $first != '' ]] || printf -v first '%(%F %H:%M)T' "$((at / 1000))"
    done
    json_number_or_null "${S_SINCE[index]-}"
    since=$REPLY
    kind_schedule "$kind"
    line=$REPLY
    for at in ${LASTS[@]+"${LASTS[@]}"} "$kind=never ran"; do [[ $at != "$kind="* ]] || break; done
    printf -v at '%-12s %-16s next %-16s  last: %s' "$kind" "$line" "${first:-never}" "${at#*=}"
    say_readable "$at"
    json_array ${coming[@]+"${coming[@]}"}
    json_object kind="$kind" schedule="$line" since:="$since" next:="$REPLY"
    list+=("$REPLY")
  done
  json_array ${list[@]+"${list[@]}"}
}

LASTS=() # of each kind that ran: KIND=OUTCOME
# report_runs: REPLY = the newest twenty runs of each kind as JSON, newest first.
report_runs() {
  local kind due began ended outcome code message operation list=() text
  LASTS=()
  while IFS=$'\t' read -r kind due began ended outcome code message operation; do
    [[ $due =~ ^[0-9]{1,15}$ ]] || continue
    text=()
    for kind in "$kind" "$outcome" "${code#-}" "${message#-}" "${operation#-}"; do
      decode_path "$kind"
      text+=("$REPLY")
    done
    json_number_or_null "$began"
    began=$REPLY
    json_number_or_null "$ended"
    json_object kind="${text[0]}" dueAt:="$due" beganAt:="$began" endedAt:="$REPLY" outcome="${text[1]}" code="${text[2]}" \
      message="${text[3]}" operation="${text[4]}"
    list+=("$REPLY")
    [[ " ${LASTS[*]-} " == *" ${text[0]}="* ]] || LASTS+=("${text[0]}=${text[1]}")
  done < <(! runs_table || state_rows "SELECT kind, due_at, coalesce(began_at, '-'), coalesce(ended_at, '-'), outcome, coalesce(nullif(code, ''), '-'),
    coalesce(nullif(message, ''), '-'), coalesce(nullif(operation, ''), '-')
    FROM (SELECT *, row_number() OVER (PARTITION BY kind ORDER BY due_at DESC) AS n FROM run) WHERE n <= 20 ORDER BY due_at DESC, kind;" </dev/null)
  json_array ${list[@]+"${list[@]}"}
}

# report_missed NOW: REPLY = runs that did not begin, and that no run has noted yet, as JSON.
report_missed() {
  local line at list=()
  [[ $1 =~ ^[0-9]{1,15}$ ]] || return 1
  for line in ${LAPSED[@]+"${LAPSED[@]}"}; do
    at=${line#*$'\t'}
    [[ $at =~ ^[0-9]{1,15}$ ]] && ((at + RUN_GRACE < $1 && at > FORGOTTEN)) || continue
    json_object kind="${line%$'\t'*}" dueAt:="$at"
    list+=("$REPLY")
  done
  ((${#list[@]} == 0)) || say_readable "missed and not noted yet: ${#list[@]}"
  json_array ${list[@]+"${list[@]}"}
}

report_foreign() {
  local index form path line script user text why list=()
  for index in "${!FOREIGN[@]}"; do
    IFS=$'\t' read -r form path line script user text < <(printf '%s\n' "${FOREIGN[index]}")
    why=${FOREIGN_WHY[index]}
    decode_path "$path"
    say_readable "job of others: $REPLY, line $line: $script${why:+ ($why)}"
    json_object form="$form" path="$path" line:="$line" script="$script" user="$user" text="$text" problem="$why"
    list+=("$REPLY")
  done
  json_array ${list[@]+"${list[@]}"}
}

report_replaced() {
  local number path at form list=()
  replaced_numbers
  for number in ${NUMBERS[@]+"${NUMBERS[@]}"}; do
    replaced_about "$number" path
    path=$REPLY
    replaced_about "$number" form
    form=$REPLY
    replaced_about "$number" at
    json_number_or_null "$REPLY"
    at=$REPLY
    decode_path "$path"
    say_readable "replaced: $REPLY"
    json_object form="$form" path="$path" at:="$at"
    list+=("$REPLY")
  done
  json_array ${list[@]+"${list[@]}"}
}
