# --- Telling people: what the rooms of alerts and of the schedule call ------------------------------------------------------------------
#
# Nothing here ends the caller: whatever goes wrong is a value with words, and is recorded.

CHANNELS_TOLD=()            # NAME=ok or NAME=WHY, of each channel that was to send something
declare -A CHANNELS_TOOK=() # of those that took the message, also if not for everybody: all, or errors if they were sent no warnings

# channels_tell FILE: send the alerts in FILE (message_read) by all channels that are for them, in one message each.
channels_tell() {
  local name senders=()
  CHANNELS_TOLD=() CHANNELS_TOOK=()
  message_read "$1" || return 1
  channels_list
  for name in ${CHANNELS[@]+"${CHANNELS[@]}"}; do
    # One whose file cannot be used is told of, too.
    if channel_load "$name"; then
      [[ ${CHANNEL[preset]-} != healthchecks ]] && message_for "${CHANNEL[level]}" || continue
    fi
    senders+=("$name")
  done
  channels_send '' ${senders[@]+"${senders[@]}"}
}

# channels_ping start|success|failure KIND MESSAGE: tell the dead man's switches that watch KIND.
channels_ping() {
  local name senders=() event=$1
  CHANNELS_TOLD=()
  [[ $event == start || $event == success || $event == failure ]] || return 1
  channels_list
  for name in ${CHANNELS[@]+"${CHANNELS[@]}"}; do
    channel_load "$name" && [[ ${CHANNEL[preset]-} == healthchecks && ${CHANNEL[watch]} == "$2" ]] || continue
    senders+=("$name")
  done
  ((${#senders[@]} > 0)) || return 0
  message_plain "$3"
  M_KIND=ping M_EVENT=() M_SUBJECT=$REPLY M_LINES=("$REPLY")
  channels_send "$event" "${senders[@]}"
}

# channels_send EVENT NAME...: send the message by these channels, side by side, and set CHANNELS_TOLD.
channels_send() {
  local event=$1 index name fd took why fds=() names=()
  # A number of our own, for the time of this function: the owner could read what its own processes hold.
  local READER_UID='' READER_GID='' READER_FD='' WORK_FD=''
  shift
  CHANNELS_TOLD=() CHANNELS_TOOK=()
  (($# > 0)) || return 0
  reader_choose
  READER_GID=$READER_UID
  for name in "$@"; do
    exec {fd}< <(channel_deliver "$name" "$event")
    fds+=("$fd") names+=("$name")
  done
  for index in "${!fds[@]}"; do
    fd=${fds[index]} name=${names[index]} took='' why=''
    IFS=' ' read -r -t 60 took why <&"$fd" || why=''
    exec {fd}<&-
    [[ $why != '' ]] || { channel_words slow; took=no why=$REPLY; }
    [[ $took == no ]] || CHANNELS_TOOK[n$name]=$took
    CHANNELS_TOLD+=("$name=$why")
  done
  reader_end
  reader_unclaim
  now_ms
  channels_record "$REPLY" "${CHANNELS_TOLD[@]}"
}

# channel_deliver NAME EVENT: print all or errors if it took the message, or no; then ok, or why it did not leave; on one line.
channel_deliver() {
  local took=no
  if ((EUID == 0)) && [[ ! $READER_UID =~ ^6[0-9]{4}$ || $READER_UID == "$OWNER_UID" ]]; then
    channel_words no-user
  else
    channel_send "$@"
  fi
  message_plain "${REPLY:-ok}"
  [[ $REPLY != ok && $CHANNEL_PART == '' ]] || took=${CHANNEL[level]}
  printf '%s %s\n' "$took" "$REPLY"
}
