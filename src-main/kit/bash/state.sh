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
  [compressor]='' [busy_timeout]=10000 [writer_block_limit]=30 [owner]=''
)
ROOT='' BACKUPS='' LOGS='' ROOT_OPTION=''
DATABASE=''      # as the site calls it; may be a symbolic link
DATABASE_FILE='' # the file itself: its sidecars lie beside it, and it is what a restore replaces

# Others may pass through to the work folders, and see nothing: everything else in it is private by its own mode.
state_create() {
  mkdir -p -- "$STATE"/{operations,fingerprints,work,kit} 2>/dev/null && chmod 711 -- "$STATE" "$STATE/work" 2>/dev/null
}

state_writable() { [[ -d $STATE/operations && -O $STATE && -w $STATE ]] || state_create; }

# policy_problem KEY VALUE: REPLY = what is wrong with it, or empty.
policy_problem() {
  local key=$1 value=$2
  REPLY=''
  [[ ${POLICY[$key]+known} == known ]] || { REPLY="unknown setting: $key"; return; }
  [[ $value != *$'\n'* ]] || { REPLY="$key: one line only"; return; }
  case $key in
    root | service_program | database)
      [[ $value == '' || $value == /* ]] || REPLY="$key: an absolute path, not '$value'" ;;
    health_status | health_timeout | busy_timeout | writer_block_limit)
      [[ $value =~ ^[1-9][0-9]{0,6}$ ]] || REPLY="$key: a positive whole number, not '$value'" ;;
    service_manager)
      [[ $value == systemd || $value == program ]] || REPLY="service_manager: systemd or program, not '$value'" ;;
    health)
      [[ $value == '' || $value =~ ^https?://[^[:space:]]+$ || $value =~ ^unix:/[^:]+:/[^[:space:]]*$ ]] ||
        REPLY="health: http://HOST:PORT/PATH or unix:SOCKET:PATH, not '$value'" ;;
    compressor)
      [[ $value =~ ^(igzip|pigz|gzip)?$ ]] || REPLY="compressor: igzip, pigz or gzip, not '$value'" ;;
    key_tables)
      [[ $value =~ ^[A-Za-z0-9_\ ]*$ ]] || REPLY="key_tables: table names separated by blanks, not '$value'" ;;
    service)
      [[ $value =~ ^[A-Za-z0-9@._\ -]+$ && $value != -* ]] || REPLY="service: unit names separated by blanks, not '$value'" ;;
    owner)
      [[ $value =~ ^([a-z_][a-z0-9_-]*:[a-z_][a-z0-9_-]*)?$ ]] || REPLY="owner: user:group, not '$value'" ;;
  esac
}

policy_load() {
  local line key value
  if [[ -r $STATE/policy ]]; then
    while IFS= read -r line || [[ $line != '' ]]; do
      key=${line%%=*} value=${line#*=}
      policy_problem "$key" "$value"
      [[ $line == *=* && $REPLY == '' ]] && POLICY[$key]=$value
    done <"$STATE/policy"
  fi
  paths_set
  DATABASE_FILE=$(readlink -f -- "$DATABASE") || DATABASE_FILE=$DATABASE
  identities_load
}

paths_set() {
  ROOT=${ROOT_OPTION:-${POLICY[root]}}
  DATABASE=${POLICY[database]:-$ROOT/data/cvd.db}
  BACKUPS=$ROOT/backups
  LOGS=$ROOT/logs
}

# The catalog is a journal of what we know about files: the last line about a file is true. Fields, tab-separated:
#   made     PATH SIZE MTIME KIND ORIGIN TAKEN-AT-MS
#   verdict  PATH SIZE MTIME VERDICT AT-MS BASIS SHA256 REASON
#   hold     PATH AT-MS WHO REASON        release  PATH AT-MS WHO
# PATH and the words of people are percent-encoded. A verdict counts only while size and mtime are still those.
catalog_add() {
  local line='' field
  for field in "$@"; do
    encode_path "$field"
    line+="${line:+$'\t'}$REPLY"
  done
  (
    flock -w 10 9 && printf '%s\n' "$line" >&9
  ) 9>>"$STATE/catalog"
}

# file_stamp PATH: REPLY = size TAB mtime, as find prints them and the catalog keeps them.
file_stamp() { REPLY=$(find "$1" -maxdepth 0 -printf '%s\t%T@' 2>/dev/null); }

# The runbook's own log, in the runbook's own format.
runbook_log() { # FILE TEXT
  owner_do log_line "$LOGS/$1" "[$(date '+%Y-%m-%d %H:%M:%S')] ${2//[[:cntrl:]]/?}" >/dev/null 2>&1 ||
    say warning "cannot write to $LOGS/$1"
}

audit() { # EVENT OUTCOME CODE
  local line
  now_ms
  json_object at:="$REPLY" event="$1" operation="$OPERATION" command="$COMMAND" who="$WHO" reason="$REASON" \
    outcome="$2" code="$3"
  line=$REPLY
  { printf '%s\n' "$line" >>"$STATE/audit"; } 2>/dev/null
}
