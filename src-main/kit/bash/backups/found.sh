# --- What lies among the backups, as its owner sees it -------------------------------------------------------------------------

# As LISTING, for a folder.
readonly LISTING_FOLDER='d\t%T@\t%i\t%p\0\n'

# folders_listed: print a line for each plain file among the backups, one folder level deep, and for each one beside the
# database that has its name plus an ending: SIZE, modification time, inode, path, percent-encoded. Follows no links below. A
# folder that cannot be read is a line with -1 for its size, a safety copy of the application or the configuration one with `d`.
# Reads nothing in STATE.
folders_listed() { folders_found 2>/dev/null | encode_found; }

# encode_found: turn LISTING records on stdin into lines with percent-encoded paths, as encode_path writes them. Replaces the process.
encode_found() {
  local code script
  script=':again; /\x00$/!{ N; b again }; s/\x00$//; s/%/%25/g; s/\n/%0A/g; /[^A-Za-z0-9._\/%\t-]\|\t.*\t.*\t.*\t/!b; s/\t/%09/4g; '
  script+='s/\\/%5C/g; s/\^/%5E/g; s/[]]/%5D/g; s/[[]/%5B/g; s/[$]/%24/g; s/[*]/%2A/g; s/[&]/%26/g; '
  for code in {1..8} {11..36} 39 40 41 43 44 {58..64} 96 {123..255}; do
    [[ $code != 36 ]] || continue
    printf -v code 's/\\x%02x/%%%02X/g; ' "$code" "$code"
    script+=$code
  done
  exec sed "$script"
}

# folders_found: print the LISTING records. Replaces the process.
folders_found() {
  local folder=${DATABASE%/*} beside database above='' not_database=() walk=() copies=() names=()
  # A plain file only: find opens it, and would block on a named pipe.
  [[ ! -f $DATABASE ]] || not_database=(! -samefile "$DATABASE")
  walk=('(' -type d -name '.*' -prune -o -type d '(' -readable -executable -o -name lost+found -o -printf '-%d\t0\t0\t%p\0\n' ')' -o
    -type f ${not_database[@]+"${not_database[@]}"} -printf "$LISTING" ')')
  part_path application
  above=${REPLY%/*}
  glob_literal "${REPLY##*/}"
  names=('(' -name "$REPLY.pre-restore.[0-9]*")
  part_path config
  glob_literal "${REPLY##*/}"
  names+=(-o -name "$REPLY.pre-restore.[0-9]*" ')')
  part_path config
  [[ $above == "${REPLY%/*}" && $above == /* ]] || above=''
  folder_unlisted "$BACKUPS"
  if folders_are_apart "$folder" && [[ $above != '' && $above != "$folder" && $above != "$BACKUPS" ]]; then
    # Usual site: one walk.
    glob_literal "$folder"
    beside=$REPLY
    glob_literal "$above"
    # What lies directly above the application: of all that, only its safety copies, and nothing below them.
    copies=('(' -path "$REPLY/*" ! -path "$REPLY/*/*" -prune '(' ! '(' -type d "${names[@]}" ')' -o -printf "$LISTING_FOLDER" ')' ')')
    glob_literal "${DATABASE##*/}"
    exec find -H "$BACKUPS" "$folder" "$above" -mindepth 1 -maxdepth 2 \
      "${copies[@]}" -o '(' -path "$beside/*" '(' -type d -prune -o -type f -name "$REPLY.*" -printf "$LISTING" ')' ')' -o \
      ! -path "$beside/*" "${walk[@]}"
  fi
  find -H "$BACKUPS" -mindepth 1 -maxdepth 2 "${walk[@]}"
  for folder in application config; do
    part_path "$folder"
    find -H "${REPLY%/*}" -mindepth 1 -maxdepth 1 -type d "${names[@]}" -printf "$LISTING_FOLDER"
    [[ $above == '' ]] || break
  done
  for folder in "$BACKUPS/app" "$BACKUPS/system"; do
    [[ -L $folder && -d $folder ]] || continue
    folder_unlisted "$folder"
    find -H "$folder" -mindepth 1 -maxdepth 1 -type f ${not_database[@]+"${not_database[@]}"} -printf "$LISTING"
  done
  for database in "$DATABASE" "$DATABASE_FILE"; do
    folder=${database%/*}
    [[ -d $folder && ! $folder -ef $BACKUPS ]] || continue
    # The same folder behind a link: each file has one path in the list, the one that a restore uses.
    [[ ! $folder -ef ${DATABASE_FILE%/*} ]] || folder=${DATABASE_FILE%/*}
    glob_literal "${database##*/}"
    find -H "$folder" -mindepth 1 -maxdepth 1 -type f -name "$REPLY.*" -printf "$LISTING"
    [[ $DATABASE != "$DATABASE_FILE" ]] || break
  done
}

# folder_unlisted FOLDER: print the line of a folder that exists and cannot be read.
folder_unlisted() { [[ ! -d $1 || (-r $1 && -x $1) ]] || printf -- '-1\t0\t0\t%s\0\n' "$1"; }

# folders_are_apart FOLDER: status 0 if it and the backup folder are separate, neither inside the other, without links that
# lead elsewhere.
folders_are_apart() {
  [[ -d $1 && -d $BACKUPS && ! $1 -ef $BACKUPS && $DATABASE == "$DATABASE_FILE" && ! -L $BACKUPS/app && ! -L $BACKUPS/system ]] &&
    [[ $1/ != "$BACKUPS/"* && $BACKUPS/ != "$1/"* ]]
}

# glob_literal TEXT: REPLY = a pattern that matches only this text.
glob_literal() {
  REPLY=${1//\\/\\\\}
  REPLY=${REPLY//\[/\\[}
  REPLY=${REPLY//\*/\\*}
  REPLY=${REPLY//\?/\\?}
}
