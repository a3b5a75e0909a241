# --- upload: a backup from the console's computer ------------------------------------------------------------------------------
#
# The owner writes what arrives to NAME.KEY.part in the folder where NAME will be; KEY is the beginning of the announced hash.
# The partial file needs no record of ours: its name says what it is to become, its size how much has arrived, and its content
# is trusted only after all of it was read back and hashed by the reader. It is listed as unfinished until then.

readonly UPLOAD_UNCHANGED='no backup was added'
readonly UPLOAD_DAYS=7   # a partial upload that was not continued for so long is removed
readonly UPLOAD_SECONDS=86400 # the owner gets no more time than that for the bytes
U_NAME='' U_SIZE='' U_SHA256='' U_RESUME='' U_MODIFIED=''
U_FOLDER='' # the folder of its kind below the backups: empty, `app` or `system`
U_PART='' U_PATH=''
U_LOCK_FD=''

# upload NAME --size BYTES --sha256 HEX [--modified MS] [--resume]
run_upload() {
  local from status received
  upload_arguments "$@"
  transfer_streams 0 'upload: the bytes come on stdin; redirect it from a file'
  upload_name
  state_writable || fail no-rights "This login cannot keep state: $STATE cannot be written." "$UPLOAD_UNCHANGED" \
    'log in as root, with sudo, or as a user with a writable home'
  [[ $OWNER_PROBLEM == '' ]] || fail wrong-owner "$OWNER_PROBLEM" "$UPLOAD_UNCHANGED" \
    'look who owns the folders; if the policy is wrong, set it: cvd-backup policy owner=USER:GROUP'
  # Stdin carries the bytes; its early end is noticed by whoever counts them.
  FOLLOW_STDIN=''
  answer_alone
  upload_lock
  upload_look
  from=$REPLY
  backups_space "$BACKUPS" $((U_SIZE - from + 16777216)) "$UPLOAD_UNCHANGED"
  step receive "Receive $U_NAME"
  say_file "$U_PATH" "$U_SIZE" "$from" "$U_MODIFIED" "$U_SHA256"
  upload_receive "$from"
  received=$REPLY
  ((from + received == U_SIZE)) || fail incomplete "$((from + received)) of $U_SIZE bytes have arrived." "$UPLOAD_UNCHANGED" \
    'upload it again: it goes on where it stopped'
  step_done bytes:="$received"
  step verify 'Read it back and compare its SHA-256'
  upload_hash "$U_PART"
  if [[ $REPLY != "$U_SHA256" ]]; then
    [[ $REPLY =~ ^[0-9a-f]{64}$ ]] || fail internal 'What was written could not be read back.' "$UPLOAD_UNCHANGED" 'upload it again'
    side_says 60 1 owner upload_discard "$U_FOLDER" "${U_PART##*/}" >/dev/null
    fail fingerprint-mismatch "What arrived is not the file that was announced: its SHA-256 is ${REPLY:0:12}…, not ${U_SHA256:0:12}…." \
      "$UPLOAD_UNCHANGED; what had arrived was removed" 'upload it again from the beginning'
  fi
  step_done sha256="$U_SHA256"
  step publish 'Publish the backup'
  upload_finish
}

upload_arguments() {
  U_NAME=${1-}
  [[ $U_NAME != '' && $U_NAME != --* ]] || usage_wrong
  shift
  while (($# > 0)); do
    case $1 in
      --resume) U_RESUME=yes; shift; continue ;;
      --size | --sha256 | --modified) (($# >= 2)) || usage_error "$1: a value is missing" ;;
      *) usage_wrong ;;
    esac
    case $1 in
      --size) U_SIZE=$2 ;;
      --sha256) U_SHA256=$2 ;;
      --modified) U_MODIFIED=$2 ;;
    esac
    shift 2
  done
  [[ $U_SIZE =~ ^[1-9][0-9]{0,14}$ ]] || usage_error '--size: the number of bytes'
  [[ $U_SHA256 =~ ^[0-9a-f]{64}$ ]] || usage_error '--sha256: 64 hexadecimal digits'
  [[ $U_MODIFIED =~ ^([1-9][0-9]{0,14})?$ ]] || usage_error '--modified: milliseconds since 1970'
}

# upload_name: refuse a name that is not one of a backup; set U_FOLDER, U_PART and U_PATH from it.
upload_name() {
  local next='give it the name of a backup, such as cvd_backup_20260131_120000.db.gz'
  [[ $U_NAME != *[/[:cntrl:]]* && $U_NAME != [.-]* && ${#U_NAME} -le 200 ]] ||
    fail not-a-backup "'$U_NAME' cannot be the name of a backup." "$UPLOAD_UNCHANGED" "$next"
  backup_class "$U_NAME"
  [[ $REPLY == backup ]] || fail not-a-backup "'$U_NAME' is not the name of a backup, but of a file of the class $REPLY." "$UPLOAD_UNCHANGED" "$next"
  [[ $U_NAME != "${DATABASE##*/}" && $U_NAME != "${DATABASE_FILE##*/}" ]] ||
    fail not-a-backup "'$U_NAME' is the name of the live database." "$UPLOAD_UNCHANGED" "$next"
  backup_kind "$BACKUPS/$U_NAME"
  case $REPLY in
    database) U_FOLDER='' ;;
    system) U_FOLDER=system ;;
    *) U_FOLDER=app ;;
  esac
  U_PATH=$BACKUPS/${U_FOLDER:+$U_FOLDER/}$U_NAME
  U_PART=$U_PATH.${U_SHA256:0:16}.part
  { ! fingerprint_load "$U_PATH" && ! fingerprint_load "$U_PATH" archive; } || [[ ${FP[sha256]} == "$U_SHA256" ]] ||
    fail fingerprint-mismatch "A backup called $U_NAME was made on this site, and this is not it: the SHA-256 recorded then is ${FP[sha256]:0:12}…." \
      "$UPLOAD_UNCHANGED" 'upload it under another name'
}

# upload_lock: one upload of a name at a time.
upload_lock() {
  local file
  mkdir -p -- "$STATE/uploads" && find "$STATE/uploads" -mindepth 1 -mtime +2 -delete
  file=$(printf '%s' "$U_NAME" | sha256sum)
  file=$STATE/uploads/${file%% *}
  while { exec {U_LOCK_FD}>>"$file"; } 2>/dev/null; do
    flock -n "$U_LOCK_FD" || fail busy "Another upload of $U_NAME is running." "$UPLOAD_UNCHANGED" 'wait until it has ended'
    [[ ! /proc/self/fd/$U_LOCK_FD -ef $file ]] || return 0
    exec {U_LOCK_FD}>&-
  done
  fail internal "The upload could not be recorded in $STATE/uploads." "$UPLOAD_UNCHANGED" ''
}

# upload_look: REPLY = how many bytes of it are here already. Ends the command if the backup is.
upload_look() {
  local answer
  backups_folder "$BACKUPS" "$UPLOAD_UNCHANGED"
  side_says 60 1 owner uploads_sweep "$UPLOAD_DAYS" >/dev/null
  IFS= read -r answer < <(side_says 60 64 owner upload_state "$U_FOLDER" "$U_NAME" "${U_PART##*/}")
  case $answer in
    "taken $U_SIZE")
      upload_hash "$U_PATH"
      [[ $REPLY != "$U_SHA256" ]] || upload_succeed "The backup is already there: $U_PATH."
      upload_taken
      ;;
    taken*) upload_taken ;;
    'no-folder') fail no-rights "The folder of $U_PATH cannot be entered or made by the owner of the CVD data." "$UPLOAD_UNCHANGED" \
      'look who owns it' ;;
  esac
  answer=${answer#part }
  [[ $answer =~ $WHOLE_NUMBER ]] || fail internal "The folder of $U_PATH could not be looked at." "$UPLOAD_UNCHANGED" ''
  [[ $U_RESUME != '' ]] && ((answer <= U_SIZE)) || answer=0
  REPLY=$answer
}

upload_taken() { fail name-taken "There is another file called $U_NAME already." "$UPLOAD_UNCHANGED" 'upload it under another name'; }

# upload_receive FROM: REPLY = how many bytes arrived and were written.
upload_receive() {
  local input status counted
  exec {input}<&0
  # Who uploads by hand sends the file from its beginning.
  if [[ $EVENTS_FD == '' ]]; then
    dd bs=256K iflag=fullblock,count_bytes count="$1" status=none <&"$input" >/dev/null
  fi
  counted=$(upload_pump "$1" "$input")
  status=$?
  exec {input}<&-
  case $status in
    0) ;;
    13) fail no-space 'The disk became full while the backup was received.' "$UPLOAD_UNCHANGED" \
      'remove old backups, then upload it again: it goes on where it stopped' ;;
    *) fail internal "What arrived could not be written (status $status)." "$UPLOAD_UNCHANGED" "look who may write to ${U_PATH%/*}" ;;
  esac
  [[ $counted =~ ^(0|[1-9][0-9]{0,14})$ ]] || counted=0
  REPLY=$counted
}

# upload_pump FROM FD: pass what arrives to the owner; print its length. Status: the owner's.
upload_pump() {
  local from=$1 out status
  [[ $from =~ $WHOLE_NUMBER ]] || exit 2
  exec {out}>&1
  upload_relay $((U_SIZE - from)) "$out" <&"$2" |
    SIDE_SECONDS=$UPLOAD_SECONDS owner_do upload_write "$U_FOLDER" "${U_PART##*/}" "$from" >/dev/null 2>&1
  status=("${PIPESTATUS[@]}")
  exit "${status[1]}"
}

upload_relay() { # BYTES FD
  local pipe
  exec {pipe}>&1
  relay "$1" "$pipe"
  printf '%s\n' "$REPLY" >&"$2"
}

# upload_hash PATH: REPLY = the SHA-256 of a file, as the reader finds it; empty if it cannot be read.
upload_hash() {
  REPLY=''
  IFS= read -r REPLY < <(SIDE_SECONDS=$UPLOAD_SECONDS owner_do backup_send "$1" '' 2>/dev/null | reader_do sha256 2>/dev/null | head -c 65)
}

upload_finish() {
  local answer size stamp
  IFS= read -r answer < <(side_says 600 128 owner upload_publish "$U_FOLDER" "${U_PART##*/}" "$U_NAME" "$U_MODIFIED")
  case $answer in
    taken) upload_taken ;;
    published$'\t'*) ;;
    *) fail internal "The backup could not be given the name $U_NAME." "$UPLOAD_UNCHANGED" "look who may write to ${U_PATH%/*}" ;;
  esac
  size=${answer#*$'\t'}
  stamp=${size#*$'\t'} size=${size%%$'\t'*}
  [[ $size == "$U_SIZE" && $stamp =~ ^[0-9]{1,12}(\.[0-9]{1,12})?$ ]] ||
    fail changed 'The file changed while it was published.' 'another program writes to the backups' 'verify the backup'
  upload_record "$size" "$stamp"
  step_done file="$U_NAME"
  upload_succeed "Uploaded: $U_PATH."
}

# upload_record SIZE MTIME: record that it comes from elsewhere. Without a date in its name it is listed by its own.
upload_record() {
  local kind taken
  IFS=$'\t' read -r _ _ _ kind _ _ _ taken _ < <(file_listed "$U_PATH")
  [[ ! $taken =~ ^[0-9]{1,15}$ || ! $kind =~ ^[a-z]{1,20}$ ]] || state_write state_record made "$U_PATH" "$1" "$2" "$kind" foreign "$taken" ||
    say warning "The upload could not be recorded. $STATE_PROBLEM"
  audit uploaded succeeded "$U_PATH" || say warning "The upload could not be recorded in the audit: $STATE/audit."
  runbook_log backup.log "Backup uploaded by $WHO: $U_PATH"
}

upload_succeed() { # MESSAGE
  local entry
  backup_entry_json "$U_PATH"
  entry=$REPLY
  json_object backup:="$entry" sha256="$U_SHA256"
  succeed "$1" "$REPLY"
}
