# --- alerts, acknowledge: what is open, and who takes care of it ------------------------------------------------------------------------

readonly ALERTS_CLEARED=100

run_alerts() {
  local line now zone open cleared monitored=null known=true count words
  (($# == 0)) || usage_wrong
  now_ms
  now=$REPLY
  state_say_lost
  local lines=(whole) whole=''
  if alerts_made; then
    mapfile -t lines < <(state_rows "SELECT 'open', $ALERT_ROW FROM alert WHERE cleared_at IS NULL ORDER BY severity, since DESC, n DESC;
      SELECT 'cleared', $ALERT_ROW FROM (SELECT * FROM alert WHERE cleared_at IS NOT NULL ORDER BY cleared_at DESC, n DESC LIMIT $ALERTS_CLEARED) ORDER BY cleared_at DESC, n DESC;
      SELECT 'monitored', max(at) FROM monitored;" </dev/null)
  elif [[ $REPLY != none ]]; then
    lines=()
  fi
  for line in ${lines[@]+"${lines[@]}"}; do
    [[ ! $line =~ ^monitored$'\t'([0-9]{1,15})$ ]] || monitored=${BASH_REMATCH[1]}
    [[ $line != whole ]] || whole=yes
  done
  [[ $whole != '' ]] || known=false
  alerts_listed "$now" open ${lines[@]+"${lines[@]}"}
  open=$REPLY count=$LISTED_COUNT
  alerts_listed "$now" cleared ${lines[@]+"${lines[@]}"}
  cleared=$REPLY
  zone_name
  zone=$REPLY
  json_object now:="$now" zone="$zone" monitoredAt:="$monitored" recordsKnown:="$known" open:="$open" cleared:="$cleared"
  line=$REPLY
  counted "$count" 'alert is' 'alerts are'
  words=$REPLY
  [[ $monitored != null ]] || words='Nothing has looked for alerts yet; 0 alerts are'
  [[ $known == true ]] || words='What is recorded of alerts cannot be read: 0 known alerts are'
  succeed "$words open." "$line"
}

# alerts_listed NOW WHICH LINE...: REPLY = those of the lines that begin with WHICH, as a JSON array; LISTED_COUNT of them. Says the open ones.
LISTED_COUNT=0
alerts_listed() {
  local line list=()
  for line in "${@:3}"; do
    [[ $line == "$2"$'\t'* ]] && alert_json "$1" "${line#*$'\t'}" || continue
    list+=("$REPLY")
    [[ $2 != open ]] || say_readable "$ALERT_SEVERITY $ALERT_ID: $ALERT_SAID -> $ALERT_TODO${ALERT_ACKNOWLEDGED:+ (acknowledged by $ALERT_ACKNOWLEDGED)}"
  done
  LISTED_COUNT=${#list[@]}
  json_array ${list[@]+"${list[@]}"}
}

# Errors in a log are dealt with for good: only newer ones alert again. So such an alert is cleared at once, and no time ends that.
readonly ALERTS_ACKNOWLEDGE="
CREATE TEMP TABLE meant AS SELECT alert.n FROM alert JOIN said ON word = 'acknowledge' AND rule = a AND subject = b WHERE cleared_at IS NULL;
UPDATE alert SET (acked_at, acked_who, acked_reason, acked_until, acked_level, returned) =
    (SELECT 0 + c, d, e, CASE WHEN rule = 'log-errors' OR f = '' THEN NULL ELSE 0 + f END, level, 0 FROM said WHERE word = 'acknowledge')
  WHERE n IN (SELECT n FROM meant);
UPDATE alert SET cleared_at = acked_at WHERE rule = 'log-errors' AND n IN (SELECT n FROM meant);
COMMIT;
SELECT $ALERT_ROW FROM meant JOIN alert USING (n);
"
readonly ALERTS_WITHDRAW="
CREATE TEMP TABLE meant AS SELECT alert.n FROM alert JOIN said ON word = 'acknowledge' AND rule = a AND subject = b WHERE cleared_at IS NULL;
UPDATE alert SET acked_at = NULL, acked_who = '', acked_reason = '', acked_until = NULL, acked_level = NULL, returned = 1
  WHERE acked_at IS NOT NULL AND n IN (SELECT n FROM meant);
COMMIT;
SELECT $ALERT_ROW FROM meant JOIN alert USING (n);
"

# run_acknowledge ALERT [--until TIME] | --withdraw: somebody takes care of it: until then, nothing is told of it.
run_acknowledge() {
  local id='' until='' withdraw='' now rule subject='' sql=$ALERTS_ACKNOWLEDGE words
  while (($# > 0)); do
    case $1 in
      --until) (($# >= 2)) || usage_error "$1: a value is missing"; until=$2; shift ;;
      --withdraw) withdraw=yes ;;
      -*) usage_wrong ;;
      *) [[ $id == '' ]] || usage_wrong; id=$1 ;;
    esac
    shift
  done
  ((${#id} <= 12288)) && [[ $id =~ ^[a-z-]{1,30}(:[A-Za-z0-9._/%-]+)?$ && ($until == '' || $withdraw == '') ]] || usage_wrong
  rule=${id%%:*}
  [[ $id != *:* ]] || subject=${id#*:}
  now_ms
  now=$REPLY
  if [[ $withdraw != '' ]]; then
    sql=$ALERTS_WITHDRAW
  else
    [[ $REASON == *[![:space:]]* ]] || fail not-confirmed 'An acknowledgement needs a reason.' 'nothing was changed' 'give it: --reason TEXT'
    [[ $until == '' ]] || { acknowledge_until "$until" "$now"; until=$REPLY; }
  fi
  alerts_change "$sql" acknowledge_said "$rule" "$subject" "$now" "$until" || fail "$STATE_CODE" "$STATE_PROBLEM" 'nothing was changed' ''
  alert_json "$now" "${REPLY%%$'\n'*}" || fail not-found "There is no open alert '$id'." 'nothing was changed' 'list them: cvd-backup alerts'
  words=$REPLY
  if [[ $withdraw != '' ]]; then audit withdraw "$id" ''; else audit acknowledge "$id" ''; fi
  if [[ $withdraw != '' ]]; then
    succeed "The acknowledgement is withdrawn: $ALERT_SAID" "$words"
  elif [[ $rule == log-errors ]]; then
    succeed "Acknowledged: $ALERT_SAID These errors do not alert again." "$words"
  fi
  succeed "Acknowledged: $ALERT_SAID" "$words"
}

acknowledge_said() { # RULE SUBJECT NOW UNTIL
  local who reason
  encode_path "$WHO"
  who=$REPLY
  encode_path "$REASON"
  state_row acknowledge "$1" "$2" "$3" "$who" "$REPLY" "$4"
}

# acknowledge_until TIME NOW: REPLY = milliseconds; fails if it is no moment of the future.
acknowledge_until() {
  moment_read "$1" --until
  [[ $AT_MS =~ ^[1-9][0-9]{12}$ ]] && ((AT_MS > $2)) || usage_error '--until: a moment of the future'
  REPLY=$AT_MS
}
