# --- The parts `application` and `config` of a restore: a folder with all that is below it --------------------------------------

FOLDER_MEMBERS=0 FOLDER_BYTES=0 FOLDER_INSIDE='' FOLDER_PROVEN=''
FOLDER_UNCHANGED=''

# folder_stage PART FILE: extract it beside the live folder, verify it, and give it owners and modes. Adds its rows.
folder_stage() {
  local part=$1 file=$2 path folder live one
  part_path "$part"
  path=$REPLY folder=${path%/*} live=${path##*/}
  enter_stage "$folder"
  step stage 'Extract the backup beside the live folder'
  folder_extract "$part" "$file" "$NOTHING_CHANGED"
  [[ $R_EXPECT_SHA256 == '' || $R_EXPECT_SHA256 == "$EXTRACT_SHA256" ]] ||
    fail plan-stale 'The backup has changed since the plan was made.' "$NOTHING_CHANGED" 'plan again'
  step_done sha256="$EXTRACT_SHA256" members:="$FOLDER_MEMBERS" bytes:="$FOLDER_BYTES"
  heed_cancel "$NOTHING_CHANGED"
  step verify 'Compare it with its fingerprint and with the live folder'
  check_folder_fingerprint
  folder_compare "$path"
  check_folder_apart "$part" "$path"
  if [[ $FOLDER_KNOWN == '' ]]; then step_done known:=false; else
    step_done only_live:="$FOLDER_ONLY_LIVE" only_backup:="$FOLDER_ONLY_BACKUP" changed:="$FOLDER_CHANGED"
  fi
  heed_cancel "$NOTHING_CHANGED"
  step ready 'Apply owners and modes'
  folder_settle || fail internal 'The extracted files are not the expected ones.' "$NOTHING_CHANGED"
  folder_dress "/proc/self/fd/$WORK_PARENT_FD/$live" || fail internal 'The owner could not be set.' "$NOTHING_CHANGED"
  sync -f . 2>/dev/null || fail internal 'The extracted files could not be written to disk.' "$NOTHING_CHANGED"
  step_done owner="$(stat -c %U:%G staged.tree)" mode="$(stat -c %a staged.tree)"
  for one in ${FOLDER_KEPT[@]+"${FOLDER_KEPT[@]}"}; do
    row_add "$part" inner "$folder" "$live" "${WORK_DIR##*/}" staged.tree "$WORK_PARENT_FD" "$WORK_FD" "$one"
  done
  row_add "$part" tree "$folder" "$live" "${WORK_DIR##*/}" staged.tree "$WORK_PARENT_FD" "$WORK_FD"
  leave_stage "$folder"
}

# plan_folder PART FILE: extract and compare in the scratch folder.
plan_folder() {
  local part=$1 path kept known=false
  FOLDER_KNOWN=''
  part_path "$part"
  path=$REPLY PLAN_FOLDER=${REPLY%/*}
  step stage 'Extract the backup in a scratch folder'
  if folder_extract "$part" "$2" "$PLAN_UNCHANGED"; then
    step compare 'Compare it with its fingerprint and with the live folder'
    check_folder_fingerprint
    folder_compare "$path"
    check_folder_apart "$part" "$path"
  fi
  step checks 'Check the site'
  check_folder_target "$part"
  plan_space "$PLAN_FOLDER" "$((FOLDER_BYTES * 2 + FOLDER_MEMBERS * 4096))" 'There is enough space beside the live folder'
  texts_json ${FOLDER_KEPT[@]+"${FOLDER_KEPT[@]}"}
  kept=$REPLY
  texts_json ${FOLDER_NAMES[@]+"${FOLDER_NAMES[@]}"}
  [[ $FOLDER_KNOWN == '' ]] || known=true
  json_object known:="$known" members:="$FOLDER_MEMBERS" bytes:="$FOLDER_BYTES" onlyLive:="$FOLDER_ONLY_LIVE" \
    onlyBackup:="$FOLDER_ONLY_BACKUP" changed:="$FOLDER_CHANGED" differences:="$REPLY" kept:="$kept"
  P_TREE=$REPLY
  if [[ $FOLDER_KNOWN == '' ]]; then say_readable '  The live files could not be compared.'; else
    say_readable "  Files only live: $FOLDER_ONLY_LIVE; only in the backup: $FOLDER_ONLY_BACKUP; changed: $FOLDER_CHANGED"
  fi
}

# folder_extract PART FILE UNCHANGED: extract a backup, or a safety copy, to reader/sealed/tree. Status 1 if it cannot be.
folder_extract() {
  local part=$1 file=$2 packed
  FOLDER_UNCHANGED=$3 FOLDER_MEMBERS=0 FOLDER_BYTES=0 FOLDER_INSIDE='' FOLDER_PROVEN=''
  EXTRACT_PROBLEM='' EXTRACT_CODE=ok
  if ! folder_recorded "$part" "$file"; then
    :
  elif [[ -d $file ]]; then
    folder_pack "$file"
  elif extract_look "$file"; then
    if [[ $EXTRACT_FORMAT == gzip ]]; then extract_gzip "$file" tree.tar "$3" 0; else
      extract_finds not-a-backup 'The file is no compressed archive.'
    fi
  fi
  if [[ $EXTRACT_PROBLEM == '' ]] && folder_look && folder_fits && folder_unpacked "$part" && folder_links_stay "$part"; then
    human_bytes "$FOLDER_BYTES"
    packed=$REPLY
    found readable passed 'The backup can be read' "$FOLDER_MEMBERS files, folders and links, $packed"
    return 0
  fi
  extract_fix "$file"
  found readable failed 'The backup can be read' "$EXTRACT_PROBLEM" "$REPLY" "$EXTRACT_CODE" "The backup cannot be restored: $EXTRACT_PROBLEM"
  return 1
}

# folder_recorded PART FILE: FOLDER_PROVEN = the SHA-256 in its fingerprint, or empty if it has none. Status 1 if it is a backup
# of something else, by its fingerprint or by its name.
folder_recorded() {
  [[ ! -d $2 ]] || return 0
  if fingerprint_load "$2" archive; then
    FOLDER_PROVEN=${FP[sha256]} REPLY=${FP[kind]}
  else
    backup_kind "$2"
  fi
  [[ ! $REPLY =~ ^(database|application|config|systemd|system)$ || $REPLY == "$1" ]] ||
    extract_finds not-a-backup "It is a backup of another kind: $REPLY."
  [[ $EXTRACT_PROBLEM == '' ]]
}

# folder_pack FOLDER: read a safety copy as if it were a backup.
folder_pack() {
  local size
  EXTRACT_PROBLEM='' EXTRACT_CODE=ok EXTRACT_STAMP=''
  size=$(side_says 60 16 owner folder_size "$1")
  [[ $size =~ $WHOLE_NUMBER ]] || { extract_finds no-rights 'The owner of the CVD data cannot read the safety copy.'; return; }
  extract_space . "$((size * 2))" || return 0
  in_background folder_pump "$1"
  watch "$FOLDER_UNCHANGED" '' "$REPLY" || { extract_finds internal 'The safety copy could not be read to its end.'; return; }
  extract_said
  EXTRACT_SIZE=$EXTRACT_DATABASE_SIZE
}

folder_pump() { # FOLDER
  local status
  owner_do folder_send "$1" 2>/dev/null | reader_do stream_plain tree.tar 2>/dev/null | head -c 4096 >said
  status=("${PIPESTATUS[@]}")
  ((status[0] == 0 && status[1] == 0))
}

# folder_look: what the archive holds; status 1 if it must not be extracted.
folder_look() {
  local line value code=''
  in_background folder_check_by_reader
  watch "$FOLDER_UNCHANGED" '' "$REPLY" || true
  while IFS= read -r line; do
    value=${line#*=}
    case $line in
      code=*) [[ ! $value =~ ^(not-a-backup|no-space|integrity)$ ]] || code=$value ;;
      problem=*) extract_finds "${code:-integrity}" "${value:0:400}" ;;
      members=*) [[ ! $value =~ $WHOLE_NUMBER ]] || FOLDER_MEMBERS=$value ;;
      bytes=*) [[ ! $value =~ $WHOLE_NUMBER ]] || FOLDER_BYTES=$value ;;
      config=yes) FOLDER_INSIDE=config ;;
    esac
  done < <(head -c 4096 said 2>/dev/null)
  [[ $EXTRACT_PROBLEM == '' ]] || return 1
  ((FOLDER_MEMBERS > 0)) || extract_finds empty 'The archive holds nothing.'
  [[ $EXTRACT_PROBLEM == '' ]]
}

folder_check_by_reader() { reader_do folder_check tree.tar "$MEMBERS_MOST" "$EXTRACT_LIMIT" 2>/dev/null | head -c 4096 >said; }

folder_fits() { extract_space . "$((FOLDER_BYTES + FOLDER_MEMBERS * 4096))"; }

folder_unpacked() { # PART
  local status problem
  [[ $1 == config ]] || FOLDER_INSIDE=''
  in_background folder_unpack_by_reader "$FOLDER_INSIDE" "$([[ $1 != application ]] || echo yes)"
  watch "$FOLDER_UNCHANGED" '' "$REPLY"
  status=$?
  problem=$(head -c 400 said | tr -s '[:cntrl:] ' ' ')
  ((status == 0)) || if extract_full "$problem"; then extract_finds no-space 'The disk became full while it was extracted.'; else
    extract_finds integrity "${problem:-It could not be extracted.}"
  fi
  [[ $EXTRACT_PROBLEM == '' ]]
}

folder_unpack_by_reader() { reader_do folder_unpack tree.tar "$@" 2>/dev/null | head -c 4096 >said; }

# folder_links_stay PART: no link leads out of the tree, unless the live tree has the same one.
folder_links_stay() {
  local line live count=0
  side_says 300 4194304 reader folder_links sealed/tree >links || { extract_finds internal 'Its links could not be read.'; return 1; }
  [[ -s links ]] || return 0
  part_path "$1"
  side_says 60 4194304 owner folder_live_links "$REPLY" >live.links
  while IFS= read -r line; do
    ((++count <= 5000)) && grep -qxF -e "$line" -- live.links && continue
    line=${line//$'\t'/ -> }
    extract_finds not-a-backup "A link leads out of the tree: ${line:0:200}"
    return 1
  done <links
}

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

# folder_compare_lists: set the FOLDER_ globals from both lists; status 1, and nothing is known, if not all totals arrive.
folder_compare_lists() {
  local kind value only_live='' only_backup='' changed='' requirements=same names=()
  while IFS=' ' read -r kind value; do
    case $kind in
      live | backup | changed)
        names+=("$kind: $value")
        [[ $value != ./requirements.txt ]] || requirements=$kind
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

# check_folder_apart PART PATH: FOLDER_KEPT = what moves from the live tree into the restored one. The virtual environment must fit.
FOLDER_KEPT=()
check_folder_apart() {
  local title='The virtual environment fits the restored application' one words
  FOLDER_KEPT=()
  [[ $1 == application ]] || return 0
  for one in "${FOLDER_APART[@]}"; do
    [[ (-e $2/$one || -L $2/$one) && ! -e reader/sealed/tree/$one && ! -L reader/sealed/tree/$one ]] || continue
    if [[ -d $2/$one && ! -L $2/$one ]] && ! same_mount "$2" "$2/$one"; then
      found venv failed "$title" "$2/$one lies on another file system" 'move it to the file system of the application' \
        checks-failed "$2/$one lies on another file system and cannot be kept by a rename."
      return
    fi
    FOLDER_KEPT+=("$one")
  done
  if [[ " ${FOLDER_KEPT[*]-} " != *' venv '* ]]; then
    found venv warning "$title" 'there is no live one to keep, and the backup brings none'
  elif [[ $FOLDER_REQUIREMENTS == same ]]; then
    found venv passed "$title" 'requirements.txt is the same; the live one is kept'
  else
    words='The requirements.txt of the backup is not the live one'
    [[ $FOLDER_REQUIREMENTS != unknown ]] || words='The requirements.txt of the backup could not be compared with the live one'
    found venv ask "$title" "$words; rebuilding it is not possible here" \
      'keep the live one with --keep-venv, or restore another backup' checks-failed \
      "$words, so the virtual environment may not fit." "$R_KEEP_VENV"
  fi
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

# folder_sealed: status 0 if nobody but the reader, and now root, could ever enter what was extracted. If the owner had to be the
# reader, it may still hold folders in the tree open: root neither walks it nor gives it away, it is the owner's as it is.
folder_sealed() { ((EUID != 0 || READER_UID != OWNER_UID)); }

# folder_settle: end the reader, and take the tree over: from here on only root can change it, or enter its top folder. Status 1
# if it holds anything but folders, links, and plain files with one name.
folder_settle() {
  local folder
  reader_end
  # From the top: each name lies in a folder that is root's by then, so that it can be trusted.
  for folder in reader reader/sealed reader/sealed/tree; do
    [[ -d $folder && ! -L $folder ]] || return 1
    if ((EUID == 0)); then chown -h -- 0:0 "$folder" || return 1; fi
    chmod 700 -- "$folder" || return 1
  done
  if ((EUID == 0)) && folder_sealed; then chown -hR -- 0:0 reader/sealed/tree || return 1; fi
  [[ $(find reader/sealed/tree -mindepth 1 ! '(' -type f -links 1 -o -type d -o -type l ')' -print -quit) == '' ]] || return 1
  mv -nT -- reader/sealed/tree staged.tree && [[ ! -e reader/sealed/tree ]]
}

# folder_dress LIVE: give the tree to the owner and the group of the CVD data, the top folder as LIVE is. All else comes first,
# while nobody but root can enter the tree; the last step opens it, and root uses no path in it from then on.
folder_dress() {
  local uid gid mode kind
  IFS=' ' read -r uid gid mode kind < <(stat -c '%u %g %a %F' -- "$1" 2>/dev/null)
  [[ "$uid $gid $mode" =~ ^[0-9]{1,10}\ [0-9]{1,10}\ [0-7]{1,4}$ && $kind == directory && ($uid == 0 || $uid == "$OWNER_UID") ]] ||
    uid=$OWNER_UID gid=$DATA_GID mode=755
  if folder_sealed; then
    find staged.tree -type f -perm /7000 -exec chmod a-st -- {} + || return 1
    chcon -hR --reference="$1" -- staged.tree 2>/dev/null
    if ((EUID == 0)); then folder_give || return 1; fi
  fi
  if ((EUID == 0)); then chown -h -- "$uid:$gid" staged.tree || return 1; fi
  chmod "$mode" -- staged.tree
}

# folder_give: give away what is in the tree. Its top folder is root's still, and nobody else can enter it.
folder_give() (
  cd -P staged.tree && find . -mindepth 1 -maxdepth 1 -print0 | xargs -0 -r chown -hR -- "$OWNER_UID:$DATA_GID"
)
