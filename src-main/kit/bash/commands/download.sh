# --- download: the bytes of a backup, for the console's computer ---------------------------------------------------------------
#
# With --events: an event `file`, then the bytes in pieces, then the result. Before each piece an event `bytes` says how many
# follow it. A piece that was announced always has its full length: if the file ends too early, zeros fill the rest, and the
# result says so. The owner reads the file; root counts what it sends and passes it on.

readonly DOWNLOAD_UNCHANGED='the backup was only read'
PIECE=$((4 << 20))
readonly PIECE_MOST=$((64 << 20))

# download FILE [--from OFFSET]
run_download() {
  local file=${1-} from=0 status sha256 basis path modified
  [[ $file != '' ]] || usage_error 'download: which backup?'
  if (($# > 1)); then
    from=${3-}
    [[ $# -eq 3 && $2 == --from && $from =~ ^[0-9]{1,15}$ ]] || usage_wrong
    from=$((10#$from))
  fi
  transfer_streams 1 'download: the bytes come on stdout; redirect it to a file'
  backup_find "$file" || fail not-found "There is no backup '$file'." "$DOWNLOAD_UNCHANGED"
  file=$REPLY
  [[ ! -L $file ]] || fail not-a-backup "'$file' is a link." "$DOWNLOAD_UNCHANGED" 'give the path of the file that it leads to'
  answer_alone
  if ! extract_look "$file"; then
    extract_fix "$file"
    fail "$EXTRACT_CODE" "$EXTRACT_PROBLEM" "$DOWNLOAD_UNCHANGED" "$REPLY"
  fi
  ((from <= EXTRACT_SIZE)) || fail changed "The backup has $EXTRACT_SIZE bytes now, and the download was to go on at byte $from." \
    "$DOWNLOAD_UNCHANGED" 'start the download again from the beginning'
  download_known_sha256 "$file"
  sha256=${REPLY%% *} basis=${REPLY#* }
  stamp_ms "$EXTRACT_STAMP"
  modified=$REPLY
  say_file "$file" "$EXTRACT_SIZE" "$from" "$modified" "$sha256"
  in_background download_pump "$file" "$EXTRACT_STAMP" "$from" $((EXTRACT_SIZE - from))
  watch "$DOWNLOAD_UNCHANGED" '' "$REPLY"
  status=$?
  case $status in
    0) ;;
    11) fail internal 'The file could not be read to the end (input/output error).' "$DOWNLOAD_UNCHANGED" 'look at the disk of the server' ;;
    15) fail not-found 'The file vanished while it was read.' "$DOWNLOAD_UNCHANGED" 'look at the list of backups again' ;;
    16) fail changed 'The file changed while it was read.' "$DOWNLOAD_UNCHANGED" 'start the download again from the beginning' ;;
    *) fail internal "The download stopped (status $status)." "$DOWNLOAD_UNCHANGED" 'try again' ;;
  esac
  state_writable && audit downloaded succeeded "$file" || say warning "The download could not be recorded in the audit: $STATE/audit."
  encode_path "$file"
  path=$REPLY
  json_text_or_null "$sha256"
  json_object path="$path" size:="$EXTRACT_SIZE" offset:="$from" modifiedAt:="$modified" sha256:="$REPLY" basis="$basis"
  succeed "Sent: ${file##*/}." "$REPLY"
}

# transfer_streams FD USAGE: bytes travel on stdin or stdout, so text for people goes to stderr; a terminal is refused.
transfer_streams() {
  [[ $READABLE_FD == '' ]] || READABLE_FD=2
  [[ $FOLLOW_STDIN != '' || ! -t $1 ]] || usage_error "$2"
}

# say_file PATH SIZE OFFSET MODIFIED-MS SHA256: which bytes follow, or are awaited. Unknown values are empty.
say_file() {
  local at path sha256 modified
  now_ms
  at=$REPLY
  encode_path "$1"
  path=$REPLY
  json_text_or_null "$5"
  sha256=$REPLY
  json_number_or_null "$4"
  modified=$REPLY
  json_object kind=file at:="$at" path="$path" size:="$2" offset:="$3" modifiedAt:="$modified" sha256:="$sha256"
  say_event "$REPLY"
}

# stamp_ms STAMP: REPLY = the modification time of a file_stamp in milliseconds; 0 if it is before 1970.
stamp_ms() {
  local seconds=${1#*$'\t'} part=000
  [[ $seconds != *.* ]] || part=${seconds#*.}000
  seconds=${seconds%%.*} part=${part:0:3} REPLY=0
  [[ $seconds =~ ^[0-9]{1,12}$ && $part =~ ^[0-9]{3}$ ]] || return 0
  REPLY=$((10#$seconds * 1000 + 10#$part))
}

# download_known_sha256 FILE: REPLY = "SHA256 BASIS": of its fingerprint, else of its last verification if the file is the same
# since; " none" if neither is there.
download_known_sha256() {
  local fields=()
  if fingerprint_load "$1" || fingerprint_load "$1" archive; then
    REPLY="${FP[sha256]} fingerprint"
    return
  fi
  while IFS=$'\t' read -r -a fields; do
    [[ ${fields[1]-}$'\t'${fields[2]-} == "$EXTRACT_STAMP" && ${fields[6]-} =~ ^[0-9a-f]{64}$ ]] || continue
    REPLY="${fields[6]} verification"
    return
  done < <(backup_verdicts "$1")
  REPLY=' none'
}

download_pump() { # FILE STAMP FROM BYTES
  local status
  owner_do backup_send "$1" "$2" "$3" 2>/dev/null | download_relay "$4"
  status=("${PIPESTATUS[@]}")
  ((status[1] == 0)) || {
    # It sent too little: it may know why.
    ((status[1] != 18 || status[0] < 11 || status[0] > 16)) || exit "${status[0]}"
    ((status[1] == 18)) && exit 16
    exit "${status[1]}"
  }
  exit "${status[0]}"
}

# download_relay BYTES: pass exactly that many on to the console. Status 16 if more came, 18 if less, 19 if nobody takes them.
# Between two pieces nothing travels while processes start, so pieces grow; on a slow link they stay short, to be proven soon.
download_relay() {
  local rest=$1 most=$PIECE count out began
  [[ $rest =~ ^[0-9]{1,15}$ ]] || exit 2
  exec {out}>&1
  while ((rest > 0)); do
    count=$((rest < most ? rest : most))
    now_ms
    began=$REPLY
    say_event "{\"kind\":\"bytes\",\"at\":$REPLY,\"count\":$count}" 2>/dev/null || exit 19
    relay "$count" "$out" || exit 19
    if ((REPLY < count)); then
      [[ $EVENTS_FD == '' ]] || head -c $((count - REPLY)) /dev/zero >&"$out"
      exit 18
    fi
    rest=$((rest - count))
    now_ms
    ((REPLY - began >= 500 || most >= PIECE_MOST)) || most=$((2 * most))
  done
  [[ $(head -c 1 | wc -c) == 0 ]] || exit 16
}

# relay COUNT FD: copy at most that many bytes from stdin. REPLY = bytes copied; status 1 if they could not be written.
relay() {
  REPLY=$(dd bs=64K iflag=fullblock,count_bytes count="$1" 2>&1 1>&"$2" | tail -n 1)
  [[ $REPLY =~ ^([0-9]{1,15})\ bytes?\  ]] || { REPLY=0; return 1; }
  REPLY=${BASH_REMATCH[1]}
}
