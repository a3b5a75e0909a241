# --- monitor: look for what is wrong, and tell -------------------------------------------------------------------------------------------
#
# Takes no lock of the site: it has to see that an operation hangs. Two at once would tell twice, so one waits for the other.

AL_ANSWER=()

check_monitor() { [[ ${*-} == '' ]] || usage_wrong; }

run_monitor() {
  local lock opened cleared open=0 told line
  check_monitor "$@"
  { exec {lock}>>"$STATE/monitor.lock"; } 2>/dev/null && flock -w 120 "$lock" ||
    fail busy 'Another monitoring of this site is at work.' 'nothing was changed' 'wait until it has ended'
  state_ready || fail "$STATE_CODE" "$STATE_PROBLEM" 'no alert was opened or cleared' ''
  step look 'Look at the site'
  alerts_look
  heed_cancel 'no alert was opened or cleared'
  step judge 'Find what is wrong'
  alerts_judge || fail "$STATE_CODE" "$STATE_PROBLEM" 'no alert was opened or cleared' ''
  for line in ${AL_ANSWER[@]+"${AL_ANSWER[@]}"}; do [[ ! $line =~ ^open$'\t'([0-9]{1,9})$ ]] || open=${BASH_REMATCH[1]}; done
  monitor_listed opened
  opened=$REPLY
  monitor_listed cleared
  cleared=$REPLY
  step tell 'Tell of what has changed'
  monitor_tell
  told=$REPLY
  step_done
  json_object opened:="$opened" cleared:="$cleared" open:="$open" told:="$told"
  told=$REPLY
  counted "$open" 'alert is' 'alerts are'
  succeed "$REPLY open." "$told"
}

# alerts_judge: fill AL_ANSWER: what the rules found, and what has become of it. Status 1 if that was not possible.
alerts_judge() {
  AL_ANSWER=()
  alerts_change "$ALERTS_TABLES $ALERTS_ASK CREATE TEMP TABLE found AS $ALERTS_RULE; $ALERTS_CHANGE $ALERTS_ANSWER" alerts_facts || return 1
  mapfile -t AL_ANSWER < <(printf '%s' "$REPLY")
}

# alerts_facts: print all rows of `said`.
alerts_facts() {
  local table
  printf '%s' "$AL_ROWS"
  words_of "${POLICY[key_tables]}"
  for table in ${WORDS[@]+"${WORDS[@]}"}; do state_record watched "$table"; done
  alerts_backups
}

# monitor_listed opened|cleared: REPLY = these alerts as a JSON array; says each.
monitor_listed() {
  local line list=()
  for line in ${AL_ANSWER[@]+"${AL_ANSWER[@]}"}; do
    [[ $line == "$1"$'\t'* ]] && alert_json "$AL_NOW" "${line#*$'\t'}" || continue
    list+=("$REPLY")
    say_readable "$1 $ALERT_SEVERITY $ALERT_ID: $ALERT_SAID -> $ALERT_TODO"
  done
  json_array ${list[@]+"${list[@]}"}
}

# monitor_tell: one message with all that is to be told, to every channel. REPLY = what became of it, as JSON. It counts as told once a channel
# that is for alerts of its severity has taken it; otherwise it is in the message of the next look.
monitor_tell() {
  local line n level what row rows=() text='' one list=() sent why severities='' told=()
  for line in ${AL_ANSWER[@]+"${AL_ANSWER[@]}"}; do
    [[ $line == tell$'\t'* ]] || continue
    IFS=$'\t' read -r _ n level what row < <(printf '%s\n' "$line")
    [[ "$n $level" =~ ^[0-9]{1,15}\ [0-9]{1,9}$ && $what =~ ^(new|worse|cleared|reminder)$ ]] && alert_json "$AL_NOW" "$row" || continue
    monitor_message "$what" "$row"
    text+=$REPLY
    rows+=("$ALERT_SEVERITY $n $level")
  done
  REPLY='[]'
  ((${#rows[@]} > 0)) || return 0
  write_whole "$OPERATION_DIR/message" "$text" || fail internal 'The message could not be written.' '' "look at the disk of $STATE"
  channels_tell "$OPERATION_DIR/message" || fail internal 'The message could not be read back.' 'it is told of the next time' "look at the disk of $STATE"
  for one in ${CHANNELS_TOLD[@]+"${CHANNELS_TOLD[@]}"}; do
    sent=true why=${one#*=}
    [[ ${CHANNELS_TOOK[n${one%%=*}]-} != '' ]] || sent=false
    [[ $why != ok ]] || why=''
    json_object channel="${one%%=*}" sent:="$sent" why="$why"
    list+=("$REPLY")
  done
  for one in ${CHANNELS_TOOK[@]+"${CHANNELS_TOOK[@]}"}; do
    severities+=' error'
    [[ $one == errors ]] || severities+=' warning'
  done
  for one in "${rows[@]}"; do [[ " $severities " != *" ${one%% *} "* ]] || told+=("${one#* }"); done
  ((${#told[@]} == 0)) || alerts_change "$ALERTS_TOLD" monitor_told "${told[@]}" || say warning "What was told could not be recorded, and is told again. $STATE_PROBLEM"
  json_array ${list[@]+"${list[@]}"}
}

# monitor_message WHAT ROW: REPLY = a line for channels_tell; after alert_json.
monitor_message() {
  local evidence since
  IFS=$'\t' read -r _ _ _ since _ < <(printf '%s\n' "$2")
  encode_path "$ALERT_SAID"
  evidence=$REPLY
  encode_path "$ALERT_TODO"
  REPLY="$1"$'\t'"$ALERT_SEVERITY"$'\t'"$ALERT_ID"$'\t'"$evidence"$'\t'"$REPLY"$'\t'"$since"$'\n'
}

monitor_told() { # `N LEVEL`...
  local one
  for one in "$@"; do state_row told "${one% *}" "${one#* }" "$AL_NOW"; done
}
