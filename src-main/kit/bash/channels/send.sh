# --- Sending by one channel -----------------------------------------------------------------------------------------------------------

# channel_words CODE [VALUE [VALUE]]: REPLY = why a message did not leave, from the catalogue.
channel_words() {
  local code=$1
  [[ $code =~ ^[a-z-]{1,30}$ && ${CHANNEL_WORDS[$code]+known} == known ]] || code=unknown
  REPLY=${CHANNEL_WORDS[$code]}
  REPLY=${REPLY//'{value}'/"${2-}"}
  REPLY=${REPLY//'{detail}'/"${3-}"}
}

# channel_send NAME EVENT: send the message, or a ping with that EVENT, by this channel. REPLY = why it did not leave, or empty;
# CHANNEL_PART = yes if it left nevertheless, but not for everybody.
CHANNEL_PART=''
channel_send() {
  CHANNEL_PART=''
  channel_load "$1" || { channel_words file "$CHANNEL_PROBLEM"; return; }
  [[ $M_KIND != alerts ]] || message_compose "${CHANNEL[level]}"
  case ${CHANNEL[form]} in
    mail) mail_send ;;
    smtp) smtp_send ;;
    webhook)
      webhook_config "$2"
      channel_request http
      webhook_words "$REPLY"
      ;;
  esac
}

# channel_request http|smtp [MOST]: REPLY = what channel_curl says of W_CONFIG and W_BODY, in MOST seconds at most. Whoever pings wants to go on
# with a backup.
readonly CHANNEL_SECONDS=15 PING_SECONDS=5
channel_request() {
  local seconds=$CHANNEL_SECONDS
  [[ $M_KIND != ping ]] || seconds=$PING_SECONDS
  [[ ! ${2-} =~ ^[0-9]{1,2}$ ]] || ((seconds <= $2)) || seconds=$2
  REPLY=$({ printf '%s\0' "$W_CONFIG"; printf '%s' "$W_BODY"; } 2>/dev/null | side_answers "$((seconds + 5))" 16384 reader channel_curl "$1" "$seconds" 2>/dev/null | tr -d '\0')
}

# webhook_words ANSWER: REPLY = why the request was not accepted, or empty. Nothing that the other end says is repeated: it may be a secret.
webhook_words() {
  local answer=${1//$'\r'/} status=000 rest exit
  exit=${answer##*$'\nexit '}
  [[ $exit != "$answer" && $exit =~ ^[0-9]{1,3}$ ]] || { channel_words slow; return; }
  while [[ $answer =~ ^HTTP/[0-9.]+\ ([0-9]{3})[^0-9] ]]; do
    status=${BASH_REMATCH[1]}
    [[ $status == 1?? ]] || break # interim response: the final one follows
    rest=${answer#*$'\n\n'}
    [[ $rest != "$answer" ]] || break
    answer=$rest
  done
  case $status in
    2??) REPLY='' ;;
    3??) channel_words redirect "$status" ;;
    401 | 403 | 407) channel_words refused "$status" ;;
    404 | 405 | 410) channel_words address "$status" ;;
    413) channel_words large "$status" ;;
    429) channel_words often "$status" ;;
    4??) channel_words rejected "$status" ;;
    5??) channel_words server "$status" ;;
    *) curl_words "$exit" "$answer" ;;
  esac
}

# smtp_words ANSWER: REPLY = why the mail server did not take the message, or empty.
smtp_words() {
  local answer=${1//$'\r'/} exit status
  exit=${answer##*$'\nexit '}
  [[ $exit != "$answer" && $exit =~ ^[0-9]{1,3}$ ]] || { channel_words slow; return; }
  if [[ $exit == 0 ]]; then
    REPLY=''
  elif [[ $exit == 67 ]]; then
    channel_words login
  elif [[ $answer =~ (MAIL|RCPT)\ failed:\ ([45][0-9]{2}) ]]; then
    status=${BASH_REMATCH[2]}
    if [[ ${BASH_REMATCH[1]} == MAIL ]]; then channel_words sender "$status"; else channel_words recipient "$status"; fi
  elif [[ $exit == 8 || $exit == 25 || $exit == 55 || $exit == 56 ]]; then
    channel_words mail-broken
  else
    curl_words "$exit" "$answer"
  fi
}

# curl_words EXIT SAID: REPLY = why there was no answer.
curl_words() {
  case $1 in
    1) channel_words no-http ;;
    5 | 6) channel_words no-host ;;
    7) channel_words no-connection ;;
    28) channel_words slow ;;
    35) channel_words tls ;;
    64) channel_words no-tls ;;
    51 | 60)
      case $2 in
        *'has expired'*) channel_words expired ;;
        *self*signed*) channel_words self-signed ;;
        *'subject name'* | *'does not match'* | *mismatch*) channel_words other-name ;;
        *) channel_words certificate ;;
      esac
      ;;
    52 | 56 | 18) channel_words broken ;;
    126 | 127) channel_words no-curl ;;
    *) channel_words unknown "$1" ;;
  esac
}
