# --- Facts about tools, users' files and the system ---------------------------------------------------------------------------
#
# One stat for all. STATE/tools caches the version of each tool while it is the same file (path, size, times, inode), for a
# day at most: a script may call another program, and a library may change, without any of these changing.

readonly TOOLS=(bash sqlite3 tar gzip curl flock find awk sed setsid systemctl igzip pigz)
declare -A FACT_PLACE=()                # by our label: DEVICE:INODE
declare -A FACT_SIZE=()                 # bytes
ENV_SHUT='' # yes if not every user may enter the folders above config/.env
declare -A FACT_MODE=() FACT_OWNER=()   # octal, user:group
declare -A FACT_STAMP=()                # changes when the file does
declare -A TOOL_PATH=() TOOL_VERSION=() # of installed tools

# facts_read: read the facts of the tools and of the site's important files. Follows links, opens nothing.
facts_read() {
  local labels=() paths=() label size mode owner place stamp path index=0
  FACT_PLACE=() FACT_SIZE=() FACT_MODE=() FACT_OWNER=() FACT_STAMP=() TOOL_PATH=() ENV_SHUT=''
  for label in "${TOOLS[@]}"; do
    hash -- "$label" 2>/dev/null || continue
    TOOL_PATH[$label]=${BASH_CMDS[$label]-}
    [[ ${TOOL_PATH[$label]} == /* ]] || { TOOL_PATH[$label]=$label; continue; }
    labels+=("$label") paths+=("${TOOL_PATH[$label]}")
  done
  labels+=(database -wal -shm -journal folder lock env)
  paths+=("$DATABASE_FILE" "$DATABASE_FILE-wal" "$DATABASE_FILE-shm" "$DATABASE_FILE-journal" "${DATABASE_FILE%/*}/."
    "$STATE/lock" "$ROOT/config/.env")
  # Whose file systems inspect_disk asks for.
  for label in "${DISK_PURPOSES[@]}"; do
    disk_folder "$label"
    labels+=("disk $label") paths+=("$REPLY")
  done
  real_path "$ROOT/config/.env"
  path=${REPLY%/*}
  while [[ $path == /* ]]; do
    labels+=(above-env) paths+=("$path/.")
    path=${path%/*}
  done
  # Paths and group names may contain blanks.
  while IFS=' ' read -r -d '' place size mode stamp owner && IFS= read -r -d '' path; do
    # In our order, without the missing ones.
    while ((index < ${#paths[@]})) && [[ ${paths[index]} != "$path" ]]; do index=$((index + 1)); done
    ((index < ${#paths[@]})) || break
    label=${labels[index]}
    [[ $size =~ ^[0-9]{1,15}$ && $mode =~ ^[0-7]{1,5}$ ]] || continue
    [[ $label != above-env || $mode == *[1357] ]] || ENV_SHUT=yes
    FACT_PLACE[$label]=$place FACT_SIZE[$label]=$size FACT_MODE[$label]=$mode FACT_OWNER[$label]=$owner FACT_STAMP[$label]=$stamp
  done < <(exec stat -L --printf '%d:%i %s %a %.9Y-%.9Z %U:%G\0%n\0' -- "${paths[@]}" 2>/dev/null)
}

readonly DISK_PURPOSES=(database backups state)
# disk_folder PURPOSE: REPLY = the folder on whose file system its files lie, or will.
disk_folder() {
  case $1 in
    database) nearest_folder "${DATABASE_FILE%/*}" ;;
    backups) nearest_folder "$BACKUPS" ;;
    *) nearest_folder "$STATE" ;;
  esac
}

# file_system NUMBER SOURCE: REPLY = what tells it from others, from its device number and what df calls it. All of tmpfs, or overlay, have the
# same source; the subvolumes of btrfs, which are one disk, have several numbers.
file_system() {
  REPLY=${1:-$2}
  [[ $2 != /* || ! -b $2 ]] || REPLY=$2
}

# tools_read: set TOOL_VERSION. Without a writable STATE, run all tools every time.
tools_read() {
  local label version line key day text='' changed='' kept=$'\n'
  TOOL_VERSION=()
  if [[ -f $STATE/tools && -O $STATE/tools ]]; then
    while IFS= read -r line; do kept+=$line$'\n'; done 2>/dev/null <"$STATE/tools"
  fi
  printf -v day '%(%F)T' -1
  for label in "${TOOLS[@]}"; do
    [[ ${TOOL_PATH[$label]-} != '' ]] || continue
    key="$day"$'\t'"$label"$'\t'"${TOOL_PATH[$label]}"$'\t'"${FACT_PLACE[$label]-}"$'\t'"${FACT_SIZE[$label]-}"$'\t'"${FACT_STAMP[$label]-}"
    if [[ ${FACT_PLACE[$label]-} != '' && $kept == *$'\n'"$key"$'\t'* ]]; then
      version=${kept#*$'\n'"$key"$'\t'} version=${version%%$'\n'*}
    else
      tool_version "$label"
      version=$REPLY changed=yes
    fi
    [[ $version =~ ^[0-9A-Za-z.]{0,40}$ ]] || version=''
    TOOL_VERSION[$label]=$version
    # Do not cache a missing version: the tool may report one once a library that it lacks is back.
    [[ $version == '' ]] || text+="$key"$'\t'"$version"$'\n'
  done
  # No sync needed: after a power cut, a damaged line does not match and is ignored.
  [[ $changed != '' && -d $STATE && -O $STATE && -w $STATE ]] || return 0
  { printf '%s' "$text" >"$STATE/tools.new.$$"; } 2>/dev/null && mv -fT -- "$STATE/tools.new.$$" "$STATE/tools" 2>/dev/null
}

# package_tool: PACKAGE_TOOL = how this distribution installs packages: apt-get, dnf, yum or zypper; empty if none is here.
PACKAGE_TOOL=''
package_tool() {
  for PACKAGE_TOOL in apt-get dnf yum zypper ''; do
    [[ $PACKAGE_TOOL == '' ]] || ! command -v "$PACKAGE_TOOL" >/dev/null || break
  done
}

# install_words PACKAGE...: REPLY = the command that installs them, for people; empty if it is not known. After package_tool.
install_words() { REPLY=${PACKAGE_TOOL:+$PACKAGE_TOOL install $*}; }

tool_version() { # NAME: REPLY = the version number that it reports, or empty
  local text
  case $1 in
    bash) REPLY=${BASH_VERSION%%(*}; return ;;
    awk) text=$(awk -W version 2>&1 </dev/null || awk --version 2>&1 </dev/null) ;;
    sqlite3) text=$(exec sqlite3 -version 2>&1 </dev/null) ;;
    *) text=$(exec "$1" --version 2>&1 </dev/null) ;;
  esac
  text=${text%%$'\n'*}
  REPLY=''
  if [[ $text =~ ([0-9]+(\.[0-9A-Za-z]+)+|[0-9]+) ]]; then REPLY=${BASH_REMATCH[1]}; fi
}

# zone_name: REPLY = the name of this server's time zone.
zone_name() {
  local zone=${TZ:-} name=''
  if [[ $zone == '' ]]; then
    # If /etc/timezone names the zone in force, there is no need to resolve the link.
    { IFS= read -r name </etc/timezone; } 2>/dev/null
    if [[ $name =~ ^[A-Za-z0-9_+/-]+$ && /usr/share/zoneinfo/$name -ef /etc/localtime ]]; then
      zone=$name
    else
      zone=$(exec readlink -f /etc/localtime 2>/dev/null) && zone=${zone#*/zoneinfo/}
    fi
  fi
  [[ $zone != '' && $zone != /* ]] || printf -v zone '%(%Z)T' -1
  REPLY=$zone
}
