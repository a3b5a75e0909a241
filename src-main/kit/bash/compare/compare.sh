# --- Comparing the live database with a backup --------------------------------------------------------------------------------

COMPARE_TIME_LIMIT=900 # seconds; tables left by then are reported as not compared

# The owner may read what the reader extracted. Its output is untrusted and limited in size.
compare_by_owner() { owner_do compare_say compare_to ../reader/database 2>/dev/null | head -c 33554432 >compared; }
compare_schema_by_owner() { owner_do compare_say compare_schema_to ../reader/staged.db 2>/dev/null | head -c 33554432 >compared; }

# compare_say FUNCTION FILE: print the result of the comparison; for owner_do.
compare_say() {
  "$1" result "$2"
  cat result
}

# compare_to RESULT FILE: compare the live database (DATABASE_FILE) with the database FILE; for a background process. Writes
# only `compare.*` and RESULT, for compare_load, in the current folder.
compare_to() {
  local result=$1 backup live report locking=no
  compare_begin "$2" || { compare_stopped "$result"; return 1; }
  live=$COMPARE_LIVE backup=$COMPARE_BACKUP
  [[ $H_JOURNAL == wal ]] || locking=yes
  if [[ $COMPARE_UNREAD == '' ]]; then
    compare_parts_sql "$COMPARE_ACROSS"
    compare_catalog "$REPLY" || { compare_stopped "$result"; return 1; }
    : >compare.results
    if [[ $COMPARE_ACROSS == no ]]; then
      compare_looked_up "$live" "$backup" "$locking"
    else
      compare_streamed "$live" "$backup"
      compare_failures
      compare_keep compare.results compare.failures
      compare_catalog "$COMPARE_FAILED"
    fi
  else
    compare_counted "$backup"
  fi
  compare_schema_report_sql
  report=$REPLY
  compare_report_sql "$locking" "$COMPARE_ACROSS"
  compare_catalog "$COMPARE_SCHEMA $report $REPLY" >"$result.new"
  compare_stopped "$result"
}

# compare_schema_to RESULT FILE: like compare_to, but read no rows.
compare_schema_to() {
  if compare_begin "$2"; then
    compare_schema_report_sql
    compare_catalog "$COMPARE_SCHEMA $REPLY" >"$1.new"
  fi
  compare_stopped "$1"
}

COMPARE_UNTIL=0 COMPARE_KEPT=0 COMPARE_LIVE='' COMPARE_BACKUP='' COMPARE_UNREAD='' COMPARE_ACROSS=no COMPARE_OPTIONS=() COMPARE_NONCE=''

# compare_begin FILE: describe both databases in the catalog.
compare_begin() {
  rm -f -- compare.*
  COMPARE_UNREAD='' H_JOURNAL='' COMPARE_UNTIL=$((SECONDS + COMPARE_TIME_LIMIT))
  compare_options
  printf '%s\n' "$COMPARE_CATALOG" >compare.described
  database_uri "$PWD/$1"
  COMPARE_BACKUP=$REPLY
  compare_describe "$COMPARE_BACKUP" B || { COMPARE_UNREAD="the database in the backup cannot be read: $REPLY"; return 1; }
  if ! database_plain "$DATABASE_FILE"; then
    COMPARE_UNREAD="the live database cannot be read: $REPLY is no plain file"
  elif [[ ! -e $DATABASE_FILE ]]; then
    COMPARE_UNREAD='there is no live database'
  else
    live_uri
    COMPARE_LIVE=$REPLY
    compare_describe "$COMPARE_LIVE" L || COMPARE_UNREAD="the live database cannot be read: $REPLY"
  fi
  { cat compare.described; printf '%s\n' "$COMPARE_PAIRS" 'COMMIT;'; } >compare.script
  sqlite3 -batch -bail -init /dev/null compare.catalog <compare.script >/dev/null 2>>compare.stderr || return 1
  [[ $(compare_catalog "SELECT count(DISTINCT value) FROM setting WHERE name = 'encoding';") == 2 ]] && COMPARE_ACROSS=yes || COMPARE_ACROSS=no
}

# compare_options: COMPARE_OPTIONS = restrictions for foreign data, as far as this sqlite3 has them. In safe mode it attaches
# a database only after a .nonce command with our secret COMPARE_NONCE.
compare_options() {
  local version
  COMPARE_OPTIONS=(-batch -noheader -separator $'\t' -nullvalue '' -init /dev/null -readonly)
  version=$(sqlite3 --version 2>/dev/null)
  [[ $version =~ ^3\.([0-9]{1,3})\. ]] || return 0
  COMPARE_NONCE=''
  if ((BASH_REMATCH[1] >= 37)); then
    COMPARE_NONCE=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    COMPARE_OPTIONS+=(-safe -nonce "$COMPARE_NONCE")
  fi
  ((BASH_REMATCH[1] < 50)) || COMPARE_OPTIONS+=(-escape off) # print names unchanged, or statements would not find them
}

# compare_run URI SCRIPT-FILE...: run the scripts on a database, read-only. SIGINT stops it and keeps the output so far.
compare_run() {
  local uri=$1 seconds=$((COMPARE_UNTIL - COMPARE_KEPT - SECONDS)) status
  shift
  { printf '.timeout 2000\n%s\n' "$SQL_DISTRUST"; cat -- "$@"; } |
    SQLITE_TMPDIR=. timeout --foreground -s INT -k 10 "$((seconds > 0 ? seconds : 1))" sqlite3 "${COMPARE_OPTIONS[@]}" "$uri" 2>>compare.stderr
  status=$?
  case $status in
    124 | 137) printf 'interrupted' >compare.late ;;
    12[5-9] | 1[3-9]? | 2??) printf 'sqlite3 was stopped (status %s)' "$status" >compare.late ;;
  esac
  return "$status"
}

compare_catalog() { # SQL
  printf '%s\n' "$1" | sqlite3 -batch -bail -noheader -separator '|' -nullvalue '' -init /dev/null compare.catalog 2>>compare.stderr
}

# compare_describe URI SIDE: describe a database in the catalog; status 1 with REPLY = the reason if it cannot be read.
compare_describe() {
  compare_describe_sql "$2"
  printf '.bail on\n%s\n' "$REPLY" >compare.script
  if compare_run "$1" compare.script >"compare.description.$2"; then
    cat -- "compare.description.$2" >>compare.described
    return 0
  fi
  compare_reason
  return 1
}

# compare_reason: REPLY = the last error of sqlite3, without its position.
compare_reason() {
  REPLY=$(sed -nE 's/^[A-Za-z: ]*[Ee]rror:?( near line [0-9]+)?: (in prepare, )?//p' compare.stderr | tail -n 1 | head -c 200 | tr -s '[:cntrl:]' ' ')
  REPLY=${REPLY:-no detail}
  REPLY=${REPLY% }
}

# One sqlite3 for all tables. With a WAL, one read transaction blocks nobody, so all counts are of the same moment. A damaged
# table spoils the transaction for the tables after it, so repeat those without it. A table may take too long (rows without a
# key that all moved): keep a fifth of the time for those after it.
compare_looked_up() { # LIVE-URI BACKUP-URI LOCKING
  local begin='BEGIN;' round status
  [[ $3 == no ]] || begin=''
  compare_script_sql "$3"
  compare_catalog "$REPLY" || return
  sql_text "$1"
  {
    [[ $COMPARE_NONCE == '' ]] || printf '.nonce %s\n' "$COMPARE_NONCE"
    printf '%s\n' "ATTACH $REPLY AS live;" \
      'PRAGMA temp_store=FILE; PRAGMA automatic_index=OFF; PRAGMA main.cache_size=-8000; PRAGMA live.cache_size=-8000;' \
      'CREATE TEMP TABLE r(n INTEGER PRIMARY KEY, live, backup, hit, changed, nl, nb, same DEFAULT 0, only_live, only_backup, lo, hi, lo2, hi2, lo3, hi3);' \
      "$begin"
  } >compare.prepare
  for ((round = 0; round < 20; round++)); do
    # An error gives the line of its statement: record where each block ends.
    compare_catalog "DROP TABLE IF EXISTS line; CREATE TABLE line AS SELECT n, text, $(wc -l <compare.prepare) + 2
      + sum(1 + length(text) - length(replace(text, char(10), ''))) OVER (ORDER BY n) last
      FROM script WHERE n NOT IN (SELECT n FROM result) AND n NOT IN (SELECT n FROM failed WHERE final);
      SELECT text FROM line ORDER BY n;" >compare.script || return
    [[ -s compare.script ]] || return 0
    : >compare.stderr
    COMPARE_KEPT=$(((COMPARE_UNTIL - SECONDS + 4) / 5))
    compare_run "$2" compare.prepare compare.script >compare.results
    status=$?
    COMPARE_KEPT=0
    compare_failures
    compare_keep compare.results compare.failures
    compare_catalog "$COMPARE_FAILED"
    # It said which table it was at, and all that it had found before.
    if ((status == 124 && COMPARE_UNTIL > SECONDS)); then
      rm -f -- compare.late
      continue
    fi
    [[ ! -e compare.late && -s compare.failures ]] || return 0
  done
}

readonly COMPARE_FAILED="
DELETE FROM failed WHERE NOT final;
INSERT INTO failed SELECT t, message, 0 FROM (SELECT (SELECT n FROM line l WHERE l.last >= f.line ORDER BY last LIMIT 1) t, message, min(line)
  FROM failure f GROUP BY 1);
UPDATE failed SET final = 1 WHERE NOT final AND n = (SELECT min(n) FROM failed WHERE NOT final);
DELETE FROM failure;
"

# compare_counted BACKUP-URI: without a live database, at least count the backup's rows.
compare_counted() { # BACKUP-URI
  compare_count_sql B
  compare_catalog "$REPLY SELECT text FROM script;" >compare.script &&
    compare_run "$1" compare.script >compare.results && compare_keep compare.results &&
    compare_catalog 'INSERT INTO result(n, backup) SELECT n, rows FROM counted;'
}

# compare_keep FILE...: add results to the catalog. Skips lines that are incomplete or hold anything but numbers and moments.
compare_keep() {
  local value="(NULL|[0-9]{1,15}|'[LB]'|'[0-9: -]{4,19}')"
  { printf 'BEGIN;\n'; LC_ALL=C grep -hE "^INSERT INTO (result|counted) VALUES\($value(,$value)*\);\$|^INSERT INTO failure " "$@"; printf 'COMMIT;\n'; } |
    sqlite3 -batch -init /dev/null compare.catalog 2>>compare.stderr
}

# compare_failures: turn the errors of sqlite3 into INSERT statements.
compare_failures() {
  sed -nE "s/'/''/g; s/^[A-Za-z: ]*[Ee]rror:? near line ([0-9]{1,9}): (in prepare, )?(.{1,200}).*\$/INSERT INTO failure VALUES(\\1,'\\3');/p" \
    compare.stderr >compare.failures
  [[ ! -e compare.late ]] || printf "INSERT INTO failure VALUES(NULL,'%s');\n" "$(<compare.late)" >>compare.failures
}

# compare_stopped RESULT: publish the result, with the reason if nothing could be compared.
compare_stopped() {
  if [[ $COMPARE_UNREAD != '' ]]; then
    encode_path "$COMPARE_UNREAD"
    printf 'unread|%s\n' "$REPLY" >>"$1.new"
  fi
  [[ ! -e $1.new ]] || mv -fT -- "$1.new" "$1"
}
