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
  local link links=() folder staged
  if [[ $1 == nginx ]]; then
    [[ $2 != */sites-available ]] || links=("${2%/*}/sites-enabled/$3")
  elif [[ $3 == *.service && $3 != *@.service && $2 == "$5" ]]; then
    while IFS= read -r link; do links+=("$2/$link"); done < <(unit_links "$3" <"$4")
    [[ ${links[*]-} == */* && ${links[*]} =~ \.(wants|requires|upholds)/ ]] || say warning "$3 does not say when it is to be started (WantedBy): after a reboot it is not."
  fi
  for link in ${links[@]+"${links[@]}"}; do
    folder=${link%/*}
    [[ -d $folder || $1 == systemd ]] || continue
    [[ -d $folder ]] || folder_create "$folder"
    [[ ! -e $link && ! -L $link ]] && files_of_root "$folder" || continue
    staged=enabled.${#ROW_KIND[@]}
    ln -s -- "$2/$3" "$staged" || fail internal 'The link that enables it could not be made.' "$NOTHING_CHANGED"
    file_row_in "$1" "$folder" "${link##*/}" "$staged" "$5"
  done
}

# unit_links UNIT: print the links that enable the unit on stdin, as its [Install] section says, relative to the folder of units.
unit_links() { unit=$1 awk "$UNIT_LINKS_AWK"; }

# shellcheck disable=SC2016 # awk's own variables
readonly UNIT_LINKS_AWK='
BEGIN { folder["WantedBy"] = "wants"; folder["RequiredBy"] = "requires"; folder["UpheldBy"] = "upholds" }
/^[ \t]*\[/ { install = ($0 ~ /^[ \t]*\[Install\]/); next }
install && /^[ \t]*(WantedBy|RequiredBy|UpheldBy|Alias)[ \t]*=/ {
  key = $0
  gsub(/^[ \t]*|[ \t]*=.*/, "", key)
  sub(/^[^=]*=/, "")
  for (i = 1; i <= NF && count < 20; i++) {
    if ($i !~ /^[A-Za-z0-9@:_-][A-Za-z0-9@:._-]*\.(target|service)$/ || length($i) > 100) continue
    count++
    if (key != "Alias") print $i "." folder[key] "/" ENVIRON["unit"]
    else if ($i ~ /\.service$/ && $i != ENVIRON["unit"]) print $i
  }
}'
