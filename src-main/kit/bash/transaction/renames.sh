# --- The table of renames: keep and swap --------------------------------------------------------------------------------------

# A rename can fail within one mount too: on file systems with project quotas, subvolumes or encrypted folders, and a folder's
# owner can bring that about at any moment. Then `mv` copies, as root, below folders that the owner controls. So rename in a way
# that cannot copy: the option of mv (coreutils 9.5), or the call itself, through perl. Without both, mv may copy.
RENAME=() REPLACE=() # the command that gives a thing a name which nobody has, and the one that also replaces a file
RENAME_COPIES=''     # not empty if that command may copy
rename_choose() {
  local call=-1
  ((${#RENAME[@]} == 0)) || return 0
  unset PERL5OPT PERL5LIB
  if mv --no-copy --version >/dev/null 2>&1; then
    RENAME=(mv --no-copy -nT --) REPLACE=(mv --no-copy -fT --)
  elif perl -e 1 2>/dev/null; then
    # renameat2 with RENAME_NOREPLACE. Some file systems do not know that; then look first, as mv does.
    case $(uname -m) in
      x86_64) call=316 ;;
      aarch64) call=276 ;;
    esac
    # shellcheck disable=SC2016 # perl expands it
    RENAME=(perl -e 'exit 0 if syscall($c = 0 + shift, -100, $f = shift, -100, $t = shift, 1) == 0; die "rename: $!\n" if $! != 22 && $! != 38 || lstat $t; rename $f, $t or die "rename: $!\n"' -- "$call")
    REPLACE=(perl -e 'rename shift, shift or die "rename: $!\n"' --)
  else
    RENAME=(mv -nT --) REPLACE=(mv -fT --) RENAME_COPIES=yes
  fi
}

# rename_probe: before anything stops, rename a folder of root's between each stage and its folder, there and back.
rename_probe() {
  local i probe id stage probed=' '
  for i in "${!ROW_KIND[@]}"; do
    stage="/proc/self/fd/${ROW_STAGE_FD[$i]}"
    [[ $probed != *" $stage "* ]] || continue
    probed+="$stage "
    # Named and built like a work folder, so that it is cleared up like one after an interruption.
    row_enter "$i" && probe=$(mktemp -d -- "$stage/.cvd-backup-XXXXXXXX") && mkdir -- "$probe/owner" "$probe/reader" ||
      fail internal "No folder can be made in ${ROW_FOLDER[$i]}/${ROW_STAGE[$i]}." "$NOTHING_CHANGED"
    id_of "$probe"
    id=$REPLY
    if row_rename "$probe" "${probe##*/}"; then
      id_of "${probe##*/}"
      [[ $REPLY == "$id" ]] && row_rename "${probe##*/}" "$probe" && id_of "$probe" && [[ $REPLY == "$id" ]] || id=''
    else
      id=''
    fi
    rm -rf -- "$probe"
    # A copy of it, or itself if it did not come back.
    [[ $id != '' ]] || (row_enter "$i" && enter_leftover "${probe##*/}" "${ROW_FD[$i]}" && leftover_remove "${probe##*/}" "${ROW_FD[$i]}")
    [[ $id != '' ]] || fail checks-failed "The file system cannot rename between ${ROW_FOLDER[$i]} and a folder in it; it would copy." \
      "$NOTHING_CHANGED" "look at project quotas and subvolumes: lsattr -pd ${ROW_FOLDER[$i]}"
  done
}

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
  local i=$1 line live='' name=${ROW_LIVE[$1]} old new tree
  case ${ROW_KIND[$i]} in
    inner)
      # Both trees are held, and are those that were identified: whoever owns the old one can put something else under its name.
      row_tree "$i" && tree=$REPLY && tree_enter "$name" "${ROW_LIVE_ID[$tree]}" && exec {old}<. && row_enter "$i" &&
        tree_enter "/proc/self/fd/${ROW_STAGE_FD[$i]}/${ROW_STAGED[$i]}" "${ROW_STAGED_ID[$tree]}" && exec {new}<. ||
        fail internal "Another program replaced $name while the restore was prepared."
      ROW_OLD_FD[i]=$old ROW_NEW_FD[i]=$new name+=/${ROW_INNER[$i]}
      id_of "/proc/self/fd/$old/${ROW_INNER[$i]}"
      live=$REPLY
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

# row_rename FROM TO: give a thing another name that nobody has; status 1 if it is not so afterwards, or if it was copied. (An
# old mv fails silently if the name was taken.)
row_rename() {
  local id=''
  [[ $RENAME_COPIES == '' ]] || { id_of "$1"; id=$REPLY; }
  "${RENAME[@]}" "$1" "$2" && [[ ! -e $1 && ! -L $1 ]] || return 1
  [[ $RENAME_COPIES != '' ]] || return 0
  id_of "$2"
  [[ $REPLY == "$id" ]]
}

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
  # Between two mounts it cannot be renamed.
  mount_of "${ROW_OLD_FD[$1]}" && [[ $REPLY == "$(mount_of "${ROW_NEW_FD[$1]}" && printf '%s' "$REPLY")" ]] ||
    fail internal "${ROW_INNER[$1]} lies on another file system."
  id_of "$from"
  [[ $REPLY == "${ROW_LIVE_ID[$1]}" ]] || fail internal "Another program replaced ${ROW_INNER[$1]} meanwhile."
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
    if [[ ${ROW_STAGED[$i]} == '' ]]; then
      # A tree or a database has got the name of its safety copy; a file has two names by now.
      [[ ${ROW_KIND[$i]} != file ]] || rm -f -- "$name" || fail internal "$name could not be removed."
    elif [[ ${ROW_KIND[$i]} == file && ${ROW_LIVE_ID[$i]} != '' ]]; then
      "${REPLACE[@]}" "$staged" "$name" || fail internal "The restored $name could not be renamed into place."
    else
      row_rename "$staged" "$name" || {
        [[ ! -e $staged ]] || [[ ! -e $name && ! -L $name ]] || fail internal "Another program created $name at the same moment."
        fail internal "The restored $name could not be renamed into place."
      }
    fi
    failpoint "swapping-${ROW_PART[$i]}"
  done
  rows_folders
  TX_PHASE=swapped
  journal_write phase swapped && journal_sync "${FOLDERS[@]}" || fail internal "$JOURNAL_FAILED"
  failpoint swapped
}
