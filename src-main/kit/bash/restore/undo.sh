# --- undo: bring back what a restore kept -----------------------------------------------------------------------------------------
#
# The table of renames in the operation's journal says what was kept under which name, and what was not there before.

U_PARTS=() U_KINDS=() U_FOLDERS=() U_LIVE=() U_KEPT=() # of each thing; U_KEPT is its safety copy, or empty if there was nothing

check_undo() {
  restore_arguments "$@"
  [[ ${#R_WORDS[@]} -eq 1 && ${#R_ONLY[@]} -eq 0 ]] || usage_wrong
  undo_find "${R_WORDS[0]}"
  # Every console sees from the ID alone that this undoes an undo.
  [[ ${R_WORDS[0]} != *-undo-* ]] || ID_WORD=redo
  restore_confirm
}

run_undo() {
  local kept
  restore_arguments "$@"
  # The safety copy is what the application ran with, schema and virtual environment.
  R_ACCEPT_SCHEMA=yes R_KEEP_VENV=yes
  UNDOING=${R_WORDS[0]}
  undo_find "$UNDOING"
  kept=$REPLY
  lock_site
  restore_parts "$kept"
}

# undo_find OPERATION: set the U_ globals and RESTORE_PARTS; REPLY = the first safety copy. Fails if one is missing.
undo_find() {
  local part
  valid_operation "$1" || fail not-found "There is no operation '$1' on this server." 'nothing was changed' ''
  operation_kept "$1" || fail not-undoable 'That operation has no safety copy any more; it cannot be undone.' \
    'nothing was changed' 'choose a backup to restore instead'
  for part in "${!U_PARTS[@]}"; do
    [[ ${U_KEPT[$part]} == '' && (${U_PARTS[$part]} =~ ^(database|application)$ || ${U_FOLDERS[$part]}/${U_LIVE[$part]} =~ [^/]\.service$) ]] || continue
    [[ ${U_FOLDERS[$part]} != *.wants ]] || continue
    fail not-undoable "There was no ${U_LIVE[$part]} before that restore, and the site cannot run without one." 'nothing was changed' ''
  done
  RESTORE_PARTS=()
  for part in "${PARTS[@]}"; do
    [[ " ${U_PARTS[*]} " != *" $part "* ]] || RESTORE_PARTS+=("$part")
  done
  for REPLY in "${U_KEPT[@]}" ''; do [[ $REPLY == '' ]] || return 0; done
}

# undo_stage PART: stage the safety copies of its rows.
undo_stage() {
  local part=$1 i folder=''
  for i in "${!U_PARTS[@]}"; do
    [[ ${U_PARTS[$i]} == "$part" ]] || continue
    case ${U_KINDS[$i]} in
      file)
        [[ $folder != '' ]] || {
          part_folder "$part"
          folder=$REPLY
          enter_stage "$folder"
          part_step stage 'Copy the kept files beside the live ones'
        }
        undo_file "$i" "$folder"
        ;;
      *)
        if [[ ${U_KEPT[$i]} != '' ]]; then part_stage "$part" "${U_KEPT[$i]}"; else undo_absent "$i"; fi
        ;;
    esac
  done
  [[ $folder != '' ]] || return 0
  step_done
  leave_stage "$folder"
}

# undo_file I STAGE-FOLDER: stage the safety copy of a file; nobody but root can have changed it.
undo_file() {
  local kept=${U_KEPT[$1]} staged='' mode=644
  if [[ $kept != '' ]]; then
    staged=staged.$1
    files_of_root "${kept%/*}" && cp -PT --preserve=mode -- "$kept" "$staged" ||
      fail not-undoable "$kept cannot be read, or others than root can replace it." "$NOTHING_CHANGED" ''
  elif [[ ! -e ${U_FOLDERS[$1]}/${U_LIVE[$1]} && ! -L ${U_FOLDERS[$1]}/${U_LIVE[$1]} ]]; then
    return 0
  fi
  [[ $staged == '' ]] || mode=$(stat -c %a -- "$staged")
  file_row "${U_PARTS[$1]}" "${U_FOLDERS[$1]}" "${U_LIVE[$1]}" "$staged" "$2" "$mode"
}

# undo_absent I: there was nothing before the restore: what is there now is taken away, and kept.
undo_absent() {
  local folder=${U_FOLDERS[$1]}
  enter_stage "$folder"
  part_step stage 'Take away what the restore created'
  step_done
  row_add "${U_PARTS[$1]}" "${U_KINDS[$1]}" "$folder" "${U_LIVE[$1]}" "${WORK_DIR##*/}" '' "$WORK_PARENT_FD" "$WORK_FD"
  leave_stage "$folder"
}

# operation_kept OPERATION: set the U_ globals from its journal; status 1 if something that it kept is missing.
operation_kept() {
  local line i kept
  U_PARTS=() U_KINDS=() U_FOLDERS=() U_LIVE=() U_KEPT=()
  rows_forget
  # What was rolled back has put everything back itself.
  journal_value "$1" phase
  [[ $REPLY == committed ]] || return 1
  while IFS= read -r line; do
    [[ $line != row=* || $line == *"$TORN" ]] || row_load "${line#row=}" || return 1
  done 2>/dev/null <"$STATE/operations/$1/journal"
  for i in "${!ROW_KIND[@]}"; do
    [[ ${ROW_KIND[$i]} != inner ]] || continue
    kept=''
    if [[ ${ROW_LIVE_ID[$i]} != '' ]]; then
      kept=${ROW_FOLDER[$i]}/${ROW_SAFETY[$i]}
      if [[ ${ROW_KIND[$i]} == tree ]]; then [[ -d $kept && ! -L $kept ]]; else [[ -f $kept ]]; fi || return 1
    fi
    U_PARTS+=("${ROW_PART[$i]}") U_KINDS+=("${ROW_KIND[$i]}") U_FOLDERS+=("${ROW_FOLDER[$i]}") U_LIVE+=("${ROW_LIVE[$i]}") U_KEPT+=("$kept")
  done
  rows_forget
  ((${#U_PARTS[@]} == 0)) || return 0
  # A journal of an earlier kit: one database.
  operation_safeties "$1" && [[ -f ${SAFETIES[0]} ]] || return 1
  U_PARTS=(database) U_KINDS=(database) U_FOLDERS=("${SAFETIES[0]%/*}") U_LIVE=("${DATABASE_FILE##*/}") U_KEPT=("${SAFETIES[0]}")
}
