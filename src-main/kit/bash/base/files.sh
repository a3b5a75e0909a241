# --- Files ------------------------------------------------------------------------------------------------------------

# encode_path PATH: REPLY = PATH with every byte outside A-Za-z0-9._/- as %XX: always one ASCII word.
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
        out+="%${code: -2}" # bash yields negative numbers for bytes above 127
        ;;
    esac
  done
  REPLY=$out
}

# For awk: encoded(TEXT) is TEXT as encode_path has it, byte for byte where awk reads bytes.
readonly ENCODE_AWK='
function encoded(text,   out, i, char) {
  if (text !~ /[^A-Za-z0-9._\/-]/) return text
  out = ""
  for (i = 1; i <= length(text); i++) {
    char = substr(text, i, 1)
    out = out (char ~ /[A-Za-z0-9._\/-]/ ? char : hex[char])
  }
  return out
}
BEGIN { for (i = 1; i < 256; i++) hex[sprintf("%c", i)] = sprintf("%%%02X", i) }
'

# decode_path TEXT: REPLY = the bytes of an encoded path.
decode_path() {
  local text=${1//\\/%5C}
  printf -v REPLY '%b' "${text//%/\\x}"
}

# real_path PATH: REPLY = PATH without links, like `readlink -f`. Starts no process if there is no link.
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

# find -printf format of one record: size TAB mtime TAB inode TAB path NUL newline. encode_listing turns records into lines.
readonly LISTING='%s\t%T@\t%i\t%p\0\n'

# encode_listing: turn LISTING records on stdin into lines: percent-encode newlines and % in paths, leave other bytes alone.
# Replaces the process: run it once for any number of records.
encode_listing() {
  exec sed ':again; /\x00$/!{ N; b again }; s/\x00$//; s/%/%25/g; s/\n/%0A/g'
}

# sha256: print the SHA-256 of stdin. Prefer openssl: it uses the CPU's SHA instructions, which coreutils does not
# everywhere, and is up to five times as fast.
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

# sync_paths PATH...: fsync files and folders in one call.
sync_paths() { sync -- "$@" 2>/dev/null; }

# header_hex FILE COUNT: REPLY = its first bytes in hexadecimal; status 1 if it has fewer, or cannot be read.
header_hex() {
  local byte code fd i count=$2
  REPLY=''
  { exec {fd}<"$1"; } 2>/dev/null || return 1
  for ((i = 0; i < count; i++)); do
    IFS= read -r -d '' -n 1 -u "$fd" byte || break # a NUL is an empty one
    printf -v code '%02x' "'$byte"
    REPLY+=${code: -2} # bash yields negative numbers for bytes above 127
  done
  exec {fd}<&-
  ((${#REPLY} == count * 2))
}

file_size() { REPLY=$(stat -c %s -- "$1" 2>/dev/null) || REPLY=0; }

# human_bytes BYTES: REPLY = the size for people: `1.7 MB`, `777 MB`.
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

# free_bytes PATH: REPLY = bytes that we may write there; 0 if unknown.
free_bytes() {
  REPLY=$(df -B1 --output=avail -- "$1" 2>/dev/null | tail -n 1 | tr -d ' ')
  [[ $REPLY =~ ^[0-9]+$ ]] || REPLY=0
}

# write_whole FILE TEXT: replace the content atomically and durably.
write_whole() {
  local file=$1 temporary
  # Hidden: after a kill, cron must not read it.
  [[ $file == */* ]] && temporary="${file%/*}/.${file##*/}.new.$$" || temporary=".$file.new.$$"
  printf '%s' "$2" >"$temporary" && sync_paths "$temporary" && mv -fT -- "$temporary" "$file" && sync_paths "${file%/*}"
}

# publish SOURCE TARGET: give a finished file its final name on the same file system; status 1 if that is taken.
publish() {
  ln -T -- "$1" "$2" 2>/dev/null || { [[ ! -e $2 && ! -L $2 ]] && mv -nT -- "$1" "$2" && [[ ! -e $1 ]]; } || return 1
  rm -f -- "$1"
}

# log_line FILE LINE: append a line to a log; for owner_do. Never blocks on a named pipe. If the owner may not write to the
# log (the runbook's scripts made it as root), replace it by a copy that the owner can write.
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

# counted NUMBER ONE MANY: REPLY = `1 ONE`, `2 MANY`.
counted() { if (($1 == 1)); then REPLY="1 $2"; else REPLY="$1 $3"; fi; }

# span_words SECONDS: REPLY = the time in the largest unit that fits at least twice, rounded down.
span_words() {
  local unit
  for unit in '86400 day' '3600 hour' '60 minute'; do
    (($1 >= ${unit% *} * 2)) || continue
    REPLY="$(($1 / ${unit% *})) ${unit#* }s"
    return
  done
  counted "$1" second seconds
}

# nearest_folder PATH: REPLY = PATH, or the nearest folder above it that exists.
nearest_folder() {
  REPLY=$1
  while [[ $REPLY == */* && ! -d $REPLY ]]; do REPLY=${REPLY%/*}; done
  REPLY=${REPLY:-/}
}
