# --- Reading and writing STATE/state.db ---------------------------------------------------------------------------------------

STATE_KIND=''    # none: nothing is known; old: in the files of earlier kits; known: in state.db; newer; lost: missing or damaged
STATE_CODE=''    # why something could not be written: a result code
STATE_PROBLEM='' # in a sentence
STATE_ASIDE=()   # options of sqlite3, and SQL, for what else is to be read with the list of backups: rows `aside` of it are printed
STATE_ASIDE_SQL=''

# state_look: set STATE_KIND. Starts no process.
state_look() {
  local hex
  STATE_KIND=none
  if [[ -e $STATE/state.db || -L $STATE/state.db ]]; then
    # Another login's.
    [[ -O $STATE/state.db || -L $STATE/state.db ]] || return 0
    STATE_KIND=lost
    [[ -f $STATE/state.db && ! -L $STATE/state.db && ! -e $STATE/state.damaged ]] && header_hex "$STATE/state.db" 72 || return 0
    hex=$REPLY
    [[ $hex == 53514c69746520666f726d6174203300* && ${hex:136:8} == "$STATE_APPLICATION" ]] || return 0
    hex=${hex:120:8}
    ((16#$hex > STATE_VERSION)) && STATE_KIND=newer
    ((16#$hex != STATE_VERSION)) || STATE_KIND=known
  elif [[ -f $STATE/catalog || -f $STATE/catalog.converting || -d $STATE/fingerprints ]]; then
    STATE_KIND=old
  elif [[ -L $STATE/catalog ]]; then
    STATE_KIND=lost
  fi
}

# state_refuse_newer: end if a newer kit keeps this folder.
state_refuse_newer() {
  state_look
  [[ $STATE_KIND != newer ]] || fail newer-format "The records of this site are kept by a newer cvd-backup, and this one cannot read them ($STATE/state.db)." \
    'nothing was changed' 'update the console: it brings its cvd-backup along'
}

# state_record WORD FIELD...: print a row of `said`.
state_record() {
  local fields=() field
  for field in "${@:2}"; do
    encode_path "$field"
    fields+=("$REPLY")
  done
  state_row "$1" ${fields[@]+"${fields[@]}"}
}

# state_row WORD FIELD...: like state_record, for fields that are words already.
state_row() {
  local IFS=$'\t' count line
  line=$*
  for ((count = $#; count < 14; count++)); do line+=$'\t'; done
  printf '%s\n' "$line"
}

# state_say_lost: say it if what was recorded cannot be read.
state_say_lost() {
  state_look
  [[ $STATE_KIND != lost ]] ||
    say warning "What was recorded on this server (fingerprints, verdicts, holds, old operations) cannot be read: $STATE/state.db is missing or damaged."
}

# state_rows SQL: run a constant query and print its rows, TAB-separated, then a line `whole`: without it, they are not all. On
# stdin come rows of `said`. May replace the process: call it in a pipe.
state_rows() {
  state_look
  case $STATE_KIND in
    none) printf 'whole\n' ;;
    old | known) state_sqlite said "$1 SELECT 'whole';" 2>/dev/null ;;
    *) return 1 ;;
  esac
}

# state_sqlite said|listed SQL: run SQL on what is known, after importing stdin. Replaces the process.
state_sqlite() {
  local table=$1 sql=$2 separator='\t' uri old before=()
  [[ $table == said ]] || separator='\037'
  # Read and write: after a power cut, SQLite has to roll an unfinished change back. Without `create`.
  encode_path "$STATE/state.db"
  uri="file:$REPLY?mode=rw"
  [[ $STATE_KIND != new ]] || uri="${uri%\?mode=rw}.new?mode=rwc"
  if [[ $STATE_KIND == old ]]; then
    exec {old}< <(state_old_records)
    uri=:memory:
    before=(-cmd "$STATE_SCHEMA" -cmd ".import /dev/fd/$old said" -cmd "$STATE_BEGIN $STATE_APPLY" -cmd 'DELETE FROM said; DROP INDEX temp.said_of;')
  fi
  SQLITE_TMPDIR=$STATE exec sqlite3 -batch -bail -noheader -nullvalue '' -init /dev/null -cmd '.timeout 20000' \
    -cmd "$STATE_TEMPORARY" ${STATE_ASIDE[@]+"${STATE_ASIDE[@]}"} -cmd '.mode ascii' -cmd '.separator "\t" "\n"' ${before[@]+"${before[@]}"} \
    -cmd ".separator \"$separator\" \"\\n\"" -cmd ".import /dev/stdin $table" \
    -cmd '.mode list' -cmd '.separator "\t" "\n"' -cmd "$sql" "$uri"
}

# state_write FUNCTION ARG...: write the rows of `said` that it prints, all of them or none; on disk on status 0. Otherwise
# STATE_CODE and STATE_PROBLEM say why.
state_write() { state_change "$STATE_APPLY" "$@"; }

state_change() { # SQL FUNCTION ARG...
  local said
  state_ready || return 1
  said=$({ "${@:2}" && state_record end; } | state_sqlite said "$STATE_BEGIN $1 SELECT 'whole';" 2>&1)
  [[ $said != whole ]] || return 0
  state_failed "$said"
  return 1
}

state_failed() { # WHAT-SQLITE-SAID
  STATE_CODE=internal STATE_PROBLEM="The records of this site ($STATE/state.db) could not be written: ${1:0:300}"
  case $1 in
    *'disk is full'* | *'disk I/O error'*)
      STATE_CODE=no-space STATE_PROBLEM="The disk of $STATE is full or cannot be written to: nothing was recorded."
      ;;
    *'is locked'*) STATE_CODE=busy STATE_PROBLEM='Another process was writing the records of this site for too long: nothing was recorded.' ;;
    *malformed* | *'not a database'*)
      # The next command that may change it sets it aside.
      { : >"$STATE/state.damaged"; } 2>/dev/null
      STATE_PROBLEM="The records of this site ($STATE/state.db) are damaged: nothing was recorded."
      ;;
  esac
}
