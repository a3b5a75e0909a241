# --- delete: files among the backups that are not backups --------------------------------------------------------------------
#
# Root decides, by its own list and records, what may be deleted: files listed as unfinished or unknown, and empty files, that
# nobody has open. The owner then checks each file and deletes it with the owner's rights only. Deletes none unless all may be
# deleted.

readonly DELETE_UNCHANGED='nothing was deleted'
readonly DELETE_QUIET=600 # seconds; a file that changed more recently may still be being written

# check_delete FILE... --confirm HOST [--reason TEXT] [--expect-machine ID]
check_delete() {
  local file files=()
  restore_arguments "$@"
  ((${#R_WORDS[@]} > 0)) || usage_wrong
  for file in "${R_WORDS[@]}"; do
    delete_path "$file"
    files+=("$REPLY")
  done
  delete_allowed "${files[@]}"
  host_confirm 'Deleted files cannot be brought back.'
  ARGUMENTS=("${files[@]}")
}

# delete_path FILE: REPLY = its absolute path; a bare name is in the backup folder.
delete_path() {
  REPLY=$1
  [[ $1 == /* ]] || REPLY=$BACKUPS/$1
  [[ $REPLY == "$BACKUPS"/* ]] || fail not-found "$1 does not lie in $BACKUPS." "$DELETE_UNCHANGED" \
    'give the name of a file in the backup folder'
}

# delete_allowed PATH...: fails if one is a backup, is held, may be a backup that cannot be read, or is not listed.
delete_allowed() {
  local path class encoded=() answers=0
  for path in "$@"; do
    encode_path "$path"
    encoded+=("$REPLY")
  done
  # A hold applies to a path, whatever file is there.
  for path in "$@"; do
    backup_held "$path"
    [[ $REPLY != yes ]] || fail checks-failed "${path##*/} is on hold." "$DELETE_UNCHANGED" 'release it first'
    [[ $REPLY == no ]] || fail checks-failed 'Whether a file is on hold is not known: the records of this site cannot be read.' \
      "$DELETE_UNCHANGED" 'look at the problems of the site'
  done
  while IFS=$'\t' read -r path class; do
    decode_path "$path"
    path=${REPLY##*/} answers=$((answers + 1))
    case $class in
      unfinished | unknown | empty) ;;
      backup) fail checks-failed "$path is a backup." "$DELETE_UNCHANGED" 'only files that are not backups can be deleted here' ;;
      unsupported)
        fail checks-failed "$path may be a backup that is encrypted or packed in another way." "$DELETE_UNCHANGED" \
          'look what it is; if nobody needs it, delete it by hand'
        ;;
      *) fail not-found "There is no such file among the backups: $path" "$DELETE_UNCHANGED" 'look at the list again' ;;
    esac
  done < <({ printf '%s\n' "${encoded[@]}" ''; backup_list; } | delete_classes)
  ((answers == $#)) || fail internal 'The list of backups could not be made.' "$DELETE_UNCHANGED"
}

# delete_classes: read encoded paths, an empty line, and the list; print each path with its class in the list.
delete_classes() {
  awk -F '\t' -v OFS='\t' '
    !listed { if ($0 == "") listed = 1; else want[++n] = $0; next }
    $1 == "other" { class[$3] = $4 }
    # An empty file cannot be restored. But undo needs a safety copy, even of an empty database.
    $1 == "backup" { class[$3] = $6 == 0 && $5 != "safety" ? "empty" : "backup" }
    END { for (i = 1; i <= n; i++) print want[i], class[want[i]] }'
}

run_delete() {
  local path number=0 deleted=() kept='' answer
  restore_arguments "$@"
  lock_site
  delete_allowed "${R_WORDS[@]}"
  enter_scratch || fail internal "A work folder could not be made in $STATE/work." "$DELETE_UNCHANGED"
  for path in "${R_WORDS[@]}"; do
    heed_cancel "files deleted before that: ${#deleted[@]}"
    number=$((number + 1))
    step "file-$number" "Delete ${path##*/}"
    delete_one "$path" "files deleted before that: ${#deleted[@]}"
    answer=$REPLY
    if [[ $answer == deleted ]]; then
      step_done
      audit deleted succeeded "$path"
      encode_path "$path"
      json_string "$REPLY"
      deleted+=("$REPLY")
    else
      step_end failed reason="$answer"
      kept+="${kept:+; }${path##*/}: $answer"
    fi
  done
  counted "${#deleted[@]}" 'file was' 'files were'
  runbook_log backup.log "$REPLY deleted by $WHO"
  answer="$REPLY deleted"
  json_array ${deleted[@]+"${deleted[@]}"}
  [[ $kept == '' ]] || fail checks-failed "$answer; not deleted: $kept." 'every backup is as it was' 'look at the list again' \
    "{\"deleted\":$REPLY}"
  succeed "$answer." "{\"deleted\":$REPLY}"
}

# delete_one PATH UNCHANGED: REPLY = `deleted`, or why it was not.
delete_one() {
  local answer
  # Only root sees all processes.
  holders_find "$1"
  if ((${#HOLDERS[@]} > 0)); then
    REPLY="it is open in $(holders_words)"
    return
  fi
  in_background delete_by_owner "$1"
  WATCH_SECONDS=$SQL_SECONDS watch "$2" '' "$REPLY" || true
  IFS= read -r answer <deletion || answer=''
  [[ $answer =~ ^[a-z\ ]{1,100}$ ]] || answer='it could not be deleted'
  REPLY=$answer
}

# Not side_says: what it starts has a process group of its own, and would delete the file after a cancel.
delete_by_owner() { owner_do delete_file "$BACKUPS" "${1#"$BACKUPS"/}" "$DELETE_QUIET" 2>/dev/null | head -c 256 >deletion; }

# delete_file FOLDER NAME|FOLDER/NAME SECONDS: for owner_do. Prints `deleted`, or why it was not. Follows no links below
# FOLDER; deletes plain files only.
delete_file() {
  local name=$2 quiet=$3 base size modified links uid now
  cd -P -- "$1" 2>/dev/null || { printf 'the folder is gone\n'; return; }
  base=$PWD
  if [[ $name == */* ]]; then
    base+=/${name%/*}
    cd -P -- "./${name%/*}" 2>/dev/null && [[ $PWD == "$base" ]] || { printf 'its folder is a link or gone\n'; return; }
    name=${name##*/}
  fi
  [[ ! -L ./$name ]] || { printf 'it is a link\n'; return; }
  IFS=' .' read -r size links uid modified _ < <(find "./$name" -maxdepth 0 -type f -printf '%s %n %U %T@\n' 2>/dev/null)
  [[ $size =~ ^[0-9]{1,15}$ && $modified =~ ^[0-9]{1,12}$ ]] || { printf 'it is no plain file or gone\n'; return; }
  [[ $links == 1 ]] || { printf 'it has another name too\n'; return; }
  [[ $uid == "$EUID" || $uid == 0 ]] || { printf 'it belongs to another user\n'; return; }
  [[ ! ./$name -ef $DATABASE_FILE ]] || { printf 'it is the live database\n'; return; }
  printf -v now '%(%s)T' -1
  [[ $now =~ ^[0-9]{1,12}$ && $quiet =~ ^[0-9]{1,6}$ ]] || return
  # A file dated in the future was not just written: a clock was wrong.
  ((modified > now + 300 || now - modified >= quiet)) || { printf 'it changed a moment ago and may still be being written\n'; return; }
  backup_class "$name"
  case $REPLY in
    unfinished) ! looks_complete "$name" "$size" || { printf 'its name is that of an unfinished file but it is complete or cannot be judged\n'; return; } ;;
    backup) ((size == 0)) || { printf 'it is a backup\n'; return; } ;;
    *) ! looks_like_data "$name" || { printf 'it begins as a database or as a packed or encrypted file\n'; return; } ;;
  esac
  rm -f -- "./$name" 2>/dev/null
  [[ ! -e ./$name && ! -L ./$name ]] || { printf 'this folder cannot be written\n'; return; }
  sync_paths .
  printf 'deleted\n'
}

# looks_complete NAME BYTES: status 0 if it is a whole gzip file or a whole database, or cannot be judged: somebody may have
# hidden a backup under such a name, or a copy may have ended just before it got its own.
looks_complete() {
  local magic
  magic=$(dd if="./$1" iflag=nofollow,nonblock bs=16 count=1 status=none 2>/dev/null | od -An -v -tx1 | tr -d ' \n') || return 0
  case $magic in
    1f8b*)
      dd if="./$1" iflag=nofollow,nonblock bs=1M status=none 2>/dev/null | timeout --foreground 600 gzip -tq 2>/dev/null
      [[ ${PIPESTATUS[*]} != @(0|141)\ 1 ]] # gzip's 2: something follows the whole content
      ;;
    53514c69746520666f726d6174203300)
      header_read "./$1" && (($2 % H_PAGE_SIZE == 0 && (H_PAGE_COUNT == 0 || H_PAGE_COUNT * H_PAGE_SIZE <= $2)))
      ;;
    *) return 1 ;;
  esac
}

# looks_like_data NAME: status 0 if it cannot be read, or starts like an SQLite database or its dump, or like a packed or encrypted file: it may be a
# backup under another name.
looks_like_data() {
  local head data='53514c69746520666f726d61742033|505241474d41|424547494e' packed='1f8b|fd377a58|28b52ffd|425a68|04224d18|4c5a4950|504b0304|377abcaf'
  local encrypted='53616c7465645f5f|6167652d656e63|2d2d2d2d2d424547494e|85[0-9a-f]{4}03|84[0-9a-f]{2}03|8c0d04'
  head=$(dd if="./$1" iflag=nofollow,nonblock bs=512 count=1 status=none 2>/dev/null | od -An -v -tx1 | tr -d ' \n') || return 0
  [[ $head =~ ^($data|$packed|$encrypted) || ${head:514:10} == 7573746172 ]]
}
