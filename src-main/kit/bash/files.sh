# --- Files ------------------------------------------------------------------------------------------------------------

# REPLY = PATH with every byte outside A-Za-z0-9._/- as %XX: one ASCII word, whatever the file is called.
encode_path() {
  local path=$1 out='' char code i
  if [[ $path != *[!A-Za-z0-9._/-]* ]]; then
    REPLY=$path
    return
  fi
  for ((i = 0; i < ${#path}; i++)); do
    char=${path:i:1}
    case $char in
      [A-Za-z0-9._/-]) out+=$char ;;
      *)
        printf -v code '%02X' "'$char"
        out+="%${code: -2}" # bash gives bytes above 127 as negative numbers
        ;;
    esac
  done
  REPLY=$out
}

# REPLY = the bytes of an encoded path.
decode_path() {
  local text=${1//\\/%5C}
  printf -v REPLY '%b' "${text//%/\\x}"
}

# The find arguments that print a file as: size TAB mtime TAB inode TAB path NUL. encode_listing makes lines of it.
readonly LISTING='%s\t%T@\t%i\t%p\0'

# Reads NUL-terminated LISTING records on stdin, writes lines with the path percent-encoded. Fast for 10,000 records.
encode_listing() {
  sed -z 's/%/%25/g; s/\n/%0A/g; s/\r/%0D/g; s/\x01/%01/g' | tr '\0' '\n' | awk '
    BEGIN { for (i = 1; i < 256; i++) ord[sprintf("%c", i)] = i; FS = OFS = "\t" }
    {
      head = $1 OFS $2 OFS $3 OFS
      path = substr($0, length(head) + 1)
      if (path ~ /[^A-Za-z0-9._\/%-]/) {
        out = ""
        for (i = 1; i <= length(path); i++) {
          c = substr(path, i, 1)
          out = out (c ~ /[A-Za-z0-9._\/%-]/ ? c : sprintf("%%%02X", ord[c]))
        }
        path = out
      }
      print head path
    }'
}

# sha256: the SHA-256 of stdin, on stdout. openssl uses what the processor has for it, which coreutils does not everywhere:
# up to five times as fast, where it is there and works.
HASHER=''
sha256() {
  local line
  [[ $HASHER != '' ]] || hasher_choose
  if [[ $HASHER == openssl ]]; then line=$(openssl dgst -sha256 -r); else line=$(sha256sum); fi || return
  printf '%s\n' "${line%% *}"
}

hasher_choose() {
  local empty=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
  HASHER=sha256sum
  [[ $(openssl dgst -sha256 -r </dev/null 2>/dev/null) != "$empty "* ]] || HASHER=openssl
}

# fsync of files and folders, in one call.
sync_paths() { sync -- "$@" 2>/dev/null; }

file_size() { REPLY=$(stat -c %s -- "$1" 2>/dev/null) || REPLY=0; }

# human_bytes BYTES: REPLY = for people: `1.7 MB`, `777 MB`.
human_bytes() {
  local tenths=$(($1 * 10)) unit=0 units=(B KB MB GB TB)
  while ((tenths >= 10000 && unit < 4)); do
    tenths=$((tenths / 1000))
    unit=$((unit + 1))
  done
  REPLY=$((tenths / 10))
  ((unit == 0 || tenths >= 1000)) || REPLY+=.$((tenths % 10))
  REPLY+=" ${units[unit]}"
}

# free_bytes PATH: REPLY = bytes that we may write there.
free_bytes() {
  REPLY=$(df -B1 --output=avail -- "$1" 2>/dev/null | tail -n 1 | tr -d ' ')
  [[ $REPLY =~ ^[0-9]+$ ]] || REPLY=0
}

# write_whole FILE TEXT: the file has the old content or the new, never a part.
write_whole() {
  local file=$1 temporary="$1.new.$$"
  printf '%s' "$2" >"$temporary" && sync_paths "$temporary" && mv -fT -- "$temporary" "$file" && sync_paths "${file%/*}"
}

# publish SOURCE TARGET: gives a finished file its final name, without ever replacing another. Same file system.
publish() {
  ln -T -- "$1" "$2" 2>/dev/null || { [[ ! -e $2 && ! -L $2 ]] && mv -nT -- "$1" "$2" && [[ ! -e $1 ]]; } || return 1
  rm -f -- "$1"
}

# In a folder that the application's user may write, a name is a trap: we work in a private folder of our own, entered
# once, and use relative names from there on. WORK_DIR is its path, for messages and for removal.
# The lock on it tells a sweep that somebody is at work there.
WORK_DIR='' WORK_FD=''
enter_work_dir() { # PARENT
  local folder
  WORK_DIR=''
  folder=$(mktemp -d -- "$1/.cvd-backup-XXXXXXXX") || return 1
  cd -P -- "$folder" || return 1
  work_dir_is_ours "$1" && exec {WORK_FD}<. && flock -n "$WORK_FD" || { cd /; return 1; }
  WORK_DIR=$folder # only now: what has this name is emptied when we leave
}

# Whoever owns the parent can put a link under the new name before we enter it: where we are must be what was made.
work_dir_is_ours() { # PARENT
  # A parent that hands on its group gives its mark to the folder, too: 2700.
  [[ -O . && $(stat -c %a .) == ?(2)700 && .. -ef $1 && $(find . -mindepth 1 -print -quit) == '' ]]
}

leave_work_dir() {
  [[ $WORK_DIR != '' && . -ef $WORK_DIR ]] || return 0
  find . -mindepth 1 -delete 2>/dev/null
  cd / && rmdir -- "$WORK_DIR" 2>/dev/null
  WORK_DIR=''
}

# enter_scratch: a private folder in STATE/work; where that has no room for a database such as the live one, and the file
# system of the backups has more, there. Folders that a killed process left are removed: in STATE/work now, among the
# backups by the next operation that changes something.
enter_scratch() {
  local folder place=$STATE/work wanted here
  mkdir -p -- "$STATE/work" || return 1
  while IFS= read -r -d '' folder; do
    flock -n "$folder" true && rm -rf -- "$folder"
  done < <(find "$STATE/work" -mindepth 1 -maxdepth 1 -type d -mmin +1 -print0)
  file_size "$DATABASE_FILE"
  wanted=$((REPLY * 2 + 67108864))
  free_bytes "$place"
  here=$REPLY
  if ((here < wanted)) && [[ -w $BACKUPS ]]; then
    free_bytes "$BACKUPS"
    ((REPLY <= here)) || place=$BACKUPS
  fi
  enter_work_dir "$place"
}

# as_folder_owner FOLDER COMMAND...: with the rights of the folder's owner where we are root and he is not, else with ours.
as_folder_owner() {
  local uid gid
  read -r uid gid < <(stat -c '%u %g' -- "$1")
  shift
  if ((EUID == 0 && uid != 0)); then
    close_for_child setpriv --reuid="$uid" --regid="$gid" --clear-groups "$@"
  else
    "$@"
  fi
}

# append_as_owner FILE LINE: one line to a log that lies in a folder of the application's user. Written as that user,
# so that a link put there leads nowhere that it could not write by itself. Without waiting: a named pipe put there, which
# nobody reads, must not hold us for ever.
append_as_owner() {
  local file=$1 line=$2 uid gid
  [[ -d ${file%/*} ]] || return 0
  read -r uid gid < <(stat -c '%u %g' -- "${file%/*}")
  if ((EUID == 0 && uid != 0)) && command -v setpriv >/dev/null; then
    # shellcheck disable=SC2016 # the inner shell expands
    printf '%s\n' "$line" | close_for_child setpriv --reuid="$uid" --regid="$gid" --clear-groups \
      /bin/bash -c 'umask 022; exec dd of="$1" oflag=append,nonblock conv=notrunc status=none' - "$file" 2>/dev/null && return 0
  fi
  # The log itself may be root's (the runbook's scripts ran as root): then only a plain file of root's is appended to.
  [[ -L $file || (-e $file && ! -f $file) ]] && return 1
  printf '%s\n' "$line" | dd of="$file" oflag=append,nofollow,nonblock conv=notrunc status=none 2>/dev/null
}
