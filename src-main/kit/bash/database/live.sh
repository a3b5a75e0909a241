# --- Inspecting the live site without touching it ---------------------------------------------------------------------------

# live_uri: REPLY = a URI to read the live database. A normal open would create a -wal for a WAL database that nobody has
# open.
live_uri() {
  encode_path "$DATABASE_FILE"
  REPLY="file:$REPLY?mode=ro"
  if header_read "$DATABASE_FILE" && [[ $H_JOURNAL == wal && ! -e $DATABASE_FILE-wal ]]; then REPLY+='&immutable=1'; fi
}

LIVE_STATE=missing # missing, not-plain, no-rights, there
LIVE_PLAIN=''      # the sidecar that is not a plain file, if any
LIVE_SIZE=0 LIVE_WAL=0 LIVE_JOURNAL=0 # bytes of the database, its -wal and its -journal
LIVE_HEADER=''     # not empty if the header is a database's
LIVE_HOT=''        # not empty if the -journal holds a change; journal_mode=PERSIST keeps one that holds none

# live_look: set the LIVE_ globals and, from the header, the H_ globals.
live_look() {
  local line
  live_unknown
  while IFS= read -r line; do live_said "$line"; done < <(side_says 60 4096 owner live_facts sizes)
}

live_unknown() {
  LIVE_STATE=missing LIVE_PLAIN='' LIVE_SIZE=0 LIVE_WAL=0 LIVE_JOURNAL=0 LIVE_HEADER='' LIVE_HOT=''
  H_PAGE_SIZE=0 H_PAGE_COUNT=0 H_JOURNAL='' H_USER_VERSION=0 H_CHANGES=0
}

# live_said LINE: take a line of live_facts. The owner sent it, so accept only valid values.
live_said() {
  local line=$1 value=${1#*=}
  [[ ! $line =~ $ZERO_LED ]] || return 0
  case $line in
    state=*) [[ ! $value =~ ^(missing|not-plain|no-rights|there)$ ]] || LIVE_STATE=$value ;;
    plain=*) [[ ! $value =~ ^-(wal|shm|journal)$ ]] || LIVE_PLAIN=$value ;;
    size=*) [[ ! $value =~ ^[0-9]{1,15}$ ]] || LIVE_SIZE=$value ;;
    wal=*) [[ ! $value =~ ^[0-9]{1,15}$ ]] || LIVE_WAL=$value ;;
    rollback=*) [[ ! $value =~ ^[0-9]{1,15}$ ]] || LIVE_JOURNAL=$value ;;
    header=yes) LIVE_HEADER=yes ;;
    hot=yes) LIVE_HOT=yes ;;
    pageSize=*) [[ ! $value =~ ^[0-9]{1,6}$ ]] || H_PAGE_SIZE=$value ;;
    journal=*) [[ ! $value =~ ^(wal|delete)$ ]] || H_JOURNAL=$value ;;
    userVersion=*) [[ ! $value =~ ^-?[0-9]{1,11}$ ]] || H_USER_VERSION=$value ;;
  esac
}

# live_facts [sizes]: print key=value lines; for owner_do. Opens nothing that could block.
live_facts() {
  local suffix byte=''
  if [[ ! -e $DATABASE_FILE ]]; then echo state=missing; return; fi
  if [[ ! -f $DATABASE_FILE ]]; then echo state=not-plain; return; fi
  for suffix in -wal -shm -journal; do
    [[ ! -e $DATABASE_FILE$suffix || -f $DATABASE_FILE$suffix ]] || printf 'plain=%s\n' "$suffix"
  done
  ! { [[ -f $DATABASE_FILE-journal ]] && IFS= read -r -d '' -n 1 byte <"$DATABASE_FILE-journal"; } 2>/dev/null || [[ $byte == '' ]] || echo hot=yes
  if [[ ${1-} == sizes ]]; then
    file_size "$DATABASE_FILE"
    printf 'size=%s\n' "$REPLY"
    file_size "$DATABASE_FILE-wal"
    printf 'wal=%s\n' "$REPLY"
    file_size "$DATABASE_FILE-journal"
    printf 'rollback=%s\n' "$REPLY"
  fi
  if [[ ! -r $DATABASE_FILE ]]; then echo state=no-rights; return; fi
  ! header_read "$DATABASE_FILE" || printf 'header=yes\n'
  printf 'pageSize=%s\njournal=%s\nuserVersion=%s\nstate=there\n' "$H_PAGE_SIZE" "$H_JOURNAL" "$H_USER_VERSION"
}

# live_sql SQL [MILLISECONDS]: like sql, on the live database. Waits for a lock at most that long; never writes.
live_sql() { side_says "$SQL_SECONDS" 33554432 owner live_query "$@"; }

live_query() {
  database_plain "$DATABASE_FILE" || return 1
  live_uri
  sql "$REPLY" "$1" -cmd ".timeout ${2:-2000}"
}

# flock_held INODE: status 0 if a process has locked that file. Reads /proc/locks: trying the lock would make others fail.
flock_held() {
  local line lines=()
  [[ $1 != '' ]] || return 1
  # Read it at once: read line by line it changes meanwhile, and lines are missed. Before 5.1, bash reads it in small pieces.
  if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
    { mapfile -t lines </proc/locks; } 2>/dev/null
  else
    mapfile -t lines < <(exec cat /proc/locks 2>/dev/null)
  fi
  for line in ${lines[@]+"${lines[@]}"}; do
    [[ $line != *FLOCK*WRITE*":$1 "* ]] || return 0
  done
  return 1
}

# lock_json [LOCK FOLDER]: REPLY = lockState, from the inodes of STATE/lock and the database's folder, if the caller knows
# them. In a container the kernel hides locks taken through another process (here: flock). There, the operation in the holder
# file counts as holder while it runs.
lock_json() {
  local line key holder lock=${1-} folder=${2-}
  (($# == 2)) || {
    lock=$(exec stat -L -c %i -- "$STATE/lock" 2>/dev/null)
    folder=$(exec stat -L -c %i -- "${DATABASE_FILE%/*}" 2>/dev/null)
  }
  lock_holder
  local -A field=([operation]='' [command]='' [who]='' [pid]=0 [since]=0)
  while IFS= read -r line; do
    key=${line%%=*}
    [[ ! $key =~ ^(operation|command|who|pid|since)$ ]] || field[$key]=${line#*=}
  done 2>/dev/null <"$REPLY"
  if ! flock_held "$lock" && ! operation_runs "${field[operation]}"; then
    if flock_held "$folder"; then json_object held:=true holder:=null; else json_object held:=false holder:=null; fi
    return
  fi
  [[ ${field[pid]} =~ ^[0-9]+$ ]] || field[pid]=0
  [[ ${field[since]} =~ ^[0-9]+$ ]] || field[since]=0
  json_object operation="${field[operation]}" command="${field[command]}" who="${field[who]}" pid:="${field[pid]}" \
    since:="${field[since]}"
  holder=$REPLY
  json_object held:=true holder:="$holder"
}

# rights_known READABLE: set R_READ (true if that is true: the owner can read the database), R_WRITE_BACKUPS, R_SERVICES and
# R_STATE to true or false.
rights_known() {
  R_READ=false R_WRITE_BACKUPS=false R_SERVICES=false R_STATE=false
  [[ $1 != true ]] || R_READ=true
  [[ ! -w $BACKUPS ]] || R_WRITE_BACKUPS=true
  if [[ ${POLICY[service_manager]} == program ]]; then
    [[ ! -x ${POLICY[service_program]} ]] || R_SERVICES=true
  elif ((EUID == 0)); then
    R_SERVICES=true
  fi
  [[ ! -O $STATE || ! -w $STATE ]] || R_STATE=true
  [[ -e $STATE ]] || { nearest_folder "$STATE" && [[ -w $REPLY ]] && R_STATE=true; }
}

# answer_alone: for a slow answer. End with all children when the console's stdin ends; always remove the scratch folder.
STDIN_WATCHER=''
answer_alone() {
  trap 'answer_end' EXIT
  trap 'if [[ $PAUSING == "" ]]; then answer_stop; else AFTER_PAUSE=answer_stop; look_stop; fi' TERM HUP INT
  [[ $FOLLOW_STDIN != '' ]] || return 0
  set -m
  { while IFS= read -r -N 4096 _; do :; done; kill -TERM "$$"; } <&0 >/dev/null 2>&1 &
  STDIN_WATCHER=$!
  set +m
}

answer_stop() {
  trap '' TERM HUP INT
  # The shell lists a job from its first moment.
  # shellcheck disable=SC2046 # numbers, as words
  end_background $(jobs -p)
  exit 143
}

answer_end() {
  trap '' TERM HUP INT
  if [[ $STDIN_WATCHER != '' ]]; then
    kill -KILL -- "-$STDIN_WATCHER" 2>/dev/null
    wait "$STDIN_WATCHER" 2>/dev/null
  fi
  leave_work_dir
}
