# --- Who has the database open --------------------------------------------------------------------------------------------
#
# Found by numbers, with two programs however many processes there are: all else is read from /proc by the shell itself.

HOLDERS=() # one `pid TAB user TAB service TAB command` each; service is empty where it is none of ours

# holders_find [DATABASE]: fills HOLDERS with the processes that have it or a sidecar open. Only root sees all processes.
holders_find() {
  local database=${1:-$DATABASE_FILE} places=()
  # By number: find opens what it is told to compare with, and would wait for ever for a named pipe.
  mapfile -t places < <(exec stat -L -c '%d:%i' -- "$database" "$database"-wal "$database"-shm "$database"-journal 2>/dev/null)
  holders_of ${places[@]+"${places[@]}"}
}

# holders_of DEVICE:INODE...: as holders_find, of these files; an empty one is none.
holders_of() {
  local place fd pid own seen=' ' user service command list=() same=()
  HOLDERS=()
  session_of "$$"
  own=$REPLY
  for place in "$@"; do [[ $place == '' ]] || same+=(${same[@]+-o} -inum "${place#*:}"); done
  ((${#same[@]} > 0)) || return 0
  # One level only: an open directory would be searched to its depths, and / is open somewhere.
  while IFS=' ' read -r -d '' place fd; do
    [[ " $* " != *" $place "* ]] || list+=("$fd")
  done < <(exec find -L /proc/[0-9]*/fd -maxdepth 1 '(' "${same[@]}" ')' -printf '%D:%i %p\0' 2>/dev/null)
  for fd in ${list[@]+"${list[@]}"}; do
    pid=${fd#/proc/}
    pid=${pid%%/*}
    [[ $seen != *" $pid "* && $pid != "$$" && $pid != "$BASHPID" ]] || continue
    seen+="$pid "
    # Processes of our own session (a copy, a count) hold the database only on our behalf.
    session_of "$pid" || continue
    [[ $REPLY != "$own" ]] || continue
    holder_user "$pid" || continue
    user=$REPLY
    holder_command "$pid"
    command=$REPLY
    holder_service "$pid"
    service=$REPLY
    HOLDERS+=("$pid"$'\t'"$user"$'\t'"$service"$'\t'"$command")
  done
}

session_of() { # PID: REPLY = its session
  local stat
  { IFS= read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # After the name, which may be anything: state, parent, group, session.
  [[ ${stat##*) } =~ ^[A-Za-z]\ -?[0-9]+\ -?[0-9]+\ (-?[0-9]+) ]] || return 1
  REPLY=${BASH_REMATCH[1]}
}

holder_user() { # PID: REPLY = whose rights it has; status 1 if it is gone
  local line
  while IFS= read -r line; do
    [[ $line =~ ^Uid:[[:blank:]]+[0-9]+[[:blank:]]+([0-9]{1,10}) ]] || continue
    user_name "${BASH_REMATCH[1]}"
    return 0
  done 2>/dev/null <"/proc/$1/status"
  return 1
}

holder_command() { # PID: REPLY = its command line, as far as it is worth reading
  local words=() IFS=' '
  { mapfile -d '' -t -n 100 words <"/proc/$1/cmdline"; } 2>/dev/null
  REPLY=${words[*]-}
  REPLY=${REPLY:0:200}
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
