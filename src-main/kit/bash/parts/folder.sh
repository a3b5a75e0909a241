# --- The parts `application` and `config` of a restore: a folder with all that is below it --------------------------------------

# folder_stage PART FILE: extract it beside the live folder, verify it, and give it owners and modes. Adds its rows.
folder_stage() {
  local part=$1 file=$2 path folder live one
  part_path "$part"
  path=$REPLY folder=${path%/*} live=${path##*/}
  enter_stage "$folder"
  part_step stage 'Extract the backup beside the live folder'
  folder_extract "$part" "$file" "$NOTHING_CHANGED"
  [[ $R_EXPECT_SHA256 == '' || $R_EXPECT_SHA256 == "$EXTRACT_SHA256" ]] ||
    fail plan-stale 'The backup has changed since the plan was made.' "$NOTHING_CHANGED" 'plan again'
  step_done sha256="$EXTRACT_SHA256" members:="$FOLDER_MEMBERS" bytes:="$FOLDER_BYTES"
  heed_cancel "$NOTHING_CHANGED"
  part_step verify 'Compare it with its fingerprint and with the live folder'
  [[ $SYSTEM_FILE != '' ]] || check_folder_fingerprint
  only_apply "$path"
  folder_compare "$path"
  only_prove
  check_folder_apart "$part" "$path" "$file"
  if [[ $FOLDER_KNOWN == '' ]]; then step_done known:=false; else
    step_done only_live:="$FOLDER_ONLY_LIVE" only_backup:="$FOLDER_ONLY_BACKUP" changed:="$FOLDER_CHANGED"
  fi
  heed_cancel "$NOTHING_CHANGED"
  [[ $part != application ]] || venv_prepare "$path" "$file"
  part_step ready 'Apply owners and modes'
  folder_settle || fail internal 'The extracted files are not the expected ones.' "$NOTHING_CHANGED"
  folder_dress "/proc/self/fd/$WORK_PARENT_FD/$live" || fail internal 'The owner could not be set.' "$NOTHING_CHANGED"
  [[ $part != application ]] || venv_take ||
    fail internal 'The virtual environment is not where it was built: somebody else moved it.' "$NOTHING_CHANGED"
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
  local part=$1 path kept known=false venv=null
  FOLDER_KNOWN=''
  part_path "$part"
  path=$REPLY PLAN_FOLDER=${REPLY%/*}
  part_step stage 'Extract the backup in a scratch folder'
  if folder_extract "$part" "$2" "$PLAN_UNCHANGED"; then
    part_step compare 'Compare it with its fingerprint and with the live folder'
    [[ $SYSTEM_FILE != '' ]] || check_folder_fingerprint
    only_apply "$path" && folder_compare "$path" && only_prove
    check_folder_apart "$part" "$path" "$2"
    if [[ $part == application ]]; then
      plan_venv "$path"
      venv=$REPLY
    fi
  fi
  check_folder_target "$part"
  plan_space "$PLAN_FOLDER" "$((FOLDER_BYTES * 2 + FOLDER_MEMBERS * 4096))" 'There is enough space beside the live folder'
  texts_json ${FOLDER_KEPT[@]+"${FOLDER_KEPT[@]}"}
  kept=$REPLY
  texts_json ${FOLDER_NAMES[@]+"${FOLDER_NAMES[@]}"}
  [[ $FOLDER_KNOWN == '' ]] || known=true
  json_object known:="$known" members:="$FOLDER_MEMBERS" bytes:="$FOLDER_BYTES" onlyLive:="$FOLDER_ONLY_LIVE" \
    onlyBackup:="$FOLDER_ONLY_BACKUP" changed:="$FOLDER_CHANGED" differences:="$REPLY" kept:="$kept" venv:="$venv"
  P_TREE=$REPLY
  if [[ $FOLDER_KNOWN == '' ]]; then say_readable '  The live files could not be compared.'; else
    say_readable "  Files only live: $FOLDER_ONLY_LIVE; only in the backup: $FOLDER_ONLY_BACKUP; changed: $FOLDER_CHANGED"
  fi
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
