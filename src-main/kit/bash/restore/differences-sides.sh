# --- Differences within a file: the owner's and the reader's part -------------------------------------------------------------

readonly DIFFERENCES_FILE=1048576 DIFFERENCES_TEXT=65536 # bytes of a file that is compared, and of what is shown

# differences_send PART PATH: for the owner. Print what the live file is, as `KIND SIZE`, and its bytes if it is a plain file. No
# link is followed below the folder, and a named pipe does not block.
differences_send() {
  local path=$2
  part_path "$1"
  cd -P -- "$REPLY" 2>/dev/null || { echo 'none 0'; return; }
  if ! only_reached . "$path" || [[ -L $path ]]; then echo 'link 0'
  elif [[ -d $path ]]; then echo 'folder 0'
  elif [[ ! -e $path ]]; then echo 'none 0'
  elif [[ ! -f $path ]]; then echo 'other 0'
  elif [[ ! -r $path ]]; then echo 'unreadable 0'
  else
    printf 'file %s\n' "$(stat -c %s -- "$path" 2>/dev/null)"
    dd if="./$path" iflag=nofollow,nonblock,fullblock bs=65536 count=17 status=none 2>/dev/null | head -c $((DIFFERENCES_FILE + 1))
  fi
}

# differences_of PATH SHOW: for the reader. Compare the live file from stdin with the one in sealed/tree; hide secrets unless SHOW is
# not empty. Print key=value lines, an empty line, and the differences.
differences_of() {
  local path=$1 kind size live backup hidden=0 state binary='' cut='' large=''
  # A child must not take the rest of stdin.
  IFS=' ' read -r kind size || return 1
  live=$kind
  [[ $size =~ $WHOLE_NUMBER ]] || size=0
  printf 'live=%s\nliveSize=%s\n' "$kind" "$size"
  head -c $((DIFFERENCES_FILE + 1)) >live.file
  backup_kind_of "$path"
  backup=$REPLY size=0
  if [[ $backup == file ]]; then
    size=$(stat -c %s -- "sealed/tree/$path")
    head -c $((DIFFERENCES_FILE + 1)) <"sealed/tree/$path" >backup.file
  else
    : >backup.file
  fi
  printf 'backup=%s\nbackupSize=%s\n' "$backup" "$size"
  for size in live.file backup.file; do
    file_size "$size"
    ((REPLY <= DIFFERENCES_FILE)) || large=yes
  done
  if [[ ! "$live $backup" =~ ^(file|none)\ (file|none)$ ]]; then state=none
  elif [[ $large != '' ]]; then state=large
  else
    [[ $(tr -d '\0' <live.file | wc -c) == "$(stat -c %s live.file)" && $(tr -d '\0' <backup.file | wc -c) == "$(stat -c %s backup.file)" ]] ||
      binary=yes
    if [[ $live == "$backup" ]] && cmp -s live.file backup.file; then state=same
    elif [[ $binary != '' ]]; then state=binary
    else
      state=text
      if [[ $2 == '' ]]; then
        hidden=$(secrets_hide "$path") || return 1
        [[ $hidden =~ $WHOLE_NUMBER ]] || return 1
      fi
      diff -u --label live --label backup live.file backup.file >diff.text
      (($? < 2)) || return 1
      file_size diff.text
      ((REPLY <= DIFFERENCES_TEXT)) || cut=yes
    fi
  fi
  printf 'state=%s\nhidden=%s\ncut=%s\n\n' "$state" "$hidden" "$cut"
  [[ $state != text ]] || if [[ $cut == '' ]]; then cat diff.text; else head -c "$DIFFERENCES_TEXT" diff.text | sed '$d'; fi
}

backup_kind_of() { # PATH: REPLY = what it is in sealed/tree
  local path=sealed/tree/$1
  if ! only_reached sealed/tree "$1" || [[ -L $path ]]; then REPLY='link'
  elif [[ -d $path ]]; then REPLY='folder'
  elif [[ -f $path ]]; then REPLY='file'
  else REPLY='none'; fi
}
