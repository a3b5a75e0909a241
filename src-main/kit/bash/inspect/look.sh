# --- The look at a site: what its owner sees --------------------------------------------------------------------------------
#
# One background process with the owner's rights reads all files of the application. It prints key=value lines, then a mark
# that the data cannot contain, then the list of files. The application's user can forge all of it, so it is validated. A
# part that hangs or does not end is lost; the others are not.

readonly RUNBOOK_LOGS='backup system_backup restore pit_recovery disaster_recovery backup_verification backup_maintenance'
readonly LOOK_SECONDS=30 LOOK_LINES_MOST=300 LOOK_BYTES=16777216
LOOK_JOB='' LOOK_FD='' LOOK_WAKE_FD='' LOOK_MARK=''
LOOK_LINES=()   # its output without the list
LOOK_LISTING='' # lines of folders_listed
LOOK_WHOLE=''   # yes: it said all that it had to say

# look_begin SINCE SAFE: start the look. SINCE: oldest time of errors to count; SAFE: sqlite3's -safe option, or empty.
look_begin() {
  LOOK_MARK="= $RANDOM$RANDOM$RANDOM$RANDOM$RANDOM"
  set -m
  # It waits for a line until we hold both pipe ends: bash closes those of a coprocess that has ended.
  coproc LOOK { read -r && become_owner_do look "$LOOK_MARK" "$1" "$2" 2>/dev/null; }
  LOOK_JOB=$!
  set +m
  exec {LOOK_FD}<&"${LOOK[0]}" {LOOK_WAKE_FD}>&"${LOOK[1]}"
  printf '\n' >&"$LOOK_WAKE_FD"
}

# look MARK SINCE SAFE: print what the owner sees; for owner_do. Quick parts come first; each part that may hang has a limit.
look() {
  PAUSE_FD=0 # root's pipe, which nothing is written to any more
  live_facts
  [[ ! -r $DATABASE_FILE ]] || printf 'readable=yes\n'
  look_errors "$2"
  look_tables "$3"
  look_health
  printf '%s\n' "$1"
  folders_listed
}

# look_errors SINCE: print the newest twenty errors in the runbook's logs, oldest first, and which logs cannot be read. Skips links.
look_errors() {
  local name i mark='' files=()
  # One awk reads all logs, under names that no log line can guess.
  for ((i = 0; i < 30; i++)); do if ((RANDOM % 2)); then mark+=./; else mark+=/; fi; done
  for name in $RUNBOOK_LOGS; do
    [[ -f $LOGS/$name.log && ! -L $LOGS/$name.log ]] || continue
    if [[ -r $LOGS/$name.log ]]; then files+=("./$mark$name.log"); else printf 'unread=%s.log\n' "$name"; fi
  done
  ((${#files[@]} > 0)) || return 0
  { cd -- "$LOGS" && exec tail -v -c 262144 -- "${files[@]}"; } 2>/dev/null | head="==> ./$mark" since=$1 awk '
    index($0, ENVIRON["head"]) == 1 {
      name = substr($0, length(ENVIRON["head"]) + 1)
      sub(/ <==$/, "", name)
      next
    }
    /^\[[0-9-]+ [0-9:]+\] .*ERROR/ {
      at = substr($0, 2, 19)
      if (at < ENVIRON["since"]) next
      text = substr($0, 23, 300)
      gsub(/\t/, " ", text)
      kept[name, count[name]++ % 20] = at "\t" name "\t" text
    }
    END {
      for (one in kept) {
        for (i = n++; i > 0 && line[i - 1] > kept[one]; i--) line[i] = line[i - 1]
        line[i] = kept[one]
      }
      for (i = n > 20 ? n - 20 : 0; i < n; i++) print "error=" line[i]
    }'
}

# look_tables SAFE: print the row count of each key table, and user_version: a WAL may hold a newer one than the file's
# header. Ends even if such a table is an endless view.
look_tables() {
  local name answer asked status line asking=()
  [[ -s $DATABASE_FILE && -r $DATABASE_FILE ]] && database_plain "$DATABASE_FILE" && header_read "$DATABASE_FILE" || return 0
  [[ $1 == '' ]] || asking+=("$1")
  for name in ${POLICY[key_tables]}; do
    census_one_sql "$name"
    asking+=(-cmd "$REPLY")
  done
  live_uri
  IFS= read -r -t 10 -N 65536 answer < <(exec sqlite3 -batch -noheader -separator $'\t' -nullvalue '' -init /dev/null \
    -readonly -cmd '.timeout 500' -cmd "$SQL_DISTRUST" "${asking[@]}" -cmd 'PRAGMA user_version;' "$REPLY" 2>/dev/null </dev/null)
  status=$? asked=$!
  ((status <= 128)) || { read_over; kill -KILL "$asked" 2>/dev/null; }
  answer+=$'\n'
  while [[ $answer == *$'\n'* ]]; do
    line=${answer%%$'\n'*} answer=${answer#*$'\n'}
    if [[ $line =~ ^[A-Za-z0-9_]+$'\t'[0-9]{1,15}$ ]]; then
      printf 'rows=%s\n' "$line"
    elif [[ $line =~ ^-?[0-9]{1,11}$ ]]; then
      printf 'version=%s\n' "$line"
    fi
  done
}

look_health() {
  local index found=-
  health_choose
  [[ $HEALTH_HEALTHY == true || $HEALTH_PROBE == '' || $HEALTH_ASKED == "$HEALTH_PROBE" ]] || health_ask "$HEALTH_PROBE"
  for index in "${!HEALTH_USUAL[@]}"; do [[ $HEALTH_PROBE != "${HEALTH_USUAL[$index]}" ]] || found=$index; done
  encode_path "$HEALTH_DETAIL"
  printf 'health=%s %s %s %s\n' "$HEALTH_STATUS" "$HEALTH_MS" "$found" "$REPLY"
}

# look_end: read the output as root, limited in time and size, then kill the process. Search nothing in the list: bash would
# scan a long one once for each of its bytes.
look_end() {
  local line status=0 until left
  LOOK_LINES=() LOOK_LISTING='' LOOK_WHOLE=''
  uptime_ms
  until=$((REPLY + LOOK_SECONDS * 1000))
  PAUSING=yes
  while ((${#LOOK_LINES[@]} < LOOK_LINES_MOST)); do
    uptime_ms
    left=$((until - REPLY))
    ((left > 0)) || break
    line=''
    IFS= read -r -t "$((left / 1000 + 1))" -n 4096 -u "$LOOK_FD" line
    status=$?
    if [[ $line == "$LOOK_MARK" ]]; then
      IFS= read -r -t "$((left / 1000 + 1))" -N "$LOOK_BYTES" -u "$LOOK_FD" LOOK_LISTING
      status=$?
      ((status != 1)) || LOOK_WHOLE=yes
      break
    fi
    LOOK_LINES+=("$line")
    ((status == 0)) || break
  done
  ((status <= 128)) || read_over
  pause_over
  look_over
}

# look_stop: kill the look. Its readers then see the end of its output.
look_stop() { [[ $LOOK_JOB == '' ]] || kill -KILL -- "-$LOOK_JOB" 2>/dev/null; }

look_over() {
  local until=$((SECONDS + 2))
  exec {LOOK_FD}<&- {LOOK_WAKE_FD}>&-
  look_stop
  # As ended_soon, without its first pause, which costs a process.
  while kill -0 "$LOOK_JOB" 2>/dev/null; do
    ((SECONDS < until)) || { LOOK_JOB='' && return; }
  done
  wait "$LOOK_JOB" 2>/dev/null
  LOOK_JOB=''
}
