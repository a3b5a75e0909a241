# --- The table of renames: put back -------------------------------------------------------------------------------------------

TX_REJECTED=() # paths under which what was put in place is kept, if somebody wrote to it

# transaction_files_back: give everything old its name back. Files only; works from any phase and can be repeated.
transaction_files_back() {
  local i status=0 left=' '
  [[ $TX_KEEPING != '' ]] || return 0
  for i in "${!ROW_KIND[@]}"; do
    row_enter "$i" || { status=1; continue; }
    case ${ROW_KIND[$i]} in
      database) database_back "$i" || status=1 ;;
      file) file_back "$i" || status=1 ;;
      inner) inner_back "$i" || { status=1 left+="${ROW_PART[$i]} "; } ;;
      tree)
        # While something of the old tree is in the new one, that must not be removed.
        [[ $left != *" ${ROW_PART[$i]} "* ]] && tree_back "$i" || status=1
        ;;
    esac
  done
  rows_folders
  sync_paths "${FOLDERS[@]}" || status=1
  return "$status"
}

database_back() { # ROW
  local suffix name=${ROW_LIVE[$1]} safety=${ROW_SAFETY[$1]}
  id_of "$name"
  # Never renamed, or back already (the database is renamed last): what lies beside it is its own, even new files.
  [[ $REPLY == '' || $REPLY != "${ROW_LIVE_ID[$1]}" ]] || return 0
  if [[ $REPLY != '' && $REPLY == "${ROW_STAGED_ID[$1]}" ]]; then
    rejected_aside "$1"
  else
    unexpected_files_aside "$1"
  fi
  # Sidecars first: the database must not appear under its name without its log.
  for suffix in -journal -wal -shm ''; do
    [[ -e $safety$suffix ]] || continue
    row_rename "$safety$suffix" "$name$suffix" || return 1
  done
  [[ -e $name || ${ROW_LIVE_ID[$1]} == '' ]]
}

# rejected_aside ROW: remove the restored database. If it was written to meanwhile, those writes exist nowhere else: keep it.
rejected_aside() {
  local suffix name=${ROW_LIVE[$1]}
  file_stamp "$name"
  if [[ $REPLY != "${ROW_STAMP[$1]}" || -s $name-wal || -s $name-journal ]]; then
    rejected_keep "$1"
  fi
  # Leave nothing of it beside the old database, even if it could not be kept.
  for suffix in "${SIDECARS[@]}"; do rm -f -- "$name$suffix"; done
}

rejected_keep() { # ROW
  local suffix rejected kept=yes name=${ROW_LIVE[$1]}
  aside_name "$name" rejected
  rejected=$REPLY
  # In this order, so that a sidecar left alone by an interruption is kept as a stray.
  for suffix in "${SIDECARS[@]}"; do
    [[ ! -e $name$suffix ]] || row_rename "$name$suffix" "$rejected$suffix" || kept=''
  done
  if [[ $kept != '' ]]; then
    rejected_say "$1" "$rejected" 'restored database'
  else
    say warning "What was written to the restored database could not be kept whole in ${ROW_FOLDER[$1]}/$rejected."
  fi
}

rejected_say() { # ROW NAME WHAT
  TX_REJECTED+=("${ROW_FOLDER[$1]}/$2")
  say warning "What was written to the $3 is kept in ${ROW_FOLDER[$1]}/$2."
}

# aside_name NAME rejected|stray: REPLY = a name beside it that nobody has.
aside_name() {
  REPLY=$1.$2.$(date +%Y%m%d_%H%M%S)
  while [[ -e $REPLY || -L $REPLY ]]; do REPLY+=+; done
}

# unexpected_files_aside ROW: set aside unknown files under the live name: an application that starts without a database creates one.
unexpected_files_aside() {
  local suffix stray='' name=${ROW_LIVE[$1]}
  for suffix in "${SIDECARS[@]}"; do
    id_of "$name$suffix"
    [[ $REPLY == '' || $TX_SIDECARS == *" $REPLY "* ]] && continue
    stray=${stray:-$name.stray.$(date +%Y%m%d_%H%M%S)}
    row_rename "$name$suffix" "$stray$suffix"
  done
  [[ $stray == '' ]] ||
    say warning "Files under the name of the database that are neither the old nor the restored one were kept as $stray."
}

tree_back() { # ROW
  local name=${ROW_LIVE[$1]} old=${ROW_LIVE_ID[$1]}
  id_of "$name"
  [[ $REPLY == '' || $REPLY != "$old" ]] || return 0
  if [[ $REPLY != '' && $REPLY == "${ROW_STAGED_ID[$1]}" ]]; then
    tree_reject "$1" || return 1
  elif [[ $REPLY != '' ]]; then
    aside_name "$name" stray
    row_rename "$name" "$REPLY" || return 1
    say warning "A $name that is neither the old nor the restored one was kept as $REPLY."
  fi
  [[ $old != '' ]] || return 0
  row_rename "${ROW_SAFETY[$1]}" "$name" 2>/dev/null
  id_of "$name"
  [[ $REPLY == "$old" ]]
}

# tree_reject ROW: take the restored tree away; keep it if it was written to.
tree_reject() {
  local name=${ROW_LIVE[$1]} rejected
  if [[ ${ROW_STAGE_FD[$1]} != '' ]] && ! tree_written "$1"; then
    # Under the stage's name nobody else can reach it any more; it is removed with the stage.
    row_rename "$name" "/proc/self/fd/${ROW_STAGE_FD[$1]}/${ROW_STAGED[$1]}"
    return
  fi
  aside_name "$name" rejected
  rejected=$REPLY
  row_rename "$name" "$rejected" || return 1
  rejected_say "$1" "$rejected" "restored $name"
}

# tree_written ROW: status 0 if a file of the restored tree was made or changed since it was staged, other than what an
# application leaves by running, or if that cannot be found out.
tree_written() {
  local found
  row_enter "$1" && cd -P -- "${ROW_LIVE[$1]}" 2>/dev/null || return 0
  id_of .
  if [[ $REPLY == "${ROW_STAGED_ID[$1]}" ]]; then
    found=$(exec timeout --signal=KILL 60 find . -xdev '(' -name __pycache__ -prune ')' -o -type f ! -name '*.pyc' \
      ! -path './ai_cache.db*' -newerct "@${ROW_STAMP[$1]}" -printf 1 -quit 2>/dev/null) || found=unknown
  else
    found=unknown
  fi
  row_enter "$1" || return 0
  [[ $found != '' ]]
}

file_back() { # ROW
  local name=${ROW_LIVE[$1]} old=${ROW_LIVE_ID[$1]} safety=${ROW_SAFETY[$1]} now
  id_of "$name"
  now=$REPLY
  if [[ $now != '' && $now != "$old" ]]; then
    file_stamp "$name"
    if [[ $now != "${ROW_STAGED_ID[$1]}" || $REPLY != "${ROW_STAMP[$1]}" ]]; then
      aside_name "$name" stray
      ln -PT -- "$name" "$REPLY" || return 1
      say warning "A $name that is neither the old nor the restored one was kept as $REPLY."
    fi
    # The old one gets its name in the same moment; what was created is removed.
    if [[ $old == '' ]]; then rm -f -- "$name"; return; fi
  fi
  [[ $old != '' ]] || return 0
  id_of "$safety"
  if [[ $REPLY == "$old" ]]; then
    # Two names of one file cannot be renamed to each other.
    if [[ $now == "$old" ]]; then rm -f -- "$safety"; else "${REPLACE[@]}" "$safety" "$name"; fi || return 1
  fi
  id_of "$name"
  [[ $REPLY == "$old" ]]
}

# inner_back ROW: move the entry from the new tree to the old one, wherever both are by now.
inner_back() {
  local i=$1 tree new old found inner=${ROW_INNER[$1]}
  [[ ${ROW_LIVE_ID[$i]} != '' ]] || return 0
  row_tree "$i" || return 1
  tree=$REPLY
  tree_hold "$tree" "${ROW_LIVE_ID[$tree]}" "${ROW_LIVE[$tree]}" "${ROW_SAFETY[$tree]}" || return 1
  old=$REPLY
  ROW_OLD_FD[i]=$old
  id_of "/proc/self/fd/$old/$inner"
  [[ $REPLY != "${ROW_LIVE_ID[$i]}" ]] || return 0
  tree_hold "$tree" "${ROW_STAGED_ID[$tree]}" "${ROW_LIVE[$tree]}" \
    ${ROW_STAGE_FD[$tree]:+"/proc/self/fd/${ROW_STAGE_FD[$tree]}/${ROW_STAGED[$tree]}"} || return 1
  new=$REPLY
  ROW_NEW_FD[i]=$new
  id_of "/proc/self/fd/$new/$inner"
  found=$REPLY
  [[ $found == "${ROW_LIVE_ID[$i]}" ]] || say warning "Another program replaced $inner of ${ROW_LIVE[$i]} meanwhile."
  # Both trees are those of the journal: whatever has that name in them, no other folder loses it.
  [[ $found != '' ]] || return 0
  mount_of "$old" && [[ $REPLY == "$(mount_of "$new" && printf '%s' "$REPLY")" ]] || return 1
  row_rename "/proc/self/fd/$new/$inner" "/proc/self/fd/$old/$inner" || return 1
  id_of "/proc/self/fd/$old/$inner"
  [[ $REPLY == "$found" ]]
}

# tree_hold ROW ID NAME...: REPLY = a descriptor of the folder with that identity, under whichever of the names it is.
tree_hold() {
  local row=$1 id=$2 name fd
  for name in "${@:3}"; do
    if row_enter "$row" && tree_enter "$name" "$id" && exec {fd}<.; then
      row_enter "$row"
      REPLY=$fd
      return 0
    fi
  done
  row_enter "$row"
  return 1
}
