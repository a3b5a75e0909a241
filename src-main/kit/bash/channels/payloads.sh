# --- What a webhook gets ------------------------------------------------------------------------------------------------------------

readonly TEAMS_BYTES=20000 # Teams refuses messages of more than 28 KB
readonly NTFY_BYTES=3800   # ntfy makes a file of more than 4096 bytes

# payload_json: REPLY = all that is known, for a program.
payload_json() {
  local index alerts=() list host root counts worst rule subject
  for index in "${!M_EVENT[@]}"; do
    message_counts "$index" "${CHANNEL[level]}" || continue
    message_text "${M_ID[index]%%:*}" 200
    rule=$REPLY subject=''
    if [[ ${M_ID[index]} == *:* ]]; then
      message_text "${M_ID[index]#*:}" 2000
      subject=$REPLY
    fi
    json_object id="${M_ID[index]}" event="${M_EVENT[index]}" severity="${M_SEVERITY[index]}" rule="$rule" subject="$subject" \
      evidence="${M_EVIDENCE[index]}" fix="${M_FIX[index]}" since:="${M_SINCE[index]}"
    alerts+=("$REPLY")
  done
  json_array ${alerts[@]+"${alerts[@]}"}
  list=$REPLY
  json_object errors:="$M_ERRORS" warnings:="$M_WARNINGS" cleared:="$M_CLEARED"
  counts=$REPLY
  json_text_or_null "$M_WORST"
  worst=$REPLY
  message_host
  host=$REPLY
  message_plain "$ROOT"
  root=$REPLY
  now_ms
  json_object version:=1 kind="$M_KIND" host="$host" root="$root" at:="$REPLY" subject="$M_SUBJECT" severity:="$worst" \
    counts:="$counts" alerts:="$list"
}

# payload_slack: REPLY = a message for an incoming webhook of Slack: at most 50 blocks of at most 3000 characters.
payload_slack() {
  local line blocks=() text
  slack_escape "$M_SUBJECT"
  text=$REPLY
  json_object type=mrkdwn text="*${text//\*/}*" verbatim:=true
  json_object type=section text:="$REPLY"
  blocks+=("$REPLY")
  for line in "${M_LINES[@]}"; do
    slack_escape "$line"
    json_object type=mrkdwn text="${REPLY:0:2900}" verbatim:=true
    json_object type=section text:="$REPLY"
    blocks+=("$REPLY")
  done
  json_array "${blocks[@]}"
  json_object text="$text" blocks:="$REPLY"
}

slack_escape() {
  REPLY=${1//&/&amp;}
  REPLY=${REPLY//</&lt;}
  REPLY=${REPLY//>/&gt;}
}

# payload_teams: REPLY = an Adaptive Card for a webhook of Teams' Workflows. Runs of text are shown as they are: no Markdown.
payload_teams() {
  local line blocks=() color=Good bytes=0 rest=0
  [[ $M_WORST != warning ]] || color=Warning
  [[ $M_WORST != error ]] || color=Attention
  [[ $M_KIND != test ]] || color=Default
  teams_block "$M_SUBJECT" "\"weight\":\"Bolder\",\"color\":\"$color\""
  blocks+=("$REPLY")
  for line in "${M_LINES[@]}"; do
    teams_block "$line" '"weight":"Default"'
    bytes=$((bytes + ${#REPLY}))
    if ((bytes > TEAMS_BYTES)); then rest=$((rest + 1)); else blocks+=("$REPLY"); fi
  done
  if ((rest > 0)); then
    teams_block "and $rest more" '"weight":"Default"'
    blocks+=("$REPLY")
  fi
  json_array "${blocks[@]}"
  json_object \$schema=http://adaptivecards.io/schemas/adaptive-card.json type=AdaptiveCard version=1.4 body:="$REPLY" \
    msteams:='{"width":"Full"}'
  json_object contentType=application/vnd.microsoft.card.adaptive contentUrl:=null content:="$REPLY"
  json_object type=message attachments:="[$REPLY]"
}

teams_block() { # TEXT STYLE
  json_string "$1"
  REPLY="{\"type\":\"RichTextBlock\",\"inlines\":[{\"type\":\"TextRun\",\"text\":$REPLY,$2}]}"
}

# payload_ntfy: REPLY = text for ntfy, whose title and priority are headers.
payload_ntfy() {
  local line out='' rest=0
  for line in "${M_LINES[@]}"; do
    if ((${#out} + ${#line} > NTFY_BYTES)); then rest=$((rest + 1)); else out+="${out:+$'\n\n'}$line"; fi
  done
  ((rest == 0)) || out+=$'\n\n'"and $rest more"
  REPLY=$out
}

# config_line KEY VALUE: REPLY = a line of a configuration of curl. A value cannot leave its quotes, nor its line.
config_line() {
  local value=${2//[[:cntrl:]]/ }
  value=${value//\\/\\\\}
  REPLY="$1 = \"${value//\"/\\\"}\""$'\n'
}

# webhook_config EVENT: W_CONFIG and W_BODY = the request of CHANNEL. EVENT is of a ping: start, success, failure, or log, which
# changes nothing; else empty.
W_CONFIG='' W_BODY=''
webhook_config() {
  local url=${CHANNEL[url]} query='' type=application/json tag=warning priority=3
  if [[ $url == *\?* ]]; then query="?${url#*\?}" url=${url%%\?*}; fi
  case $1 in
    start) url=${url%/}/start ;;
    failure) url=${url%/}/fail ;;
    log) url=${url%/}/log ;;
  esac
  config_line url "$url$query"
  W_CONFIG=$REPLY
  case ${CHANNEL[preset]} in
    json) payload_json ;;
    slack) payload_slack ;;
    teams) payload_teams ;;
    ntfy)
      payload_ntfy
      W_BODY=$REPLY type='text/plain; charset=utf-8'
      case $M_WORST in
        error) priority=5 tag=rotating_light ;;
        warning) priority=4 ;;
        *) tag=white_check_mark ;;
      esac
      mail_words "$M_SUBJECT"
      config_line header "Title: $REPLY"
      W_CONFIG+=$REPLY
      config_line header "Priority: $priority"
      W_CONFIG+=$REPLY
      config_line header "Tags: $tag"
      W_CONFIG+=$REPLY
      REPLY=$W_BODY
      ;;
    healthchecks)
      type='text/plain; charset=utf-8'
      REPLY=${M_LINES[*]-}
      ;;
  esac
  W_BODY=$REPLY
  config_line header "Content-Type: $type"
  W_CONFIG+=$REPLY
  if [[ ${CHANNEL[header]-} != '' ]]; then
    config_line header "${CHANNEL[header]}: ${CHANNEL[secret]}"
    W_CONFIG+=$REPLY
  fi
}
