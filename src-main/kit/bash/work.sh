# --- Work folders ---------------------------------------------------------------------------------------------------------
#
# In a folder that the application's user may write, a name is a trap. So the parent is held open once, and the work is done
# in a private folder that is entered once:
#
#   .cvd-backup-XXXXXXXX    root's. Names in it cannot be exchanged.
#     owner/                the owner's, while it works there
#     reader/               the reader's; the owner may read, and not write
#
# Root opens no file in either before it has taken the folder over (seize, settle). The lock on the work folder tells a sweep
# that somebody is at work there.

WORK_DIR=''       # its path, for messages and for removal
WORK_FD=''        # the folder
WORK_PARENT_FD='' # the folder that it lies in: what is finished gets its name there

# hold_folder FOLDER: enters it. Status 1 unless it is a folder of the owner's or ours, or one that root put among those of
# the owner: a link may lead anywhere.
hold_folder() {
  local uid above
  cd -P -- "$1" 2>/dev/null || return 1
  ((EUID == 0)) || return 0
  read -r uid above < <(stat -c %u -- . .. | tr '\n' ' ')
  [[ $uid == "$OWNER_UID" || ($uid == 0 && ($above == "$OWNER_UID" || . -ef $STATE/work)) ]]
}

enter_work_dir() { # PARENT
  local folder
  WORK_DIR=''
  hold_folder "$1" && exec {WORK_PARENT_FD}<. || { cd /; return 1; }
  folder=$(mktemp -d -- .cvd-backup-XXXXXXXX) || { cd /; return 1; }
  cd -P -- "$folder" || { cd /; return 1; }
  work_dir_is_ours && exec {WORK_FD}<. && flock -n "$WORK_FD" || { cd /; WORK_FD=''; return 1; }
  WORK_DIR=$1/${folder##*/} # only now: what has this name is emptied when we leave
  work_parts_make
}

# Whoever owns the parent can put a link under the new name before we enter it: where we are must be what was made.
work_dir_is_ours() {
  # A parent that hands on its group gives its mark to the folder, too: 2700.
  [[ -O . && $(stat -c %a .) == ?(2)700 && .. -ef /proc/self/fd/$WORK_PARENT_FD && $(find . -mindepth 1 -print -quit) == '' ]]
}

work_parts_make() {
  reader_choose
  # Whose folder this lies in may have set who else gets what is made below it, past every umask: a default ACL. What cp takes
  # over from a folder that has none takes it away.
  mkdir -p -- "$STATE/empty" && chmod 711 -- "$STATE/empty" && cp -RT --preserve=mode -- "$STATE/empty" . || return 1
  mkdir -m 700 owner && mkdir -m 750 reader || return 1
  ((EUID == 0)) || return 0
  chown -- "$OWNER_UID:$OWNER_GID" owner && chown -- "$READER_UID:$READER_GID" reader || return 1
  # SQLite goes by the whole path. Where others may not follow it, the owner reads, too.
  ((READER_UID == OWNER_UID)) && return 0
  as_reader test -w "$PWD/reader" 2>/dev/null && return 0
  READER_UID=$OWNER_UID READER_GID=$OWNER_GID
  chown -- "$READER_UID:$READER_GID" reader && as_reader test -w "$PWD/reader"
}

# reader_settle: the reader has done its work. Nobody writes in its folder any more, and names in it can be trusted.
reader_settle() {
  ((EUID == 0)) || return 0
  reader_end
  chown -hR -- 0:"$OWNER_GID" reader && chmod 750 reader &&
    [[ $(find reader -mindepth 1 '(' ! -type f -o -links +1 ')' -print -quit) == '' ]]
}

# reader_reset: an empty folder for the next piece of work.
reader_reset() {
  reader_end
  find reader -mindepth 1 -delete
  ((EUID != 0)) || chown -- "$READER_UID:$READER_GID" reader
}

# Ends all that the reader has started. Nobody else has its number.
reader_end() {
  ((EUID == 0 && READER_UID >= 61184 && READER_UID <= 65519 && READER_UID != OWNER_UID)) || return 0
  # shellcheck disable=SC2016
  as_reader /bin/bash -c 'kill -KILL -1' >/dev/null 2>&1
}

# seize NAME: a file that the owner made becomes the reader's. Status 1 if it is none that the owner could have made.
seize() {
  local facts
  if ((EUID == 0)); then chown 0:0 owner && chmod 700 owner || return 1; fi
  facts=$(stat -c '%u %h %F' -- "owner/$1" 2>/dev/null)
  [[ $facts == "$OWNER_UID 1 regular "?(empty\ )file ]] && mv -nT -- "owner/$1" "reader/$1" || return 1
  ((EUID != 0)) || { chown -- "$READER_UID:$READER_GID" "reader/$1" && chmod 640 -- "reader/$1" &&
    chown -- "$OWNER_UID:$OWNER_GID" owner; }
}

leave_work_dir() {
  local name
  [[ $WORK_DIR != '' && . -ef /proc/self/fd/$WORK_FD ]] || return 0
  name=${WORK_DIR##*/}
  reader_end
  find . -mindepth 1 -delete 2>/dev/null
  cd -P "/proc/self/fd/$WORK_PARENT_FD" && rmdir -- "$name" 2>/dev/null
  cd /
  exec {WORK_FD}<&- {WORK_PARENT_FD}<&-
  WORK_DIR='' WORK_FD='' WORK_PARENT_FD=''
}

# enter_scratch: a work folder in STATE/work; where that has no room for a database such as the live one, and the file
# system of the backups has more, there.
enter_scratch() {
  local place=$STATE/work wanted here
  mkdir -p -- "$STATE/work" && chmod 711 -- "$STATE" "$STATE/work" || return 1
  scratch_sweep "$STATE/work"
  wanted=$((LIVE_SIZE * 2 + 67108864))
  free_bytes "$place"
  here=$REPLY
  if ((here < wanted)) && [[ -w $BACKUPS ]]; then
    free_bytes "$BACKUPS"
    ((REPLY <= here)) || place=$BACKUPS
  fi
  enter_work_dir "$place"
}

# scratch_sweep FOLDER...: work folders of processes that are gone. Whoever works in one holds a lock on it.
scratch_sweep() {
  local folder leftover
  for folder in "$@"; do
    (
      hold_folder "$folder" && exec 8<. || exit 0
      for leftover in .cvd-backup-????????; do
        (enter_leftover "$leftover" 8 && exec 7<. && flock -n 7 && leftover_remove "$leftover" 8)
      done
    )
  done
}

# enter_leftover NAME FD: a work folder of ours in the folder FD. Entered first: a name can be exchanged, where we are cannot.
# Whoever owns that folder may give the name to another of root's in it, which only root may empty: so it must hold what is in
# each of ours, and nobody but root could have put that there.
enter_leftover() {
  cd -P -- "$1" 2>/dev/null && [[ -O . && .. -ef /proc/self/fd/$2 ]] || return 1
  [[ $(stat -c %a .) == ?(2)7[01][01] && -d owner && ! -L owner && -d reader && ! -L reader ]]
}

leftover_remove() { # NAME FD
  find . -mindepth 1 -delete 2>/dev/null
  cd -P "/proc/self/fd/$2" && rmdir -- "$1" 2>/dev/null
}
