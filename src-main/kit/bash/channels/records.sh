# --- What is known of the channels: when they last worked -------------------------------------------------------------------------
#
# Rows of `said`:
#   channel  NAME AT ok|failed WHY
#   dropped  NAME
# The table came after the first kits with a state.db, which do not mind it.

readonly CHANNEL_SCHEMA="
CREATE TABLE IF NOT EXISTS channel (
  name TEXT NOT NULL PRIMARY KEY, sent_at INTEGER, failed_at INTEGER, why TEXT NOT NULL, failures INTEGER NOT NULL,
  CHECK (typeof(sent_at) IN ('integer', 'null') AND typeof(failed_at) IN ('integer', 'null') AND typeof(failures) = 'integer'),
  CHECK (name || why NOT GLOB '*[^A-Za-z0-9._/%-]*')) WITHOUT ROWID;
"
readonly CHANNEL_APPLY="$CHANNEL_SCHEMA
DELETE FROM channel WHERE name IN (SELECT a FROM said WHERE word = 'dropped');
INSERT OR IGNORE INTO channel SELECT a, NULL, NULL, '', 0 FROM said WHERE word = 'channel';
UPDATE channel SET sent_at = (SELECT b FROM said WHERE word = 'channel' AND a = name AND c = 'ok'), why = '', failures = 0
  WHERE name IN (SELECT a FROM said WHERE word = 'channel' AND c = 'ok');
UPDATE channel SET failed_at = (SELECT b FROM said WHERE word = 'channel' AND a = name AND c = 'failed'),
    why = (SELECT d FROM said WHERE word = 'channel' AND a = name AND c = 'failed'), failures = failures + 1
  WHERE name IN (SELECT a FROM said WHERE word = 'channel' AND c = 'failed');
COMMIT;
"

# channels_record AT NAME=ok|NAME=WHY...: write down what became of the messages. A problem with it is a warning.
channels_record() { state_change "$CHANNEL_APPLY" channels_said "$@" || say warning "What became of the messages was not recorded. $STATE_PROBLEM"; }

channels_said() {
  local one
  for one in "${@:2}"; do
    # Both if it was taken, but not for everybody.
    [[ ${CHANNELS_TOOK[n${one%%=*}]-} == '' ]] || state_record channel "${one%%=*}" "$1" ok ''
    [[ ${one#*=} == ok ]] || state_record channel "${one%%=*}" "$1" failed "${one#*=}"
  done
}

# channels_recall: CHANNEL_ROWS = of each channel that was used: NAME SENT FAILED FAILURES WHY, TAB-separated, `-` for nothing.
CHANNEL_ROWS=()
channels_recall() {
  local rows=()
  CHANNEL_ROWS=()
  mapfile -t rows < <(state_rows "SELECT 'channel' FROM sqlite_master WHERE type = 'table' AND name = 'channel';" </dev/null)
  [[ ${rows[*]-} == 'channel whole' ]] || return 0
  mapfile -t CHANNEL_ROWS < <(state_rows "SELECT name, coalesce(sent_at, '-'), coalesce(failed_at, '-'), failures, coalesce(nullif(why, ''), '-') FROM channel;" </dev/null)
}

# channel_known NAME: set C_SENT, C_FAILED (milliseconds or empty), C_FAILURES, C_WHY from CHANNEL_ROWS.
C_SENT='' C_FAILED='' C_FAILURES=0 C_WHY=''
channel_known() {
  local row name sent failed failures why
  C_SENT='' C_FAILED='' C_FAILURES=0 C_WHY=''
  for row in ${CHANNEL_ROWS[@]+"${CHANNEL_ROWS[@]}"}; do
    IFS=$'\t' read -r name sent failed failures why < <(printf '%s\n' "$row")
    [[ $name == "$1" ]] || continue
    [[ ! $sent =~ $WHOLE_NUMBER ]] || C_SENT=$sent
    [[ ! $failed =~ $WHOLE_NUMBER ]] || C_FAILED=$failed
    [[ ! $failures =~ $WHOLE_NUMBER ]] || C_FAILURES=$failures
    [[ $why == - ]] || { decode_path "$why"; C_WHY=$REPLY; }
  done
}
