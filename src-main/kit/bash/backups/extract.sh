# --- Extracting a backup into the reader's folder ------------------------------------------------------------------------
#
# The owner sends the backup's bytes, and the reader makes a database of them. All findings are about the bytes received.
# EXTRACT_SIDE is the sender: the owner, or the reader for a member that it extracted before.

EXTRACT_PROBLEM='' # one sentence, or empty
EXTRACT_CODE=ok    # ok; integrity, empty, not-a-backup: the backup's fault; no-space, no-rights, not-found, changed,
                   # internal: nothing is known about the backup
EXTRACT_SIZE=0 EXTRACT_SHA256=''           # of the backup file
EXTRACT_DATABASE_SIZE=0 EXTRACT_DATABASE_SHA256='' # of the database in it; the hash is empty if a sidecar was folded in
EXTRACT_STAMP=''   # file_stamp of the file read
EXTRACT_FORMAT=''  # gzip, sqlite or other
EXTRACT_TRAILER=0  # the last four bytes as a number
EXTRACT_SIDECARS='' EXTRACT_SIDECAR_BYTES=0
EXTRACT_SIDE=owner
EXTRACT_TARGET='' EXTRACT_WANTED=0 # the file being written, and its expected size

# extract_backup FILE TARGET UNCHANGED [EXPECTED-BYTES]: extract the database of a backup to reader/TARGET. Recognizes gzip
# by its first bytes, not by name. Folds a plain database's sidecars into the copy. Heeds a cancel, and reports UNCHANGED
# then. Status 0, or the EXTRACT_ globals say why not.
extract_backup() {
  local file=$1 target=$2 unchanged=$3 expected=${4:-0}
  extract_look "$file" || return 1
  case $EXTRACT_FORMAT in
    gzip) extract_gzip "$file" "$target" "$unchanged" "$expected" ;;
    sqlite) extract_plain "$file" "$target" "$unchanged" ;;
    *) extract_finds not-a-backup 'The file is neither gzip nor an SQLite database.' ;;
  esac
  [[ $EXTRACT_PROBLEM == '' ]]
}

extract_finds() { EXTRACT_CODE=$1 EXTRACT_PROBLEM=$2; }

# extract_look FILE: set the EXTRACT_ globals from what is known without reading the whole file.
extract_look() {
  local line value state=''
  EXTRACT_PROBLEM='' EXTRACT_CODE=ok EXTRACT_SIZE=0 EXTRACT_SHA256='' EXTRACT_DATABASE_SIZE=0 EXTRACT_DATABASE_SHA256=''
  EXTRACT_STAMP='' EXTRACT_FORMAT='' EXTRACT_TRAILER=0 EXTRACT_SIDECARS='' EXTRACT_SIDECAR_BYTES=0
  while IFS= read -r line; do
    [[ ! $line =~ $ZERO_LED ]] || continue
    value=${line#*=}
    case $line in
      state=*) state=$value ;;
      size=*) [[ ! $value =~ ^[0-9]{1,15}$ ]] || EXTRACT_SIZE=$value ;;
      stamp=*) [[ ! $value =~ ^[0-9]{1,15}$'\t'-?[0-9]{1,12}(\.[0-9]{1,12})?$ ]] || EXTRACT_STAMP=$value ;;
      format=*) [[ ! $value =~ ^(gzip|sqlite|other)$ ]] || EXTRACT_FORMAT=$value ;;
      trailer=*) [[ ! $value =~ ^[0-9]{1,10}$ ]] || EXTRACT_TRAILER=$value ;;
      sidecars=*) [[ ! $value =~ ^(\ -wal|\ -journal)*$ ]] || EXTRACT_SIDECARS=$value ;;
      sidecarBytes=*) [[ ! $value =~ ^[0-9]{1,15}$ ]] || EXTRACT_SIDECAR_BYTES=$value ;;
    esac
  done < <(side_says 60 4096 "$EXTRACT_SIDE" backup_facts "$1")
  case $state in
    there) ;;
    not-found) extract_finds not-found 'The file does not exist (any more).' ;;
    not-plain) extract_finds not-a-backup 'It is not a regular file.' ;;
    no-rights)
      owner_words
      extract_finds no-rights "The owner of the CVD data, $REPLY, may not read the file." ;;
    *) extract_finds internal 'The file could not be inspected.' ;;
  esac
  [[ $EXTRACT_PROBLEM == '' ]] || return 1
  ((EXTRACT_SIZE > 0)) || extract_finds empty 'The file is empty (0 bytes).'
  [[ $EXTRACT_PROBLEM == '' ]]
}

# extract_fix FILE: REPLY = what to do if it cannot be extracted.
extract_fix() {
  local file
  REPLY='choose another backup'
  [[ $EXTRACT_CODE == no-rights && $1 != *[!A-Za-z0-9._/-]* ]] || return 0
  file=$1
  owner_words
  REPLY="let its owner read it: chown $REPLY $file"
}

decompressor() { # REPLY = the fastest one installed
  for REPLY in igzip pigz gzip; do
    ! command -v "$REPLY" >/dev/null || return 0
  done
}

extract_gzip() { # FILE TARGET UNCHANGED EXPECTED-BYTES
  local file=$1 target=$2 unchanged=$3 tool first
  gzip_size "$4"
  extract_space . "$REPLY" || return 0
  decompressor
  first=$REPLY
  # Fall back to gzip before calling a backup damaged: the fast tool may be at fault.
  for tool in "$first" gzip; do
    extract_run "$file" "$unchanged" stream_gzip "$target" "$tool"
    [[ $EXTRACT_CODE == integrity && $tool != gzip ]] || return 0
    extract_finds ok ''
  done
}

# gzip_size EXPECTED: REPLY = the size after decompression: as expected, else from the trailer (modulo 2^32), but at least
# four times the file.
gzip_size() {
  REPLY=$1
  ((REPLY == 0)) || return 0
  # deflate cannot exceed 1032:1, so a larger trailer is wrong.
  ((EXTRACT_TRAILER <= EXTRACT_SIZE * 1032)) || EXTRACT_TRAILER=0
  REPLY=$((EXTRACT_TRAILER > EXTRACT_SIZE * 4 ? EXTRACT_TRAILER : EXTRACT_SIZE * 4))
}

EXTRACT_LIMIT=0
# Leave some space for others: the live database may be on the same file system.
extract_space() { # FOLDER NEEDED
  local free reserve
  free_bytes "$1"
  free=$REPLY
  reserve=$((free / 20 < 67108864 ? free / 20 : 67108864))
  EXTRACT_LIMIT=$((free - reserve)) EXTRACT_WANTED=$2
  (($2 <= EXTRACT_LIMIT)) && return 0
  extract_needs "$2"
  extract_finds no-space "There is not enough space to extract it in $WORK_DIR: $REPLY."
  return 1
}

extract_needs() { # BYTES: REPLY = a sentence with the bytes needed and usable
  local needed
  human_bytes "$1"
  needed=$REPLY
  human_bytes "$((EXTRACT_LIMIT > 0 ? EXTRACT_LIMIT : 0))"
  REPLY="$needed needed, $REPLY can be used"
}

# extract_run FILE UNCHANGED STREAM-FUNCTION TARGET ARG...: pipe the file's bytes through the reader's function and turn its
# status into findings.
extract_run() {
  local file=$1 unchanged=$2 status
  shift 2
  EXTRACT_TARGET=$2
  in_background extract_pump "$file" "$@"
  watch "$unchanged" extract_progress "$REPLY"
  status=$?
  extract_said
  case $status in
    0) [[ $EXTRACT_SHA256 != '' ]] || extract_finds internal 'The SHA-256 of the file could not be computed.' ;;
    11) extract_finds internal 'The file could not be read to the end (input/output error).' ;;
    12) extract_finds integrity "The compressed stream is broken or cut off: $REPLY" ;;
    13)
      if extract_full "$REPLY"; then extract_finds no-space 'The disk became full while it was extracted.'; else
        extract_finds internal "It could not be written: $REPLY"
      fi
      ;;
    14) extract_finds integrity "The archive cannot be read: $REPLY" ;;
    15) extract_finds not-found 'The file vanished while it was read.' ;;
    16) extract_finds changed 'The file changed while it was read.' ;;
    "$TOO_LONG") extract_late 'Extracting it' ;;
    *) extract_finds internal "The extraction stopped (status $status)." ;;
  esac
}

extract_late() { # WHAT
  span_words "$WATCH_SECONDS"
  extract_finds internal "$1 took longer than $REPLY and was stopped; nothing is known about the backup."
}

extract_pump() { # FILE STREAM-FUNCTION TARGET ARGUMENT...
  local file=$1 status
  shift
  "${EXTRACT_SIDE}_do" backup_send "$file" "$EXTRACT_STAMP" 2>/dev/null | reader_do "$@" 2>/dev/null | head -c 4096 >said
  status=("${PIPESTATUS[@]}")
  # A reader that cannot write cuts the sender off, and a sender that cannot read cuts the reader off: report the cause.
  ((status[1] != 13)) || exit 13
  ((status[0] == 0)) || exit "${status[0]}"
  exit "${status[1]}"
}

extract_fold() { # TARGET
  reader_do database_fold "$1" 2>/dev/null | head -c 4096 >said
  return "${PIPESTATUS[0]}"
}

# Take the reader's output about the file it made; REPLY = its complaint.
extract_said() {
  local line value complaint=''
  EXTRACT_SHA256='' EXTRACT_DATABASE_SHA256='' EXTRACT_DATABASE_SIZE=0
  while IFS= read -r line; do
    value=${line#*=}
    case $line in
      file=*) [[ ! $value =~ ^[0-9a-f]{64}$ ]] || EXTRACT_SHA256=$value ;;
      database=*) [[ ! $value =~ ^[0-9a-f]{64}$ ]] || EXTRACT_DATABASE_SHA256=$value ;;
      bytes=*) [[ ! $value =~ $WHOLE_NUMBER ]] || EXTRACT_DATABASE_SIZE=$value ;;
      complaint=*) complaint=${value:0:300} ;;
    esac
  done < <(head -c 4096 said 2>/dev/null)
  REPLY=${complaint:-no detail}
}

extract_full() { # COMPLAINT
  [[ $1 != *@(No space left|File too large|quota)* ]] || return 0
  free_bytes .
  ((REPLY < 1048576)) && return 0
  file_size "reader/$EXTRACT_TARGET"
  ((REPLY >= EXTRACT_LIMIT - 1048576))
}

extract_progress() {
  file_size "reader/$EXTRACT_TARGET"
  ((EXTRACT_WANTED == 0)) || progress "$((REPLY < EXTRACT_WANTED ? REPLY : EXTRACT_WANTED))" "$EXTRACT_WANTED" bytes
}

extract_plain() { # FILE TARGET UNCHANGED
  local file=$1 target=$2 suffix sha256 stamp=$EXTRACT_STAMP
  extract_space . $((EXTRACT_SIZE + EXTRACT_SIDECAR_BYTES * 2)) || return 0
  extract_run "$file" "$3" stream_plain "$target"
  [[ $EXTRACT_PROBLEM == '' && $EXTRACT_SIDECARS != '' ]] || return 0
  # A sidecar is part of the database: committed rows (-wal), or how to undo half a change (-journal).
  sha256=$EXTRACT_SHA256
  for suffix in $EXTRACT_SIDECARS; do
    EXTRACT_STAMP=''
    extract_run "$file$suffix" "$3" stream_plain "$target$suffix"
    EXTRACT_STAMP=$stamp EXTRACT_SHA256=$sha256 EXTRACT_DATABASE_SHA256=''
    if [[ $EXTRACT_PROBLEM != '' ]]; then
      extract_finds internal "Its ${suffix#-} file could not be read."
      return
    fi
  done
  in_background extract_fold "$target"
  watch "$3" '' "$REPLY"
  case $? in
    0) ;;
    "$TOO_LONG") extract_late 'Folding in its sidecar' ;;
    12[4-9] | 1[3-9]? | 2??) extract_finds internal "Its${EXTRACT_SIDECARS} file could not be folded in: sqlite3 was stopped." ;;
    17) extract_finds internal 'Its -journal names a file of another database; it is not followed.' ;;
    *)
      extract_said
      extract_finds integrity "Its${EXTRACT_SIDECARS} file could not be folded in: $REPLY" ;;
  esac
  EXTRACT_SHA256=$sha256 EXTRACT_DATABASE_SHA256=''
  file_size "reader/$target"
  EXTRACT_DATABASE_SIZE=$REPLY
}
