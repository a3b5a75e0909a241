# --- One message for many alerts ----------------------------------------------------------------------------------------------------

M_KIND=''      # alerts, test or ping
M_EVENT=() M_SEVERITY=() M_ID=() M_EVIDENCE=() M_FIX=() M_SINCE=() # of each alert
M_SUBJECT=''   # one line
M_LINES=()     # what is said of each, the worst first
M_WORST=''     # error, warning; empty if nothing is wrong any more
M_ERRORS=0 M_WARNINGS=0 M_CLEARED=0
readonly MESSAGE_MOST=1000 # alerts in a message
readonly MESSAGE_SHOWN=40  # of them, those that a person is shown
readonly MESSAGE_ROW=$'^(new|worse|cleared|reminder)\t(error|warning)\t([A-Za-z0-9._/%:-]+)\t([A-Za-z0-9._/%-]*)\t([A-Za-z0-9._/%-]*)\t([0-9]{1,15})$'

# message_read FILE: read alerts, a line for each: new|worse|cleared|reminder SEVERITY ID EVIDENCE FIX SINCE, TAB-separated, texts
# percent-encoded. A line that is anything else is left out.
message_read() {
  local lines=() line event severity id fix since
  M_KIND=alerts M_EVENT=() M_SEVERITY=() M_ID=() M_EVIDENCE=() M_FIX=() M_SINCE=()
  mapfile -t -n "$MESSAGE_MOST" lines <"$1" || return 1
  for line in ${lines[@]+"${lines[@]}"}; do
    [[ $line =~ $MESSAGE_ROW ]] || continue
    event=${BASH_REMATCH[1]} severity=${BASH_REMATCH[2]} id=${BASH_REMATCH[3]} line=${BASH_REMATCH[4]} fix=${BASH_REMATCH[5]} since=${BASH_REMATCH[6]}
    [[ $since =~ $WHOLE_NUMBER ]] || since=0
    M_EVENT+=("$event") M_SEVERITY+=("$severity") M_SINCE+=("$since") M_ID+=("$id")
    message_text "$line" 600
    M_EVIDENCE+=("$REPLY")
    message_text "$fix" 400
    M_FIX+=("$REPLY")
  done
}

# message_text ENCODED MOST: REPLY = the text on one line, of at most so many bytes, in UTF-8.
message_text() {
  local most=$2
  [[ $most =~ ^[0-9]{1,4}$ ]] || return 1
  decode_path "$1"
  ((${#REPLY} <= most)) || REPLY="${REPLY:0:most} ..."
  message_plain "$REPLY"
}

# message_plain TEXT: REPLY = TEXT without control characters and the like, and with ? for whatever is not UTF-8.
message_plain() {
  local text out='' at=0 length
  for_terminal "${1//[$'\t\r\n']/ }"
  [[ ! $REPLY =~ $UTF8 ]] || return 0
  text=$REPLY
  while ((at < ${#text})); do
    length=1
    case ${text:at:4} in
      [$'\x01'-$'\x7f']*) ;;
      [$'\xc2'-$'\xdf'][$'\x80'-$'\xbf']*) length=2 ;;
      $'\xe0'[$'\xa0'-$'\xbf'][$'\x80'-$'\xbf']* | [$'\xe1'-$'\xec\xee\xef'][$'\x80'-$'\xbf'][$'\x80'-$'\xbf']* | $'\xed'[$'\x80'-$'\x9f'][$'\x80'-$'\xbf']*) length=3 ;;
      $'\xf0'[$'\x90'-$'\xbf'][$'\x80'-$'\xbf'][$'\x80'-$'\xbf'] | [$'\xf1'-$'\xf3'][$'\x80'-$'\xbf'][$'\x80'-$'\xbf'][$'\x80'-$'\xbf'] | $'\xf4'[$'\x80'-$'\x8f'][$'\x80'-$'\xbf'][$'\x80'-$'\xbf']) length=4 ;;
      *) length=0 ;;
    esac
    if ((length == 0)); then out+='?' length=1; else out+=${text:at:length}; fi
    at=$((at + length))
  done
  REPLY=$out
}

readonly UTF8=$'^([\x01-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf][\x80-\xbf]|[\xf1-\xf3][\x80-\xbf][\x80-\xbf][\x80-\xbf]|\xf4[\x80-\x8f][\x80-\xbf][\x80-\xbf])*$'

message_host() {
  host_name
  message_plain "$REPLY"
}

# message_compose LEVEL: set M_SUBJECT, M_LINES and M_WORST for a channel of that level, for which there is an alert.
message_compose() {
  local level=$1 index event severity rest=0 host words
  M_LINES=() M_WORST='' M_ERRORS=0 M_WARNINGS=0 M_CLEARED=0
  message_host
  host=$REPLY
  for severity in error warning cleared; do
    for event in new worse reminder cleared; do
      for index in "${!M_EVENT[@]}"; do
        message_counts "$index" "$level" && [[ ${M_EVENT[index]} == "$event" ]] || continue
        if [[ $severity == cleared ]]; then
          [[ $event == cleared ]] || continue
          M_CLEARED=$((M_CLEARED + 1))
        else
          [[ $event != cleared && ${M_SEVERITY[index]} == "$severity" ]] || continue
          if [[ $severity == error ]]; then M_ERRORS=$((M_ERRORS + 1)); else M_WARNINGS=$((M_WARNINGS + 1)); fi
        fi
        if ((${#M_LINES[@]} >= MESSAGE_SHOWN)); then rest=$((rest + 1)); else message_line "$index"; M_LINES+=("$REPLY"); fi
        words=$index
      done
    done
  done
  ((rest == 0)) || M_LINES+=("and $rest more")
  ((M_WARNINGS == 0)) || M_WORST=warning
  ((M_ERRORS == 0)) || M_WORST=error
  if ((${#M_LINES[@]} == 1)); then
    message_one "$words"
  else
    message_counted
  fi
  M_SUBJECT="[CVD backup] $host: $REPLY"
}

# message_for LEVEL: status 0 if there is an alert for a channel of that level.
message_for() {
  local index
  for index in "${!M_EVENT[@]}"; do message_counts "$index" "$1" && return; done
  return 1
}

# message_counts INDEX LEVEL: status 0 if this alert is for a channel of that level.
message_counts() { [[ $2 != errors || ${M_SEVERITY[$1]} == error ]]; }

message_one() { # INDEX
  local index=$1
  [[ $index =~ ^[0-9]{1,4}$ ]] || return 1
  REPLY=${M_EVIDENCE[index]}
  ((${#REPLY} <= 150)) || { message_plain "${REPLY:0:150}"; REPLY+=...; }
  case ${M_EVENT[index]} in
    cleared) REPLY="cleared: $REPLY" ;;
    *) REPLY="${M_SEVERITY[index]}: $REPLY" ;;
  esac
}

# message_counted: REPLY = `2 errors, 1 warning, 3 cleared`.
message_counted() {
  local words=''
  ((M_ERRORS == 0)) || { counted "$M_ERRORS" error errors; words=$REPLY; }
  ((M_WARNINGS == 0)) || { counted "$M_WARNINGS" warning warnings; words+="${words:+, }$REPLY"; }
  ((M_CLEARED == 0)) || words+="${words:+, }$M_CLEARED cleared"
  REPLY=$words
}

# message_line INDEX: REPLY = what is said of an alert.
message_line() {
  local index=$1 since words
  [[ $index =~ ^[0-9]{1,4}$ ]] || return 1
  since=${M_SINCE[index]}
  [[ $since =~ ^[0-9]{4,15}$ ]] || since=0000
  printf -v since '%(%Y-%m-%d %H:%M %Z)T' "${since%???}"
  case ${M_EVENT[index]} in
    cleared)
      REPLY="Cleared: ${M_EVIDENCE[index]} (since $since)"
      return
      ;;
    new) words='' ;;
    worse) words=', worse than before' ;;
    reminder) words=', still open' ;;
  esac
  REPLY="${M_SEVERITY[index]^}$words: ${M_EVIDENCE[index]} (since $since)"
  [[ ${M_FIX[index]} == '' ]] || REPLY+=" What to do: ${M_FIX[index]}"
}

# message_test NAME: compose a message that says that it is a test.
message_test() {
  M_KIND=test M_EVENT=() M_SEVERITY=() M_WORST='' M_ERRORS=0 M_WARNINGS=0 M_CLEARED=0
  message_host
  M_SUBJECT="[CVD backup] $REPLY: test of the channel $1"
  M_LINES=('This is a test. Nothing is wrong: alerts of this site will arrive here.')
}

# message_body: REPLY = the text for people, on lines that end with a line break.
message_body() {
  local line out=''
  for line in "${M_LINES[@]}"; do out+=$line$'\n\n'; done
  message_host
  out+="Sent by cvd-backup on $REPLY"
  message_plain "$ROOT"
  out+=" for the site in $REPLY."
  [[ $M_KIND != alerts ]] || out+=' All alerts are listed there by: cvd-backup alerts'
  REPLY=$out$'\n'
}
