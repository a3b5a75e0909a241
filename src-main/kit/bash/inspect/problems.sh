# --- The problems of a site, in plain words -----------------------------------------------------------------------------------

PROBLEMS=()
PROBLEM_WORDS=''

# problem SEVERITY CODE TEXT FIX: add a problem.
problem() {
  json_object code="$2" severity="$1" text="$3" fix="$4"
  PROBLEMS+=("$REPLY")
  PROBLEM_WORDS+="$1: $3${4:+ -> $4}"$'\n'
}

inspect_problems() {
  PROBLEMS=() PROBLEM_WORDS=''
  problems_of_tools
  problems_of_records
  # What was not requested or not reported is unknown; do not call it missing.
  [[ $LOOK_WHOLE != '' ]] || problem error incomplete 'The look at the site was ended before it was complete: what is not shown is not known.' \
    'find out what hangs: a disk, the database, or the application; then inspect again'
  problems_of_database
  problems_of_space
  problems_of_service
  problems_of_backups
  json_array ${PROBLEMS[@]+"${PROBLEMS[@]}"}
}

problems_of_tools() {
  local name
  for name in ${I_MISSING[@]+"${I_MISSING[@]}"}; do
    problem error missing-tool "$name is not installed." "install it: apt-get install $name, or dnf install $name"
  done
  [[ $I_SQLITE_PROBLEM == '' ]] ||
    problem warning sqlite-version "sqlite3 $I_SQLITE $I_SQLITE_PROBLEM." 'Update sqlite3 when the distribution offers a newer version.'
  if [[ $R_STATE == false ]]; then
    problem warning no-state "This login cannot write $STATE: it can inspect the site, but not start operations." 'log in as root, with sudo, or as the owner of the state'
  fi
}

problems_of_records() {
  if [[ $I_KNOWN == lost && $R_STATE == true && " ${I_MISSING[*]-} " != *' sqlite3 '* ]]; then
    problem error records-lost "What was recorded on this server cannot be read: $STATE/state.db is missing or damaged. No fingerprint, verdict or hold is known." \
      'verify the backups again, and set again the holds that were set; what can be read of the records is kept'
  elif [[ $I_LOSS != '' ]]; then
    problem warning records-lost "Records were lost on $(page_time "$I_LOSS"): fingerprints, verdicts and holds from before may be missing." \
      'verify the backups again, and set again the holds that were set'
  fi
}

problems_of_database() {
  local env=$ROOT/config/.env
  [[ $OWNER_PROBLEM == '' ]] || problem error wrong-owner "$OWNER_PROBLEM" 'set it: cvd-backup policy owner=USER:GROUP'
  if [[ ! -d $ROOT ]]; then
    problem error no-root "There is no folder $ROOT." 'set it: cvd-backup policy root=…'
  elif [[ $I_PRESENT == false && ($I_STATE_SAID != '' || $LOOK_WHOLE != '') ]]; then
    problem error no-database "There is no database at $DATABASE." 'if it lies elsewhere, set it: cvd-backup policy database=…'
  elif [[ $I_STATE_SAID == '' ]]; then
    :
  elif [[ $R_READ == false ]]; then
    problem warning no-rights "This login cannot read the database." 'log in as root or with sudo'
  elif ((I_DATABASE_SIZE == 0 && ${I_SIDECAR[-wal]:-0} == 0)); then
    problem error empty-database 'The live database is empty (0 bytes).' 'restore a backup'
  elif [[ $I_HEADER == false && $I_DATABASE_SIZE -gt 0 ]]; then
    problem error not-a-database 'The live database is not an SQLite database: its header is wrong.' 'restore a backup'
  elif [[ $I_ROWS_KNOWN == '' && ${POLICY[key_tables]} != '' && $LOOK_WHOLE != '' ]]; then
    problem warning unreadable-tables 'None of the key tables could be read: the database is locked, damaged, or not a CVD database.' \
      'look who has it open, verify a backup of it'
  fi
  # Only root sees all processes, so only root can know that nobody has the database open.
  if ((EUID == 0 && ${#HOLDERS[@]} == 0)); then
    if ((${I_SIDECAR[-wal]:-0} > 0)); then
      human_bytes "${I_SIDECAR[-wal]}"
      problem warning stale-wal "Nobody has the database open, but $REPLY lie in its -wal: the application did not end cleanly. They belong to the database." \
        'start the application; never copy a file over the database'
    fi
    [[ $LIVE_HOT == '' ]] ||
      problem warning hot-journal "Nobody has the database open, but its -journal is there: an interrupted change will be rolled back at the next start." \
        'start the application; never remove the -journal'
  fi
  [[ ${FACT_MODE[env]-} == *[4567] && $ENV_SHUT == '' ]] && problem warning env-readable "$env is readable by every user of this server." "chmod 600 $env"
  return 0
}

problems_of_space() {
  local purpose need
  for purpose in database backups; do
    need=$((I_DATABASE_SIZE * 5 / 2))
    [[ ${I_FREE[$purpose]-} != '' ]] || continue
    ((I_FREE[$purpose] < need)) || continue
    problem error disk-low "Only $((I_FREE[$purpose] >> 20)) MB are free for the $purpose; at least $((need >> 20)) MB (2.5 times the database) are recommended." \
      'remove old backups, or make the file system larger'
  done
}

problems_of_service() {
  local index
  for index in "${!SERVICES[@]}"; do
    service_problem "$index"
    if [[ $REPLY != '' ]]; then
      problem error service-unknown "$REPLY" "$SERVICE_FIX"
    elif ! runs "${SERVICE_ACTIVE[$index]}"; then
      problem error service-down "The service ${SERVICES[$index]} is ${SERVICE_ACTIVE[$index]}." \
        "find out why: journalctl -u ${SERVICES[$index]}"
    fi
  done
  health_words
  if [[ $I_HEALTH_SAID == '' && $LOOK_WHOLE == '' ]]; then
    :
  elif [[ $HEALTH_PROBE == '' ]]; then
    problem warning health-unknown 'No health probe is known for this site; without one, nothing can be restored.' \
      'set it: cvd-backup policy health=http://127.0.0.1:5000/api/health'
  elif [[ $HEALTH_HEALTHY != true ]]; then
    problem error unhealthy "${REPLY:0:300}." 'check that the application is running; if the address is wrong, set it: cvd-backup policy health=…'
  fi
  [[ $I_UNFINISHED == '' ]] ||
    problem error unfinished "An operation was interrupted and is not finished: $I_UNFINISHED." 'run: cvd-backup recover'
}

problems_of_backups() {
  if [[ ! -d $BACKUPS ]]; then
    problem error no-backups "There is no backup folder $BACKUPS." 'back up the database now'
    return
  fi
  if [[ $I_UNLISTED != '' ]]; then
    unlisted_words "$I_UNLISTED"
    problem error no-rights "$REPLY" \
      'let the owner of the CVD data read it; if this login is not root, log in as root or with sudo'
  fi
  ((I_CUT == 0)) || problem error incomplete 'There are too many files among the backups: not all of them are listed, counted and verified.' \
    'find out what made them, then move them away or delete them'
  if ((I_DATABASES == 0)) && [[ $I_CUT != 0 || $I_UNLISTED != '' || $LOOK_WHOLE == '' ]]; then
    :
  elif ((I_DATABASES == 0)); then
    problem error no-backups 'There is no backup of the database.' 'back up the database now'
  elif [[ $I_NEWEST == '' ]]; then
    problem error no-backups 'Every backup of the database is dated in the future; their age is unknown.' \
      'check the clock and the time zone of this server, then back up the database'
  elif ((I_CUT == 0 && I_NOW - I_NEWEST > POLICY[backup_max_age] * 1000)); then
    span_words $(((I_NOW - I_NEWEST) / 1000))
    local age=$REPLY
    span_words "${POLICY[backup_max_age]}"
    problem warning backup-old "The newest backup of the database is $age old; it should not be older than $REPLY." \
      'back up the database now, and find out why no newer one was made'
  fi
  problems_of_files
  ((I_ERRORS_TODAY == 0)) || {
    counted "$I_ERRORS_TODAY" 'error was' 'errors were'
    ((I_ERRORS_TODAY < 20)) || REPLY="At least $REPLY" # no more of them are read
    problem warning log-errors "$REPLY logged in the last 24 hours." "look at the logs in $LOGS"
  }
}

# Oddities of files among the backups, whichever of them is the newest.
problems_of_files() {
  ((I_FUTURE == 0)) || {
    counted "$I_FUTURE" 'backup is dated in the future: it' 'backups are dated in the future: they'
    problem warning backup-in-future "$REPLY cannot be the newest." \
      'check the clock and the time zone of this server'
  }
  ((I_EMPTY == 0)) || {
    counted "$I_EMPTY" 'empty file (0 bytes) looks like a backup.' 'empty files (0 bytes) look like backups.'
    problem warning empty-backups "$REPLY" 'find out what wrote them, then delete them: cvd-backup delete FILE'
  }
  ((I_FAILED == 0)) || {
    counted "$I_FAILED" 'backup failed verification.' 'backups failed verification.'
    problem error failed-backups "$REPLY" 'back up the database now, and do not rely on the failed ones'
  }
  ((I_UNSUPPORTED == 0)) || {
    counted "$I_UNSUPPORTED" 'file has' 'files have'
    problem info unsupported-files "$REPLY a format that cannot be read (encrypted, or not gzip): neither verified nor restored from here." \
      'decrypt or unpack a file before you restore it'
  }
  ((I_UNFINISHED_FILES == 0)) || {
    counted "$I_UNFINISHED_FILES" 'unfinished file lies' 'unfinished files lie'
    problem info unfinished-files "$REPLY among the backups." 'if nothing is being copied now, find out what was interrupted, then delete them: cvd-backup delete FILE'
  }
}

# --- One page for people ----------------------------------------------------------------------------------------------------

# inspect_words: print the page. Keeps REPLY.
inspect_words() {
  local kept=$REPLY line name
  page_line() { say_readable "$(printf '%-12s %s' "$1" "$2")"; }
  page_line server "$(hostname), $(uname -r), $(date '+%Y-%m-%d %H:%M:%S %Z'), as $(id -un 2>/dev/null || id -u)"
  page_line site "$ROOT"
  page_line database "$DATABASE, $((I_DATABASE_SIZE >> 10)) kB, journal ${H_JOURNAL:-unknown}, version $H_USER_VERSION"
  page_line rows "$I_ROWS"
  page_line 'opened by' "${#HOLDERS[@]} processes$( ((EUID == 0)) || printf ' (only root sees them all)')"
  page_line service "$I_SERVICES"
  page_line health "${HEALTH_PROBE:-not known how to ask}: $HEALTH_STATUS, $HEALTH_MS ms"
  page_line backups "$I_COUNT, $((I_BYTES >> 20)) MB in all; newest $(page_time "$I_NEWEST"), newest verified $(page_time "$I_VERIFIED")"
  for name in database backups; do
    [[ ${I_FREE[$name]-} == '' ]] || page_line "disk" "$name: $((I_FREE[$name] >> 20)) of $((I_TOTAL[$name] >> 20)) MB free"
  done
  page_line tools "sqlite3 ${I_SQLITE:-missing}, $I_COMPRESSOR"
  while IFS= read -r line; do
    [[ $line == '' ]] || say_readable "$line"
  done < <(printf '%s' "$PROBLEM_WORDS")
  REPLY=$kept
}

page_time() {
  if [[ $1 == '' ]]; then printf 'never'; else date -d "@$(($1 / 1000))" '+%Y-%m-%d %H:%M:%S %Z'; fi
}
