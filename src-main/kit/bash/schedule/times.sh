# --- When something is due ------------------------------------------------------------------------------------------------------
#
# In the time of this server. Where the clocks are set forward, a run at a time that is left out is due as long after the change
# as it would have been without it (02:30 becomes 03:30), and one of those that come every few hours is left out. Where they are
# set back, the first of the two moments counts. Timers of systemd leave the first kind out: due_timer makes up for that.

readonly SCHEDULE_KINDS=(database application config system verify rotate monitor)
KINDS=() # those whose command this kit has

schedule_kinds() {
  local kind
  KINDS=()
  for kind in "${SCHEDULE_KINDS[@]}"; do
    [[ " ${!COMMAND_KIND[*]} " != *" $kind "* ]] || KINDS+=("$kind")
  done
}

kind_known() {
  schedule_kinds
  [[ $1 =~ ^[a-z]{1,20}$ && " ${KINDS[*]} " == *" $1 "* ]]
}

# kind_schedule KIND: REPLY = how often, from the policy.
kind_schedule() {
  case $1 in
    database) REPLY=${POLICY[schedule_database]} ;;
    application) REPLY=${POLICY[schedule_application]} ;;
    config) REPLY=${POLICY[schedule_config]} ;;
    system) REPLY=${POLICY[schedule_system]} ;;
    verify) REPLY=${POLICY[schedule_verify]} ;;
    rotate) REPLY=${POLICY[schedule_rotate]} ;;
    monitor) REPLY=${POLICY[schedule_monitor]} ;;
    *) REPLY=off ;;
  esac
}

# kind_arguments KIND: ARGUMENTS = what its command is given.
kind_arguments() {
  case $1 in
    database | application | config | system) ARGUMENTS=(--scheduled) ;;
    verify) ARGUMENTS=(--budget "${POLICY[verify_budget]}") ;;
    *) ARGUMENTS=() ;;
  esac
}

# schedule_wish KIND SCHEDULE LOW HIGH: print a row for schedule_times: every due time after LOW up to HIGH (milliseconds). Nothing
# if it is off.
schedule_wish() {
  local form time='' n=0 day=0
  [[ $2 =~ $SCHEDULE_FORM && $1 =~ ^[a-z]{1,20}$ && "$3 $4" =~ ^[0-9]{1,15}\ [0-9]{1,15}$ ]] || return 0
  form=${2%% *}
  case $2 in
    off) return ;;
    every*) n=${2//[!0-9]/} ;;
    *) time=${2##* } ;;
  esac
  case $form in
    monthly) day=${2#* } day=${day%% *} ;;
    sunday) form=weekly day=0 ;;
    monday) form=weekly day=1 ;;
    tuesday) form=weekly day=2 ;;
    wednesday) form=weekly day=3 ;;
    thursday) form=weekly day=4 ;;
    friday) form=weekly day=5 ;;
    saturday) form=weekly day=6 ;;
  esac
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$form" "$n" "$day" "$time" "$3" "$4"
}

# A wall clock time has two candidates: with the offset of the day before, and with that of the day after.
readonly SCHEDULE_TIMES="
WITH RECURSIVE
  days (kind, form, n, day, time, low, high, date) AS (
    SELECT kind, form, 0 + n, 0 + day, time, 0 + low, 0 + high, date(low / 1000, 'unixepoch', 'localtime', '-1 day') FROM wish
    UNION ALL SELECT kind, form, n, day, time, low, high, date(date, '+1 day') FROM days
      WHERE date <= date(high / 1000, 'unixepoch', 'localtime')),
  hours (h) AS (SELECT 0 UNION ALL SELECT h + 1 FROM hours WHERE h < 23),
  wall (kind, low, high, moves, civil) AS (
    SELECT kind, low, high, 0, 0 + strftime('%s', date || printf(' %02d:00:00', h)) FROM days, hours WHERE form = 'every' AND h % n = 0
    UNION ALL SELECT kind, low, high, 1, 0 + strftime('%s', date || ' ' || time || ':00') FROM days
      WHERE form = 'daily' OR form = 'weekly' AND 0 + strftime('%w', date) = day OR form = 'monthly' AND 0 + strftime('%d', date) = day),
  shifted (kind, low, high, moves, civil, early, late) AS (
    SELECT kind, low, high, moves, civil,
      civil - (strftime('%s', civil - 86400, 'unixepoch', 'localtime') - (civil - 86400)),
      civil - (strftime('%s', civil + 86400, 'unixepoch', 'localtime') - (civil + 86400)) FROM wall),
  found (kind, low, high, at) AS (
    SELECT kind, low, high, CASE
      WHEN 0 + strftime('%s', early, 'unixepoch', 'localtime') = civil THEN early
      WHEN 0 + strftime('%s', late, 'unixepoch', 'localtime') = civil THEN late
      WHEN moves THEN early END FROM shifted)
SELECT DISTINCT kind, at * 1000 FROM found WHERE at * 1000 > low AND at * 1000 <= high ORDER BY at, kind;
SELECT 'whole';
"

# schedule_times: for the rows on stdin, print `KIND TAB MILLISECONDS` of each due time, in order; then a line `whole`: without it, they are
# not all. Replaces the process.
schedule_times() {
  exec sqlite3 -batch -bail -noheader -init /dev/null -cmd 'CREATE TEMP TABLE wish (kind, form, n, day, time, low, high);' \
    -cmd '.mode ascii' -cmd '.separator "\t" "\n"' -cmd '.import /dev/stdin wish' -cmd '.mode list' -cmd '.separator "\t" "\n"' \
    :memory: "$SCHEDULE_TIMES" 2>/dev/null
}
