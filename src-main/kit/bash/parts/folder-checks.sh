# --- A folder's backup: compared with its fingerprint and with what is live ------------------------------------------------

# check_folder_fingerprint: is it byte for byte what was recorded when it was made?
check_folder_fingerprint() {
  local title='The backup matches its fingerprint'
  if [[ $FOLDER_PROVEN == '' ]]; then
    found fingerprint warning "$title" 'there is no fingerprint to compare with'
  elif [[ $FOLDER_PROVEN == "$EXTRACT_SHA256" ]]; then
    found fingerprint passed "$title" 'equal to its fingerprint'
  else
    found fingerprint failed "$title" "its SHA-256 is ${EXTRACT_SHA256:0:12}…, it was ${FOLDER_PROVEN:0:12}…" 'choose another backup' \
      fingerprint-mismatch "The backup is not what it was when it was made: its SHA-256 is ${EXTRACT_SHA256:0:12}…, it was ${FOLDER_PROVEN:0:12}…."
  fi
}

# folder_compare PATH: FOLDER_KNOWN = yes, FOLDER_ONLY_LIVE, FOLDER_ONLY_BACKUP, FOLDER_CHANGED = how many files differ, FOLDER_NAMES =
# the first of them. FOLDER_KNOWN is empty if a list is not complete: then nothing is known, and nothing counts as the same.
FOLDER_KNOWN='' FOLDER_ONLY_LIVE=0 FOLDER_ONLY_BACKUP=0 FOLDER_CHANGED=0 FOLDER_NAMES=() FOLDER_REQUIREMENTS=unknown
folder_compare() {
  local title='The live files can be compared with the backup' lister
  FOLDER_KNOWN='' FOLDER_ONLY_LIVE=0 FOLDER_ONLY_BACKUP=0 FOLDER_CHANGED=0 FOLDER_NAMES=() FOLDER_REQUIREMENTS=unknown
  rm -f -- staged.list live.list
  in_background folder_list_staged
  lister=$REPLY
  in_background folder_list_live "$1"
  # Only a complete list gets its name.
  watch "$FOLDER_UNCHANGED" '' "$lister" "$REPLY" || true
  if [[ ! -f staged.list ]]; then
    REPLY='the files of the backup could not all be listed'
  elif [[ ! -f live.list ]]; then
    REPLY='the owner of the CVD data could not list and read all of them'
  elif folder_compare_lists; then
    found compared passed "$title" 'every file was read'
    return
  else
    REPLY='the lists of files could not be compared'
  fi
  found compared warning "$title" "$REPLY" 'let the owner of the CVD data read every file of the folder' '' \
    "The live files could not be compared with the backup: $REPLY."
}

# What pip reads: requirements.txt, and what it commonly refers to.
readonly REQUIREMENTS='^\./((requirements|constraints)[^/]*\.txt$|requirements/)'

# folder_compare_lists: set the FOLDER_ globals from both lists; status 1, and nothing is known, if not all totals arrive.
folder_compare_lists() {
  local kind value only_live='' only_backup='' changed='' requirements=same names=()
  while IFS=' ' read -r kind value; do
    case $kind in
      live | backup | changed)
        names+=("$kind: $value")
        [[ ! $value =~ $REQUIREMENTS ]] || requirements=$kind
        ;;
      onlyLive) only_live=$value ;;
      onlyBackup) only_backup=$value ;;
      allChanged) changed=$value ;;
    esac
  done < <(folder_both 2>/dev/null | reader_do folder_differences 2>/dev/null | head -c 65536)
  [[ $only_live =~ $WHOLE_NUMBER && $only_backup =~ $WHOLE_NUMBER && $changed =~ $WHOLE_NUMBER ]] || return 1
  FOLDER_KNOWN=yes FOLDER_ONLY_LIVE=$only_live FOLDER_ONLY_BACKUP=$only_backup FOLDER_CHANGED=$changed
  FOLDER_NAMES=(${names[@]+"${names[@]}"}) FOLDER_REQUIREMENTS=$requirements
}

folder_list_staged() {
  reader_do folder_list sealed/tree 2>/dev/null | head -c 67108864 >staged.part && folder_list_done staged
}
folder_list_live() {
  # A folder that is not there has no files; one that cannot be read may have any.
  if [[ ! -e $1 && ! -L $1 ]]; then : >live.list; else
    owner_do folder_list "$1" 2>/dev/null | head -c 67108864 >live.part && folder_list_done live
  fi
}

# folder_list_done NAME: give NAME.part the name NAME.list; status 1 if it is so long that it was cut.
folder_list_done() {
  file_size "$1.part"
  ((REPLY < 67108864)) && mv -fT -- "$1.part" "$1.list"
}

# folder_both: print both lists.
folder_both() {
  printf 'live\n'
  cat -- live.list
  printf '\nstaged\n'
  cat -- staged.list
}

# check_folder_apart PART PATH FILE: FOLDER_KEPT = what moves from the live tree into the restored one.
FOLDER_KEPT=()
check_folder_apart() {
  local one
  FOLDER_KEPT=()
  [[ $1 == application ]] || return 0
  check_venv "$2" "$3"
  for one in "${FOLDER_APART[@]}"; do
    [[ $one != venv || $VENV_STATE == kept ]] || continue
    [[ (-e $2/$one || -L $2/$one) && ! -e reader/sealed/tree/$one && ! -L reader/sealed/tree/$one ]] || continue
    if [[ -d $2/$one && ! -L $2/$one ]] && ! same_mount "$2" "$2/$one"; then
      found apart failed 'What is kept can be moved' "$2/$one lies on another file system" 'move it to the file system of the application' \
        checks-failed "$2/$one lies on another file system and cannot be kept by a rename."
      return
    fi
    FOLDER_KEPT+=("$one")
  done
}

# check_folder_target PART: what is replaced must be a folder, in a folder of the owner's or of root's alone, and hold nothing
# that must stay where it is.
check_folder_target() {
  local title='The folder can be replaced where it is' path
  part_path "$1"
  path=$REPLY
  if [[ -e $path && ! -d $path ]]; then
    found target failed "$title" "$path is no folder" '' checks-failed "$path is no folder."
  elif [[ -d $path ]] && ! same_mount "${path%/*}" "$path"; then
    found target failed "$title" "$path is a file system of its own" 'restore it by hand, or unmount it' checks-failed \
      "$path is a file system of its own, which cannot be renamed."
  elif folder_holds "$path"; then
    found target failed "$title" "$REPLY" 'move it out of the folder, or restore by hand' checks-failed "$REPLY."
  elif [[ $PLANNING != '' ]] && new_has "${path%/*}"; then
    found target passed "$title" "to be created: $path"
  elif ! (hold_place "${path%/*}"); then
    found target failed "$title" "the folder of $path belongs to somebody else" 'look at the folder and its owner' checks-failed \
      "The folder of $path belongs to somebody else."
  else
    found target passed "$title" "$path"
  fi
}

# folder_holds FOLDER: REPLY = what lies below it and would go with it: the database, the backups, the logs, the state, or the place
# of a mount. Status 1 if nothing does.
folder_holds() {
  local folder=$1 title point mounts=''
  for title in "the database:$DATABASE_FILE" "the backups:$BACKUPS" "the logs:$LOGS" "the kit's state:$STATE"; do
    real_path "${title#*:}" || REPLY=${title#*:}
    [[ $REPLY/ == "$folder"/* ]] || continue
    REPLY="$folder holds ${title%%:*}: $REPLY"
    return 0
  done
  while IFS=' ' read -r _ _ _ _ point _; do
    # Blank, tab, newline and backslash are written in octal digits.
    printf -v point %b "$point"
    mounts=yes
    [[ $point == "$folder"/* ]] || continue
    REPLY="$folder holds a file system of its own: $point"
    return 0
  done 2>/dev/null </proc/self/mountinfo
  REPLY='It is not known which file systems are mounted'
  [[ $mounts == '' ]]
}

# same_mount FOLDER FOLDER: status 0 if both are reached through one mount.
same_mount() {
  local one other
  one=$(mount_at "$1") && other=$(mount_at "$2") && [[ $one == "$other" ]]
}

# mount_at FOLDER: print its mount. Entered, not opened by name, which could block.
mount_at() {
  cd -P -- "$1" 2>/dev/null && exec 9<. && mount_of 9 && printf '%s' "$REPLY"
}
