# --- Who has the database open --------------------------------------------------------------------------------------------
#
# Found by device and inode, with two processes for any number of programs; the shell reads the rest from /proc.

PARENT=0
HOLDERS=() # one `pid TAB user TAB service TAB command` each; service is empty if it is not ours

# holders_find [DATABASE]: HOLDERS = the processes that have it or a sidecar open. Only root sees all processes.
holders_find() {
  local database=${1:-$DATABASE_FILE} places=()
  # By number: find would open a path to compare with, and block on a named pipe.
  mapfile -t places < <(exec stat -L -c '%d:%i' -- "$database" "$database"-wal "$database"-shm "$database"-journal 2>/dev/null)
  holders_of ${places[@]+"${places[@]}"}
}

# holders_below FOLDER: HOLDERS = the processes that run in it: their current folder, program, mapped or open file is there.
holders_below() {
  local fd pattern=$1 list=()
  pattern=${pattern//\\/\\\\} pattern=${pattern//\*/\\*} pattern=${pattern//\?/\\?} pattern=${pattern//\[/\\[}
  while IFS= read -r -d '' fd; do list+=("$fd"); done < <(exec find /proc/[0-9]*/cwd /proc/[0-9]*/exe /proc/[0-9]*/fd \
    /proc/[0-9]*/map_files -maxdepth 1 '(' -lname "$pattern" -o -lname "$pattern/*" ')' -printf '%p\0' 2>/dev/null)
  holders_take ${list[@]+"${list[@]}"}
}

# holders_of DEVICE:INODE...: like holders_find, for these files; ignores empty arguments.
holders_of() {
  local place fd list=() same=()
  HOLDERS=()
  for place in "$@"; do [[ $place == '' ]] || same+=(${same[@]+-o} -inum "${place#*:}"); done
  ((${#same[@]} > 0)) || return 0
  # One level only: find would descend into open directories, and some process has / open.
  while IFS=' ' read -r -d '' place fd; do
    [[ " $* " != *" $place "* ]] || list+=("$fd")
  done < <(exec find -L /proc/[0-9]*/fd -maxdepth 1 '(' "${same[@]}" ')' -printf '%D:%i %p\0' 2>/dev/null)
  holders_take ${list[@]+"${list[@]}"}
}

# holders_take PATH-IN-PROC...: HOLDERS = whose these are, once each.
holders_take() {
  local fd pid own seen=' ' user service command
  HOLDERS=()
  session_of "$$"
  own=$REPLY
  for fd in "$@"; do
    pid=${fd#/proc/}
    pid=${pid%%/*}
    [[ $seen != *" $pid "* && $pid != "$$" && $pid != "$BASHPID" ]] || continue
    seen+="$pid "
    # Processes of our session (a copy, a count) have the database open on our behalf. In a session that others began, as a
    # terminal's, only what we started does.
    session_of "$pid" || continue
    [[ $REPLY != "$own" ]] || { [[ $own != "$$" ]] && ! started_by_us "$pid"; } || continue
    holder_user "$pid" || continue
    user=$REPLY
    holder_command "$pid"
    command=$REPLY
    holder_service "$pid"
    service=$REPLY
    HOLDERS+=("$pid"$'\t'"$user"$'\t'"$service"$'\t'"$command")
  done
}

started_by_us() { # PID
  local turn
  PARENT=$1
  for ((turn = 0; turn < 32; turn++)); do
    session_of "$PARENT" || return 1
    [[ $PARENT != "$$" ]] || return 0
  done
  return 1
}

session_of() { # PID: REPLY = its session, PARENT = who started it
  local stat
  { IFS= read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # After the process name, which may contain anything: state, parent, group, session.
  [[ ${stat##*) } =~ ^[A-Za-z]\ ([0-9]{1,10})\ -?[0-9]+\ (-?[0-9]+) ]] || return 1
  PARENT=${BASH_REMATCH[1]} REPLY=${BASH_REMATCH[2]}
}

holder_user() { # PID: REPLY = its effective user; status 1 if it has gone
  local line
  while IFS= read -r line; do
    [[ $line =~ ^Uid:[[:blank:]]+[0-9]+[[:blank:]]+([0-9]{1,10}) ]] || continue
    user_name "${BASH_REMATCH[1]}"
    return 0
  done 2>/dev/null <"/proc/$1/status"
  return 1
}

# holder_command PID: REPLY = the name of its program. Not its command line: that is memory of the process, and its owner can
# make a read of it endless or never return.
holder_command() {
  REPLY=''
  { IFS= read -r -d '' -n 64 REPLY <"/proc/$1/comm"; } 2>/dev/null
  REPLY=${REPLY%$'\n'}
  REPLY=${REPLY//[[:cntrl:]]/?}
}

# holder_service PID: REPLY = the service that the process belongs to, ours or one that stops with it; or empty.
holder_service() {
  local name line
  REPLY=''
  for name in "${SERVICES[@]}" ${DEPENDENTS[@]+"${DEPENDENTS[@]}"}; do
    while IFS= read -r line; do
      [[ $line == *"/$name.service"* || $line == *"/$name.service" ]] && { REPLY=$name; return; }
    done 2>/dev/null <"/proc/$1/cgroup"
    if [[ ${POLICY[service_manager]} == program ]] &&
      "${POLICY[service_program]}" owns "$name" "$1" >/dev/null 2>&1; then
      REPLY=$name
      return
    fi
  done
}

holders_json() {
  local entry pid user service list=()
  for entry in ${HOLDERS[@]+"${HOLDERS[@]}"}; do
    pid=${entry%%$'\t'*} entry=${entry#*$'\t'}
    user=${entry%%$'\t'*} entry=${entry#*$'\t'}
    service=${entry%%$'\t'*} entry=${entry#*$'\t'}
    json_text_or_null "$service"
    json_object pid:="$pid" user="$user" service:="$REPLY" command="$entry"
    list+=("$REPLY")
  done
  json_array ${list[@]+"${list[@]}"}
}

holders_words() {
  local entry words='' pid user service command
  for entry in "${HOLDERS[@]}"; do
    IFS='|' read -r pid user service command < <(printf '%s\n' "${entry//$'\t'/|}")
    words+="${words:+; }$command (process $pid of $user)"
  done
  printf '%s' "$words"
}
