# --- Single files of the configuration: what is staged is the live folder with only these files from the backup --------------

readonly ONLY_MOST=100

# only_check PART: end before anything was done if R_ONLY names what is no file below the folder. Takes `./` off.
only_check() {
  local i
  [[ $1 == config ]] || ((${#R_ONLY[@]} == 0)) || usage_error '--only: only files of the configuration are restored alone'
  ((${#R_ONLY[@]} <= ONLY_MOST)) || usage_error "--only: at most $ONLY_MOST files"
  for i in "${!R_ONLY[@]}"; do
    path_below "${R_ONLY[$i]}" || usage_error "--only: a file below the folder, such as .env, not '${R_ONLY[$i]:0:200}'"
    R_ONLY[i]=$REPLY
  done
}

# path_below PATH: REPLY = PATH without `./`; status 1 unless it names a file below a folder.
path_below() {
  REPLY=${1#./}
  [[ $REPLY != '' && ${#REPLY} -le 1000 && ! $REPLY =~ [[:cntrl:]] && /$REPLY/ != *//* && /$REPLY/ != */./* && /$REPLY/ != */../* ]]
}

# only_apply PATH: after the backup was extracted, make reader/sealed/tree the live folder with the chosen files of the
# backup. Status 1 if it could not be.
only_apply() {
  local path=$1 sha256=$EXTRACT_SHA256 size=$EXTRACT_SIZE stamp=$EXTRACT_STAMP title='The chosen files can be restored alone' words
  ((${#R_ONLY[@]} > 0)) || return 0
  EXTRACT_PROBLEM='' EXTRACT_CODE=ok
  if [[ ! -d $path ]]; then extract_finds checks-failed 'there is no live folder into which they could be put'
  elif ! only_aside_by_reader; then extract_finds internal 'the extracted backup could not be set aside'
  else
    folder_pack "$path" config 'the live folder'
    [[ $EXTRACT_PROBLEM == '' ]] && folder_look && folder_fits && folder_unpacked live && only_choose_by_reader
  fi
  EXTRACT_SHA256=$sha256 EXTRACT_SIZE=$size EXTRACT_STAMP=$stamp
  if [[ $EXTRACT_PROBLEM == '' ]]; then
    counted "${#R_ONLY[@]}" file files
    found only passed "$title" "$REPLY"
    return 0
  fi
  words=$EXTRACT_PROBLEM
  found only failed "$title" "$words" 'choose other files, or restore the whole folder' "$EXTRACT_CODE" \
    "The chosen files cannot be restored alone: $words"
  return 1
}

only_aside_by_reader() { reader_do only_aside >/dev/null 2>&1; }

only_choose_by_reader() {
  local line word path
  in_background only_choose_pump
  watch "$FOLDER_UNCHANGED" '' "$REPLY" && return 0
  while IFS= read -r line; do
    [[ $line =~ ^only=(missing|folder|link|other)\ ([A-Za-z0-9._/%-]{1,4000})$ ]] || continue
    word=${BASH_REMATCH[1]}
    decode_path "${BASH_REMATCH[2]}"
    path=${REPLY:0:200}
    case $word in
      missing) extract_finds checks-failed "neither the backup nor the live folder has the file $path" ;;
      folder) extract_finds checks-failed "$path is a folder, not a file" ;;
      link) extract_finds checks-failed "$path is a symbolic link, or lies behind one" ;;
      *) extract_finds checks-failed "$path cannot be put into the live folder" ;;
    esac
    return 1
  done < <(head -c 65536 said 2>/dev/null)
  extract_finds internal 'they could not be put together with the live folder'
  return 1
}
only_choose_pump() { reader_do only_choose "${R_ONLY[@]}" 2>/dev/null | head -c 65536 >said; return "${PIPESTATUS[0]}"; }

# only_prove: after the comparison, nothing but the chosen files may differ from the live folder: it could have changed while it
# was copied.
only_prove() {
  local title='All other files are as they are live' name path chosen=$'\n'
  ((${#R_ONLY[@]} > 0)) || return 0
  for path in "${R_ONLY[@]}"; do chosen+="./${path//%/%25}"$'\n'; done
  path=''
  if [[ $FOLDER_KNOWN == '' ]]; then path='which could not be compared'; else
    for name in ${FOLDER_NAMES[@]+"${FOLDER_NAMES[@]}"}; do
      [[ $chosen == *$'\n'"${name#*: }"$'\n'* ]] || path=${name#*: ./}
    done
    ((FOLDER_ONLY_LIVE + FOLDER_ONLY_BACKUP + FOLDER_CHANGED <= ${#R_ONLY[@]})) || path=${path:-more than were chosen}
  fi
  if [[ $path == '' ]]; then found others passed "$title" 'every file was read'; else
    found others failed "$title" "not the same: $path" 'restore again when nobody changes the configuration' changed \
      "The live folder changed while it was copied: $path."
  fi
}

# only_words: REPLY = for a sentence, which files were restored; empty if all were.
only_words() {
  local path
  REPLY=''
  ((${#R_ONLY[@]} > 0)) || return 0
  for path in "${R_ONLY[@]}"; do REPLY+="${REPLY:+, }$path"; done
  REPLY=" (only ${REPLY:0:400})"
}
