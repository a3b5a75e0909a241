# --- The journal of an operation -------------------------------------------------------------------------------------------

TX_DIR=''       # folder of the operation whose journal this is
JOURNAL_LEAD='' # ends the previous line with TORN if that may be cut off, by a full disk or a killed process

journal() { # KEY VALUE [KEY VALUE...]: on disk on return, with everything written to the journal before
  journal_write "$@" && journal_sync
}

journal_write() { # KEY VALUE [KEY VALUE...]: survives the process, but not a power cut
  local text=$JOURNAL_LEAD
  while (($# > 0)); do
    text+=$1=$2$'\n'
    shift 2
  done
  { printf '%s' "$text" >>"$TX_DIR/journal"; } 2>/dev/null || { JOURNAL_LEAD=$TORN$'\n'; return 1; }
  JOURNAL_LEAD=''
}

journal_sync() { # [PATH...]: sync these, then the journal
  sync_paths "$@" "$TX_DIR/journal" || { JOURNAL_LEAD=$TORN$'\n'; return 1; }
}

# journal_value OPERATION KEY: REPLY = the last value of KEY in its journal, or empty. Skips torn lines.
journal_value() {
  local line value=''
  while IFS= read -r line; do
    [[ $line != "$2="* || $line == *"$TORN" ]] || value=${line#*=}
  done 2>/dev/null <"$STATE/operations/$1/journal"
  REPLY=$value
}

# For crash tests: STATE/failpoint holds lines `PHASE kill|pause|fail`. Only we can write to that folder.
failpoint() {
  local at action
  [[ -e $STATE/failpoint ]] || return 0
  while read -r at action; do
    [[ $at == "$1" ]] || continue
    case $action in
      kill) # once: recovery passes here too
        rm -f -- "$STATE/failpoint"
        kill -KILL "$$"
        ;;
      pause)
        printf '%s\n' "$1" >"$STATE/failpoint.reached"
        while [[ -e $STATE/failpoint ]]; do sleep 0.1; done
        ;;
      fail) fail internal "The failpoint '$1' was set." ;;
    esac
  done < <(cat -- "$STATE/failpoint")
}
