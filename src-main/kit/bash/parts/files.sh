# --- The parts `systemd` and `nginx` of a restore: single files of root's, read and compared -------------------------------------
#
# Whoever writes such a file is root. So only what root itself recorded when the backup was made counts as root's (root_files);
# anything else, a person has to look at.

F_NAMES=()     # of the files in the backup: `cvd.service`, `cvd.service.d/limits.conf`, `nginx-cvd.conf`
F_FILES=()     # of each: its path, relative to the work folder; empty if the restore takes the live one away
F_MODES=()     # of each: its mode in the backup
F_PLACES=()    # of each: its folder
F_LIVE=()      # of each: its name there
F_STATES=()    # of each: same, changed, new, removed
F_ROOT=' '     # what root had when the backup was made: ` NAME=SHA256 … `; one blank if that is not known
F_DIFFERENCES=() F_JSON='[]'
F_NEEDS=''     # lines: what the nginx site in the backup refers to

# files_read PART FILE UNCHANGED: extract them to reader/file.N, which is root's then, and set the F_ globals. Status 1 if they
# cannot be had.
files_read() {
  local part=$1 file=$2 title='The backup can be read'
  F_NAMES=() F_FILES=() F_MODES=() F_PLACES=() F_LIVE=() F_STATES=() F_DIFFERENCES=() F_ROOT=' ' F_JSON='[]' F_NEEDS=''
  EXTRACT_PROBLEM='' EXTRACT_CODE=ok FOLDER_UNCHANGED=$3
  if ((EUID == 0 && READER_UID == OWNER_UID && OWNER_UID != 0)); then
    extract_finds internal 'No user but the owner of the CVD data can read it here, and the owner could exchange it.'
  elif [[ $SYSTEM_FILE != '' ]]; then
    F_ROOT=" $SYSTEM_ROOT_FILES "
    system_take "$part" picked.said "$3" && file=${SYSTEM_TOP}config file=${file#./}
  elif folder_recorded "$part" "$file" && extract_look "$file"; then
    [[ $FOLDER_PROVEN == '' ]] || F_ROOT=" ${FP[rootFiles]-} "
    if [[ $EXTRACT_FORMAT == gzip ]]; then extract_gzip "$file" tree.tar "$3" 0; else
      extract_finds not-a-backup 'The file is no compressed archive.'
    fi
    [[ $EXTRACT_PROBLEM != '' ]] || ! folder_look || reader_do files_unpack tree.tar >/dev/null 2>&1 ||
      extract_finds integrity 'It could not be extracted.'
    file=''
  fi
  [[ $EXTRACT_PROBLEM != '' ]] || files_found "$part" "$file"
  system_taken
  if [[ $EXTRACT_PROBLEM == '' ]] && ! reader_settle; then extract_finds internal 'The extracted files are not the expected ones.'; fi
  if [[ $EXTRACT_PROBLEM != '' ]]; then
    extract_fix "$2"
    found readable failed "$title" "$EXTRACT_PROBLEM" "$REPLY" "$EXTRACT_CODE" "The backup cannot be restored: $EXTRACT_PROBLEM"
    return 1
  fi
  counted "${#F_NAMES[@]}" file files
  found readable passed "$title" "$REPLY: ${F_NAMES[*]}"
}

# files_found PART FOLDER: have the reader pick them out, and show what differs from the live ones.
files_found() {
  local part=$1 word number mode name i live
  part_units
  while IFS=' ' read -r word number mode name; do
    case $word in
      file)
        [[ ! $number =~ ^[1-9][0-9]{0,3}$ || ! $mode =~ ^[0-7]{1,4}$ ]] || files_place "$part" "$name" "reader/file.$number" "$mode"
        ;;
      odd) extract_finds not-a-backup "$number in it is a link, a folder or too large, and cannot be a file of $part." ;;
    esac
  done < <(side_says 120 131072 reader files_pick "$2" "$part")
  ((${#F_NAMES[@]} > 0)) || [[ $EXTRACT_PROBLEM != '' ]] || extract_finds empty "It holds no file of $part for this site."
  for i in "${!F_NAMES[@]}"; do
    live=${F_PLACES[$i]}/${F_LIVE[$i]}
    # Root opens a live file only where nobody else can exchange it.
    { files_of_root "${live%/*}" && [[ -f $live && ! -L $live ]]; } || live=/dev/null
    [[ $part != nginx ]] || F_NEEDS=$(side_says 20 65536 reader nginx_paths "${F_FILES[$i]#reader/}")
    F_DIFFERENCES[i]=$(reader_do file_difference "${F_FILES[$i]#reader/}" 2>/dev/null <"$live" | head -c 16384 | tr -d '\0')
  done
}

# files_place PART NAME FILE MODE: add it to the F_ globals, if it belongs to a service of this site.
files_place() {
  local folder unit=${2%%/*} live=${2##*/}
  part_folder "$1"
  folder=$REPLY
  [[ $2 =~ $ROOT_FILE_NAME ]] || return 0
  if [[ $1 == nginx ]]; then
    part_path nginx
    live=${REPLY##*/}
  elif [[ " ${UNITS_OURS[*]} " != *" ${unit%.d} "* ]]; then
    [[ $PLANNING != '' ]] || say warning "Not restored, as it is no unit of this site's services: $2"
    return 0
  elif [[ $2 == */* ]]; then
    folder+=/$unit
  fi
  F_NAMES+=("$2") F_FILES+=("$3") F_MODES+=("$4") F_PLACES+=("$folder") F_LIVE+=("$live") F_DIFFERENCES+=('')
}

# files_gone PART: add the drop-ins that are live, and that root did not have when the backup was made.
files_gone() {
  local folder unit path name
  [[ $1 == systemd && $F_ROOT != ' ' ]] || return 0
  part_folder systemd
  folder=$REPLY
  for unit in ${UNITS_OURS[@]+"${UNITS_OURS[@]}"}; do
    # Of a unit that root did not have, nothing is known.
    [[ $F_ROOT == *" $unit"?(.d/*([! ]))=* ]] || continue
    for path in "$folder/$unit.d"/*.conf; do
      name=$unit.d/${path##*/}
      [[ -f $path && ! -L $path && $name =~ $ROOT_FILE_NAME && $F_ROOT != *" $name="* && " ${F_NAMES[*]} " != *" $name "* ]] || continue
      F_NAMES+=("$name") F_FILES+=('') F_MODES+=(644) F_PLACES+=("$folder/$unit.d") F_LIVE+=("${path##*/}") F_DIFFERENCES+=('')
    done
  done
}

# files_compare PART: F_STATES, by hashes of what is root's on both sides, and F_JSON.
files_compare() {
  local i live state list=() one other
  F_STATES=()
  for i in "${!F_NAMES[@]}"; do
    live=${F_PLACES[$i]}/${F_LIVE[$i]}
    if [[ ${F_FILES[$i]} == '' ]]; then
      state=removed
    elif [[ ! -e $live && ! -L $live ]]; then
      state=new
    else
      state=changed one='' other=-
      if files_of_root "${live%/*}" && [[ -f $live && ! -L $live ]]; then one=$(sha256sum <"$live") other=$(sha256sum <"${F_FILES[$i]}"); fi
      [[ $one == '' || $one != "$other" ]] || state=same
    fi
    F_STATES+=("$state")
    encode_path "$live"
    json_object part="$1" path="$REPLY" state="$state" difference="${F_DIFFERENCES[$i]}"
    list+=("$REPLY")
  done
  json_array ${list[@]+"${list[@]}"}
  F_JSON=$REPLY
}

# files_of_root FOLDER: status 0 if nobody but root can exchange what lies in it, or if this login is not root.
files_of_root() { ((EUID != 0)) || { path_owner "$1" && [[ $REPLY == '0 0' ]]; }; }

# check_files_trusted PART: what the restored files would have root do is what root had, or a person has looked at it.
check_files_trusted() {
  local title='The files that run as root are known' i words='' known='' one
  for i in "${!F_NAMES[@]}"; do
    case ${F_STATES[$i]} in
      same) ;;
      removed) known+="${known:+, }without ${F_NAMES[$i]}" ;;
      *)
        one=$(sha256sum <"${F_FILES[$i]}")
        if [[ $F_ROOT == *" ${F_NAMES[$i]}=${one%% *} "* ]]; then known+="${known:+, }${F_NAMES[$i]}"; else words+="${words:+, }${F_NAMES[$i]}"; fi
        ;;
    esac
  done
  # What root had, and is not in the backup, was left out by whoever made that.
  words_of "$F_ROOT"
  for one in ${WORDS[@]+"${WORDS[@]}"}; do
    [[ $one == nginx-cvd.conf=* && $1 == systemd || $one != nginx-cvd.conf=* && $1 == nginx || " ${F_NAMES[*]} " == *" ${one%%=*} "* ]] ||
      words+="${words:+, }${one%%=*} is missing"
  done
  if ((EUID != 0)); then
    found "$1-files" passed "$title" 'this login is not root'
  elif [[ $words != '' ]]; then
    found "$1-files" ask "$title" "not known to be what root had: $words" \
      'read what they would do; if it is right, restore with --accept-files' checks-failed \
      "Nobody can say that these files are what root had when the backup was made, and they run as root: $words." "$R_ACCEPT_FILES"
  else
    found "$1-files" passed "$title" "${known:-the same as the live ones}${known:+, as root had it when the backup was made}"
  fi
}

# check_nginx PART: what the nginx site refers to is on this server: without a certificate, nginx refuses all its sites. And
# nginx accepts its files now: otherwise it would refuse them after the swap, too.
check_nginx() {
  local title='What the nginx site refers to is there' path missing='' said
  [[ $1 == nginx ]] || return 0
  while IFS= read -r path; do
    [[ $path =~ ^/[A-Za-z0-9@:._/+-]{1,400}$ && ! -e $path ]] || continue
    missing+="${missing:+, }$path"
  done < <(printf '%s\n' "$F_NEEDS")
  if [[ $missing == '' ]]; then
    found nginx-needs passed "$title" 'every file that it names'
  else
    found nginx-needs failed "$title" "missing: $missing" 'put these files there, or leave out nginx: --parts …' checks-failed \
      "The nginx site refers to files that are not on this server: $missing."
  fi
  [[ ${POLICY[service_manager]} == systemd && ${F_STATES[0]-} != new ]] && ! said=$(nginx -t 2>&1) || return 0
  said=${said%%$'\n'*}
  found nginx-now warning 'nginx accepts its files now' "${said:0:300}" \
    'unless the restored site mends this, the restore will be rolled back' '' "nginx does not accept its files even now: ${said:0:300}"
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

# plan_files PART FILE: extract and compare them in the scratch folder.
plan_files() {
  local title=''
  part_step stage 'Extract the files in a scratch folder'
  if files_read "$1" "$2" "$PLAN_UNCHANGED"; then
    files_gone "$1"
    [[ $SYSTEM_FILE != '' ]] || check_folder_fingerprint
    files_compare "$1"
    check_files_trusted "$1"
    check_nginx "$1"
  fi
  check_files_target "$1"
  part_folder "$1"
  plan_space "$REPLY" $((${#F_NAMES[@]} * 8192)) 'There is enough space beside the files'
  ((${#F_NAMES[@]} == 0)) || say_readable "  ${title:-Files}: ${F_NAMES[*]} (${F_STATES[*]})"
}
