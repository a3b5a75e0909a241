# --- The parts `systemd` and `nginx` of a restore: single files of root's -------------------------------------------------------
#
# Whoever writes such a file is root. So nobody else may have been able to change it since root looked at it: when the backup
# was made, root compared the copy with its own file, and the fingerprint says so. Otherwise a person has to look at it.

F_NAMES=()     # of the files in the backup: `cvd.service`, `cvd.service.d/limits.conf`, `nginx-cvd.conf`
F_FILES=()     # of each: its path, relative to the work folder; empty if the restore takes the live one away
F_PLACES=()    # of each: its folder
F_LIVE=()      # of each: its name there
F_STATES=()    # of each: same, changed, new, removed
F_COMPARED=''  # not empty if root compared the files when the backup was made, or if they are root's own safety copies
F_COMPLETE=''  # not empty if the backup holds all the drop-ins that there were
F_JSON='[]'

# files_read PART FILE UNCHANGED: extract them to reader/file.N and set the F_ globals. Status 1 if they cannot be.
files_read() {
  local part=$1 file=$2 title='The backup can be read' word number name
  F_NAMES=() F_FILES=() F_PLACES=() F_LIVE=() F_STATES=() F_COMPARED='' F_COMPLETE='' F_JSON='[]'
  EXTRACT_PROBLEM='' EXTRACT_CODE=ok FOLDER_UNCHANGED=$3
  if [[ $SYSTEM_FILE != '' ]]; then
    F_COMPARED=$SYSTEM_COMPARED
    ! system_holds facts || F_COMPLETE=yes
    system_take "$part" picked.said "$3" && file=${SYSTEM_TOP}config file=${file#./}
  elif folder_recorded "$part" "$file" && extract_look "$file"; then
    [[ $FOLDER_PROVEN == '' ]] || F_COMPARED=${FP[rootFiles]-} F_COMPLETE=yes
    if [[ $EXTRACT_FORMAT == gzip ]]; then extract_gzip "$file" tree.tar "$3" 0; else
      extract_finds not-a-backup 'The file is no compressed archive.'
    fi
    [[ $EXTRACT_PROBLEM != '' ]] || ! folder_look || reader_do files_unpack tree.tar >/dev/null 2>&1 ||
      extract_finds integrity 'It could not be extracted.'
    file=''
  fi
  if [[ $EXTRACT_PROBLEM == '' ]]; then
    part_units
    while IFS=' ' read -r word number name; do
      case $word in
        file) [[ ! $number =~ ^[1-9][0-9]{0,3}$ ]] || files_place "$part" "$name" "reader/file.$number" ;;
        odd) extract_finds not-a-backup "$name in it is a link, a folder or too large, and cannot be a file of ${part}." ;;
      esac
    done < <(side_says 120 131072 reader files_pick "$file" "$part")
    ((${#F_NAMES[@]} > 0)) || [[ $EXTRACT_PROBLEM != '' ]] || extract_finds empty "It holds no file of $part for this site."
  fi
  system_taken
  if [[ $EXTRACT_PROBLEM != '' ]]; then
    extract_fix "$2"
    found readable failed "$title" "$EXTRACT_PROBLEM" "$REPLY" "$EXTRACT_CODE" "The backup cannot be restored: $EXTRACT_PROBLEM"
    return 1
  fi
  counted "${#F_NAMES[@]}" file files
  found readable passed "$title" "$REPLY: ${F_NAMES[*]}"
}

# files_place PART NAME FILE: add it to the F_ globals, if it belongs to a service of this site.
files_place() {
  local folder unit=${2%%/*} live=${2##*/}
  part_folder "$1"
  folder=$REPLY
  [[ $2 =~ ^[A-Za-z0-9@:._-]{1,120}(/[A-Za-z0-9@:._-]{1,120})?$ ]] || return 0
  if [[ $1 == nginx ]]; then
    part_path nginx
    live=${REPLY##*/}
  elif [[ " ${UNITS_OURS[*]} " != *" ${unit%.d} "* ]]; then
    [[ $PLANNING != '' ]] || say warning "Not restored, as it is no unit of this site's services: $2"
    return 0
  elif [[ $2 == */* ]]; then
    folder+=/$unit
  fi
  F_NAMES+=("$2") F_FILES+=("$3") F_PLACES+=("$folder") F_LIVE+=("$live")
}

# files_gone PART: add the drop-ins that are live and not in a backup that holds all of them.
files_gone() {
  local folder unit path name i
  [[ $1 == systemd && $F_COMPLETE != '' ]] || return 0
  part_folder systemd
  folder=$REPLY
  for unit in ${UNITS_OURS[@]+"${UNITS_OURS[@]}"}; do
    # Of a unit that is not in the backup, nothing is known.
    [[ " ${F_NAMES[*]} " == *" $unit"?(.d/*)" "* ]] || continue
    for path in "$folder/$unit.d"/*.conf; do
      [[ -f $path && ! -L $path ]] || continue
      name=${path##*/}
      for i in "${!F_LIVE[@]}"; do [[ ${F_PLACES[$i]}/${F_LIVE[$i]} != "$path" ]] || continue 2; done
      [[ $name =~ ^[A-Za-z0-9@:._-]{1,120}$ ]] || continue
      F_NAMES+=("$unit.d/$name") F_FILES+=('') F_PLACES+=("$folder/$unit.d") F_LIVE+=("$name")
    done
  done
}

# files_compare PART: F_STATES, and F_JSON with what differs in each. Root opens live files only where nobody else can exchange them.
files_compare() {
  local i live state difference list=()
  F_STATES=()
  for i in "${!F_NAMES[@]}"; do
    live=${F_PLACES[$i]}/${F_LIVE[$i]} difference=''
    if [[ ${F_FILES[$i]} == '' ]]; then
      state=removed
    elif [[ ! -e $live && ! -L $live ]]; then
      state=new
      difference=$(side_says 20 16384 reader file_difference "${F_FILES[$i]#reader/}")
    elif ! files_of_root "${live%/*}" || [[ ! -f $live || -L $live ]]; then
      state=changed
    else
      difference=$(reader_do file_difference "${F_FILES[$i]#reader/}" 2>/dev/null <"$live" | head -c 16384 | tr -d '\0')
      if [[ $difference == '' ]]; then state=same; else state=changed; fi
    fi
    F_STATES+=("$state")
    encode_path "$live"
    json_object part="$1" path="$REPLY" state="$state" difference="$difference"
    list+=("$REPLY")
  done
  json_array ${list[@]+"${list[@]}"}
  F_JSON=$REPLY
}

# files_of_root FOLDER: status 0 if nobody but root can exchange what lies in it, or if this login is not root.
files_of_root() { ((EUID != 0)) || { path_owner "$1" && [[ $REPLY == '0 0' ]]; }; }

# check_files_trusted PART: what the restored files would have root do is what root had before, or a person has looked at it.
check_files_trusted() {
  local title='The files that run as root are known' i words=''
  for i in "${!F_NAMES[@]}"; do
    [[ ${F_STATES[$i]} == same || ${F_STATES[$i]} == removed ]] || words+="${words:+, }${F_NAMES[$i]}"
  done
  if [[ $words == '' ]]; then
    found "$1-files" passed "$title" 'the same as the live ones'
  elif [[ $F_COMPARED != '' ]] || ((EUID != 0)); then
    found "$1-files" passed "$title" "compared with root's own when the backup was made: $words"
  else
    found "$1-files" ask "$title" "not known to be what root had: $words" \
      'read what they would do; if it is right, restore with --accept-files' checks-failed \
      "Nobody can say that these files are what root had when the backup was made, and they run as root: $words." "$R_ACCEPT_FILES"
  fi
}

# check_nginx_needs: what the nginx site refers to is on this server: without a certificate, nginx refuses all its sites.
check_nginx_needs() {
  local title='What the nginx site refers to is there' i path missing=''
  [[ $1 == nginx ]] || return 0
  for i in "${!F_NAMES[@]}"; do
    [[ ${F_FILES[$i]} != '' && ${F_STATES[$i]} != same ]] || continue
    while IFS= read -r path; do
      [[ $path =~ ^/[A-Za-z0-9@:._/+-]{1,400}$ && ! -e $path ]] || continue
      missing+="${missing:+, }$path"
    done < <(side_says 20 65536 reader nginx_paths "${F_FILES[$i]#reader/}")
  done
  if [[ $missing == '' ]]; then
    found nginx-needs passed "$title" 'every file that it names'
  else
    found nginx-needs failed "$title" "missing: $missing" 'put these files there, or leave out nginx: --parts …' checks-failed \
      "The nginx site refers to files that are not on this server: $missing."
  fi
}

# file_enable PART FOLDER LIVE STAGED STAGE-FOLDER: a unit or an nginx site that is new is also enabled, as its own words say, by
# a row for the link.
file_enable() {
  local part=$1 live=$3 folder='' target
  if [[ $part == nginx ]]; then
    folder=${2%/*}/sites-enabled
    [[ -d $folder && $2 == */sites-available ]] || return 0
  elif [[ $live == *.service && $2 == "$5" ]]; then
    target=$(sed -nE 's/^[[:space:]]*WantedBy=[[:space:]]*([A-Za-z0-9@:._-]{1,100}\.target)[[:space:]]*$/\1/p' "$4" | head -n 1)
    [[ $target != '' ]] || return 0
    folder=$2/$target.wants
    [[ -d $folder ]] || folder_create "$folder"
  fi
  [[ $folder != '' && ! -e $folder/$live && ! -L $folder/$live ]] && files_of_root "$folder" || return 0
  ln -s -- "$2/$live" "enabled.$part.$live" || fail internal 'The link that enables it could not be made.' "$NOTHING_CHANGED"
  file_row_in "$part" "$folder" "$live" "enabled.$part.$live" "$5"
}

# check_files_target PART: files are replaced only where nobody but root can exchange them.
check_files_target() {
  local title='The files can be replaced where they are' folder
  part_folder "$1"
  folder=$REPLY
  if [[ ! -d $folder ]]; then
    found target failed "$title" "the folder does not exist: $folder" 'if it is another one, set it: cvd-backup policy units=… nginx_site=…' \
      checks-failed "The folder does not exist: $folder"
  elif ! files_of_root "$folder"; then
    found target failed "$title" "others than root can replace what lies in $folder" 'look who owns it' checks-failed \
      "Others than root can replace what lies in $folder."
  else
    found target passed "$title" "$folder"
  fi
}

# files_stage PART FILE: extract them beside the live ones, and add a row for each.
files_stage() {
  local part=$1 folder i staged
  part_folder "$part"
  folder=$REPLY
  enter_stage "$folder"
  part_step stage 'Extract the files beside the live ones'
  files_read "$part" "$2" "$NOTHING_CHANGED"
  files_gone "$part"
  files_compare "$part"
  step_done sha256="$EXTRACT_SHA256" files:="${#F_NAMES[@]}"
  part_step verify 'Compare them with the live ones'
  [[ $SYSTEM_FILE != '' ]] || check_folder_fingerprint
  check_files_trusted "$part"
  check_nginx_needs "$part"
  reader_settle || fail internal 'The extracted files are not the expected ones.' "$NOTHING_CHANGED"
  for i in "${!F_NAMES[@]}"; do
    staged=''
    if [[ ${F_FILES[$i]} != '' ]]; then
      staged=staged.$i
      mv -nT -- "${F_FILES[$i]}" "$staged" && [[ ! -e ${F_FILES[$i]} ]] || fail internal 'The extracted files are not the expected ones.' "$NOTHING_CHANGED"
    fi
    file_row "$part" "${F_PLACES[$i]}" "${F_LIVE[$i]}" "$staged" "$folder"
    [[ ${F_STATES[$i]} != new ]] || file_enable "$part" "${F_PLACES[$i]}" "${F_LIVE[$i]}" "$staged" "$folder"
  done
  step_done
  leave_stage "$folder"
}

# file_row PART FOLDER LIVE STAGED STAGE-FOLDER: dress a staged file as the live one, and add its row.
file_row() {
  if [[ $4 != '' ]]; then
    [[ -d $2 ]] || folder_create "$2"
    file_dress "$2/$3" "$4" && sync_paths "$4" || fail internal 'The owner could not be set.' "$NOTHING_CHANGED"
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

# file_dress LIVE STAGED: give it the mode and the label of the live one, and root as its owner. Nobody else may write to it.
file_dress() {
  local mode
  mode=$(stat -c %a -- "$1" 2>/dev/null)
  [[ -f $1 && ! -L $1 && $mode =~ ^[0-7]{1,4}$ ]] && printf -v mode '%o' $((8#$mode & 8#755)) || mode=644
  chcon -h --reference="$1" -- "$2" 2>/dev/null
  { ((EUID != 0)) || chown -h -- 0:0 "$2"; } && chmod "$mode" -- "$2"
}

# plan_files PART FILE: extract and compare them in the scratch folder.
plan_files() {
  local title=''
  part_step stage 'Extract the files in a scratch folder'
  if files_read "$1" "$2" "$PLAN_UNCHANGED"; then
    files_gone "$1"
    [[ $SYSTEM_FILE != '' ]] || check_folder_fingerprint
    files_compare "$1"
    check_files_trusted "$1"
    check_nginx_needs "$1"
  fi
  check_files_target "$1"
  part_folder "$1"
  plan_space "$REPLY" $((${#F_NAMES[@]} * 8192)) 'There is enough space beside the files'
  ((${#F_NAMES[@]} == 0)) || say_readable "  ${title:-Files}: ${F_NAMES[*]} (${F_STATES[*]})"
}
