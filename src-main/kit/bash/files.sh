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

# real_path PATH: REPLY = it without links, as `readlink -f` tells it. No program is asked where there is no link.
real_path() {
  local path=$1 part=''
  REPLY=$1
  if [[ $path != *//* && $path/ != */./* && $path/ != */../* && $path == /*[!/] ]]; then
    while [[ $path == /* ]]; do
      path=${path#/}
      part+=/${path%%/*}
      [[ ! -L $part ]] || break
      path=${path#"${path%%/*}"}
    done
    [[ $path != '' ]] || return 0
  fi
  REPLY=$(exec readlink -f -- "$1")
}

# The find arguments that print a file as: size TAB mtime TAB inode TAB path NUL newline. encode_listing makes lines of it.
readonly LISTING='%s\t%T@\t%i\t%p\0\n'

# Reads LISTING records on stdin, writes lines: what could be taken for a line's end, or for an escape, is percent-encoded. The
# other bytes of a path are as they were. In a process of its own: one for 10,000 records.
encode_listing() {
  exec sed ':again; /\x00$/!{ N; b again }; s/\x00$//; s/%/%25/g; s/\n/%0A/g'
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

# log_line FILE LINE: one line at the end of a log, for owner_do. Never waits: a named pipe that somebody put there is no
# log. A log that the owner may not write, because the runbook's scripts made it as root, is replaced by a copy that he may.
log_line() {
  local file=$1 line=$2 fresh
  umask 022
  [[ ! -e $file || -f $file ]] || return 1
  printf '%s\n' "$line" | dd of="$file" oflag=append,nofollow,nonblock conv=notrunc status=none 2>/dev/null && return 0
  [[ -f $file && ! -L $file && -r $file ]] && fresh=$(mktemp -- "$file.XXXXXXXX" 2>/dev/null) || return 1
  { dd if="$file" iflag=nonblock bs=64K status=none && printf '%s\n' "$line"; } >"$fresh" && chmod 644 -- "$fresh" &&
    mv -fT -- "$fresh" "$file" && return 0
  rm -f -- "$fresh"
  return 1
}
