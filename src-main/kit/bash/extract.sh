# --- Extracting a backup into a folder of ours ---------------------------------------------------------------------------
#
# The backup is opened once and read once; what is told about it is told about that one file, whatever happens to its
# name meanwhile. The folder that TARGET lies in is private (enter_work_dir).

EXTRACT_PROBLEM='' # one sentence, or empty
EXTRACT_CODE=ok    # ok; integrity, empty, not-a-backup: the backup's fault; no-space, no-rights, not-found, changed,
                   # internal: nothing is known about the backup
EXTRACT_SIZE=0 EXTRACT_SHA256=''           # of the file as it lies there
EXTRACT_DATABASE_SIZE=0 EXTRACT_DATABASE_SHA256='' # of what was in it; the hash is empty where a sidecar was folded in
EXTRACT_STAMP=''   # file_stamp of the file that was read
EXTRACT_FORMAT=''  # gzip, sqlite or other
EXTRACT_FD=''

# extract_backup FILE TARGET UNCHANGED [EXPECTED-BYTES]: the database of a backup, as a plain file. gzip is known by its
# first bytes, never by a name. A plain database's sidecars are folded into the copy. Heeds a cancel (UNCHANGED is what
# is then said). Status 0, or the EXTRACT_ globals say why not.
extract_backup() {
  local file=$1 target=$2 unchanged=$3 expected=${4:-0}
  extract_open "$file" || return 1
  case $EXTRACT_FORMAT in
    gzip) extract_gzip "$target" "$unchanged" "$expected" ;;
    sqlite) extract_plain "$file" "$target" "$unchanged" ;;
    *) extract_finds not-a-backup 'The file is neither gzip nor an SQLite database.' ;;
  esac
  [[ $EXTRACT_PROBLEM != '' ]] || extract_unmoved "$file"
  extract_close
  [[ $EXTRACT_PROBLEM == '' ]] || return 1
  file_size "$target"
  EXTRACT_DATABASE_SIZE=$REPLY
}

extract_finds() { EXTRACT_CODE=$1 EXTRACT_PROBLEM=$2; }

# Opens FILE as EXTRACT_FD and looks at its first bytes.
extract_open() {
  local file=$1 magic
  EXTRACT_PROBLEM='' EXTRACT_CODE=ok EXTRACT_SIZE=0 EXTRACT_SHA256='' EXTRACT_DATABASE_SIZE=0 EXTRACT_DATABASE_SHA256=''
  EXTRACT_STAMP='' EXTRACT_FORMAT='' EXTRACT_FD=''
  if [[ ! -e $file ]]; then
    extract_finds not-found 'The file is not there (any more).'
  elif [[ ! -f $file ]]; then
    extract_finds not-a-backup 'It is not a plain file.'
  elif ! { exec {EXTRACT_FD}<"$file"; } 2>/dev/null; then
    EXTRACT_FD=''
    if [[ -r $file ]]; then extract_finds internal 'The file could not be opened.'; else
      extract_finds no-rights 'This login may not read the file.'
    fi
  fi
  [[ $EXTRACT_PROBLEM == '' ]] || return 1
  IFS=$'\t' read -r EXTRACT_SIZE EXTRACT_STAMP < <(find -L "/proc/$$/fd/$EXTRACT_FD" -maxdepth 0 -printf '%s\t%T@\n')
  EXTRACT_STAMP=$EXTRACT_SIZE$'\t'$EXTRACT_STAMP
  magic=$(head -c 16 "/proc/$$/fd/$EXTRACT_FD" | od -An -v -tx1 | tr -d ' \n')
  case $magic in
    '') extract_finds empty 'The file is empty (0 bytes).' ;;
    1f8b*) EXTRACT_FORMAT=gzip ;;
    53514c69746520666f726d6174203300) EXTRACT_FORMAT=sqlite ;;
    *) EXTRACT_FORMAT=other ;;
  esac
  [[ $EXTRACT_PROBLEM == '' ]] || { extract_close; return 1; }
}

extract_close() {
  [[ $EXTRACT_FD == '' ]] || exec {EXTRACT_FD}<&-
  EXTRACT_FD=''
}

# Is it still the same file under that name? If not, what we found out is about a file that nobody can name.
extract_unmoved() {
  if [[ ! $1 -ef /proc/$$/fd/$EXTRACT_FD ]]; then
    extract_finds not-found 'The file vanished while it was read.'
    return
  fi
  file_stamp_of_open "$EXTRACT_FD"
  [[ $REPLY == "$EXTRACT_STAMP" ]] || extract_finds changed 'The file changed while it was read.'
}

file_stamp_of_open() { REPLY=$(find -L "/proc/$$/fd/$1" -maxdepth 0 -printf '%s\t%T@' 2>/dev/null); }

decompressor() { # REPLY = the fastest that is here
  for REPLY in igzip pigz gzip; do
    ! command -v "$REPLY" >/dev/null || return 0
  done
}

extract_gzip() { # TARGET UNCHANGED EXPECTED-BYTES
  local target=$1 unchanged=$2 tool first
  gzip_size "$3"
  extract_space "$target" "$REPLY" || return 0
  decompressor
  first=$REPLY
  # A verdict of `failed` is grave: what a fast tool refuses, gzip itself has to refuse too.
  for tool in "$first" gzip; do
    extract_run "$unchanged" stream_gzip "$target" "$tool"
    [[ $EXTRACT_CODE == integrity && $tool != gzip ]] || return 0
    extract_finds ok ''
  done
}

# REPLY = bytes that it will have: as expected, else as its trailer says (modulo 2^32, so at least four times the file).
gzip_size() {
  local expected=$1 trailer
  REPLY=$expected
  ((expected == 0)) || return 0
  trailer=$(tail -c 4 "/proc/$$/fd/$EXTRACT_FD" | od -An -v -tu4 --endian=little | tr -d ' ')
  [[ $trailer =~ ^[0-9]{1,10}$ ]] || trailer=0
  # deflate cannot do better than 1032:1, so a trailer that says more lies.
  ((trailer <= EXTRACT_SIZE * 1032)) || trailer=0
  REPLY=$((trailer > EXTRACT_SIZE * 4 ? trailer : EXTRACT_SIZE * 4))
}

EXTRACT_LIMIT=0
# Some space stays free for the others: the live database may lie on the same file system.
extract_space() { # TARGET NEEDED
  local folder=. free reserve
  [[ $1 != */* ]] || folder=${1%/*}
  free_bytes "$folder"
  free=$REPLY
  reserve=$((free / 20 < 67108864 ? free / 20 : 67108864))
  EXTRACT_LIMIT=$((free - reserve))
  (($2 <= EXTRACT_LIMIT)) && return 0
  extract_needs "$2"
  extract_finds no-space "There is not enough space to extract it in $PWD: $REPLY."
  return 1
}

extract_needs() { # BYTES: REPLY = that they are needed, and what can be used
  local needed
  human_bytes "$1"
  needed=$REPLY
  human_bytes "$((EXTRACT_LIMIT > 0 ? EXTRACT_LIMIT : 0))"
  REPLY="$needed needed, $REPLY can be used"
}

# extract_run UNCHANGED STREAM-FUNCTION TARGET ARGUMENT...: runs it in the background from the start of EXTRACT_FD, and
# turns its status into what was found.
extract_run() {
  local unchanged=$1 target=$3 status
  shift
  rm -f -- "$target" "$target".{file,database}.{pipe,sha256} "$target.stderr"
  # A new open file: the processes of the stream share its position, and extract_progress reads it.
  extract_rewind
  in_background "$@"
  watch "$unchanged" extract_progress "$REPLY"
  status=$?
  read -r EXTRACT_SHA256 _ <"$target.file.sha256" || EXTRACT_SHA256=''
  read -r EXTRACT_DATABASE_SHA256 _ <"$target.database.sha256" || EXTRACT_DATABASE_SHA256=''
  case $status in
    0) [[ $EXTRACT_SHA256 != '' ]] || extract_finds internal 'The SHA-256 of the file could not be told.' ;;
    11) extract_finds internal 'The file could not be read to its end (input/output error).' ;;
    12) extract_finds integrity "The compressed stream is broken or cut off: $(extract_complaint "$target")" ;;
    13)
      if extract_full "$target"; then extract_finds no-space 'The disk became full while it was extracted.'; else
        extract_finds internal "It could not be written: $(extract_complaint "$target")"
      fi
      ;;
    14) extract_finds integrity "The archive cannot be read: $(extract_complaint "$target")" ;;
    *) extract_finds internal "The extraction stopped (status $status)." ;;
  esac 2>/dev/null
  rm -f -- "$target".{file,database}.{pipe,sha256} "$target.stderr"
}

extract_rewind() {
  local old=$EXTRACT_FD
  exec {EXTRACT_FD}<"/proc/$$/fd/$old"
  exec {old}<&-
}

extract_complaint() {
  local text
  text=$(head -c 300 -- "$1.stderr" 2>/dev/null | tr -s '[:cntrl:] ' ' ')
  printf '%s' "${text:-no detail}"
}

extract_full() {
  local folder=.
  [[ $1 != */* ]] || folder=${1%/*}
  ! grep -q 'No space left\|File too large\|quota' -- "$1.stderr" 2>/dev/null || return 0
  free_bytes "$folder"
  ((REPLY < 1048576)) && return 0
  file_size "$1"
  ((REPLY >= EXTRACT_LIMIT - 1048576))
}

extract_progress() {
  local key value
  while read -r key value; do
    [[ $key != pos: ]] || break
  done 2>/dev/null <"/proc/$$/fdinfo/$EXTRACT_FD"
  [[ $key != pos: ]] || progress "$value" "$EXTRACT_SIZE" bytes
}

# --- in the background; status 11 reading, 12 decompressing, 13 writing, 14 tar failed

# Hashes what goes through two named pipes: unlike process substitutions, they can be waited for.
stream_gzip() { # TARGET TOOL
  local target=$1
  local -a status
  mkfifo -- "$target.file.pipe" "$target.database.pipe" || exit 13
  sha256 <"$target.file.pipe" >"$target.file.sha256" 2>/dev/null &
  sha256 <"$target.database.pipe" >"$target.database.sha256" 2>/dev/null &
  # The file is hashed to its end even if the decompressor has given up; the writer stops at its first error.
  tee --output-error=warn-nopipe "$target.file.pipe" <&"$EXTRACT_FD" 2>/dev/null |
    "$2" -dc 2>"$target.stderr" |
    (ulimit -f $((EXTRACT_LIMIT / 1024 + 1)) && exec tee --output-error=exit "$target.database.pipe" >"$target" 2>>"$target.stderr")
  status=("${PIPESTATUS[@]}")
  wait
  ((status[2] == 0)) || exit 13
  ((status[0] == 0)) || exit 11
  # gzip says 2 for trailing garbage, which the others pass over in silence: what is inside is whole.
  ((status[1] == 0 || (status[1] == 2 && $(wc -c <"$target") > 0))) || exit 12
}

# What tar makes of a compressed archive goes to TARGET: a list, or the bytes of one member.
stream_archive() { # TARGET TOOL TAR-ARGUMENT...
  local target=$1 tool=$2
  local -a status
  shift 2
  mkfifo -- "$target.file.pipe" || exit 13
  sha256 <"$target.file.pipe" >"$target.file.sha256" 2>/dev/null &
  tee --output-error=warn-nopipe "$target.file.pipe" <&"$EXTRACT_FD" 2>/dev/null |
    "$tool" -dc 2>"$target.stderr" |
    (
      ulimit -f $((EXTRACT_LIMIT / 1024 + 1))
      tar -f - "$@" >"$target" 2>>"$target.stderr"
      said=$?
      cat >/dev/null # tar stops at the end of the archive; the stream is read to its own
      exit "$said"
    )
  status=("${PIPESTATUS[@]}")
  wait
  ((status[0] == 0)) || exit 11
  ((status[1] == 0 || status[1] == 2)) || exit 12
  ((status[2] == 0)) || exit 14
}

stream_plain() { # TARGET
  local target=$1 status
  if cp --reflink=always -- "/proc/self/fd/$EXTRACT_FD" "$target" 2>/dev/null; then
    sha256 <"/dev/fd/$EXTRACT_FD" >"$target.file.sha256" || exit 11
  else
    rm -f -- "$target"
    mkfifo -- "$target.file.pipe" || exit 13
    sha256 <"$target.file.pipe" >"$target.file.sha256" 2>/dev/null &
    tee --output-error=exit "$target.file.pipe" <&"$EXTRACT_FD" 2>"$target.stderr" >"$target"
    status=$?
    wait
    if ((status != 0)); then
      grep -q 'read error' "$target.stderr" && exit 11
      exit 13
    fi
  fi
  cp -- "$target.file.sha256" "$target.database.sha256"
}

extract_plain() { # FILE TARGET UNCHANGED
  local file=$1 target=$2 suffix size=$EXTRACT_SIZE sidecars=''
  for suffix in -wal -journal; do
    [[ -f $file$suffix && -s $file$suffix ]] || continue
    sidecars+=" $suffix"
    file_size "$file$suffix"
    size=$((size + REPLY * 2))
  done
  extract_space "$target" "$size" || return 0
  extract_run "$3" stream_plain "$target"
  [[ $EXTRACT_PROBLEM == '' && $sidecars != '' ]] || return 0
  extract_fold "$file" "$target" "$sidecars"
}

# What a sidecar holds is part of the database: committed rows (-wal), or how to take back half a change (-journal).
extract_fold() {
  local file=$1 target=$2 suffix
  for suffix in $3; do
    if ! cp -- "$file$suffix" "$target$suffix" 2>/dev/null; then
      extract_finds internal "Its ${suffix#-} file could not be read."
      return
    fi
  done
  # SQLite would look for that file, anywhere, and delete it.
  if [[ -s $target-journal && $(tail -c 8 -- "$target-journal" | od -An -tx1 | tr -d ' \n') == d9d505f920a163d7 ]]; then
    extract_finds internal 'Its -journal names a file of another database; it is not followed.'
    rm -f -- "$target"-{wal,journal}
    return
  fi
  EXTRACT_DATABASE_SHA256=''
  sql_private "$target" 'PRAGMA wal_checkpoint(TRUNCATE); SELECT count(*) FROM sqlite_master;' >/dev/null 2>"$target.stderr" ||
    extract_finds integrity "Its $3 file could not be folded in: $(extract_complaint "$target")"
  rm -f -- "$target"-{wal,shm,journal} "$target.stderr"
}

# sql_private FILE SQL: as sql, but may write. Only for a copy in a folder of ours.
sql_private() {
  local database=$1
  [[ $database == /* ]] || database=./$database
  sqlite3 -batch -bail -noheader -separator $'\t' -nullvalue '' -init /dev/null "$database" "$SQL_DISTRUST $2" </dev/null
}
