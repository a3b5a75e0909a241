# --- Following operations from outside ------------------------------------------------------------------------------------

# operation_state ID: REPLY = running, ended or interrupted.
operation_state() {
  local dir=$STATE/operations/$1 began='' started boot
  if [[ -e $dir/outcome ]]; then REPLY=ended; return; fi
  about "$1" boot
  read -r boot </proc/sys/kernel/random/boot_id
  if [[ $REPLY == "$boot" ]]; then
    # Check in this order: a worker writes its pid once it holds the lock, so a worker with a pid and no lock is dead. The
    # other way round, a worker that starts between the two checks would look dead.
    [[ ! -e $dir/pid ]] || began=yes
    if ! flock -n -s "$dir/alive" true; then REPLY=running; return; fi
    if [[ $began == '' ]]; then
      about "$1" startedAt
      started=$REPLY
      now_ms
      if [[ $started =~ ^[0-9]{1,15}$ ]] && ((REPLY - started < 20000)); then REPLY=running; return; fi
    fi
    if [[ -e $dir/outcome ]]; then REPLY=ended; return; fi # it ended during the check
  fi
  REPLY=interrupted
}

# follow_operation ID OFFSET: copy its events (or readable text) from a byte offset until it has ended, then exit with its
# status. Also ends when our stdin ends: then the console has gone.
follow_operation() {
  local id=$1 offset=$2 dir=$STATE/operations/$1 file outcome code message key value
  HELLO_SAID=yes # the operation's hello is among the copied events
  if [[ $EVENTS_FD != '' ]]; then file=$dir/events; else file=$dir/readable; fi
  copy_whole_lines "$file" "$offset" || exit 0
  await_begin "$id" || exit 0
  # The outcome is on disk before the result is written, so output is complete only when the worker has gone.
  if ! flock -n -s "$dir/alive" true; then
    follow_worker "$dir" "$file" "$REPLY" || exit 0
  fi
  copy_whole_lines "$file" "$REPLY" || exit 0
  operation_state "$id"
  if [[ $REPLY != ended ]]; then
    now_ms
    json_object kind=state at:="$REPLY" operation="$id" state=interrupted
    say_event "$REPLY"
    result unknown interrupted "The operation was interrupted on the server: its process is gone." '' \
      "run: cvd-backup recover"
    exit 1
  fi
  outcome='' code='' message=''
  while IFS='=' read -r key value; do
    case $key in outcome) outcome=$value ;; code) code=$value ;; message) message=$value ;; esac
  done <"$dir/outcome"
  # The worker was killed after it wrote the outcome, or the disk was full: report the result here.
  if [[ $EVENTS_FD != '' ]] && ! result_is_whole "$file"; then
    now_ms
    json_object kind=state at:="$REPLY" operation="$id" state=ended
    say_event "$REPLY"
    result "$outcome" "$code" "$message" '' ''
  fi
  [[ $outcome == succeeded ]] && exit 0
  exit_with_code "$code"
}

# result_is_whole EVENTS-FILE: status 0 if the last line is a complete result. A torn line is never passed on.
result_is_whole() {
  [[ $(tail -n 1 -- "$1") == '{"kind":"result"'* && $(tail -c 1 -- "$1" | od -An -tx1) == ' 0a' ]]
}

# copy_whole_lines FILE OFFSET: copy whole lines from the offset on; the worker may be writing the next. REPLY = the new
# offset.
copy_whole_lines() {
  local file=$1 offset=$2 size text
  file_size "$file"
  size=$REPLY REPLY=$offset
  ((size > offset)) || return 0
  text=$(tail -c "+$((offset + 1))" -- "$file" | head -c "$((size - offset))"; printf .)
  text=${text%.}
  [[ $text == *$'\n'* ]] || return 0
  text=${text%$'\n'*}
  printf '%s\n' "$text" 2>/dev/null || return 1
  REPLY=$((offset + ${#text} + 1))
}

# await_begin ID: wait until its worker has begun or is known to be dead; status 1 if nobody listens. Keeps REPLY.
await_begin() {
  local id=$1 offset=$REPLY turn=0
  until [[ -e $STATE/operations/$id/pid ]]; do
    if ((turn++ % 20 == 0)); then
      operation_state "$id"
      [[ $REPLY == running ]] || break
    fi
    still_listening || return 1
  done
  REPLY=$offset
}

# still_listening: wait a moment without starting a process; status 1 if our stdin has ended.
still_listening() {
  local status
  if [[ $FOLLOW_STDIN == '' ]]; then pause 0.05; return 0; fi
  read -r -t 0.05 _ <&0
  status=$?
  ((status == 0 || status > 128))
}

# follow_worker DIR FILE OFFSET: copy output while the worker lives. REPLY = the new offset; status 1 if nobody listens any
# more. No polling: we block on `tail`; `flock` kills it when the worker ends, a subshell when our stdin ends.
FOLLOW_HELPERS=()
follow_worker() {
  local dir=$1 offset=$3 lines line
  trap follow_leave EXIT
  exec {lines}< <(exec tail -f -s 0.2 -c "+$((offset + 1))" -- "$2" 2>/dev/null)
  FOLLOW_HELPERS=("$!")
  end_with_worker "$dir" "$!" "$lines"
  end_with_stdin "${FOLLOW_HELPERS[0]}" "$lines"
  while IFS= read -r -u "$lines" line; do
    printf '%s\n' "$line" 2>/dev/null || break
    offset=$((offset + ${#line} + 1))
  done
  exec {lines}<&-
  follow_leave
  REPLY=$offset
  flock -n -s "$dir/alive" true
}

# SIGKILL: between fork and exec, bash can lose a SIGTERM, and the helper would stay until the worker ends.
follow_leave() {
  ((${#FOLLOW_HELPERS[@]} == 0)) || { kill -KILL "${FOLLOW_HELPERS[@]}" && wait "${FOLLOW_HELPERS[@]}"; } 2>/dev/null
  FOLLOW_HELPERS=()
}

# end_with_worker DIR PID FD: kill our process PID when the worker has gone, unless we have ended: the PID may be reused
# then.
# shellcheck disable=SC2016 # the inner shell expands
end_with_worker() {
  local descriptor=$3
  flock -s "$1/alive" /bin/bash --noprofile --norc -c 'read -r _ _ _ parent _ <"/proc/$PPID/stat"; [[ $parent != "$1" ]] || kill "$2"' \
    - "$$" "$2" {descriptor}<&- >/dev/null 2>&1 &
  FOLLOW_HELPERS+=("$!")
}

# end_with_stdin PID FD: kill our process PID when nobody listens any more.
end_with_stdin() {
  local input descriptor=$2 parent
  [[ $FOLLOW_STDIN != '' ]] || return 0
  exec {input}<&0
  {
    exec {descriptor}<&- {input}<&-
    while IFS= read -r _; do :; done
    read -r _ _ _ parent _ </proc/self/stat
    [[ $parent != "$$" ]] || kill "$1"
  } <&"$input" >/dev/null 2>&1 &
  FOLLOW_HELPERS+=("$!")
  exec {input}<&-
}

run_follow() {
  local id=${1-} offset=0
  valid_operation "$id" || fail not-found "There is no operation '$id' on this server."
  if [[ ${2-} == --from ]]; then offset=${3-}; fi
  [[ $offset =~ ^[0-9]{1,15}$ ]] || usage_error '--from: a byte offset'
  follow_operation "$id" "$((10#$offset))"
}

run_cancel() {
  local id=${1-} who=${WHO:-somebody}
  valid_operation "$id" || fail not-found "There is no operation '$id' on this server."
  operation_state "$id"
  [[ $REPLY == running ]] || fail checks-failed "The operation is not running: it is $REPLY." 'nothing was changed'
  printf 'asked by %s\n' "$who" >"$STATE/operations/$id/cancel"
  await_begin "$id" && await_end "$id" 120 || exit 0
  operation_json "$id"
  succeed "Cancellation requested; the operation is now $(sed -n 's/^outcome=//p' "$STATE/operations/$id/outcome" 2>/dev/null || echo still running)." \
    "{\"operation\":$REPLY}"
}

# await_end ID SECONDS: wait for its worker to end, at most that long; status 1 if nobody listens.
await_end() {
  local dir=$STATE/operations/$1 over lines
  trap follow_leave EXIT
  exec {lines}< <(exec flock -s -w "$2" "$dir/alive" echo over 2>/dev/null)
  FOLLOW_HELPERS=("$!")
  end_with_stdin "$!" "$lines"
  read -r -u "$lines" over
  exec {lines}<&-
  follow_leave
  [[ $over != '' ]] || still_listening
}
