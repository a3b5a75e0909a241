# --- Alerts as they are recorded, and in words --------------------------------------------------------------------------------
#
# A row, TAB-separated, with `-` for what there is not:
#   RULE SUBJECT SEVERITY SINCE SEEN CLEARED MEASURE BOUND DETAIL ACKNOWLEDGED WHO REASON UNTIL TOLD
# Texts are percent-encoded. The sentences come from src-shared/domain/alert-words.ts.

readonly ALERT_ROW="rule, coalesce(nullif(subject, ''), '-'), severity, since, seen_at, coalesce(cleared_at, '-'), coalesce(measure, '-'), coalesce(bound, '-'),
  coalesce(nullif(detail, ''), '-'), coalesce(acked_at, '-'), coalesce(nullif(acked_who, ''), '-'), coalesce(nullif(acked_reason, ''), '-'),
  coalesce(acked_until, '-'), coalesce(told_at, '-')"

# For the look at the whole site: asked together with the list of backups. Earlier kits made no such table; then this fails alone.
readonly ALERTS_ASIDE=(-cmd '.bail off' -cmd "CREATE TEMP TABLE open_alert AS SELECT 'aside', 'open', $ALERT_ROW FROM main.alert
  WHERE cleared_at IS NULL ORDER BY severity, since DESC, n DESC LIMIT 200;" -cmd "CREATE TEMP TABLE looked_at AS SELECT 'aside', 'monitored', at FROM main.monitored;"
  -cmd "CREATE TEMP TABLE IF NOT EXISTS open_alert (none); CREATE TEMP TABLE IF NOT EXISTS looked_at (none);" -cmd '.bail on')
readonly ALERTS_ASIDE_SQL='SELECT * FROM open_alert ORDER BY rowid; SELECT * FROM looked_at;
'

# alert_words RULE SUBJECT MEASURE BOUND DETAIL: ALERT_SAID = what was found, ALERT_TODO = what to do. Subject and detail come
# last: they may contain anything.
ALERT_SAID='' ALERT_TODO=''
alert_words() {
  local text='{subject}: {detail}' measure=0 bound=0 rule=$1
  ALERT_TODO='update the console: it brings its cvd-backup along'
  if [[ $rule =~ ^[a-z-]{1,30}$ && ${ALERT_EVIDENCE[$rule]+known} == known ]]; then
    text=${ALERT_EVIDENCE[$rule]} ALERT_TODO=${ALERT_FIX[$rule]}
  fi
  [[ ! $3 =~ $WHOLE_NUMBER ]] || measure=$3
  [[ ! $4 =~ $WHOLE_NUMBER ]] || bound=$4
  span_words "$((measure / 1000))"
  text=${text//'{span}'/$REPLY} text=${text//'{number}'/$measure}
  counted "$measure" time times
  text=${text//'{times}'/$REPLY}
  human_bytes "$measure"
  text=${text//'{size}'/$REPLY}
  span_words "$((bound / 1000))"
  text=${text//'{limit}'/$REPLY} text=${text//'{bound}'/$bound}
  human_bytes "$bound"
  text=${text//'{least}'/$REPLY}
  alert_text "$2"
  text=${text//'{subject}'/${REPLY:-all}}
  alert_text "$5"
  ALERT_SAID=${text//'{detail}'/$REPLY}
}

# alert_text ENCODED: REPLY = the text, without what a terminal acts on.
alert_text() {
  REPLY=''
  [[ $1 != - && ! $1 =~ [^A-Za-z0-9._/%-] ]] || return 0
  decode_path "$1"
  for_terminal "$REPLY"
}

# alert_json NOW ROW: REPLY = the alert as JSON; ALERT_* are set. Status 1 if that is no row.
ALERT_ID='' ALERT_SEVERITY='' ALERT_ACKNOWLEDGED=''
alert_json() {
  local rule subject severity since seen cleared measure bound detail acked who reason until told acknowledged=null
  IFS=$'\t' read -r rule subject severity since seen cleared measure bound detail acked who reason until told < <(printf '%s\n' "$2")
  [[ $rule =~ ^[a-z-]{1,30}$ && $severity =~ ^(error|warning)$ && $since =~ $WHOLE_NUMBER && $seen =~ $WHOLE_NUMBER ]] || return 1
  [[ $subject != - ]] || subject=''
  alert_words "$rule" "$subject" "$measure" "$bound" "$detail"
  ALERT_ID=$rule${subject:+:$subject} ALERT_SEVERITY=$severity ALERT_ACKNOWLEDGED=''
  # It may have run out since the last look.
  if [[ $acked =~ $WHOLE_NUMBER && ! ($until =~ $WHOLE_NUMBER && $until -le $1) ]]; then
    json_number_or_null "$until"
    until=$REPLY
    alert_text "$who"
    who=$REPLY
    alert_text "$reason"
    ALERT_ACKNOWLEDGED="$who: $REPLY"
    json_object at:="$acked" who="$who" reason="$REPLY" until:="$until"
    acknowledged=$REPLY
  fi
  json_number_or_null "$cleared"
  cleared=$REPLY
  json_number_or_null "$told"
  json_object id="$ALERT_ID" rule="$rule" subject="$subject" severity="$severity" since:="$since" seenAt:="$seen" clearedAt:="$cleared" \
    evidence="$ALERT_SAID" fix="$ALERT_TODO" acknowledged:="$acknowledged" toldAt:="$REPLY"
}
