# --- Extraction: the owner's and the reader's part ---------------------------------------------------------------------------
#
# Pure functions of their paths and stdin; never run as root.

# --- Run by the owner, or by the reader for what it extracted itself ----------------------------------------------------------

# backup_facts FILE: print key=value lines.
backup_facts() {
  local file=$1 size stamp magic suffix bytes=0 sidecars=''
  if [[ ! -e $file && ! -L $file ]]; then echo state=not-found; return; fi
  if [[ ! -f $file ]]; then echo state=not-plain; return; fi
  if [[ ! -r $file ]]; then echo state=no-rights; return; fi
  IFS=$'\t' read -r size stamp < <(find -L "$file" -maxdepth 0 -printf '%s\t%T@\n')
  printf 'size=%s\nstamp=%s\t%s\n' "$size" "$size" "$stamp"
  magic=$(dd if="$file" iflag=nonblock bs=16 count=1 status=none | od -An -v -tx1 | tr -d ' \n')
  case $magic in
    1f8b*) echo format=gzip ;;
    53514c69746520666f726d6174203300) echo format=sqlite ;;
    *) echo format=other ;;
  esac
  printf 'trailer=%s\n' "$(tail -c 4 -- "$file" | od -An -v -tu4 --endian=little | tr -d ' ')"
  for suffix in -wal -journal; do
    [[ -f $file$suffix && -s $file$suffix ]] || continue
    sidecars+=" $suffix"
    file_size "$file$suffix"
    bytes=$((bytes + REPLY))
  done
  printf 'sidecars=%s\nsidecarBytes=%s\nstate=there\n' "$sidecars" "$bytes"
}

# backup_send FILE STAMP [FROM]: print its bytes, from that one on. Status 11 read error, 15 gone, 16 changed meanwhile. No
# blocking on a named pipe.
backup_send() {
  local before after
  before=$(find -L "$1" -maxdepth 0 -type f -printf '%D:%i\t%s\t%T@' 2>/dev/null)
  [[ $before != '' ]] || exit 15
  [[ $2 == '' || ${before#*$'\t'} == "$2" ]] || exit 16
  dd if="$1" iflag=nonblock,skip_bytes bs=64K skip="${3:-0}" status=none || exit 11
  after=$(find -L "$1" -maxdepth 0 -type f -printf '%D:%i\t%s\t%T@' 2>/dev/null)
  [[ $after != '' ]] || exit 15
  [[ $after == "$before" ]] || exit 16
}

# --- Run by the reader, on what it receives. Status 12: decompressing failed, 13: writing, 14: tar --------------------------------

# Hashes through two named pipes: unlike process substitutions, their readers can be waited for.
stream_gzip() { # TARGET TOOL
  local target=$1
  local -a status
  stream_clean "$target"
  mkfifo -- "$target.file.pipe" "$target.database.pipe" || exit 13
  sha256 <"$target.file.pipe" >"$target.file.sha256" 2>/dev/null &
  sha256 <"$target.database.pipe" >"$target.database.sha256" 2>/dev/null &
  # Hash the file to its end even if the decompressor gives up; stop writing at the first error.
  tee --output-error=warn-nopipe "$target.file.pipe" 2>/dev/null |
    "$2" -dc 2>"$target.stderr" |
    (ulimit -f $((EXTRACT_LIMIT / 1024 + 1)) && exec tee --output-error=exit "$target.database.pipe" >"$target" 2>>"$target.stderr")
  status=("${PIPESTATUS[@]}")
  wait
  stream_said "$target"
  ((status[2] == 0)) || exit 13
  ((status[0] == 0)) || exit 11
  # gzip exits with 2 for trailing garbage, which other tools ignore: the content is complete.
  ((status[1] == 0)) || { ((status[1] == 2)) && [[ -s $target ]]; } || exit 12
}

# Write what tar makes of a compressed archive to TARGET: a list, or the bytes of one member.
stream_archive() { # TARGET TOOL TAR-ARGUMENT...
  local target=$1 tool=$2
  local -a status
  shift 2
  stream_clean "$target"
  mkfifo -- "$target.file.pipe" || exit 13
  sha256 <"$target.file.pipe" >"$target.file.sha256" 2>/dev/null &
  tee --output-error=warn-nopipe "$target.file.pipe" 2>/dev/null |
    "$tool" -dc 2>"$target.stderr" |
    (
      ulimit -f $((EXTRACT_LIMIT / 1024 + 1))
      tar -f - "$@" >"$target" 2>>"$target.stderr"
      said=$?
      cat >/dev/null # tar stops at the end of the archive; drain the stream
      exit "$said"
    )
  status=("${PIPESTATUS[@]}")
  wait
  stream_said "$target"
  ((status[0] == 0)) || exit 11
  ((status[1] == 0 || status[1] == 2)) || exit 12
  ((status[2] == 0)) || exit 14
}

stream_plain() { # TARGET
  local target=$1 status
  stream_clean "$target"
  mkfifo -- "$target.file.pipe" || exit 13
  sha256 <"$target.file.pipe" >"$target.file.sha256" 2>/dev/null &
  (ulimit -f $((EXTRACT_LIMIT / 1024 + 1)) && exec tee --output-error=exit "$target.file.pipe" 2>"$target.stderr" >"$target")
  status=$?
  wait
  cp -- "$target.file.sha256" "$target.database.sha256"
  stream_said "$target"
  ((status == 0)) || exit 13
}

stream_clean() { rm -f -- "$1" "$1".{file,database}.{pipe,sha256} "$1.stderr"; }

# stream_said TARGET: print what was made as key=value lines.
stream_said() {
  local target=$1 one
  for one in file database; do
    REPLY=''
    [[ ! -s $target.$one.sha256 ]] || read -r REPLY _ <"$target.$one.sha256"
    printf '%s=%s\n' "$one" "$REPLY"
  done
  file_size "$target"
  printf 'bytes=%s\ncomplaint=%s\n' "$REPLY" "$(head -c 300 -- "$target.stderr" 2>/dev/null | tr -s '[:cntrl:] ' ' ')"
  rm -f -- "$target".{file,database}.{pipe,sha256} "$target.stderr"
}

# database_fold TARGET: fold its sidecars into it. Status 17 if its -journal would make SQLite delete another file.
database_fold() {
  local target=$1 text status
  if [[ -s $target-journal && $(tail -c 8 -- "$target-journal" | od -An -tx1 | tr -d ' \n') == d9d505f920a163d7 ]]; then
    rm -f -- "$target"-{wal,journal}
    return 17
  fi
  text=$(sql_private "$target" 'PRAGMA wal_checkpoint(TRUNCATE); SELECT count(*) FROM sqlite_master;' 2>&1 >/dev/null)
  status=$?
  printf 'complaint=%s\n' "$(printf '%s' "$text" | head -c 300 | tr -s '[:cntrl:] ' ' ')"
  rm -f -- "$target"-{wal,shm,journal}
  return "$status"
}

# sql_private FILE SQL: like sql, but may write. Only for a copy in a folder of ours.
sql_private() {
  local database=$1
  [[ $database == /* ]] || database=./$database
  timeout --foreground --kill-after=5 "$SQL_SECONDS" sqlite3 -batch -bail -noheader -separator $'\t' -nullvalue '' -init /dev/null \
    "$database" "$SQL_DISTRUST $2" </dev/null
}
