# --- The parts `systemd` and `nginx` of a restore: staged beside the live ones ---------------------------------------------------

# files_stage PART FILE: extract them beside the live ones, and add a row for each.
files_stage() {
  local part=$1 folder i staged
  part_folder "$part"
  folder=$REPLY
  enter_stage "$folder"
  part_step stage 'Extract the files beside the live ones'
  files_read "$part" "$2" "$NOTHING_CHANGED"
  [[ $R_EXPECT_SHA256 == '' || $R_EXPECT_SHA256 == "$EXTRACT_SHA256" ]] ||
    fail plan-stale 'The backup has changed since the plan was made.' "$NOTHING_CHANGED" 'plan again'
  files_gone "$part"
  files_compare "$part"
  step_done sha256="$EXTRACT_SHA256" files:="${#F_NAMES[@]}"
  part_step verify 'Compare them with the live ones'
  [[ $SYSTEM_FILE != '' ]] || check_folder_fingerprint
  check_files_trusted "$part"
  check_nginx "$part"
  for i in "${!F_NAMES[@]}"; do
    staged=''
    if [[ ${F_FILES[$i]} != '' ]]; then
      staged=staged.$i
      # A file of its own: whoever has the other one open changes nothing.
      cp -T -- "${F_FILES[$i]}" "$staged" && cmp -s -- "${F_FILES[$i]}" "$staged" || fail internal 'The extracted files are not the expected ones.' "$NOTHING_CHANGED"
    fi
    file_row "$part" "${F_PLACES[$i]}" "${F_LIVE[$i]}" "$staged" "$folder" "${F_MODES[$i]}"
    [[ ${F_STATES[$i]} != new ]] || file_enable "$part" "${F_PLACES[$i]}" "${F_LIVE[$i]}" "$staged" "$folder"
  done
  step_done
  leave_stage "$folder"
}

# file_row PART FOLDER LIVE STAGED STAGE-FOLDER MODE: dress a staged file, and add its row.
file_row() {
  if [[ $4 != '' ]]; then
    [[ -d $2 ]] || folder_create "$2"
    file_dress "$2/$3" "$4" "$6" && sync_paths "$4" || fail internal 'The owner could not be set.' "$NOTHING_CHANGED"
  fi
  file_row_in "$@"
}

# file_row_in: like file_row, for what needs no dress. What is staged for a folder below that of the units lies beside the units.
file_row_in() {
  local folder=$2 fd=$WORK_PARENT_FD stage=${WORK_DIR##*/}
  if [[ $folder != "$5" ]]; then
    [[ ! -L $folder ]] && files_of_root "$folder" && { exec {fd}<"$folder"; } 2>/dev/null ||
      fail checks-failed "$folder is no folder of root's." "$NOTHING_CHANGED" 'look who owns it'
    stage=''
  fi
  row_add "$1" file "$folder" "$3" "$stage" "$4" "$fd" "$WORK_FD"
}

# file_dress LIVE STAGED MODE: give it this mode, root as its owner, and the label of the live one. Nobody else may write to it.
file_dress() {
  local mode
  [[ ! -L $2 ]] || return 0
  [[ $3 =~ ^[0-7]{1,4}$ ]] || return 1
  printf -v mode '%o' $((8#$3 & 8#755))
  chcon -h --reference="$1" -- "$2" 2>/dev/null
  { ((EUID != 0)) || chown -h -- 0:0 "$2"; } && chmod "$mode" -- "$2"
}

# file_enable PART FOLDER LIVE STAGED STAGE-FOLDER: a unit or an nginx site that is new is also enabled, as its own words say, by
# rows for its links.
file_enable() {
  local target folders=() folder
  if [[ $1 == nginx ]]; then
    [[ $2 != */sites-available ]] || folders=("${2%/*}/sites-enabled")
  elif [[ $3 == *.service && $3 != *@.service && $2 == "$5" ]]; then
    while IFS= read -r target; do
      [[ ! $target =~ ^[A-Za-z0-9@:._-]{1,100}\.(target|service)$ ]] || folders+=("$2/$target.wants")
    done < <(sed -nE 's/^[[:space:]]*WantedBy=//p' "$4" | tr -s '[:blank:]' '\n' | head -n 20)
    ((${#folders[@]} > 0)) || say warning "$3 does not say when it is to be started (WantedBy): after a reboot it is not."
  fi
  for folder in ${folders[@]+"${folders[@]}"}; do
    [[ -d $folder || $1 == systemd ]] || continue
    [[ -d $folder ]] || folder_create "$folder"
    [[ ! -e $folder/$3 && ! -L $folder/$3 ]] && files_of_root "$folder" || continue
    target=enabled.${#ROW_KIND[@]}
    ln -s -- "$2/$3" "$target" || fail internal 'The link that enables it could not be made.' "$NOTHING_CHANGED"
    file_row_in "$1" "$folder" "$3" "$target" "$5"
  done
}
