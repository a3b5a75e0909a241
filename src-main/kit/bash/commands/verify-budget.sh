# --- verify --budget: which backups, and when to stop -------------------------------------------------------------------------------
#
# The rule is src-main/kit/rules/verification.sql; it comes as VERIFICATION_RULE, its tables as VERIFICATION_TABLES. Rows of `said`:
#   site    NOW BUDGET PACE
#   backup  PATH KIND SCHEDULED SIZE TAKEN USABLE JUDGED

VERIFY_BUDGET='' # milliseconds; empty: none
VERIFY_NEWEST=0  # so many are read whatever the time
VERIFY_LATER=0   # so many are left for other nights
VERIFY_UNTIL=''  # when the time is over, by the clock that never jumps
VERIFY_BYTES=0 VERIFY_MS=0 # what was read by now, and how long it took

readonly VERIFICATION_ASK="
INSERT INTO verification_site SELECT 0, a, b, nullif(c, '') FROM said WHERE word = 'site';
INSERT OR IGNORE INTO verification_backup SELECT 0, a, b, c, d, e, f, nullif(g, '-') FROM said WHERE word = 'backup';
CREATE TEMP TABLE answered AS "
readonly VERIFICATION_TELL="
SELECT turn, path FROM answered ORDER BY rowid;
SELECT 'whole';
"
# How fast backups are verified here: half of what was known, and the last time.
readonly PACE_SCHEMA='CREATE TABLE IF NOT EXISTS pace (bytes INTEGER NOT NULL, ms INTEGER NOT NULL);'
readonly PACE_ADD="$PACE_SCHEMA
INSERT INTO pace SELECT 0, 0 WHERE NOT EXISTS (SELECT 1 FROM pace);
UPDATE pace SET bytes = bytes / 2 + (SELECT 0 + a FROM said WHERE word = 'pace'), ms = ms / 2 + (SELECT 0 + b FROM said WHERE word = 'pace');
COMMIT;
"

# verify_pace: REPLY = bytes that are verified in a second; empty if that is not known.
verify_pace() {
  local lines=()
  mapfile -t lines < <(state_rows 'SELECT bytes * 1000 / ms FROM pace WHERE ms > 0 AND bytes > 0 LIMIT 1;' </dev/null)
  REPLY=${lines[0]-}
  [[ ${lines[1]-} == whole && $REPLY =~ ^[1-9][0-9]{0,14}$ ]] || REPLY=''
}

# verify_choose ARRAY-NAME: put the absolute paths of those that the rule chooses into the array, in its order.
verify_choose() {
  local -n picked=$1
  local now list answer turn path
  list=$(backup_list)
  verify_say_gaps < <(printf '%s\n' "$list")
  now_ms
  now=$REPLY
  verify_pace
  answer=$({
    state_row site "$now" "$VERIFY_BUDGET" "$REPLY"
    printf '%s\n' "$list" | verify_rows
  } | verify_ask)
  [[ $answer == *whole ]] || fail internal 'It could not be found out which backups to verify.' 'nothing was changed'
  while IFS=$'\t' read -r turn path; do
    case $turn in
      newest) VERIFY_NEWEST=$((VERIFY_NEWEST + 1)) ;;
      budget) ;;
      later) VERIFY_LATER=$((VERIFY_LATER + 1)); continue ;;
      *) continue ;;
    esac
    decode_path "$path"
    picked+=("$REPLY")
  done < <(printf '%s\n' "$answer")
}

# verify_say_gaps: say which backups the list on stdin does not know.
verify_say_gaps() {
  local word path
  while IFS=$'\t' read -r word _ path _; do
    case $word in
      cut) say warning 'There are more files among the backups than can be listed: some backups are not known.' ;;
      unlisted)
        decode_path "$path"
        unlisted_words "$REPLY"
        say warning "$REPLY"
        ;;
    esac
  done
}

# verify_rows: print a row for each backup of the list on stdin.
verify_rows() {
  local kind kinds=' '
  for kind in database application config system; do
    [[ ${POLICY[schedule_$kind]} == off ]] || kinds+="$kind "
  done
  kinds=$kinds awk -F '\t' -v OFS='\t' '$1 == "backup" && !$17 {
    print "backup", $3, $4, (index(ENVIRON["kinds"], " " $4 " ") ? 1 : 0), $6, ($8 == "-" ? $7 : $8), ($5 != "safety" && $6 + 0 > 0 && !$15 ? 1 : 0), $10, "", "", "", "", "", ""
  }'
}

# verify_ask: ask the rule about the rows on stdin; print the answer, then `whole`. In memory: nothing is written.
verify_ask() {
  SQLITE_TMPDIR=$STATE sqlite3 -batch -bail -noheader -nullvalue '' -init /dev/null -cmd "$STATE_TEMPORARY" \
    -cmd '.mode ascii' -cmd '.separator "\t" "\n"' -cmd '.import /dev/stdin said' -cmd '.mode list' -cmd '.separator "\t" "\n"' \
    -cmd "$VERIFICATION_TABLES$VERIFICATION_ASK$VERIFICATION_RULE$VERIFICATION_TELL" :memory: 2>/dev/null
}

# verify_over READ: status 0 if the time is over and READ, of those within the budget, were read. One always is.
verify_over() {
  uptime_ms
  [[ $VERIFY_UNTIL != '' ]] || VERIFY_UNTIL=$((REPLY + VERIFY_BUDGET))
  (($1 > 0 && REPLY >= VERIFY_UNTIL))
}

# verify_step_back: let everybody else go first. systemd has done so already where a timer started it.
verify_step_back() {
  { renice -n 19 -p "$$"; ionice -c 3 -p "$$"; } >/dev/null 2>&1
}
