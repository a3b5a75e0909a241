# --- upload: the owner's part ----------------------------------------------------------------------------------------------

# upload_enter FOLDER: enter the backups, or that folder of them, which is made if it is missing.
upload_enter() {
  cd -P -- "$BACKUPS" 2>/dev/null || return 1
  [[ $1 != '' ]] || return 0
  [[ -d ./$1 ]] || (umask 022 && mkdir -- "./$1" 2>/dev/null)
  cd -P -- "./$1" 2>/dev/null || return 1
}

# upload_state FOLDER NAME PART: print `taken SIZE` if the name is in use, else `part SIZE`.
upload_state() {
  upload_enter "$1" || { printf 'no-folder\n'; return; }
  if [[ -e ./$2 || -L ./$2 ]]; then
    printf 'taken %s\n' "$(find "./$2" -maxdepth 0 -type f -printf '%s')"
  else
    REPLY=$(find "./$3" -maxdepth 0 -type f -printf '%s' 2>/dev/null)
    printf 'part %s\n' "${REPLY:-0}"
  fi
}

# upload_write FOLDER PART OFFSET: write stdin to the partial file from the offset on; what was after it is cut off. Status 13
# if the disk is full.
upload_write() {
  local words
  upload_enter "$1" || exit 12
  [[ ! -L ./$2 && (! -e ./$2 || -f ./$2) ]] || exit 14
  # dd itself would empty the file if the offset is smaller than a block.
  words=$({ truncate -s "$3" -- "./$2" &&
    dd of="./$2" bs=256K iflag=fullblock oflag=nofollow,nonblock,seek_bytes seek="$3" conv=notrunc,fsync status=none; } 2>&1) && exit 0
  [[ $words != *@(No space left|File too large|quota)* ]] || exit 13
  exit 12
}

upload_discard() { # FOLDER PART
  upload_enter "$1" && rm -f -- "./$2"
}

# upload_publish FOLDER PART NAME MODIFIED-MS: give the file its name. Print `published`, its size and modification time, or
# `taken`.
upload_publish() {
  upload_enter "$1" && [[ -f ./$2 && ! -L ./$2 ]] || return
  [[ ! $4 =~ ^[0-9]{4,15}$ ]] || touch -c -m -d "@${4%???}.${4: -3}" -- "./$2"
  chmod 640 -- "./$2" && sync_paths "./$2" || return
  if publish "./$2" "./$3"; then
    sync_paths .
    printf 'published\t%s\n' "$(find "./$3" -maxdepth 0 -type f -printf '%s\t%T@')"
  elif [[ -e ./$3 || -L ./$3 ]]; then
    printf 'taken\n'
  fi
}

# uploads_sweep DAYS: remove partial uploads that nobody continued for so long.
uploads_sweep() {
  find -H "$BACKUPS" "$BACKUPS/app" "$BACKUPS/system" -mindepth 1 -maxdepth 1 -type f -mtime "+$1" \
    -regextype posix-extended -regex '.*\.[0-9a-f]{16}\.part' -delete 2>/dev/null
}
