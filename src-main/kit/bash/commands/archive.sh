# --- application, config, systemd: back up a tree of files --------------------------------------------------------------------
#
# The owner makes a tar archive of the tree; the reader lists it, hashes each member, compresses it and reads it back.

A_KIND='' A_ORIGIN='' A_PREFIX='' A_FOLDER='' # of the command; the folder that the backup gets its name in
A_PART=''      # `The application`, for sentences
A_DONE='' A_ERROR='' A_LOG=backup.log # what the runbook logs, and where
A_UNCHANGED='' # what a failure did not change
A_WARNINGS=()
A_MEMBERS_SHA256='' # of the list of members
A_PRIVATE='' # not empty if a file in it may not be read by all who may read the backup
A_BYTES=0 A_MEMBERS=0 A_TAKEN_AT=0 A_FILE='' A_STAMP='' A_COMPLAINT=''
A_STATE='' A_ENTRIES=0 A_UNREAD=0 A_UNREADABLE='' # of the part that was asked about last
A_STEP='' # ending of the steps' names, where there are several parts

archive_check() { # KIND ARGUMENT…
  A_KIND=$1 A_ORIGIN=manual
  shift
  case "$*" in
    '') ;;
    --scheduled) A_ORIGIN=scheduled ;;
    *) usage_wrong ;;
  esac
}

archive_warn() {
  A_WARNINGS+=("$1")
  say warning "$1"
}

# Log the failure for the runbook's monitoring. A cancel is not an error.
archive_failed() {
  [[ $1 == cancelled ]] || runbook_log "$A_LOG" "ERROR: $A_ERROR: $2"
}

# archive_tree: the steps of a backup of A_KIND.
archive_tree() {
  local began ended
  now_ms
  began=$REPLY
  A_UNCHANGED="$A_PART was only read; no backup was made." A_WARNINGS=()
  ON_FAIL=archive_failed
  lock_site
  archive_before
  archive_prepare
  heed_cancel "$A_UNCHANGED"
  archive_copy "$A_KIND"
  archive_members
  archive_squeeze
  archive_publish
  ON_FAIL=''
  archive_after
  now_ms
  ended=$REPLY
  archive_report $((ended - began))
}

# archive_ask PART: set A_STATE, A_ENTRIES, A_BYTES and A_UNREAD… of a part that is on the server.
archive_ask() {
  local line value
  A_STATE='' A_ENTRIES=0 A_BYTES=0 A_UNREAD=0 A_UNREADABLE=''
  while IFS= read -r line; do
    value=${line#*=}
    [[ ! $line =~ $ZERO_LED ]] || continue
    case $line in
      state=*) [[ ! $value =~ ^(there|missing|not-folder|no-rights)$ ]] || A_STATE=$value ;;
      entries=*) [[ ! $value =~ ^[0-9]{1,9}$ ]] || A_ENTRIES=$value ;;
      bytes=*) [[ ! $value =~ ^[0-9]{1,15}$ ]] || A_BYTES=$value ;;
      unreadableCount=*) [[ ! $value =~ ^[0-9]{1,9}$ ]] || A_UNREAD=$value ;;
      unreadable=*) [[ $A_UNREADABLE != '' ]] || { decode_path "${value:0:1000}" && A_UNREADABLE=$REPLY; } ;;
    esac
  done < <(side_says 600 65536 owner tree_facts "$1")
}

archive_prepare() {
  step check 'Check the files and the space'
  archive_ask "$A_KIND"
  archive_unusual
  case $A_STATE in
    there) ;;
    missing) archive_missing ;;
    not-folder) fail missing-part "$A_PART is not a folder." "$A_UNCHANGED" 'look what is there instead' ;;
    no-rights)
      owner_words
      fail no-rights "The owner of the CVD data ($REPLY) cannot read the folder of ${A_PART,}." "$A_UNCHANGED" \
        'look who owns it; if this login is not root, log in as root or with sudo'
      ;;
    *) fail internal "The files of ${A_PART,} could not be listed in time." "$A_UNCHANGED" ;;
  esac
  ((A_UNREAD == 0)) || archive_unreadable "$A_UNREAD" "$A_UNREADABLE"
  ((A_ENTRIES > 0)) || fail empty "$A_PART has no files." "$A_UNCHANGED" ''
  backups_folder "$A_FOLDER" "$A_UNCHANGED"
  # The archive, and once more: first what is unpacked from it to be hashed, then the compressed file.
  new_backup_begin "$A_FOLDER" $((A_BYTES * 2 + A_ENTRIES * 2048 + 16777216)) "$A_UNCHANGED"
  step_done files:="$A_ENTRIES" bytes:="$A_BYTES" free:="$REPLY" compressor="$D_COMPRESSOR"
}

# Never back up what is left silently: the files that cannot be read may be the ones that matter.
archive_unreadable() { # HOW-MANY PATH
  local many
  counted "$1" 'file or folder' 'files or folders'
  many=$REPLY
  owner_words
  fail no-rights "The owner of the CVD data ($REPLY) cannot read $many, the first of them $2." "$A_UNCHANGED" \
    'give the owner the right to read it, or move it elsewhere'
}

# archive_copy PART [PREFIX [FILE]]: have the owner copy it to reader/FILE (tree.tar), with the prefix before each member's name.
archive_copy() {
  local status
  step "copy$A_STEP" "Copy the files of ${A_PART,}"
  now_ms
  A_TAKEN_AT=$REPLY
  in_background tree_pack_by_owner "$1" "${2-}"
  watch "$A_UNCHANGED" archive_copy_progress "$REPLY"
  status=$?
  archive_said
  case $status in
    0) ;;
    21) fail no-rights "The owner of the CVD data cannot read a file of ${A_PART,}: $A_COMPLAINT" "$A_UNCHANGED" \
      'give the owner the right to read it, or move it elsewhere' ;;
    22) fail database-locked "A database in it was locked for more than $((POLICY[busy_timeout] / 1000)) s: $A_COMPLAINT" "$A_UNCHANGED" \
      'look who holds it' ;;
    23) fail no-space 'The disk became full while the files were copied.' "$A_UNCHANGED" 'remove old backups' ;;
    "$TOO_LONG") archive_late 'The files could not be copied' ;;
    *) fail internal "The files could not be copied (status $status): $A_COMPLAINT" "$A_UNCHANGED" ;;
  esac
  seize tree.tar "${3:-tree.tar}" || fail internal 'The copy is not a regular file of the owner.' "$A_UNCHANGED"
  file_size "reader/${3:-tree.tar}"
  D_SIZE=$REPLY
  step_done members:="$A_MEMBERS" bytes:="$D_SIZE"
}

archive_late() { # WHAT
  span_words "$WATCH_SECONDS"
  fail internal "$1 within $REPLY." "$A_UNCHANGED" 'look why the disk or the processor is so slow'
}

tree_pack_by_owner() {
  owner_do tree_pack "$@" 2>/dev/null | head -c 65536 >packed
  return "${PIPESTATUS[0]}"
}

archive_copy_progress() {
  file_size owner/tree.tar
  progress "$((REPLY < A_BYTES ? REPLY : A_BYTES))" "$A_BYTES" bytes
}

# archive_said: take what the owner said of its copy: figures and warnings.
archive_said() {
  local line value words
  A_MEMBERS=0 A_COMPLAINT=''
  while IFS= read -r line; do
    value=${line#*=}
    [[ ! $line =~ $ZERO_LED ]] || continue
    decode_path "${value:0:1000}"
    words=$REPLY
    case $line in
      members=*) [[ ! $value =~ ^[0-9]{1,9}$ ]] || A_MEMBERS=$value ;;
      unreadable=* | complaint=*) A_COMPLAINT=${A_COMPLAINT:-$words} ;;
      skipped=*) archive_warn "Not in the backup, as it is not a file, folder or link: $words" ;;
      unsteady=*) archive_warn "This file came, went or changed each time while it was read; its copy may be missing or hold half a change: $words" ;;
      raw=*) archive_warn "This file looks like a database and cannot be read as one; it was copied as it is: $words" ;;
    esac
  done <packed
  A_COMPLAINT=${A_COMPLAINT:-no detail}
}

# archive_members: list reader/tree.tar with the hash of each file; it has to have as many members as were copied.
archive_members() {
  step "members$A_STEP" 'Hash each file of the copy'
  extract_space . $((D_SIZE * 2)) || fail no-space "$EXTRACT_PROBLEM" "$A_UNCHANGED" 'remove old backups'
  in_background members_by_reader tree.tar
  watch "$A_UNCHANGED" '' "$REPLY"
  (($? != TOO_LONG)) || archive_late 'The copy could not be listed'
  members_take || archive_refused
  A_PRIVATE+=$M_PRIVATE
  ((M_COUNT == A_MEMBERS && M_COUNT > 0)) ||
    fail internal "The copy does not hold what was copied: $M_COUNT members instead of $A_MEMBERS." "$A_UNCHANGED"
  step_done members:="$M_COUNT" bytes:="$M_BYTES"
}

# archive_squeeze: compress reader/tree.tar to reader/backup.gz, read it back, and take the reader's files over.
archive_squeeze() {
  step "compress$A_STEP" "Compress the copy with $D_COMPRESSOR, read it back"
  in_background compress_by_reader tree.tar
  watch "$A_UNCHANGED" database_compress_progress "$REPLY"
  (($? != TOO_LONG)) || archive_late 'The copy could not be compressed'
  reader_settle || fail internal 'The written file is not the expected one.' "$A_UNCHANGED"
  if [[ ! -e reader/read-back-equal ]]; then
    free_bytes .
    ((REPLY >= D_SIZE)) || fail no-space 'The disk became full while the copy was compressed.' "$A_UNCHANGED" 'remove old backups'
    fail integrity "The compressed backup does not read back correctly: $(tail -n 1 reader/compress.log | head -c 300)" "$A_UNCHANGED" ''
  fi
  file_size reader/backup.gz
  step_done bytes:="$REPLY" read_back=equal
}

archive_refused() {
  case $M_CODE in
    no-space) fail no-space "$M_PROBLEM" "$A_UNCHANGED" 'remove old backups' ;;
    refused) fail internal "The copy is not what was copied. $M_PROBLEM" "$A_UNCHANGED" ;;
    *) fail internal "The copy could not be listed: $M_PROBLEM" "$A_UNCHANGED" ;;
  esac
}

# Publish only what is complete, read back and on disk. Write the fingerprint first.
archive_publish() {
  local mode=640
  step publish 'Publish the backup'
  members_hash_of members || fail internal 'The SHA-256 of the list of members could not be computed.' "$A_UNCHANGED"
  A_MEMBERS_SHA256=$REPLY
  # No easier to read than the most private file in it.
  [[ $A_PRIVATE$M_PRIVATE == '' ]] || mode=600
  new_backup_take "$mode" "$A_UNCHANGED"
  new_backup_name "$A_UNCHANGED" archive_name archive_fingerprint
  A_FILE=$REPLY
  counted "$M_COUNT" member members
  new_backup_record "$A_FILE" "$A_KIND" "$A_ORIGIN" "$A_TAKEN_AT" "Read back when it was made, $REPLY."
  step_done file="${A_FILE##*/}" sha256="${FP[sha256]}" mode="$mode"
}

archive_name() {
  # The name of a system backup is in the archive, and was chosen before.
  [[ $A_KIND == system ]] || A_STAMP=$(date +%Y%m%d_%H%M%S)
  REPLY=$A_FOLDER/${A_PREFIX}_$A_STAMP.tar.gz
}

archive_fingerprint() { # FILE
  fingerprint_of_archive "$1" "$A_KIND" "$N_SHA256" "$N_SIZE" "$N_COPY_SHA256" "$D_SIZE" "$A_TAKEN_AT"
  root_files "$A_KIND"
  FP[rootFiles]=$REPLY
  FP[membersSha256]=$A_MEMBERS_SHA256 FP[commit]=$(side_says 10 64 owner site_commit)
  [[ ${FP[commit]} =~ ^[0-9a-f]{40,64}$ ]] || FP[commit]=''
  fingerprint_save "$1" members
}

archive_report() { # MS
  local backup fingerprint warnings=() one
  backup_entry_json "$A_FILE"
  backup=$REPLY
  archive_fingerprint_json
  fingerprint=$REPLY
  for one in ${A_WARNINGS[@]+"${A_WARNINGS[@]}"}; do
    json_string "${one:0:1200}"
    warnings+=("$REPLY")
  done
  json_array ${warnings[@]+"${warnings[@]}"}
  json_object backup:="$backup" fingerprint:="$fingerprint" warnings:="$REPLY" ms:="$1" compressor="$D_COMPRESSOR"
  succeed "$A_PART was backed up to $A_FILE." "$REPLY"
}
