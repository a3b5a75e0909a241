# --- channels, channel: showing, changing and trying them -------------------------------------------------------------------------------

run_channels() {
  local name line
  (($# == 0)) || usage_wrong
  channels_list
  channels_recall
  for name in ${CHANNELS[@]+"${CHANNELS[@]}"}; do
    channel_json "$name"
    channel_to
    printf -v line '%-12s %-8s %-30s %s' "$name" "${CHANNEL[form]-?}" "$REPLY" "${C_WHY:-ok}"
    say_readable "$line"
  done
  channels_report
  counted "${#CHANNELS[@]}" channel channels
  succeed "$REPLY." "$CHANNELS_REPORT"
}

# channels_report: CHANNELS_REPORT = channelReport.
CHANNELS_REPORT=''
channels_report() {
  local name list=()
  channels_list
  channels_recall
  for name in ${CHANNELS[@]+"${CHANNELS[@]}"}; do
    channel_json "$name"
    list+=("$REPLY")
  done
  json_array ${list[@]+"${list[@]}"}
  list=("$REPLY")
  now_ms
  json_object now:="$REPLY" channels:="${list[0]}"
  CHANNELS_REPORT=$REPLY
}

# channel_json NAME: REPLY = channelEntry; loads it.
channel_json() {
  local key settings=() secrets=() to sent failed set list
  channel_known "$1"
  if ! channel_load "$1"; then
    channel_words file "$CHANNEL_PROBLEM"
    C_WHY=$REPLY
    ((C_FAILURES > 0)) || C_FAILURES=1
    # What is in it may be anything: a secret under another name, too.
    channel_keys "${CHANNEL[form]-}"
    [[ $REPLY == '' ]] && CHANNEL=() || CHANNEL=([form]=${CHANNEL[form]})
  fi
  for key in level host port tls user from to preset header watch; do
    [[ ${CHANNEL[$key]-} == '' || $key == to ]] || settings+=("$key=${CHANNEL[$key]}")
  done
  for key in url password secret; do
    [[ ${CHANNEL[$key]-} == '' ]] || secrets+=("\"$key\"")
  done
  channel_to
  to=$REPLY
  json_object ${settings[@]+"${settings[@]}"}
  set=$REPLY
  json_array ${secrets[@]+"${secrets[@]}"}
  list=$REPLY
  json_number_or_null "$C_SENT"
  sent=$REPLY
  json_number_or_null "$C_FAILED"
  failed=$REPLY
  json_object name="$1" form="${CHANNEL[form]-}" preset="${CHANNEL[preset]-}" to="$to" settings:="$set" secrets:="$list" \
    lastSentAt:="$sent" lastFailedAt:="$failed" failure="$C_WHY" failures:="$C_FAILURES"
}

run_channel() {
  local action=${1-} name=${2-}
  [[ $action == set || $action == remove || $action == test ]] || usage_wrong
  [[ $name =~ $CHANNEL_NAMES ]] || usage_error "channel: a name of at most 31 small letters, digits and dashes, such as mail"
  state_writable || fail no-rights "This login cannot keep state: $STATE cannot be written." 'nothing was changed' 'log in as root or with sudo'
  shift 2
  [[ $action != set ]] || channel_set "$name" "$@"
  (($# == 0)) || usage_wrong
  channel_exists "$name" || fail not-found "There is no channel '$name'." 'nothing was changed' 'see: cvd-backup channels'
  if [[ $action == remove ]]; then channel_remove "$name"; else channel_test "$name"; fi
}

# channel_set NAME FORM KEY=VALUE...: ends. What is not given stays; an empty value is taken away; `-` is read from stdin.
channel_set() {
  local name=$1 form=${2-} pair key value changes='' fresh='' before
  channel_keys "$form"
  [[ $REPLY != '' ]] || usage_wrong
  channels_lock || fail busy 'Another console is changing the channels.' 'nothing was changed' 'try again'
  channels_list
  channel_exists "$name" || ((${#CHANNELS[@]} < CHANNELS_MOST)) || fail checks-failed "There are $CHANNELS_MOST channels already." 'nothing was changed' 'remove one first'
  # Without the defaults: those of another tls are others.
  CHANNEL=()
  channel_take "$STATE/channels/$name" && [[ ${CHANNEL[form]} == "$form" ]] || CHANNEL=([form]=$form)
  channel_destination
  before=$REPLY
  for pair in "${@:3}"; do
    key=${pair%%=*} value=${pair#*=}
    [[ $pair == *=* && $key =~ ^[a-z]{1,20}$ ]] || usage_error 'channel set: KEY=VALUE'
    if [[ $value == - ]]; then
      channel_ask "$key"
      value=$REPLY
    fi
    channel_problem "$form" "$key" "$value"
    [[ $REPLY == '' ]] || usage_error "channel set: $REPLY"
    if channel_secret "$key"; then
      fresh+=" $key" changes+=" $key,"
    else
      changes+=" $key '${CHANNEL[$key]-}' -> '$value',"
    fi
    if [[ $value == '' ]]; then unset "CHANNEL[$key]"; else CHANNEL[$key]=$value; fi
  done
  channel_destination
  # Whoever changes where it goes must know what is sent there.
  for key in password secret; do
    [[ ${CHANNEL[$key]-} == '' || $before == "$REPLY" || $before == '' || " $fresh " == *" $key "* ]] ||
      usage_error "channel set: give $key again, because it would be sent to another server"
  done
  channel_incomplete
  [[ $REPLY == '' ]] || usage_error "channel set: $REPLY"
  channel_save "$name" || fail internal 'The channel could not be written.' 'it is as it was'
  audit channel '' "set $name $form:${changes%,}"
  [[ ${CHANNEL[url]-} != http://* ]] ||
    say warning 'http: whoever is on the way can read the messages and the address. Use https where you can.'
  channels_report
  succeed "The channel $name was set. Try it: cvd-backup channel test $name" "$CHANNELS_REPORT"
}

# channel_destination: REPLY = where CHANNEL sends its secrets; empty if that is nowhere yet.
channel_destination() {
  REPLY=''
  case ${CHANNEL[form]-} in
    smtp) [[ ${CHANNEL[host]-} == '' ]] || REPLY="${CHANNEL[host]} ${CHANNEL[port]-} ${CHANNEL[tls]-starttls}" ;;
    webhook) channel_origin "${CHANNEL[url]-}" ;;
  esac
}

# channel_ask KEY: REPLY = a line of stdin. At a terminal it is asked for, and not shown.
channel_ask() {
  [[ $FOLLOW_STDIN == '' ]] || usage_error "channel set: $1=- is for people on the server"
  REPLY=''
  if [[ -t 0 ]]; then
    # It hides what is typed before it asks.
    IFS= read -r -s -p "$1: " REPLY
    printf '\n' >&2
  else
    IFS= read -r REPLY
  fi
  [[ $REPLY != '' ]] || usage_error "channel set: $1=-, and nothing was given on stdin"
}

channel_remove() {
  channels_lock || fail busy 'Another console is changing the channels.' 'nothing was changed' 'try again'
  rm -f -- "$STATE/channels/$1" && sync_paths "$STATE/channels" || fail internal 'The channel could not be removed.' 'it is as it was'
  audit channel '' "remove $1"
  state_change "$CHANNEL_APPLY" state_record dropped "$1" || say warning "$STATE_PROBLEM"
  channels_report
  succeed "The channel $1 was removed." "$CHANNELS_REPORT"
}

channel_test() {
  local event='' why sent=true
  message_test "$1"
  ! channel_load "$1" || [[ ${CHANNEL[preset]-} != healthchecks ]] || event=log
  channels_send "$event" "$1"
  why=${CHANNELS_TOLD[0]#*=}
  [[ $why != ok ]] || why=''
  [[ $why == '' ]] || sent=false
  audit channel "$sent" "test $1"
  json_object channel="$1" sent:="$sent" why="$why"
  [[ $why == '' ]] || fail not-sent "The test message did not leave by the channel $1: $why" 'nothing was changed' 'correct it with channel set, and try again' "$REPLY"
  succeed "The channel $1 took the test message. See whether it arrives." "$REPLY"
}
