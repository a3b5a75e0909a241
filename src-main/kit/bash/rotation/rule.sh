# --- What rotation decides, by the rule in SQL ------------------------------------------------------------------------------
#
# The rule is src-main/kit/rules/retention.sql, which the console runs, too; it comes as RETENTION_RULE, its tables as
# RETENTION_TABLES. All data is imported as rows of `said`:
#   site    NOW UP SEEN-AT SEEN-UP SAME-BOOT JUMPED GAP UNFINISHED
#   policy  KIND DAYS MOST HOURLY DAILY WEEKLY MONTHLY OVERDUE
#   backup  PATH KIND ORIGIN SIZE TAKEN LOCAL VERDICT HELD USED KNOWN MODIFIED COMPANIONS INODE
# The answer is a line for each backup, in ROTATION:
#   DECISION PATH REASON MEASURE BOUND KIND ORIGIN SIZE MODIFIED INODE TAKEN COMPANIONS
# MEASURE, BOUND and TAKEN are `-` if there is none, SIZE is `-` for a folder, and INODE `-` if it is not known.

ROTATION=''     # the answer
ROTATION_NOW='' # the moment for which it was asked

readonly ROTATION_ASK="
INSERT INTO retention_site SELECT 0, a, b, nullif(c, ''), nullif(d, ''), nullif(e, ''), f, g, h FROM said WHERE word = 'site';
INSERT INTO retention_policy SELECT 0, a, b, nullif(c, ''), d, e, f, g, nullif(h, '') FROM said WHERE word = 'policy';
INSERT OR IGNORE INTO retention_backup SELECT 0, a, b, c, nullif(d, '-'), nullif(e, '-'), nullif(f, '-'), g, h, i, j
  FROM said WHERE word = 'backup';
CREATE INDEX temp.said_of ON said (word, a);
CREATE TEMP TABLE decided AS "
readonly ROTATION_TELL="
SELECT decision, path, reason, coalesce(measure, '-'), coalesce(bound, '-'), b, c, d, k, m, e, l
  FROM decided JOIN said ON word = 'backup' AND a = path ORDER BY decided.rowid;
SELECT 'whole';
"

# Reads, in this order: inodes of the files that programs have open, and of those on hold; what folders_listed printed; the list. The variable `part` says which.
# shellcheck disable=SC2016 # awk's own variables
readonly ROTATION_ROWS_AWK='
function folder_of(path) { sub(/\/[^\/]*$/, "", path); return path }
function name_of(path) { sub(/.*\//, "", path); return path }
# ending_of PATH: what follows the name of the live database.
function ending_of(path) { return substr(path, 1, length(database)) == database ? substr(path, length(database) + 1) : "" }
BEGIN {
  FS = OFS = "\t"
  backups = ENVIRON["folder"]; database = ENVIRON["database"]
  place["database"] = backups
  # What lies behind a link is not known to belong to this site.
  place["application"] = place["config"] = place["systemd"] = ENVIRON["app_link"] == "" ? backups "/app" : "-"
  place["system"] = ENVIRON["system_link"] == "" ? backups "/system" : "-"
  COPY = "[0-9]+_[0-9]+([.][0-9a-f]+)?$"
}
part == "open" { open[$1] = 1; next }
# A hold is of a file, whichever path it was given by.
part == "held" { if ($1 ~ /^[0-9]+$/) held[$1] = 1; next }
part == "raw" { if (NF == 4 && $3 ~ /^[0-9]+$/ && !($4 in inode)) inode[$4] = $3; next }
$1 == "cut" || $1 == "unlisted" { gap = 1 }
$1 == "backup" {
  path = $3; kind = $4; origin = $5; size = $17 ? "-" : $6; name = name_of(path)
  known = folder_of(path) == place[kind]
  if (origin == "safety") {
    if (ending_of(path) ~ "^[.](rejected|stray)[.]" COPY) { origin = "rejected"; known = 1 }
    else known = $17 || ending_of(path) ~ "^[.]pre-restore[.]" COPY || (known && name ~ /^current_app_[0-9]+_[0-9]+[.](tar[.]gz|tgz)$/)
  } else if (origin == "foreign") known = 0
  at = path in inode ? inode[path] : "-"
  local_at = $8 == "-" ? "-" : sprintf("%.0f", (int($8 / 1000) + offset_at(int($8 / 1000))) * 1000)
  print "backup", path, kind, origin, size, $8, local_at, $9, $12 || at in held ? 1 : 0, at in open ? 1 : 0, known ? 1 : 0, $7, $16, at
}
END { print "gap", gap ? 1 : 0, "", "", "", "", "", "", "", "", "", "", "", "" }
'

# rotation_decide: fill ROTATION and ROTATION_NOW; status 1 if the rule could not be asked.
rotation_decide() {
  local raw list rows answer held
  now_ms
  ROTATION_NOW=$REPLY ROTATION=''
  raw=$(side_says 120 67108864 owner folders_listed || { (($? <= 128)) || printf 'cut\n'; })
  held=$(rotation_held) || raw+=$'\ncut'
  list=$(printf '%s\n' "$raw" | listing_joined)
  rows=$(rotation_rows "$raw" "$list" "$held")
  [[ $rows == *$'\ngap\t'* || $rows == gap$'\t'* ]] || return 1
  answer=$({
    printf '%s\n' "$rows" | sed '/^gap\t/d'
    rotation_policy
    rotation_site "$rows"
  } | rotation_ask)
  [[ $answer == whole || $answer == *$'\nwhole' ]] || return 1
  ROTATION=${answer%whole}
}

# rotation_held: print the inodes of what is on hold; status 1 if that is not known.
rotation_held() {
  local paths
  paths=$(state_rows 'SELECT path FROM hold;' </dev/null)
  [[ $paths != whole ]] || return 0
  [[ $paths == *$'\nwhole' ]] || return 1
  # The owner looks, who may have put anything there.
  printf '%s\n' "${paths%$'\nwhole'}" | side_answers 120 16777216 owner files_inodes
}

# rotation_rows RAW LIST HELD: print a row for each backup, and `gap`.
rotation_rows() {
  local open raw list held app_link='' system_link='' folder database
  exec {open}< <(exec find -L /proc/[0-9]*/fd -maxdepth 1 -type f -printf '%i\n' 2>/dev/null)
  exec {raw}< <(printf '%s\n' "$1") {list}< <(printf '%s\n' "$2") {held}< <(printf '%s\n' "$3")
  [[ ! -L $BACKUPS/app ]] || app_link=yes
  [[ ! -L $BACKUPS/system ]] || system_link=yes
  encode_path "$BACKUPS"
  folder=$REPLY
  encode_path "$DATABASE_FILE"
  database=$REPLY
  live_names
  folder=$folder database=$database app_link=$app_link system_link=$system_link live_names=$REPLY \
    awk "$LISTING_RULES_AWK$ROTATION_ROWS_AWK" part=open "/dev/fd/$open" part=held "/dev/fd/$held" part=raw "/dev/fd/$raw" part=list "/dev/fd/$list"
}

# rotation_policy: print a row for each kind.
rotation_policy() {
  local kind age
  for kind in database application config systemd system safety rejected; do
    [[ ${POLICY[retention_$kind]} =~ $RETENTION_FORM ]] || continue
    case $kind in
      database) age=${POLICY[backup_max_age]}000 ;;
      system) age=${POLICY[system_max_age]}000 ;;
      safety | rejected) age='' ;;
      *) age=${POLICY[application_max_age]}000 ;;
    esac
    state_row policy "$kind" "${BASH_REMATCH[1]}" "${BASH_REMATCH[3]}" "${BASH_REMATCH[5]:-0}" "${BASH_REMATCH[7]:-0}" \
      "${BASH_REMATCH[9]:-0}" "${BASH_REMATCH[11]:-0}" "$age"
  done
}

# rotation_site ROWS: print the row of the site: its clock, and what prevents any deletion.
rotation_site() {
  local up seen_at='' seen_up='' boot='' jumped=0 same_boot='' gap=1 unfinished=0 clock
  uptime_ms
  up=$REPLY
  state_look
  [[ $1 == *$'gap\t1\t'* || $STATE_KIND != @(known|old|none) ]] || gap=0
  # Earlier kits made no such table. A failed read is no answer: the clock may have been in doubt.
  clock=$(state_rows "SELECT 'made' FROM sqlite_master WHERE name = 'clock';" </dev/null)
  [[ $clock != made$'\nwhole' ]] || clock=$(state_rows "$ROTATION_CLOCK" </dev/null)
  [[ $clock == whole || $clock == *$'\nwhole' ]] || gap=1
  IFS=$'\t' read -r seen_at seen_up boot jumped < <(printf '%s\n' "$clock")
  if [[ "$seen_at $seen_up $jumped" =~ ^[0-9]{1,15}\ [0-9]{1,15}\ [01]$ ]]; then
    rotation_boot
    same_boot=0
    # A container has the boot of its host, and a time since its own start.
    [[ $boot != "$REPLY" ]] || ((up < seen_up)) || same_boot=1
  else
    seen_at='' seen_up='' jumped=0
  fi
  [[ ! -e $STATE/unfinished ]] || unfinished=1
  state_row site "$ROTATION_NOW" "$up" "$seen_at" "$seen_up" "$same_boot" "$jumped" "$gap" "$unfinished"
}

# rotation_ask: ask the rule about the rows on stdin; print the answer, then `whole`. In memory: nothing is written.
rotation_ask() {
  SQLITE_TMPDIR=$STATE sqlite3 -batch -bail -noheader -nullvalue '' -init /dev/null -cmd "$STATE_TEMPORARY" \
    -cmd '.mode ascii' -cmd '.separator "\t" "\n"' -cmd '.import /dev/stdin said' -cmd '.mode list' -cmd '.separator "\t" "\n"' \
    -cmd "$RETENTION_TABLES$ROTATION_ASK$RETENTION_RULE$ROTATION_TELL" :memory: 2>/dev/null
}

# rotation_words REASON MEASURE BOUND: REPLY = why, in a sentence, from the one catalogue.
rotation_words() {
  local text=$1. measure=0 bound=0
  [[ ! $1 =~ ^[a-z-]{1,30}$ || ${RETENTION_WORDS[$1]+known} != known ]] || text=${RETENTION_WORDS[$1]}
  [[ ! $2 =~ ^[0-9]{1,15}$ ]] || measure=$2
  [[ ! $3 =~ ^[0-9]{1,15}$ ]] || bound=$3
  span_words "$((measure / 1000))"
  text=${text//'{span}'/$REPLY} text=${text//'{number}'/$measure}
  span_words "$((bound / 1000))"
  text=${text//'{limit}'/$REPLY} text=${text//'{bound}'/$bound}
  counted "$bound" day days
  REPLY=${text//'{days}'/$REPLY}
}

# rotation_json all|delete: REPLY = the decisions as JSON, all of them or those to delete.
rotation_json() {
  REPLY=$(printf '%s' "$ROTATION" | which=$1 awk -F '\t' '
    function number(text) { return text ~ /^[0-9]+$/ ? text : "null" }
    NF == 12 && (ENVIRON["which"] == "all" || $1 == "delete") {
      printf "%s{\"path\":\"%s\",\"decision\":\"%s\",\"reason\":\"%s\",\"measure\":%s,\"bound\":%s,\"kind\":\"%s\",\"origin\":\"%s\",\"size\":%s,\"takenAt\":%s}", \
        (n++ ? "," : ""), $2, $1, $3, number($4), number($5), $6, $7, $8 == "-" ? 0 : number($8), number($11)
    }')
  REPLY="[$REPLY]"
}
