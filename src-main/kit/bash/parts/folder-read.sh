# --- A folder's backup: read, judged and extracted by the reader -----------------------------------------------------------

FOLDER_MEMBERS=0 FOLDER_BYTES=0 FOLDER_INSIDE='' FOLDER_PROVEN=''
FOLDER_UNCHANGED=''

# folder_extract PART FILE UNCHANGED: extract a backup, or a safety copy, to reader/sealed/tree. Status 1 if it cannot be.
folder_extract() {
  local part=$1 file=$2 packed
  FOLDER_UNCHANGED=$3 FOLDER_MEMBERS=0 FOLDER_BYTES=0 FOLDER_INSIDE='' FOLDER_PROVEN=''
  EXTRACT_PROBLEM='' EXTRACT_CODE=ok
  if [[ $SYSTEM_FILE != '' ]]; then
    folder_of_system "$part" "$3"
  elif ! folder_recorded "$part" "$file"; then
    :
  elif [[ -d $file ]]; then
    folder_pack "$file" "$part"
  elif extract_look "$file"; then
    if [[ $EXTRACT_FORMAT == gzip ]]; then extract_gzip "$file" tree.tar "$3" 0; else
      extract_finds not-a-backup 'The file is no compressed archive.'
    fi
  fi
  [[ $EXTRACT_PROBLEM != '' ]] || ! folder_look || ! folder_fits || ! folder_unpacked "$part" || ! folder_links_stay "$part"
  system_taken
  if [[ $EXTRACT_PROBLEM == '' ]]; then
    human_bytes "$FOLDER_BYTES"
    packed=$REPLY
    found readable passed 'The backup can be read' "$FOLDER_MEMBERS files, folders and links, $packed"
    return 0
  fi
  extract_fix "$file"
  found readable failed 'The backup can be read' "$EXTRACT_PROBLEM" "$REPLY" "$EXTRACT_CODE" "The backup cannot be restored: $EXTRACT_PROBLEM"
  return 1
}

# folder_of_system PART UNCHANGED: put the part of the system backup into reader/tree.tar.
folder_of_system() {
  local top=${SYSTEM_TOP#./}
  case $1 in
    application)
      system_take application member "$2" && EXTRACT_SIDE=reader && extract_look member && extract_gzip member tree.tar "$2" 0
      rm -f -- reader/member
      ;;
    config)
      system_take config picked.said "$2" || return 0
      in_background picked_by_reader "${top%/}"
      watch "$2" '' "$REPLY" || extract_finds integrity 'Its configuration could not be unpacked.'
      ;;
  esac
}

picked_by_reader() { reader_do picked_tree "$1" >/dev/null 2>&1; }

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

# folder_pack FOLDER PART [WHAT]: read a safety copy, or the live folder, as if it were a backup.
folder_pack() {
  local size what=${3:-the safety copy}
  EXTRACT_PROBLEM='' EXTRACT_CODE=ok EXTRACT_STAMP=''
  size=$(side_says 60 16 owner folder_size "$1")
  [[ $size =~ $WHOLE_NUMBER ]] || { extract_finds no-rights "The owner of the CVD data cannot read $what."; return; }
  extract_space . "$((size * 2))" || return 0
  in_background folder_pump "$1" "$2"
  watch "$FOLDER_UNCHANGED" '' "$REPLY" || { extract_finds internal "${what^} could not be read to its end."; return; }
  extract_said
  EXTRACT_SIZE=$EXTRACT_DATABASE_SIZE
}

folder_pump() { # FOLDER PART
  local status
  owner_do folder_send "$1" "$2" 2>/dev/null | reader_do stream_plain tree.tar 2>/dev/null | head -c 4096 >said
  status=("${PIPESTATUS[@]}")
  ((status[0] == 0 && status[1] == 0))
}

# folder_look: what the archive holds; status 1 if it must not be extracted.
folder_look() {
  local line value
  in_background folder_check_by_reader
  watch "$FOLDER_UNCHANGED" '' "$REPLY" || true
  while IFS= read -r line; do
    value=${line#*=}
    case $line in
      unreadable=*) extract_finds integrity "The archive cannot be read: ${value:0:400}" ;;
      refused=*) [[ ! $value =~ ^([a-z-]{1,20})\ ([A-Za-z0-9._/%-]{0,1000})$ ]] || folder_refused "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" ;;
      members=*) [[ ! $value =~ $WHOLE_NUMBER ]] || FOLDER_MEMBERS=$value ;;
      bytes=*) [[ ! $value =~ $WHOLE_NUMBER ]] || FOLDER_BYTES=$value ;;
      config=yes) FOLDER_INSIDE=config ;;
    esac
  done < <(head -c 4096 said 2>/dev/null)
  [[ $EXTRACT_PROBLEM == '' ]] || return 1
  ((FOLDER_MEMBERS > 0)) || extract_finds empty 'The archive holds nothing.'
  [[ $EXTRACT_PROBLEM == '' ]]
}

folder_refused() { # WORD PATH
  member_words "$1" "$2"
  REPLY=${REPLY^}
  extract_finds not-a-backup "${REPLY%.}."
}

folder_check_by_reader() { reader_do folder_check tree.tar 2>/dev/null | head -c 4096 >said; }

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
