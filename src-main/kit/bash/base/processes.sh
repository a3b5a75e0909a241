# --- Background processes, and the request to cancel -----------------------------------------------------------------------

CANCEL_ASKED='' # who asked us to stop, or why

# cancel_asked: status 0 if somebody asked us to stop. Call it between steps and while waiting.
cancel_asked() {
  [[ $CANCEL_ASKED == '' ]] || return 0
  [[ $OPERATION_DIR != '' && -e $OPERATION_DIR/cancel ]] || return 1
  CANCEL_ASKED=$(head -c 200 "$OPERATION_DIR/cancel" | tr '\n' ' ')
  CANCEL_ASKED=${CANCEL_ASKED% }
  CANCEL_ASKED=${CANCEL_ASKED:-cancelled}
}

# in_background FUNCTION ARG...: REPLY = its PID. It gets its own process group, so that it can be ended as a whole.
in_background() {
  set -m
  "$@" </dev/null &
  REPLY=$!
  set +m
}

# end_background PID...: end background processes with their children. Children may live and write a little longer, so wait
# for the whole group; kill what ignores SIGTERM for a second.
end_background() {
  local pid turn
  for pid in "$@"; do kill -TERM -- "-$pid" 2>/dev/null || kill -TERM "$pid" 2>/dev/null; done
  for pid in "$@"; do
    for ((turn = 0; turn < 100; turn++)); do
      kill -0 -- "-$pid" 2>/dev/null || break
      ((turn != 50)) || kill -KILL -- "-$pid" 2>/dev/null
      pause 0.02
    done
    ! ended_soon "$pid" || wait "$pid" 2>/dev/null
  done
}

# ended_soon PID: status 1 if our child has not ended within a second. A file system of the application's user can keep even
# a killed process; root must not wait for it.
ended_soon() {
  local turn
  for ((turn = 0; turn < 200; turn++)); do
    kill -0 "$1" 2>/dev/null || return 0
    pause 0.005
  done
  return 1
}
