# --- The table of renames: what a transaction replaces ------------------------------------------------------------------------
#
# One row for each thing. The table is journaled before the first rename. Keep, swap and put back walk it and know nothing of
# parts; recovery finds each thing by its identity, device and inode, wherever it is by then.
#
#   database   a file and its sidecars
#   tree       a folder
#   file       one file that is never absent: its safety copy is a hard link, and the swap renames over it
#   inner      an entry of the old tree that moves into the new one, and back; INNER is its name. It comes before its tree.
#
# A row without a live thing creates one; a row without a staged one takes the live one away.
#
# Each folder is held open and entered through its descriptor: its owner can replace every name that leads to it.

ROW_PART=() ROW_KIND=() ROW_FOLDER=() ROW_LIVE=() ROW_SAFETY=() ROW_STAGE=() ROW_STAGED=() ROW_INNER=()
ROW_FOLDER_ID=() ROW_LIVE_ID=() ROW_STAGED_ID=() # `device:inode`; empty if there is none
ROW_STAMP=()              # of the staged thing, to see whether somebody has written to it since
ROW_FD=() ROW_STAGE_FD=() # the folder, and the stage folder in it; empty if that is gone
ROW_OLD_FD=() ROW_NEW_FD=() # of an inner row: the old tree and the new one, while it moves
readonly ROW_FIELDS=(PART KIND FOLDER LIVE SAFETY STAGE STAGED INNER FOLDER_ID LIVE_ID STAGED_ID STAMP)
readonly ROW_PARTS=' database application config nginx systemd '

# A device has another number after a reboot: then only the inode counts.
ROW_ID='%d:%i'

rows_forget() {
  ROW_PART=() ROW_KIND=() ROW_FOLDER=() ROW_LIVE=() ROW_SAFETY=() ROW_STAGE=() ROW_STAGED=() ROW_INNER=()
  ROW_FOLDER_ID=() ROW_LIVE_ID=() ROW_STAGED_ID=() ROW_STAMP=() ROW_FD=() ROW_STAGE_FD=() ROW_OLD_FD=() ROW_NEW_FD=()
  ROW_ID='%d:%i'
}

row_add() { # PART KIND FOLDER LIVE STAGE STAGED FOLDER-FD STAGE-FD [INNER]
  ROW_PART+=("$1") ROW_KIND+=("$2") ROW_FOLDER+=("$3") ROW_LIVE+=("$4") ROW_STAGE+=("$5") ROW_STAGED+=("$6")
  ROW_FD+=("$7") ROW_STAGE_FD+=("$8") ROW_INNER+=("${9-}")
  ROW_SAFETY+=('') ROW_FOLDER_ID+=('') ROW_LIVE_ID+=('') ROW_STAGED_ID+=('') ROW_STAMP+=('')
}

row_enter() { [[ ${ROW_FD[$1]} != '' ]] && cd -P "/proc/self/fd/${ROW_FD[$1]}" || return; }

# id_of NAME: REPLY = its identity, of a link itself; empty if there is none.
id_of() { REPLY=$(exec stat -c "$ROW_ID" -- "$1" 2>/dev/null) || REPLY=''; }

# rows_ready: complete the table when all is staged: names of the safety copies, and identities.
rows_ready() {
  local i now name
  now=$(date +%Y%m%d_%H%M%S)
  for i in "${!ROW_KIND[@]}"; do
    row_enter "$i" || fail internal "${ROW_FOLDER[$i]} was moved away." "$NOTHING_CHANGED"
    # nginx may read every file in the folder of its site whose name does not begin with a dot.
    [[ ${ROW_PART[$i]} == nginx ]] && name=.${ROW_LIVE[$i]} || name=${ROW_LIVE[$i]}
    row_name_safety "$i" "$name.pre-restore.$now"
    id_of .
    ROW_FOLDER_ID[i]=$REPLY
    [[ ${ROW_KIND[$i]} == inner ]] || row_identify "$i"
  done
  # An inner entry is looked up in the tree that was identified, so after it.
  for i in "${!ROW_KIND[@]}"; do
    [[ ${ROW_KIND[$i]} != inner ]] || inner_identify "$i"
  done
  rename_choose
  rename_probe
}

row_name_safety() { # ROW NAME
  ROW_SAFETY[$1]=$2
  safety_free "$1" || ROW_SAFETY[$1]+=.$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')
  safety_free "$1" || fail internal "${ROW_SAFETY[$1]} is there already." "$NOTHING_CHANGED"
}

# safety_free ROW: status 1 if the name of its safety copy or of one of the sidecars is taken, even by a dangling link.
safety_free() {
  local suffix name=${ROW_SAFETY[$1]}
  for suffix in "${SIDECARS[@]}"; do
    [[ ! -e $name$suffix && ! -L $name$suffix ]] || return 1
  done
}

row_identify() { # ROW
  local i=$1 staged="/proc/self/fd/${ROW_STAGE_FD[$1]}/${ROW_STAGED[$1]}"
  id_of "${ROW_LIVE[$i]}"
  ROW_LIVE_ID[i]=$REPLY
  if [[ ${ROW_KIND[$i]} == tree && $REPLY != '' ]]; then
    tree_enter "${ROW_LIVE[$i]}" "$REPLY" || tree_is_none "$i"
    row_enter "$i" || fail internal "${ROW_FOLDER[$i]} was moved away." "$NOTHING_CHANGED"
  fi
  [[ ${ROW_STAGED[$i]} != '' ]] || return 0
  id_of "$staged"
  ROW_STAGED_ID[i]=$REPLY
  if [[ ${ROW_KIND[$i]} == tree ]]; then
    # Whatever is changed in it later has a newer time. The clock of files may be behind by a tick.
    pause 0.02
    REPLY=$(date +%s.%N)
  else
    file_stamp "$staged"
  fi
  ROW_STAMP[i]=$REPLY
}

inner_identify() { # ROW
  row_tree "$1" && row_enter "$1" && tree_enter "${ROW_LIVE[$1]}" "${ROW_LIVE_ID[$REPLY]}" || tree_is_none "$1"
  id_of "${ROW_INNER[$1]}"
  ROW_LIVE_ID[$1]=$REPLY
}

# Its owner can put a link to any folder under its name: then root would move the entries of that folder.
tree_is_none() { # ROW
  fail checks-failed "${ROW_FOLDER[$1]}/${ROW_LIVE[$1]} was replaced, is a symbolic link, or is no folder by now." \
    "$NOTHING_CHANGED" 'look who replaced it, then restore again'
}

# tree_enter NAME ID: enter the folder with that identity under a name in the folder that was entered; status 1 if that is
# another one. A link is: its identity is not that of the folder to which it leads.
tree_enter() {
  [[ $2 != '' ]] && cd -P -- "$1" 2>/dev/null || return 1
  id_of .
  [[ $REPLY == "$2" ]]
}

# row_tree ROW: REPLY = the row of the tree to which an inner entry belongs.
row_tree() {
  local i
  for i in "${!ROW_KIND[@]}"; do
    [[ ${ROW_KIND[$i]} == tree && ${ROW_PART[$i]} == "${ROW_PART[$1]}" ]] || continue
    REPLY=$i
    return 0
  done
  return 1
}

# row_line ROW: REPLY = the row as one word for the journal.
row_line() {
  local field variable line=''
  for field in "${ROW_FIELDS[@]}"; do
    variable="ROW_${field}[$1]"
    encode_path "${!variable}"
    line+=${line:+|}$REPLY
  done
  REPLY=$line
}

# row_load WORD: add a row from the journal; status 1 if it is none of ours.
row_load() {
  local rest=$1 field value i=${#ROW_KIND[@]}
  [[ $rest =~ ^([A-Za-z0-9._/%-]*\|){11}[A-Za-z0-9._/%-]*$ ]] || return 1
  row_add '' '' '' '' '' '' '' ''
  for field in "${ROW_FIELDS[@]}"; do
    value=${rest%%|*} rest=${rest#*|}
    decode_path "$value"
    printf -v "ROW_${field}[$i]" '%s' "$REPLY"
  done
  [[ ${ROW_KIND[$i]} =~ ^(database|tree|file|inner)$ && $ROW_PARTS == *" ${ROW_PART[$i]} "* ]]
}

# rows_without_device: after a reboot.
rows_without_device() {
  local i id ids=()
  ROW_ID='%i'
  for i in "${!ROW_KIND[@]}"; do
    ROW_FOLDER_ID[i]=${ROW_FOLDER_ID[$i]#*:} ROW_LIVE_ID[i]=${ROW_LIVE_ID[$i]#*:} ROW_STAGED_ID[i]=${ROW_STAGED_ID[$i]#*:}
  done
  words_of "$TX_SIDECARS"
  for id in ${WORDS[@]+"${WORDS[@]}"}; do ids+=("${id#*:}"); done
  TX_SIDECARS=" ${ids[*]-} "
}

# rows_hold: open the folders of a table from the journal, and their stage folders. Status 1 if one cannot be entered or is
# not the one it was: its name may lead elsewhere by now. ROW_LOST = that one.
ROW_LOST=''
rows_hold() {
  local i j fd
  rename_choose
  for i in "${!ROW_KIND[@]}"; do
    for j in "${!ROW_KIND[@]}"; do
      [[ $j != "$i" ]] || break
      [[ ${ROW_FOLDER[$j]} != "${ROW_FOLDER[$i]}" || ${ROW_STAGE[$j]} != "${ROW_STAGE[$i]}" ]] || {
        ROW_FD[i]=${ROW_FD[$j]} ROW_STAGE_FD[i]=${ROW_STAGE_FD[$j]}
        continue 2
      }
    done
    ROW_LOST=${ROW_FOLDER[$i]}
    # A unit or a site of nginx lies in a folder that only root controls.
    if [[ ${ROW_KIND[$i]} == file ]] && path_owner "$ROW_LOST" && [[ $REPLY == '0 0' ]]; then
      cd -P -- "$ROW_LOST" 2>/dev/null || return 1
    else
      hold_place "$ROW_LOST" || return 1
    fi
    id_of .
    [[ ${ROW_FOLDER_ID[$i]} == '' || $REPLY == "${ROW_FOLDER_ID[$i]}" ]] || return 1
    exec {fd}<. || return 1
    ROW_FD[i]=$fd ROW_STAGE_FD[i]=''
    if [[ ${ROW_STAGE[$i]} == .cvd-backup-* && ${ROW_STAGE[$i]} != */* ]] && enter_leftover "${ROW_STAGE[$i]}" "$fd" && exec {fd}<.; then
      ROW_STAGE_FD[i]=$fd
    fi
    row_enter "$i" || return 1
  done
}

# rows_in_place: status 0 if everything new has its live name.
rows_in_place() {
  local i
  for i in "${!ROW_KIND[@]}"; do
    row_enter "$i" || return 1
    if [[ ${ROW_KIND[$i]} == inner ]]; then
      [[ ${ROW_LIVE_ID[$i]} != '' ]] || continue
      id_of "${ROW_LIVE[$i]}/${ROW_INNER[$i]}"
      [[ $REPLY == "${ROW_LIVE_ID[$i]}" ]] || return 1
    else
      id_of "${ROW_LIVE[$i]}"
      [[ $REPLY == "${ROW_STAGED_ID[$i]}" && ($REPLY != '' || ${ROW_STAGED[$i]} == '') ]] || return 1
    fi
  done
}

# rows_folders: FOLDERS = every folder in which something is renamed, to be synced.
FOLDERS=()
rows_folders() {
  local i fd
  FOLDERS=()
  for i in "${!ROW_KIND[@]}"; do
    for fd in "${ROW_FD[$i]}" "${ROW_STAGE_FD[$i]}" "${ROW_OLD_FD[$i]-}" "${ROW_NEW_FD[$i]-}"; do
      [[ $fd == '' || " ${FOLDERS[*]-} " == *" /proc/self/fd/$fd/. "* ]] || FOLDERS+=("/proc/self/fd/$fd/.")
    done
  done
}

# rows_of PART: ROWS = its rows.
ROWS=()
rows_of() {
  local i
  ROWS=()
  for i in "${!ROW_PART[@]}"; do [[ ${ROW_PART[$i]} != "$1" ]] || ROWS+=("$i"); done
}

# rows_noun: REPLY = what the transaction replaces, for a sentence.
rows_noun() {
  local i
  REPLY=''
  for i in "${!ROW_PART[@]}"; do
    [[ ${ROW_PART[$i]} != "$REPLY" ]] || continue
    [[ $REPLY == '' ]] || { REPLY=state; return; }
    REPLY=${ROW_PART[$i]}
  done
  case $REPLY in config) REPLY=configuration ;; systemd) REPLY='set of unit files' ;; nginx) REPLY='nginx site' ;; esac
  REPLY=${REPLY:-database}
}

# rows_old: REPLY = where the old state is, for a sentence: at most two names for each thing.
rows_old() {
  local i words=''
  for i in "${!ROW_KIND[@]}"; do
    [[ ${ROW_KIND[$i]} == inner ]] ||
      words+="${words:+; }${ROW_FOLDER[$i]}/${ROW_SAFETY[$i]} or ${ROW_FOLDER[$i]}/${ROW_LIVE[$i]}"
  done
  REPLY=$words
}

# rows_held: HOLDERS = the programs that would go on with what is replaced; status 1 if there are none. A tree may stay the
# current folder of programs that are not the service's.
rows_held() {
  local i entry open_in=()
  for i in "${!ROW_KIND[@]}"; do
    case ${ROW_KIND[$i]} in
      database)
        holders_find
        open_in+=(${HOLDERS[@]+"${HOLDERS[@]}"})
        ;;
      tree)
        holders_below "${ROW_FOLDER[$i]}/${ROW_LIVE[$i]}"
        for entry in ${HOLDERS[@]+"${HOLDERS[@]}"}; do
          [[ $entry == *$'\t'*$'\t\t'* ]] || open_in+=("$entry")
        done
        ;;
    esac
  done
  HOLDERS=(${open_in[@]+"${open_in[@]}"})
  ((${#HOLDERS[@]} > 0))
}
