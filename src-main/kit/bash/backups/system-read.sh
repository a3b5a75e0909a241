# --- Reading a system backup: its list, then its parts one by one ---------------------------------------------------------------
#
# The file is read once for its list, and once more for each part, so that it needs no more room than its parts. It is hashed
# each time: all that is taken from it comes from the same bytes.

SYSTEM_FILE=''     # the system backup that parts are read from; empty if the backup holds one part
SYSTEM_SHA256='' SYSTEM_SIZE=0
SYSTEM_PROVEN=''   # the SHA-256 in its fingerprint, or empty
SYSTEM_ROOT_FILES='' # what root had when the backup was made (root_files), or empty
SYSTEM_TOP=''      # the folder in it, with a slash
SYSTEM_LIST=''     # lines `NAME MEMBER BYTES`: of each part, manifest and facts the member, or the folder, that holds it

# system_open FILE UNCHANGED: read its list, and set the SYSTEM_ globals. Status 1, and the EXTRACT_ globals, if it cannot be
# restored from.
system_open() {
  local file=$1 word one two three
  SYSTEM_FILE='' SYSTEM_PROVEN='' SYSTEM_ROOT_FILES='' SYSTEM_TOP='' SYSTEM_LIST=''
  EXTRACT_SIDE=owner EXTRACT_PROBLEM='' EXTRACT_CODE=ok
  if fingerprint_load "$file" archive; then
    SYSTEM_PROVEN=${FP[sha256]} REPLY=${FP[kind]} SYSTEM_ROOT_FILES=${FP[rootFiles]-}
  else
    backup_kind "$file"
  fi
  FP=() FP_TABLES=()
  [[ ! $REPLY =~ ^(database|application|config|systemd)$ ]] || extract_finds not-a-backup "It is a backup of another kind: $REPLY."
  [[ $EXTRACT_PROBLEM == '' ]] && extract_look "$file" || return 1
  [[ $EXTRACT_FORMAT == gzip ]] || { extract_finds not-a-backup 'The file is no compressed archive.'; return 1; }
  extract_space . $((EXTRACT_SIZE / 8 + 1048576)) || return 1
  decompressor
  EXTRACT_WANTED=0
  extract_run "$file" "$2" stream_archive members "$REPLY" "${MEMBERS_LIST[@]}"
  [[ $EXTRACT_PROBLEM == '' ]] || return 1
  M_CODE=ok M_PROBLEM='Its members cannot be listed.'
  while IFS=$'\t' read -r word one two three; do
    case $word in
      '!') members_refused "$one" "$two" ;;
      top) [[ ! $one =~ ^(\./)?[A-Za-z0-9._-]{1,200}/$ ]] || SYSTEM_TOP=$one ;;
      part)
        [[ $one =~ ^(database|application|venv|config|systemd|nginx|manifest|facts)$ && $three =~ $WHOLE_NUMBER &&
          $two =~ ^(\./)?[A-Za-z0-9._/-]{1,400}$ ]] || continue
        SYSTEM_LIST+="$one $two $three"$'\n'
        ;;
      '=') [[ $M_CODE != ok ]] || M_PROBLEM='' ;;
    esac
  done < <(side_says 600 262144 reader system_contents members)
  if [[ $M_PROBLEM != '' ]]; then
    extract_finds not-a-backup "$M_PROBLEM"
  elif [[ $SYSTEM_TOP == '' ]]; then
    extract_finds not-a-backup 'It is no system backup: it does not hold one folder with the parts.'
  elif [[ ! $'\n'$SYSTEM_LIST =~ $'\n'(database|application|config|systemd|nginx)\  ]]; then
    extract_finds not-a-backup 'It is no system backup: none of the parts is in it.'
  fi
  [[ $EXTRACT_PROBLEM == '' ]] || return 1
  SYSTEM_FILE=$file SYSTEM_SHA256=$EXTRACT_SHA256 SYSTEM_SIZE=$EXTRACT_SIZE
}

# system_holds NAME: SYSTEM_MEMBER and SYSTEM_BYTES = what holds it; status 1 if it is not in the backup.
SYSTEM_MEMBER='' SYSTEM_BYTES=0
system_holds() {
  local name member bytes
  SYSTEM_MEMBER='' SYSTEM_BYTES=0
  while IFS=' ' read -r name member bytes; do
    [[ $name == "$1" && $bytes =~ $WHOLE_NUMBER ]] || continue
    SYSTEM_MEMBER=$member SYSTEM_BYTES=$bytes
  done < <(printf '%s' "$SYSTEM_LIST")
  [[ $SYSTEM_MEMBER != '' ]]
}

# system_take PART TARGET UNCHANGED: put a part's member into reader/TARGET, or, of config, systemd and nginx, the folder of all
# three into reader/picked. Status 1, and the EXTRACT_ globals, if that fails.
system_take() {
  local how=(-x -O)
  system_holds "$1" && extract_look "$SYSTEM_FILE" && extract_space . $((SYSTEM_BYTES + 1048576)) || return 1
  decompressor
  case $1 in
    config | systemd | nginx) how=(-x -p --no-same-owner --delay-directory-restore --one-top-level=picked -- "${SYSTEM_TOP}config") ;;
    *) how+=(-- "$SYSTEM_MEMBER") ;;
  esac
  EXTRACT_WANTED=0
  extract_run "$SYSTEM_FILE" "$3" stream_archive "$2" "$REPLY" "${how[@]}"
  [[ $EXTRACT_PROBLEM == '' ]] || return 1
  [[ $EXTRACT_SHA256 == "$SYSTEM_SHA256" ]] || extract_finds changed 'The file changed while it was read.'
  [[ $EXTRACT_PROBLEM == '' ]]
}

# system_taken: what is reported about the part is about the whole file.
system_taken() {
  EXTRACT_SIDE=owner
  [[ $SYSTEM_FILE == '' ]] || EXTRACT_SHA256=$SYSTEM_SHA256 EXTRACT_SIZE=$SYSTEM_SIZE
}

# --- Run by the reader --------------------------------------------------------------------------------------------------------

# system_contents LIST: print what is refused of the members that tar listed, then `part`, its name, the member that holds it and
# its bytes; `top` and the folder that holds all.
system_contents() {
  members_judge "$1" | awk -F '\t' -v OFS='\t' '
    $1 == "!" { print; next }
    $1 == "=" { last = $0; next }
    $1 == "?" { next }
    {
      path = $7
      sub(/^(\.\/)+/, "", path)
      at = index(path, "/")
      name = at ? substr(path, 1, at - 1) : path
      if (path == "" || path == ".") next
      if (top == "") { top = name; lead = substr($7, 1, length($7) - length(path)) }
      if (name != top || !at) next
      rest = substr(path, at + 1)
    }
    $1 == "f" && rest ~ /^database\/[A-Za-z0-9._-]+\.db(\.gz)?$/ && !("database" in member) { member["database"] = $7; bytes["database"] = $5 }
    $1 == "f" && rest == "application/app.tar.gz" { member["application"] = $7; bytes["application"] = $5 }
    $1 == "f" && rest == "application/venv.tar.gz" { member["venv"] = $7; bytes["venv"] = $5 }
    $1 == "f" && rest == "MANIFEST.txt" { member["manifest"] = $7; bytes["manifest"] = $5 }
    $1 == "f" && rest == "manifest.json" { member["facts"] = $7; bytes["facts"] = $5 }
    rest ~ /^config\// { beside += $5 + 4096 }
    rest ~ /^config\/config(\/|$)/ { config = lead top "/config/config" }
    $1 == "f" && rest ~ /^config\/[^\/]+\.service(\.d\/[^\/]+\.conf)?$/ { unit = lead top "/config" }
    $1 == "f" && rest == "config/nginx-cvd.conf" { member["nginx"] = $7 }
    END {
      if (top != "") print "top", lead top "/"
      if (config != "") member["config"] = config
      if (unit != "") member["systemd"] = unit
      bytes["config"] = bytes["systemd"] = bytes["nginx"] = beside + 0
      for (name in member) printf "part\t%s\t%s\t%.0f\n", name, member[name], bytes[name]
      print last
    }'
}

# system_shown FILE: print a text in it without what is no text.
system_shown() { LC_ALL=C tr -cd '\11\12\40-\176\200-\377' <"$1"; }

# picked_tree TOP: make tree.tar of the configuration that was picked.
picked_tree() {
  [[ -d picked/$1/config/config && ! -L picked/$1/config/config ]] && tar -cf tree.tar -C "picked/$1/config/config" . || return 1
  chmod -R u+rwX picked && rm -rf picked
}
