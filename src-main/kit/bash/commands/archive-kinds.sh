# --- application, config, systemd: what differs between them ------------------------------------------------------------------

check_application() { archive_check application "$@"; }
check_config() { archive_check config "$@"; }
check_systemd() { archive_check systemd "$@"; }

run_application() {
  check_application "$@"
  A_PREFIX=cvd_app A_PART='The application' A_FOLDER=$BACKUPS/app
  A_DONE='Application code backup completed' A_ERROR='Application code backup failed'
  archive_tree
}

run_config() {
  check_config "$@"
  A_PREFIX=cvd_config A_PART='The configuration' A_FOLDER=$BACKUPS/app
  A_DONE='Configuration backup completed' A_ERROR='Configuration backup failed'
  archive_tree
}

run_systemd() {
  check_systemd "$@"
  A_PREFIX=cvd_systemd A_PART='The service unit' A_FOLDER=$BACKUPS/app
  A_DONE='Systemd service backup completed' A_ERROR='Systemd service backup failed'
  archive_tree
}

# archive_missing: a part that is not there is an error; say where it was looked for.
archive_missing() {
  local place
  case $A_KIND in
    application) place=$ROOT/app ;;
    config) place=$ROOT/config ;;
    *)
      [[ $A_ELSEWHERE == '' ]] || fail missing-part "No unit of ${POLICY[service]} lies in ${POLICY[units]}: $A_ELSEWHERE." "$A_UNCHANGED" \
        'it comes with a package, which brings it back; there is nothing to back up'
      fail missing-part "No unit of ${POLICY[service]} lies in ${POLICY[units]}." "$A_UNCHANGED" \
        'if the units lie elsewhere, set the folder: cvd-backup policy units=…'
      ;;
  esac
  fail missing-part "There is no folder $place." "$A_UNCHANGED" 'if the CVD root lies elsewhere, set it: cvd-backup policy root=…'
}

readonly UNIT_FOLDERS=(/etc/systemd/system /run/systemd/system /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system)
A_ELSEWHERE='' # a sentence about units that lie elsewhere

# archive_unusual: warn of unit files whose content will not be in the backup.
archive_unusual() {
  local service unit folder
  A_ELSEWHERE=''
  [[ $A_KIND == systemd ]] || return 0
  for service in ${SERVICES[@]+"${SERVICES[@]}"}; do
    unit=${service%.service}.service
    if [[ -L ${POLICY[units]}/$unit ]]; then
      archive_warn "$unit is a symbolic link to $(readlink -- "${POLICY[units]}/$unit"); the backup holds the link, not what it leads to."
    fi
    [[ ! -e ${POLICY[units]}/$unit && ! -L ${POLICY[units]}/$unit ]] || continue
    for folder in "${UNIT_FOLDERS[@]}"; do
      [[ -e $folder/$unit && $folder != "${POLICY[units]}" ]] || continue
      A_ELSEWHERE="$unit is in $folder"
      archive_warn "$A_ELSEWHERE, not in ${POLICY[units]}: the backup holds its drop-ins only."
      break
    done
  done
}

# archive_before: what the runbook logs when a backup begins.
archive_before() {
  [[ $A_KIND != application ]] || runbook_log "$A_LOG" 'Starting application backup...'
}

# archive_after: what belongs to the backup, once it has its name; and what the runbook logs.
archive_after() {
  local size
  runbook_log "$A_LOG" "$A_DONE: $A_FILE"
  [[ $A_KIND == application ]] || return 0
  archive_git
  human_bytes "${FP[size]}"
  size=$REPLY
  runbook_log "$A_LOG" "Application backup completed - App: ${size// /}"
}

# archive_git: put the version of the code beside the backup, as the runbook does: the commit alone in the first line.
archive_git() {
  local line value git='' commit='' branch='' text name=git_version_$A_STAMP.txt folder=/proc/self/fd/$WORK_PARENT_FD
  while IFS= read -r line; do
    value=${line#*=}
    case $line in
      git=yes) git=yes ;;
      commit=*) [[ ! $value =~ ^[0-9a-f]{40,64}$ ]] || commit=$value ;;
      branch=*) [[ ! $value =~ ^[A-Za-z0-9._/%-]{1,600}$ ]] || branch=$value ;;
    esac
  done < <(side_says 10 4096 owner site_git)
  [[ $git != '' ]] || return 0
  if [[ $commit == '' ]]; then
    archive_warn 'The version of the code is not known: its git folder names no commit.'
    return 0
  fi
  text=$commit$'\n'
  if [[ $branch == '' ]]; then text+=$'branch: none, the working tree is detached\n'; else text+="branch: $branch"$'\n'; fi
  text+=$'uncommitted changes: not checked\n'
  if printf '%s' "$text" >git_version && chmod 644 git_version && { ((EUID != 0)) || chown -- "$OWNER_UID:$DATA_GID" git_version; } &&
    sync_paths git_version && publish git_version "$folder/$name" && sync_paths "$folder/."; then
    runbook_log "$A_LOG" "Git version recorded: $commit"
  else
    archive_warn "The version of the code could not be written to $A_FOLDER/$name."
  fi
}
