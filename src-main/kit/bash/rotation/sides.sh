# --- Deleting what rotation has decided, with the rights of the owner ---------------------------------------------------------

# rotate_files look|delete|settle: for owner_do. Reads lines: PATH IDENTITY COMPANIONS. Prints for each its number and an answer:
#   look    its identity, `f/DEVICE/INODE/SIZE/TIME` or, of a folder, `d/DEVICE/INODE`
#   delete  `deleted`, `partly` (its name is gone, not all of it), or why it was not deleted
#   settle  the same for one whose deletion was interrupted; `there` if that had not begun; `other` if its name is another file's
rotate_files() {
  local number=0 path identity companions answers='' places=()
  while IFS=$'\t' read -r path identity companions; do
    number=$((number + 1))
    rotate_file "$1" "$path" "$identity" "$companions"
    answers+="$number $REPLY"$'\n'
    [[ $REPLY != @(deleted|partly) || " ${places[*]-} " == *" $PWD "* ]] || places+=("$PWD")
  done
  # What is answered is on disk.
  ((${#places[@]} == 0)) || sync_paths "${places[@]}" || return
  printf '%s' "$answers"
}

# rotate_file MODE PATH IDENTITY COMPANIONS: REPLY = the answer. Follows no link below the folder of the backups.
rotate_file() {
  local name place
  decode_path "$2"
  name=${REPLY##*/} place=${REPLY%/*}
  rotate_enter "$place" || { REPLY='its folder is a link or gone'; return; }
  if [[ -e ./$name || -L ./$name ]]; then
    rotate_identity "$name"
    [[ $1 != look ]] || return 0
    if [[ $1 == settle ]]; then
      # Its time and size may have changed since.
      if [[ $REPLY == "$3" || ($REPLY == f/* && ${REPLY%/*/*} == "${3%/*/*}") ]]; then REPLY=there; else REPLY=other; fi
      return
    fi
    [[ $REPLY == "$3" ]] || { REPLY='it has changed'; return; }
    [[ ! ./$name -ef $DATABASE_FILE ]] || { REPLY='it is the live database'; return; }
    rotate_remove "$name" "$3" || { REPLY='this folder cannot be written'; return; }
  elif [[ $1 == look ]]; then
    REPLY='it is gone'
    return
  fi
  rotate_finish "$name" "$place" "$4"
}

# rotate_enter FOLDER: enter it; status 1 if a link below the folder of the backups leads there.
rotate_enter() {
  local base=$1
  if [[ $1 == "$BACKUPS"?(/*) ]]; then
    cd -P -- "$BACKUPS" 2>/dev/null || return 1
    base=$PWD${1#"$BACKUPS"}
  fi
  cd -P -- "$base" 2>/dev/null && [[ $PWD == "$base" ]]
}

# rotate_identity NAME: REPLY = the identity of what has this name here; words if it is neither a file nor a folder.
rotate_identity() {
  REPLY=$(find "./$1" -maxdepth 0 '(' -type f -printf 'f/%D/%i/%s/%T@' -o -type d -printf 'd/%D/%i' ')' 2>/dev/null)
  REPLY=${REPLY:-it has changed}
}

# rotate_remove NAME IDENTITY: take its name away. A folder is renamed first: half of it must never look like a safety copy.
rotate_remove() {
  if [[ $2 == d/* ]]; then
    rm -rf --one-file-system -- "./.$1.deleting" 2>/dev/null
    mv -nT -- "./$1" "./.$1.deleting" 2>/dev/null
  else
    rm -f -- "./$1" 2>/dev/null
  fi
  [[ ! -e ./$1 && ! -L ./$1 ]]
}

# rotate_finish NAME FOLDER COMPANIONS: delete what goes with it: its companions, and the renamed folder.
rotate_finish() {
  local rest=$3, one
  [[ ! -e ./.$1.deleting ]] || rm -rf --one-file-system -- "./.$1.deleting" 2>/dev/null
  while [[ $rest == *,* ]]; do
    decode_path "${rest%%,*}"
    one=$REPLY rest=${rest#*,}
    [[ ${one%/*} == "$2" && ${one##*/} != '' && ! ./${one##*/} -ef $DATABASE_FILE ]] || continue
    [[ ! -d ./${one##*/} || -L ./${one##*/} ]] && rm -f -- "./${one##*/}" 2>/dev/null
  done
  REPLY=deleted
  [[ ! -e ./.$1.deleting ]] || REPLY=partly
}

# files_inodes: for owner_do. Reads encoded paths; prints the inodes of the files that are there, behind links, too.
files_inodes() {
  local path
  while IFS= read -r path; do
    decode_path "$path"
    [[ $REPLY != /* ]] || printf '%s\0' "$REPLY"
  done | xargs -0 -r stat -L -c %i -- 2>/dev/null || (($? == 123)) # one of them is not there
}
