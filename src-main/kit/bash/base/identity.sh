# --- Identities: which user does which part of the work -------------------------------------------------------------------
#
# The application's user owns everything below the CVD root and may be hostile, so root neither reads nor writes there. Root
# keeps its own folders, services, /proc, ownership, and renames by descriptor. Two other identities do the rest:
#
#   owner   owns the CVD data. Reads the live database, backups and logs; asks for health. The application's user can forge
#           anything it returns.
#   reader  a throw-away user that nobody else has. Extracts, checks, hashes and compresses. The application's user can
#           neither stop it nor change what it writes.
#
# If the login is not root, all three are that login.

OWNER_UID='' OWNER_GID=''
DATA_GID='' # group of the CVD data, and of the files we leave there
OWNER_PROBLEM='' # a sentence if the owner in the policy cannot be used; else empty
READER_UID='' READER_GID=''
readonly NOBODY=65534

# identities_load: set OWNER_* and DATA_GID, from the policy or from who owns the path to the database.
identities_load() {
  local found path
  OWNER_UID=$EUID OWNER_GID=${GROUPS[0]} OWNER_PROBLEM='' READER_UID='' READER_GID=''
  DATA_GID=$OWNER_GID
  ((EUID == 0)) || return 0
  # If root controls the database, somebody else may still own the backups or the logs.
  for path in "$DATABASE" "$BACKUPS" "$LOGS"; do
    path_owner "$path"
    found=$REPLY
    [[ ${found% *} == 0 ]] || break
  done
  OWNER_UID=${found% *} DATA_GID=${found#* }
  if [[ ${POLICY[owner]} == '' ]]; then
    :
  elif ids_of "${POLICY[owner]%%:*}" "${POLICY[owner]#*:}"; then
    OWNER_UID=${REPLY% *} DATA_GID=${REPLY#* }
    [[ ${found% *} == "$OWNER_UID" || ${found% *} == 0 ]] ||
      OWNER_PROBLEM="The policy says that the CVD data belong to ${POLICY[owner]}, but user ${found% *} can exchange them."
  else
    OWNER_PROBLEM="The policy names the owner ${POLICY[owner]}, and there is no such user or group on this server."
  fi
  owner_group
}

# owner_group: set OWNER_GID to the group of the CVD data if the owner is a member, else to the owner's own group. A folder
# given to a user but not to its group still has root's group, and what only that group may read is not the owner's.
owner_group() {
  local groups
  OWNER_GID=$DATA_GID
  ((OWNER_UID != 0)) || return 0
  # An unprivileged identity: any member of that group may write there.
  [[ $OWNER_UID != "$NOBODY" || $DATA_GID == 0 ]] || return 0
  # Usual case, no process needed: it is the owner's main group.
  ! group_of "$OWNER_UID" || [[ $REPLY != "$DATA_GID" ]] || return 0
  groups=$(exec id -G -- "+$OWNER_UID" 2>/dev/null) || groups="$NOBODY $OWNER_UID"
  [[ " $groups " == *" $DATA_GID "* ]] || OWNER_GID=${groups%% *}
}

# path_owner PATH: REPLY = "UID GID" of the first component of PATH that somebody other than root can replace, with all below
# it; "0 0" if root controls the whole path.
path_owner() {
  local path=$1 part prefixes lines line i turn uid gid mode kind open=''
  for ((turn = 0; turn < 10; turn++)); do
    prefixes=() part=''
    while [[ $path == /* ]]; do
      path=${path#/}
      [[ ${path%%/*} != '' ]] || continue
      part+=/${path%%/*}
      prefixes+=("$part")
      path=${path#"${path%%/*}"}
    done
    mapfile -t lines < <(exec stat -c '%u %g %f' -- / ${prefixes[@]+"${prefixes[@]}"} 2>/dev/null)
    for ((i = 0; i < ${#lines[@]}; i++)); do
      line=${lines[i]}
      [[ $line =~ ^([0-9]{1,10})\ ([0-9]{1,10})\ ([0-9a-f]{1,8})$ ]] || break 2
      uid=${BASH_REMATCH[1]} gid=${BASH_REMATCH[2]} mode=$((16#${BASH_REMATCH[3]}))
      if ((uid != 0)); then
        REPLY="$uid $gid"
        return
      fi
      kind=$((mode & 8#170000))
      if ((kind == 8#120000 && i > 0)); then
        # A link made by root in a folder of root's: continue at its target.
        part=${prefixes[i - 1]}
        line=$(readlink -- "$part" && printf .)
        line=${line%$'\n.'}
        [[ $line == /* ]] || line=${part%/*}/$line
        path=${prefixes[${#prefixes[@]} - 1]}
        path=$line${path#"$part"}
        continue 2
      fi
      # In a sticky folder, only its owner can replace an entry.
      ((kind != 8#40000 || (mode & 8#22) == 0 || (mode & 8#1000) != 0)) || open=${open:-$gid}
    done
    break
  done
  # A folder of root's that others may write to, with no owner further down: use nobody.
  REPLY='0 0'
  [[ $open == '' ]] || REPLY="$NOBODY $open"
}

# ids_of USER GROUP: REPLY = "UID GID"; status 1 if either does not exist.
ids_of() {
  local uid gid
  id_in /etc/passwd "$1" || REPLY=$(exec id -u -- "$1" 2>/dev/null)
  uid=$REPLY
  [[ $uid =~ ^[0-9]{1,10}$ ]] || return 1
  id_in /etc/group "$2" || IFS=: read -r _ _ REPLY _ < <(exec getent group "$2" 2>/dev/null) || return 1
  gid=$REPLY
  [[ $gid =~ ^[0-9]{1,10}$ ]] || return 1
  REPLY="$uid $gid"
}

# id_in FILE NAME: REPLY = the ID of a user or group in /etc/passwd or /etc/group; status 1 if not listed.
id_in() {
  local name id
  while IFS=: read -r name _ id _; do
    [[ $name != "$2" || ! $id =~ ^[0-9]{1,10}$ ]] || { REPLY=$id; return 0; }
  done 2>/dev/null <"$1"
  REPLY=''
  return 1
}

# name_in FILE ID: REPLY = the name of a user or group in /etc/passwd or /etc/group; empty if not listed.
name_in() {
  local name id
  while IFS=: read -r name _ id _; do
    [[ $id != "$2" ]] || { REPLY=$name; return; }
  done 2>/dev/null <"$1"
  REPLY=''
}

# owner_of_data: REPLY = user:group as the policy accepts it, if root works for another user; else empty.
owner_of_data() {
  local user
  REPLY=''
  ((EUID == 0 && OWNER_UID != 0)) || return 0
  name_in /etc/passwd "$OWNER_UID"
  user=$REPLY
  name_in /etc/group "$DATA_GID"
  REPLY=$user:$REPLY
  [[ $REPLY =~ $OWNER_NAMES ]] || REPLY=''
}
readonly OWNER_NAMES='^[a-z_][a-z0-9_-]*:[a-z_][a-z0-9_-]*$'

# group_of UID: REPLY = the user's main group in /etc/passwd; status 1 if not listed.
group_of() {
  local id gid
  while IFS=: read -r _ _ id gid _; do
    [[ $id != "$1" ]] || { REPLY=$gid; return 0; }
  done 2>/dev/null </etc/passwd
  return 1
}

# user_name UID: REPLY = the user's name, or UNKNOWN.
user_name() {
  local name id
  while IFS=: read -r name _ id _; do
    [[ $id != "$1" ]] || { REPLY=$name; return; }
  done 2>/dev/null </etc/passwd
  IFS=: read -r REPLY _ < <(exec getent passwd "$1" 2>/dev/null)
  REPLY=${REPLY:-UNKNOWN}
}

# host_name: REPLY = the host name, as `hostname` prints it.
host_name() { read -r REPLY </proc/sys/kernel/hostname; }

# owner_words: REPLY = user:group, for chown and for messages.
owner_words() {
  REPLY=$(stat -c %U:%G -- "$DATABASE" 2>/dev/null)
  [[ ${POLICY[owner]} == '' ]] || REPLY=${POLICY[owner]}
}

# reader_choose: set READER_*. UIDs 61184 to 65519 are reserved by systemd for dynamic users, so /etc/passwd does not use
# them. Two kits never have the same: each ends all processes of its reader.
reader_choose() {
  [[ $READER_UID == '' ]] || return 0
  READER_UID=$OWNER_UID READER_GID=$OWNER_GID
  ((EUID == 0)) || return 0
  local uid turn
  for ((turn = 0; turn < READERS; turn++)); do
    uid=$((61184 + (BASHPID + turn * 37) % READERS * 33))
    reader_claim "$uid" || continue
    [[ $(find /proc -maxdepth 1 -uid "$uid" -print -quit 2>/dev/null) == '' ]] || continue
    ! getent passwd "$uid" >/dev/null || continue
    READER_UID=$uid READER_GID=$OWNER_GID
    ((OWNER_GID != 0)) || READER_GID=$uid
    return 0
  done
  reader_unclaim
}
readonly READERS=128
READER_CLAIMS=/run/cvd-backup # a folder of root's, empty after a start of the machine

# reader_claim UID: hold it, on this machine, until this process ends or claims another; status 1 if another kit does.
READER_FD=''
reader_claim() {
  local folder=$READER_CLAIMS
  reader_unclaim
  mkdir -m 700 -- "$folder" 2>/dev/null
  # Where there is no such place, nobody can claim anything.
  [[ -d $folder && -O $folder && ! -L $folder ]] && { : >>"$folder/reader.$1" && exec {READER_FD}<"$folder/reader.$1"; } 2>/dev/null || return 0
  flock -n "$READER_FD"
}
reader_unclaim() {
  [[ $READER_FD == '' ]] || exec {READER_FD}<&-
  READER_FD=''
}

# as_reader PROGRAM ARG...: run it as the reader, with a clean environment and without root's descriptors.
as_reader() (
  reader_choose
  become "$READER_UID" "$READER_GID" reader "$@"
)

# owner_do FUNCTION ARG..., reader_do FUNCTION ARG...: run a kit function in a bash of its own. It gets the policy and the
# paths, and no other state.
owner_do() { do_as "$OWNER_UID" "$OWNER_GID" owner "$@"; }
reader_do() {
  reader_choose
  do_as "$READER_UID" "$READER_GID" reader "$@"
}

# side_says SECONDS BYTES owner|reader FUNCTION ARG...: print what it writes to stdout, limited in time and size. A user can
# stop its own processes and keep their output open, so root kills it and does not wait. Use it where nobody can cancel.
side_says() { side_answers "$@" </dev/null; }

# side_answers SECONDS BYTES owner|reader FUNCTION ARG...: the same for a function that reads stdin.
side_answers() { SIDE_SECONDS=$1 "$3_do" "${@:4}" 2>/dev/null | timeout --signal=KILL "$1" head -c "$2"; }
SIDE_SECONDS=''
SIDE_BEFORE=() # a command of root's that the next side is run by

do_as() ( become_side "$@" )

# become_owner PROGRAM ARG..., become_owner_do FUNCTION ARG...: like owner_do, but replace the current process.
become_owner() { become "$OWNER_UID" "$OWNER_GID" owner "$@"; }
become_owner_do() { become_side "$OWNER_UID" "$OWNER_GID" owner "$@"; }

become() { # UID GID FOLDER PROGRAM ARGUMENT...
  local uid=$1 gid=$2 how=()
  work_folder "$3"
  shift 3
  drop_descriptors
  ((EUID != 0)) || how=(setpriv --reuid="$uid" --regid="$gid" --clear-groups --no-new-privs --inh-caps=-all)
  ((uid != 0)) || how=()
  exec ${how[@]+"${how[@]}"} env -i PATH="$PATH" LC_ALL=C ${TZ+TZ="$TZ"} TMPDIR=. SQLITE_TMPDIR=. "$@"
}

# It reads no further than the end of what the sides need.
# shellcheck disable=SC2016 # expanded by the new bash
readonly SIDE_LOADER='mapfile -d $'\''\034'\'' -t -n 1 -u 9 kit; exec 9<&-; eval "${kit[0]}"; side_main "$@"'
become_side() { # UID GID FOLDER FUNCTION ARGUMENT...
  local uid=$1 gid=$2 folder=$3 key text='' within=()
  shift 3
  if ((EUID != 0 || uid == 0)); then
    work_folder "$folder"
    drop_descriptors
    umask 027
    TMPDIR=. SQLITE_TMPDIR=.
    export TMPDIR SQLITE_TMPDIR
    "$@"
    exit
  fi
  if [[ $KIT_FILE != '' ]]; then
    exec 9<"$KIT_FILE"
  else
    text=${text_of_kit-}
    exec 9< <(drop_descriptors; printf '%s' "${text%%$'\034'*}")
  fi || exit 126
  text=''
  work_folder "$folder"
  drop_descriptors 9
  for key in "${!POLICY[@]}"; do text+="$key=${POLICY[$key]}"$'\n'; done
  # A process group of its own, killed as a whole.
  [[ $SIDE_SECONDS == '' ]] || within=(timeout --signal=KILL "$SIDE_SECONDS")
  exec ${SIDE_BEFORE[@]+"${SIDE_BEFORE[@]}"} ${within[@]+"${within[@]}"} \
    setpriv --reuid="$uid" --regid="$gid" --clear-groups --no-new-privs --inh-caps=-all \
    env -i PATH="$PATH" LC_ALL=C ${TZ+TZ="$TZ"} TMPDIR=. SQLITE_TMPDIR=. CVD_SIDE_POLICY="$text" CVD_SIDE_ROOT="$ROOT" \
    CVD_SIDE_DATABASE_FILE="$DATABASE_FILE" CVD_SIDE_LIMIT="${EXTRACT_LIMIT:-0}" \
    /bin/bash --noprofile --norc -c "$SIDE_LOADER" cvd-backup "$@"
}

# work_folder SIDE: enter that side's part of the work folder, or / if there is none. Call in a subshell.
work_folder() { # owner|reader
  if [[ $WORK_FD == '' ]]; then cd /; else cd -P -- "/proc/self/fd/$WORK_FD/$1" || exit 126; fi
}

# drop_descriptors [FD]: close all that others must not inherit: locks, journal, events, a terminal. Call in a subshell.
drop_descriptors() { # FD to keep
  local path fd
  for path in /proc/self/fd/*; do
    fd=${path##*/}
    [[ " ${1-} 0 1 2 255 " == *" $fd "* ]] || exec {fd}>&-
  done
  [[ ! -t 0 ]] || exec </dev/null
  [[ ! -t 2 ]] || exec 2>/dev/null
}

# leave_terminal ARG...: rerun root's kit in a session of its own, and forward interrupts to it. Whoever shares a terminal
# can type into it, so root must not keep the caller's.
leave_terminal() {
  local child status
  ((EUID == 0)) && [[ $KIT_FILE != '' && ${CVD_BACKUP_DETACHED-} == '' ]] && { : </dev/tty; } 2>/dev/null || return 0
  CVD_BACKUP_DETACHED=yes setsid /bin/bash --noprofile --norc "$KIT_FILE" "$@" <&0 &
  child=$!
  trap 'kill -TERM "$child" 2>/dev/null' INT TERM HUP
  while :; do
    wait "$child"
    status=$?
    kill -0 "$child" 2>/dev/null || exit "$status"
  done
}
