# --- system: everything that a server is built from again, in one file ---------------------------------------------------------
#
# The parts are copied one after the other, each as its own backup is, and removed as they are put together: no moment needs
# more room than the parts' own backups do.

S_TOP='' S_NEEDED=0 S_PARTS=() S_VENV=''
S_MEMBERS=0 # how many the archive has to have, before its manifests
S_DATABASE_SHA256=''

check_system() { archive_check system "$@"; }

run_system() {
  local began ended
  check_system "$@"
  now_ms
  began=$REPLY
  A_PREFIX=cvd_system A_FOLDER=$BACKUPS/system A_LOG=system_backup.log A_WARNINGS=()
  A_PART='The site' A_UNCHANGED='The site was only read; no backup was made.'
  A_DONE='System backup completed' A_ERROR='System backup failed'
  ON_FAIL=archive_failed
  lock_site
  runbook_log "$A_LOG" 'Starting full system backup...'
  system_prepare
  heed_cancel "$A_UNCHANGED"
  system_database
  system_packed application 'The application'
  [[ $S_VENV == '' ]] || system_packed venv 'The virtual environment'
  system_files
  system_describe
  system_put_together
  A_PART='The site' A_STEP=''
  archive_squeeze
  archive_publish
  ON_FAIL=''
  human_bytes "${FP[size]}"
  runbook_log "$A_LOG" "System backup completed: ${A_FILE##*/} (${REPLY// /})"
  now_ms
  ended=$REPLY
  archive_report $((ended - began))
}

# system_prepare: look at every part and at the space before anything is copied. Without the database or the application there
# is nothing to recover a site from; what else is missing is said.
system_prepare() {
  local part free
  step check 'Check the parts and the space'
  database_look
  S_NEEDED=$((D_SIZE * 2 + 33554432)) S_PARTS=() S_VENV=''
  for part in application config systemd nginx; do system_ask "$part"; done
  if [[ ${POLICY[include_venv]} == yes ]]; then
    system_ask venv
    [[ " ${S_PARTS[*]} " != *' venv '* ]] || S_VENV=yes
  fi
  archive_unusual
  backups_folder "$A_FOLDER" "$A_UNCHANGED"
  new_backup_begin "$A_FOLDER" "$S_NEEDED" "$A_UNCHANGED"
  free=$REPLY
  system_name
  step_done needed:="$S_NEEDED" free:="$free" compressor="$D_COMPRESSOR" parts="database ${S_PARTS[*]}"
}

# system_ask PART: add it to S_PARTS and its bytes to S_NEEDED, or say that it is missing.
system_ask() {
  local part=$1
  archive_ask "$part"
  ((A_UNREAD == 0)) || archive_unreadable "$A_UNREAD" "$A_UNREADABLE"
  if [[ $A_STATE == there ]] && ((A_ENTRIES > 0)); then
    S_PARTS+=("$part")
    S_NEEDED=$((S_NEEDED + A_BYTES * 2 + A_ENTRIES * 2048))
    return
  fi
  case $part in
    application) fail missing-part "There is no application in $ROOT/app." "$A_UNCHANGED" 'if the CVD root lies elsewhere, set it: cvd-backup policy root=…' ;;
    config) archive_warn "Not in the backup: there is no configuration in $ROOT/config." ;;
    systemd) archive_warn "Not in the backup: no unit of ${POLICY[service]} lies in ${POLICY[units]}." ;;
    nginx) archive_warn "Not in the backup: there is no nginx site ${POLICY[nginx_site]}." ;;
    *) archive_warn "Not in the backup: there is no virtual environment in $ROOT/app/venv." ;;
  esac
}

# system_name: choose the name now: it is in the archive, too.
system_name() {
  local turn folder=/proc/self/fd/$WORK_PARENT_FD
  for ((turn = 0; turn < 5; turn++)); do
    A_STAMP=$(date +%Y%m%d_%H%M%S)
    S_TOP=cvd_system_$A_STAMP
    [[ -e $folder/$S_TOP.tar.gz || -L $folder/$S_TOP.tar.gz ]] || return 0
    sleep 1
  done
  fail internal "The backup could not be given the name $S_TOP." "$A_UNCHANGED"
}

system_database() {
  database_copy
  database_check_and_compress
  reader_word reader/copy.sha256
  S_DATABASE_SHA256=$REPLY
  system_settled database.gz
}

# system_settled NAME: after the reader has made backup.gz and was settled, keep it as NAME and let the reader go on.
system_settled() {
  mv -nT -- reader/backup.gz "reader/$1" && rm -f reader/copy.* reader/tree.tar reader/backup.* reader/read-back-equal reader/compress.log &&
    reader_resume || fail internal 'The work folder could not be used.' "$A_UNCHANGED"
}

# system_packed PART WORDS: copy a tree, compress it and read it back, as a file of its own in the backup.
system_packed() {
  heed_cancel "$A_UNCHANGED"
  A_PART=$2 A_STEP=-$1
  archive_copy "$1"
  archive_members
  archive_squeeze
  system_settled "$1.gz"
}

# system_files: copy the files that are members of the backup themselves.
system_files() {
  local part
  # The five folders, the database and the application.
  S_MEMBERS=7
  [[ $S_VENV == '' ]] || S_MEMBERS=$((S_MEMBERS + 1))
  for part in ${S_PARTS[@]+"${S_PARTS[@]}"}; do
    case $part in config | systemd | nginx) ;; *) continue ;; esac
    heed_cancel "$A_UNCHANGED"
    A_PART='A part of the site' A_STEP=-$part
    archive_copy "$part" "$S_TOP/config" "$part.tar"
    S_MEMBERS=$((S_MEMBERS + A_MEMBERS))
  done
  # The backup's moment is that of its database.
  A_TAKEN_AT=$D_TAKEN_AT
}

# system_describe: note what a restore elsewhere has to know. Nothing of it can make the backup fail.
system_describe() {
  local size
  step describe 'Describe this server'
  side_says 60 2097152 owner system_info >described
  side_says 60 262144 owner system_facts >facts
  reader_do system_keep info <described >/dev/null 2>&1 || archive_warn 'The system information could not be kept.'
  file_size described
  size=$REPLY
  if ((size > 0)); then S_MEMBERS=$((S_MEMBERS + 1)); else archive_warn 'The system information could not be collected.'; fi
  services_read
  step_done bytes:="$size"
}

# system_put_together: make the archive, list it, and add what the list is for: MANIFEST.txt and manifest.json.
system_put_together() {
  step assemble 'Put the parts together'
  in_background system_assemble_by_reader
  watch "$A_UNCHANGED" '' "$REPLY" || system_not_assembled
  system_list
  system_counted "$S_MEMBERS"
  manifest_text >manifest.people
  manifest_json >manifest.programs
  reader_do system_keep MANIFEST.txt <manifest.people >/dev/null 2>&1 && reader_do system_keep manifest.json <manifest.programs >/dev/null 2>&1 &&
    reader_do system_append "$S_TOP" "$OWNER_UID" "$DATA_GID" MANIFEST.txt manifest.json >/dev/null 2>&1 || system_not_assembled
  system_list
  system_counted $((S_MEMBERS + 2))
  file_size reader/tree.tar
  D_SIZE=$REPLY
  step_done members:="$M_COUNT" bytes:="$D_SIZE"
}

system_assemble_by_reader() { reader_do system_assemble "$S_TOP" "$OWNER_UID" "$DATA_GID" >/dev/null 2>&1; }

system_list() {
  file_size reader/tree.tar
  extract_space . "$REPLY" || fail no-space "$EXTRACT_PROBLEM" "$A_UNCHANGED" 'remove old backups'
  in_background members_by_reader tree.tar
  watch "$A_UNCHANGED" '' "$REPLY"
  (($? != TOO_LONG)) || archive_late 'The archive could not be listed'
  members_take || archive_refused
}

system_counted() { # MEMBERS
  ((M_COUNT == $1)) || fail internal "The archive does not hold what was put into it: $M_COUNT members instead of $1." "$A_UNCHANGED"
}

system_not_assembled() {
  free_bytes .
  ((REPLY >= 1048576)) || fail no-space 'The disk became full while the parts were put together.' "$A_UNCHANGED" 'remove old backups'
  fail internal 'The parts could not be put together.' "$A_UNCHANGED"
}
