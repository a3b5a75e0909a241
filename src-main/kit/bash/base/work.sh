# --- Work folders ---------------------------------------------------------------------------------------------------------
#
# The application's user can replace any name in a folder that it may write to. So open the parent once, hold it, and work in
# a private folder that is entered once:
#
#   .cvd-backup-XXXXXXXX    root's; nobody else can replace names in it
#     owner/                the owner's while the owner works
#     reader/               the reader's; the owner may read but not write
#
# Root opens no file in either until it has taken the folder over (seize, reader_settle). A lock on the work folder tells
# sweeps that it is in use.

WORK_DIR=''       # path, for messages and removal
WORK_FD=''        # the folder
WORK_PARENT_FD='' # its parent: finished files get their names here
ROOT_PLACES=''   # folders of the unit files and of the nginx site, each between line breaks
WORK_UNPROVEN=''  # not empty where the owner had to read its own files

# hold_folder FOLDER: enter it. Status 1 unless it belongs to us or the owner, or to root inside a folder of the owner's: a
# link may lead anywhere.
hold_folder() {
  local uid above
  cd -P -- "$1" 2>/dev/null || return 1
  ((EUID == 0)) || return 0
  read -r uid above < <(stat -c %u -- . .. | tr '\n' ' ')
  [[ $uid == "$OWNER_UID" || ($uid == 0 && ($above == "$OWNER_UID" || . -ef $STATE/work)) ]]
}

# hold_place FOLDER: like hold_folder; also enters a place of the site if nobody but root can replace it.
hold_place() {
  hold_folder "$1" && return
  [[ $1 == "$ROOT" || $ROOT_PLACES == *$'\n'"$1"$'\n'* ]] && path_owner "$1" && [[ $REPLY == '0 0' ]] && cd -P -- "$1" 2>/dev/null || return 1
}

enter_work_dir() { # PARENT
  local folder
  WORK_DIR=''
  # Where the owner had to be the reader of the folder before, it need not be of this one.
  reader_end
  reader_unclaim
  READER_UID='' READER_GID='' WORK_UNPROVEN=''
  hold_place "$1" && exec {WORK_PARENT_FD}<. || { cd /; return 1; }
  folder=$(mktemp -d -- .cvd-backup-XXXXXXXX) || { cd /; return 1; }
  cd -P -- "$folder" || { cd /; return 1; }
  work_dir_is_ours && exec {WORK_FD}<. && flock -n "$WORK_FD" || { cd /; WORK_FD=''; return 1; }
  WORK_DIR=$1/${folder##*/} # set last: leave_work_dir empties what this names
  work_parts_make
}

# The parent's owner may have put a link under the new name: check that this is the folder we made.
work_dir_is_ours() {
  # A set-group-ID parent passes that bit on: 2700.
  [[ -O . && $(stat -c %a .) == ?(2)700 && .. -ef /proc/self/fd/$WORK_PARENT_FD && $(find . -mindepth 1 -print -quit) == '' ]]
}

work_parts_make() {
  reader_choose
  # The parent may have a default ACL, which overrides umask and gives others access. Copying the mode of a folder without an
  # ACL removes it.
  mkdir -p -- "$STATE/empty" && chmod 711 -- "$STATE/empty" && cp -RT --preserve=mode -- "$STATE/empty" . || return 1
  mkdir -m 700 owner && mkdir -m 750 reader || return 1
  ((EUID == 0)) || return 0
  chown -- "$OWNER_UID:$OWNER_GID" owner && chown -- "$READER_UID:$READER_GID" reader || return 1
  ((READER_UID != OWNER_UID)) || return 0
  as_reader test -w "$PWD/reader" 2>/dev/null && return 0
  # SQLite resolves the whole path, and the reader may not traverse it. Then the owner does the reading too, and nothing that
  # it says proves anything, unless it is root.
  READER_UID=$OWNER_UID READER_GID=$OWNER_GID
  ((OWNER_UID == 0)) || WORK_UNPROVEN=yes
  chown -- "$READER_UID:$READER_GID" reader
}

# reader_settle: end the reader and take its folder over, so that names in it can be trusted. Status 1 if it holds anything
# but plain files with one link.
reader_settle() {
  ((EUID == 0)) || return 0
  reader_end
  chown -hR -- 0:"$OWNER_GID" reader && chmod 750 reader &&
    [[ $(find reader -mindepth 1 '(' ! -type f -o -links +1 ')' -print -quit) == '' ]]
}

# reader_resume: after reader_settle, give the reader its folder back with what is in it.
reader_resume() { ((EUID != 0)) || chown -hR -- "$READER_UID:$READER_GID" reader; }

# reader_reset: empty the reader's folder for its next task.
reader_reset() {
  reader_end
  find reader -mindepth 1 -delete
  ((EUID != 0)) || chown -- "$READER_UID:$READER_GID" reader
}

# reader_end: kill all processes of the reader. No other user has its UID.
reader_end() {
  ((EUID == 0 && READER_UID >= 61184 && READER_UID <= 65519 && READER_UID != OWNER_UID)) || return 0
  # shellcheck disable=SC2016
  as_reader /bin/bash -c 'kill -KILL -1' >/dev/null 2>&1
}

# seize NAME [NEW-NAME]: hand a file that the owner made to the reader; status 1 if it is not a plain file of the owner's with one link.
seize() {
  local facts
  if ((EUID == 0)); then chown 0:0 owner && chmod 700 owner || return 1; fi
  facts=$(stat -c '%u %h %F' -- "owner/$1" 2>/dev/null)
  [[ $facts == "$OWNER_UID 1 regular "?(empty\ )file ]] || return 1
  # Here no name can be replaced. In reader/, whose user may put a link there, no name is followed.
  if ((EUID == 0)); then chown -h -- "$READER_UID:$READER_GID" "owner/$1" && chmod 640 -- "owner/$1" || return 1; fi
  mv -nT -- "owner/$1" "reader/${2:-$1}" && [[ ! -e owner/$1 && ! -L owner/$1 ]] || return 1
  ((EUID != 0)) || chown -- "$OWNER_UID:$OWNER_GID" owner
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

# enter_scratch: enter a work folder in STATE/work, or among the backups if STATE/work lacks room for a copy of the live
# database and the backups' file system has more.
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
  enter_work_dir "$place" && [[ $WORK_UNPROVEN == '' ]]
}

# reader_word FILE: REPLY = the first word of a file of the reader's, at most 64 bytes of it, after reader_settle.
reader_word() {
  REPLY=$(head -c 64 -- "$1" 2>/dev/null | tr -d '\0')
  REPLY=${REPLY%%[[:space:]]*}
}

# scratch_sweep FOLDER...: remove work folders of dead processes. A live one holds a lock on its folder.
scratch_sweep() {
  local folder leftover
  for folder in "$@"; do
    (
      hold_place "$folder" && exec 8<. || exit 0
      for leftover in .cvd-backup-????????; do
        (enter_leftover "$leftover" 8 && exec 7<. && flock -n 7 && leftover_remove "$leftover" 8)
      done
    )
  done
}

# enter_leftover NAME FD: enter a work folder of ours in the folder FD; status 1 if it is not one. Enter first, then check: a
# name can be replaced, the current folder cannot. The parent's owner may give the name to another folder of root's there, so
# require owner/ and reader/ in it, which only root could have made.
enter_leftover() {
  cd -P -- "$1" 2>/dev/null && [[ -O . && .. -ef /proc/self/fd/$2 ]] || return 1
  [[ $(stat -c %a .) == ?(2)7[01][01] && -d owner && ! -L owner && -d reader && ! -L reader ]]
}

leftover_remove() { # NAME FD
  find . -mindepth 1 -delete 2>/dev/null
  cd -P "/proc/self/fd/$2" && rmdir -- "$1" 2>/dev/null
}
