# --- State, policy, catalog --------------------------------------------------------------------------------------------

if [[ ${CVD_BACKUP_STATE-} != '' ]]; then
  STATE=$CVD_BACKUP_STATE
elif ((EUID == 0)); then
  STATE=/var/lib/cvd-backup
else
  STATE=${XDG_STATE_HOME:-${HOME:-/nonexistent}/.local/state}/cvd-backup
fi

declare -A POLICY=(
  [root]=/opt/cvd [database]='' [service]=cvd [service_manager]=systemd [service_program]=''
  [health]='' [health_status]=200 [health_timeout]=60 [key_tables]='users devices service_orders'
  [compressor]='' [busy_timeout]=10000 [writer_block_limit]=30 [backup_max_age]=14400 [owner]=''
)
ROOT='' BACKUPS='' LOGS='' ROOT_OPTION=''
DATABASE=''      # path from the policy; may be a symbolic link
DATABASE_FILE='' # the link's target: what a restore replaces, with the sidecars beside it

# Mode 711: other users can reach the work folders but list nothing. Everything else in STATE is private by its own mode.
state_create() {
  mkdir -p -- "$STATE"/{operations,fingerprints,work,kit} 2>/dev/null && chmod 711 -- "$STATE" "$STATE/work" 2>/dev/null
}

state_writable() { [[ -d $STATE/operations && -O $STATE && -w $STATE ]] || state_create; }

# policy_problem KEY VALUE: REPLY = what is wrong with the setting, or empty.
policy_problem() {
  local key=$1 value=$2
  REPLY=''
  [[ $key =~ ^[a-z_]{1,40}$ && ${POLICY[$key]+known} == known ]] || { REPLY="unknown setting: $key"; return; }
  [[ $value != *$'\n'* ]] || { REPLY="$key: one line only"; return; }
  case $key in
    root | service_program | database)
      [[ $value == '' || $value == /* ]] || REPLY="$key: an absolute path, not '$value'" ;;
    health_status)
      [[ $value =~ ^[1-5][0-9][0-9]$ ]] || REPLY="health_status: a status of HTTP, such as 200, not '$value'" ;;
    health_timeout | busy_timeout | writer_block_limit | backup_max_age)
      [[ $value =~ ^[1-9][0-9]{0,6}$ ]] || REPLY="$key: a positive whole number, not '$value'" ;;
    service_manager)
      [[ $value == systemd || $value == program ]] || REPLY="service_manager: systemd or program, not '$value'" ;;
    health)
      [[ $value == '' || (! $value =~ [[:cntrl:]] && ($value =~ ^https?://[^[:space:]]+$ || $value =~ ^unix:/[^:]+:/[^[:space:]]*$)) ]] ||
        REPLY="health: http://HOST:PORT/PATH or unix:SOCKET:PATH, not '$value'" ;;
    compressor)
      [[ $value =~ ^(igzip|pigz|gzip)?$ ]] || REPLY="compressor: igzip, pigz or gzip, not '$value'" ;;
    key_tables)
      [[ $value =~ ^[A-Za-z0-9_\ ]*$ ]] || REPLY="key_tables: table names separated by blanks, not '$value'" ;;
    service)
      [[ $value =~ ^[A-Za-z0-9@._\ -]+$ && $value != -* ]] || REPLY="service: unit names separated by blanks, not '$value'" ;;
    owner)
      [[ $value == '' || $value =~ $OWNER_NAMES ]] || REPLY="owner: user:group, not '$value'" ;;
  esac
}

# policy_take LINE: apply a line KEY=VALUE; ignore it if it is not valid.
policy_take() {
  local key=${1%%=*} value=${1#*=}
  policy_problem "$key" "$value"
  [[ $1 != *=* || $REPLY != '' || ! $key =~ ^[a-z_]{1,40}$ ]] || POLICY[$key]=$value
}

policy_load() {
  local line
  if [[ -r $STATE/policy ]]; then
    while IFS= read -r line || [[ $line != '' ]]; do policy_take "$line"; done <"$STATE/policy"
  fi
  paths_set
  if real_path "$DATABASE"; then DATABASE_FILE=$REPLY; else DATABASE_FILE=$DATABASE; fi
  identities_load
}

paths_set() {
  ROOT=${ROOT_OPTION:-${POLICY[root]}}
  DATABASE=${POLICY[database]:-$ROOT/data/cvd.db}
  BACKUPS=$ROOT/backups
  LOGS=$ROOT/logs
}

# --- Append-only files: the catalog, the audit, the output of operations
#
# A full disk, a power cut or a killed process can cut the last line off. The next writer ends it with TORN. It was never
# reported, so readers skip it.
readonly TORN=$'\ttorn'

# line_is_torn FILE: status 0 if the last line was cut off.
line_is_torn() {
  local last
  IFS= read -r -d '' last < <(exec tail -c 1 -- "$1" 2>/dev/null) && return 0 # a NUL, from a power cut
  [[ $last != '' && $last != $'\n' ]]
}

# append_line FILE LINE: append a whole line, safe against other writers; on disk on status 0.
append_line() {
  local file=$1 fd lead='' status=1 paths=("$1")
  [[ -e $file ]] || paths+=("${file%/*}")
  while { exec {fd}>>"$file"; } 2>/dev/null; do
    flock -w 10 "$fd" || break
    # The file may have been rotated while we waited for the lock.
    [[ /proc/self/fd/$fd -ef $file ]] || { exec {fd}>&-; continue; }
    ! line_is_torn "$file" || lead=$TORN$'\n'
    { printf '%s%s\n' "$lead" "$2" >&"$fd"; } 2>/dev/null && sync_paths "${paths[@]}" && status=0
    break
  done
  [[ ${fd-} == '' ]] || exec {fd}>&-
  return "$status"
}

# The catalog records what we know about files; the last line about a file counts. Fields, tab-separated:
#   made     PATH SIZE MTIME KIND ORIGIN TAKEN-AT-MS
#   verdict  PATH SIZE MTIME VERDICT AT-MS BASIS SHA256 REASON
#   hold     PATH AT-MS WHO REASON        release  PATH AT-MS WHO REASON
# PATH and free text are percent-encoded. A verdict counts only while size and mtime are unchanged. Ignore a line with the
# wrong number of fields.
catalog_add() {
  local line='' field
  for field in "$@"; do
    encode_path "$field"
    line+="${line:+$'\t'}$REPLY"
  done
  append_line "$STATE/catalog" "$line"
}

# catalog_lines: print the catalog, ending in TORN so that readers skip a last line that was cut off.
catalog_lines() {
  [[ -r $STATE/catalog ]] || return 0
  cat -- "$STATE/catalog"
  printf '%s\n' "$TORN"
}

# catalog_mark PATH: REPLY = hold or release, whichever the backup was marked with last; empty if neither.
catalog_mark() {
  encode_path "$1"
  REPLY=$(catalog_lines | path=$REPLY awk -F '\t' '
    !/\ttorn$/ && NF == 5 && ($1 == "hold" || $1 == "release") && $2 == ENVIRON["path"] { mark = $1 }
    END { print mark }')
}

# file_stamp PATH: REPLY = size TAB mtime, as printed by find and kept in the catalog.
file_stamp() { REPLY=$(find "$1" -maxdepth 0 -printf '%s\t%T@' 2>/dev/null); }

# runbook_log FILE TEXT: append to the runbook's own log, in its format.
runbook_log() {
  side_says 10 1 owner log_line "$LOGS/$1" "[$(date '+%Y-%m-%d %H:%M:%S')] ${2//[[:cntrl:]]/?}" >/dev/null ||
    say warning "cannot write to $LOGS/$1"
}

audit() { # EVENT OUTCOME CODE
  now_ms
  json_object at:="$REPLY" event="$1" operation="$OPERATION" command="$COMMAND" who="$WHO" reason="$REASON" \
    outcome="$2" code="$3"
  append_line "$STATE/audit" "$REPLY"
}

# Keep the current audit (up to 5 MB) and five older files of 5 MB, audit.1 the newest: about 100,000 entries. If a process
# was killed while renaming, fill the gap before dropping the oldest file.
readonly AUDIT_BYTES=5000000 AUDIT_FILES=5
audit_rotate() {
  local number fd
  file_size "$STATE/audit"
  ((REPLY >= AUDIT_BYTES)) || return 0
  { exec {fd}>>"$STATE/audit"; } 2>/dev/null && flock -w 10 "$fd" || return 1
  if [[ /proc/self/fd/$fd -ef $STATE/audit ]]; then
    for ((number = 1; number < AUDIT_FILES; number++)); do [[ -e $STATE/audit.$number ]] || break; done
    for ((; number > 1; number--)); do mv -fT -- "$STATE/audit.$((number - 1))" "$STATE/audit.$number"; done
    mv -fT -- "$STATE/audit" "$STATE/audit.1"
    sync_paths "$STATE"
  fi
  exec {fd}>&-
}
