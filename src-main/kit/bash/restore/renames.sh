# --- The table of renames: keep and swap --------------------------------------------------------------------------------------

# rows_keep: give everything live the name of its safety copy. A rename cannot lose a write.
rows_keep() {
  local i
  for i in "${!ROW_KIND[@]}"; do
    row_enter "$i" || fail internal "${ROW_FOLDER[$i]} cannot be entered any more."
    row_check_live "$i"
  done
  encode_path "$TX_SIDECARS"
  TX_KEEPING=yes
  phase keeping SIDECARS "$REPLY"
  for i in "${!ROW_KIND[@]}"; do
    row_enter "$i" || fail internal "${ROW_FOLDER[$i]} cannot be entered any more."
    case ${ROW_KIND[$i]} in
      database) database_keep "$i" ;;
      tree) tree_keep "$i" ;;
      file) file_keep "$i" ;;
      inner) inner_keep "$i" ;;
    esac
  done
}

# row_check_live ROW: what has the live name must be what it was when it was staged. TX_SIDECARS += the identities of a
# database's sidecars.
row_check_live() {
  local i=$1 line live='' name=${ROW_LIVE[$1]} old new
  case ${ROW_KIND[$i]} in
    inner)
      # Both trees are held: whoever owns the old one can put something else under its name.
      cd -P "$name" 2>/dev/null && exec {old}<. && row_enter "$i" && cd -P "/proc/self/fd/${ROW_STAGE_FD[$i]}/${ROW_STAGED[$i]}" &&
        exec {new}<. || fail internal "Another program replaced $name while the restore was prepared."
      ROW_OLD_FD[i]=$old ROW_NEW_FD[i]=$new
      return
      ;;
    database)
      while IFS= read -r -d '' line; do
        case ${line#* } in
          "$name") live=${line%% *} ;;
          "$name"-wal | "$name"-shm | "$name"-journal) TX_SIDECARS+="${line%% *} " ;;
        esac
      done < <(exec stat --printf "$ROW_ID %n\\0" -- "$name" "$name"-wal "$name"-shm "$name"-journal 2>/dev/null)
      ;;
    *)
      id_of "$name"
      live=$REPLY
      ;;
  esac
  [[ $live == "${ROW_LIVE_ID[$i]}" ]] || fail internal "Another program replaced $name while the restore was prepared."
}

# row_rename FROM TO: give a file another name that nobody has; status 1 if it is not so afterwards.
row_rename() { mv -nT -- "$1" "$2" && [[ ! -e $1 ]]; }

database_keep() { # ROW
  local suffix name=${ROW_LIVE[$1]} safety=${ROW_SAFETY[$1]}
  for suffix in "${SIDECARS[@]}"; do
    [[ -e $name$suffix || -L $name$suffix ]] || continue
    row_rename "$name$suffix" "$safety$suffix" || fail internal "$name$suffix could not be renamed to $safety$suffix."
    failpoint "keeping$suffix"
  done
  # The old name is gone. A process that has the file open now would write to the safety copy.
  holders_find "$safety"
  ((${#HOLDERS[@]} == 0)) || fail holders "The database was opened after the service had stopped, by: $(holders_words)." '' \
    'end these programs, then restore again'
}

tree_keep() { # ROW
  [[ ${ROW_LIVE_ID[$1]} != '' ]] || return 0
  row_rename "${ROW_LIVE[$1]}" "${ROW_SAFETY[$1]}" ||
    fail internal "${ROW_LIVE[$1]} could not be renamed to ${ROW_SAFETY[$1]}."
  id_of "${ROW_SAFETY[$1]}"
  [[ $REPLY == "${ROW_LIVE_ID[$1]}" ]] || fail internal "Another program replaced ${ROW_LIVE[$1]} meanwhile."
  failpoint "keeping-${ROW_PART[$1]}"
}

file_keep() { # ROW
  [[ ${ROW_LIVE_ID[$1]} != '' ]] || return 0
  ln -PT -- "${ROW_LIVE[$1]}" "${ROW_SAFETY[$1]}" || fail internal "${ROW_LIVE[$1]} could not be kept as ${ROW_SAFETY[$1]}."
  id_of "${ROW_SAFETY[$1]}"
  [[ $REPLY == "${ROW_LIVE_ID[$1]}" ]] || fail internal "Another program replaced ${ROW_LIVE[$1]} meanwhile."
  failpoint "keeping-${ROW_PART[$1]}"
}

inner_keep() { # ROW
  local from="/proc/self/fd/${ROW_OLD_FD[$1]}/${ROW_INNER[$1]}" to="/proc/self/fd/${ROW_NEW_FD[$1]}/${ROW_INNER[$1]}"
  [[ ${ROW_LIVE_ID[$1]} != '' ]] || return 0
  # Between two mounts mv would copy, as root, what the application's user controls.
  mount_of "${ROW_OLD_FD[$1]}" && [[ $REPLY == "$(mount_of "${ROW_NEW_FD[$1]}" && printf '%s' "$REPLY")" ]] ||
    fail internal "${ROW_INNER[$1]} lies on another file system."
  row_rename "$from" "$to" || fail internal "${ROW_INNER[$1]} could not be moved to the restored ${ROW_LIVE[$1]}."
  id_of "$to"
  [[ $REPLY == "${ROW_LIVE_ID[$1]}" ]] || fail internal "Another program replaced ${ROW_INNER[$1]} meanwhile."
  failpoint "keeping-${ROW_INNER[$1]#.}"
}

# mount_of FD: REPLY = the number of the mount that it was opened through; status 1 if that is not known.
mount_of() {
  local key value
  REPLY=''
  while read -r key value; do
    [[ $key != mnt_id: ]] || REPLY=$value
  done 2>/dev/null <"/proc/self/fdinfo/$1"
  [[ $REPLY != '' ]]
}

# rows_swap: give everything staged its live name; on disk on return.
rows_swap() {
  local i name staged
  phase_mark swapping
  for i in "${!ROW_KIND[@]}"; do
    [[ ${ROW_KIND[$i]} != inner ]] || continue
    row_enter "$i" || fail internal "${ROW_FOLDER[$i]} cannot be entered any more."
    name=${ROW_LIVE[$i]} staged="/proc/self/fd/${ROW_STAGE_FD[$i]}/${ROW_STAGED[$i]}"
    if [[ ${ROW_KIND[$i]} == file && ${ROW_LIVE_ID[$i]} != '' ]]; then
      mv -fT -- "$staged" "$name" || fail internal "The restored $name could not be renamed into place."
    else
      mv -nT -- "$staged" "$name" || fail internal "The restored $name could not be renamed into place."
      # Check that the staged file is gone: mv -n fails silently if the name was taken.
      [[ ! -e $staged ]] || fail internal "Another program created $name at the same moment."
    fi
    failpoint "swapping-${ROW_PART[$i]}"
  done
  rows_folders
  TX_PHASE=swapped
  journal_write phase swapped && journal_sync "${FOLDERS[@]}" || fail internal "$JOURNAL_FAILED"
  failpoint swapped
}
