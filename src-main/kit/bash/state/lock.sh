# --- The site's lock ------------------------------------------------------------------------------------------------------------
#
# A flock on STATE/lock: a folder, by a link. Until the records are in state.db it may be a plain file, which earlier kits lock too.

LOCK_FD=''
LOCK_NEXT_FD='' # of the folder that gets the lock's name while we hold the plain file

# lock_open: LOCK_FD = the lock, not taken yet.
lock_open() {
  if [[ -d $STATE/lock ]]; then exec {LOCK_FD}<"$STATE/lock"; else exec {LOCK_FD}>>"$STATE/lock"; fi
}

# lock_take OPTION...: take it, with these options of flock; status 1 if another process has it.
lock_take() {
  while :; do
    lock_open
    flock "$@" "$LOCK_FD" || return 1
    # It may have been replaced while we waited.
    lock_is_current && return 0
    exec {LOCK_FD}<&-
  done
}

lock_is_current() { [[ /proc/self/fd/$LOCK_FD -ef $STATE/lock ]]; }

lock_leave() {
  exec {LOCK_FD}<&-
  [[ $LOCK_NEXT_FD == '' ]] || exec {LOCK_NEXT_FD}<&-
  LOCK_FD='' LOCK_NEXT_FD=''
}

# lock_holder: REPLY = the file that names its holder. Earlier kits quote STATE/lock.holder, and are told there what to do.
lock_holder() {
  REPLY=$STATE/lock.holder
  [[ ! -d $STATE/lock ]] || REPLY=$STATE/holder
}
