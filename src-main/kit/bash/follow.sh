# --- Following operations from outside ------------------------------------------------------------------------------------

# operation_state ID: REPLY = running, ended or interrupted.
operation_state() {
  local dir=$STATE/operations/$1 began='' started boot
  if [[ -e $dir/outcome ]]; then REPLY=ended; return; fi
  about "$1" boot
  boot=$REPLY
  if [[ $boot == "$(</proc/sys/kernel/random/boot_id)" ]]; then
    # In this order: a worker writes its pid when it has the lock, so one that began and has no lock is gone. Asked the
    # other way round, one that begins between the two questions would be taken for gone.
    [[ ! -e $dir/pid ]] || began=yes
    if ! flock -n -s "$dir/alive" true; then REPLY=running; return; fi
    if [[ $began == '' ]]; then
      about "$1" startedAt
      started=$REPLY
      now_ms
      if ((REPLY - started < 20000)); then REPLY=running; return; fi
    fi
    if [[ -e $dir/outcome ]]; then REPLY=ended; return; fi # it ended while we looked
  fi
  REPLY=interrupted
}

# follow_operation ID OFFSET: copies its events (or its readable text) from a byte offset on until it has ended, then
# exits as the operation did. Ends by itself when its own stdin ends: that is how a console that left is noticed.
follow_operation() {
  local id=$1 offset=$2 dir=$STATE/operations/$1 file state size watch_stdin=$FOLLOW_STDIN outcome code message key value
  HELLO_SAID=yes # the operation said it itself, in what is copied
  if [[ $EVENTS_FD != '' ]]; then file=$dir/events; else file=$dir/readable; fi
  while :; do
    operation_state "$id"
    state=$REPLY
    # The outcome is on disk before the result is said: only when the worker has gone was everything said.
    if [[ $state == ended ]] && ! flock -n -s "$dir/alive" true; then state=running; fi
    size=$(stat -c %s -- "$file")
    if ((size > offset)); then
      copy_whole_lines "$file" "$offset" "$size" || exit 0
      offset=$REPLY
    fi
    [[ $state == running ]] || break
    wait_a_moment "$watch_stdin" || exit 0
  done
  if [[ $state == interrupted ]]; then
    now_ms
    json_object kind=state at:="$REPLY" operation="$id" state=interrupted
    say_event "$REPLY"
    about "$id" command
    result unknown interrupted "The operation was interrupted on the server: its process is gone." '' \
      "run: cvd-backup recover"
    exit 1
  fi
  outcome='' code='' message=''
  while IFS='=' read -r key value; do
    case $key in outcome) outcome=$value ;; code) code=$value ;; message) message=$value ;; esac
  done <"$dir/outcome"
  # Its process was ended between writing down the outcome and saying it, or the disk became full: it is said here.
  if [[ $EVENTS_FD != '' ]] && ! result_is_whole "$file"; then
    now_ms
    json_object kind=state at:="$REPLY" operation="$id" state=ended
    say_event "$REPLY"
    result "$outcome" "$code" "$message" '' ''
  fi
  [[ $outcome == succeeded ]] && exit 0
  exit_with_code "$code"
}

# A line that was cut off has said nothing: nobody is passed a part of one.
result_is_whole() { # EVENTS-FILE
  [[ $(tail -n 1 -- "$1") == '{"kind":"result"'* && $(tail -c 1 -- "$1" | od -An -tx1) == ' 0a' ]]
}

# Copies what is between the offsets, up to the last whole line: the worker may be in the middle of one.
# REPLY = the offset after it.
copy_whole_lines() {
  local file=$1 offset=$2 size=$3 text
  text=$(tail -c "+$((offset + 1))" -- "$file" | head -c "$((size - offset))"; printf .)
  text=${text%.}
  REPLY=$offset
  [[ $text == *$'\n'* ]] || return 0
  text=${text%$'\n'*}
  printf '%s\n' "$text" 2>/dev/null || return 1
  REPLY=$((offset + ${#text} + 1))
}

wait_a_moment() {
  local status
  if [[ $1 == '' ]]; then sleep 0.1; return 0; fi
  read -r -t 0.1 _ <&0
  status=$?
  ((status == 0 || status > 128)) # 1: stdin has ended
}

# operation_json ID: REPLY = the operation as JSON.
operation_json() {
  local id=$1 dir=$STATE/operations/$1 key value state undoable=false phase='' line
  local -A field=([command]='' [startedAt]=0 [who]='' [reason]='' [backup]='' [outcome]='' [code]='' [endedAt]='' [message]='' [safety]='' [token]='')
  while IFS= read -r line; do
    key=${line%%=*} value=${line#*=}
    [[ ${field[$key]+known} == known ]] && field[$key]=$value
  done < <(cat -- "$dir/about" "$dir/outcome" "$dir/journal" 2>/dev/null)
  [[ ! -r $dir/journal ]] || phase=$(sed -n 's/^phase=//p' "$dir/journal" | tail -n 1)
  operation_state "$id"
  state=$REPLY
  if [[ ${field[safety]} != '' ]]; then
    decode_path "${field[safety]}"
    [[ -e $REPLY ]] && undoable=true
  fi
  local backup outcome ended
  json_text_or_null "${field[backup]}"
  backup=$REPLY
  json_text_or_null "${field[outcome]}"
  outcome=$REPLY
  json_number_or_null "${field[endedAt]}"
  ended=$REPLY
  json_object id="$id" command="${field[command]}" state="$state" startedAt:="${field[startedAt]}" endedAt:="$ended" \
    who="${field[who]}" reason="${field[reason]}" outcome:="$outcome" code="${field[code]}" \
    message="${field[message]}" phase="$phase" backup:="$backup" undoable:="$undoable" token="${field[token]}"
}

run_follow() {
  local id=${1-} offset=0
  valid_operation "$id" || fail not-found "There is no operation '$id' on this server."
  if [[ ${2-} == --from ]]; then offset=${3-}; fi
  [[ $offset =~ ^[0-9]{1,15}$ ]] || usage_error '--from: a byte offset'
  follow_operation "$id" "$offset"
}

run_operations() {
  local limit=50 id list=() count=0 line
  [[ ${1-} != --limit ]] || limit=${2-}
  [[ $limit =~ ^[0-9]{1,6}$ ]] || usage_error '--limit: a number'
  while IFS= read -r id; do
    valid_operation "$id" || continue
    ((count++ < limit)) || break
    operation_json "$id"
    list+=("$REPLY")
    if [[ $READABLE_FD != '' ]]; then
      line=$(sed -n 's/^message=//p' "$STATE/operations/$id/outcome" 2>/dev/null)
      operation_state "$id"
      say_readable "$(printf '%-40s %-11s %s' "$id" "$REPLY" "$line")"
    fi
  done < <(ls -1r -- "$STATE/operations" 2>/dev/null)
  json_array ${list[@]+"${list[@]}"}
  succeed "$count operations" "{\"operations\":$REPLY}"
}

run_cancel() {
  local id=${1-} who=${WHO:-somebody} waited=0
  valid_operation "$id" || fail not-found "There is no operation '$id' on this server."
  operation_state "$id"
  [[ $REPLY == running ]] || fail checks-failed "The operation is not running: it is $REPLY." 'nothing was changed'
  printf 'asked by %s\n' "$who" >"$STATE/operations/$id/cancel"
  while operation_state "$id" && [[ $REPLY == running ]] && ((waited++ < 1200)); do
    wait_a_moment "$FOLLOW_STDIN" || exit 0
  done
  operation_json "$id"
  succeed "Asked to stop; the operation is now $(sed -n 's/^outcome=//p' "$STATE/operations/$id/outcome" 2>/dev/null || echo still running)." \
    "{\"operation\":$REPLY}"
}
