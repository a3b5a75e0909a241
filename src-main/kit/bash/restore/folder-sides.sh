# --- A tree: the owner's and the reader's part -------------------------------------------------------------------------------
#
# Pure functions of their paths and stdin, in the current folder; never run as root.

# What a backup of the application leaves out. A restore keeps the live one.
readonly FOLDER_APART=(venv .git)

# --- Run by the owner ---------------------------------------------------------------------------------------------------------

# folder_send FOLDER: print its files as an archive.
folder_send() {
  cd -P -- "$1" 2>/dev/null || exit 15
  tar -cf - --exclude=./venv --exclude=./.git . || exit 11
}

folder_size() { cd -P -- "$1" 2>/dev/null && du -sB1 . | cut -f 1; } # FOLDER

# folder_live_links FOLDER: print its links as lines `PATH TAB TARGET`, percent-encoded as in a listing.
folder_live_links() {
  cd -P -- "$1" 2>/dev/null || return 1
  find . '(' -path ./venv -o -path ./.git ')' -prune -o -type l -printf '%p\t%l\0\n' | encode_listing
}

# --- Run by the reader or the owner -------------------------------------------------------------------------------------------

# folder_list FOLDER: print `SHA256 two blanks PATH` of each file, without caches and what is kept apart; PATH as in a listing.
folder_list() {
  cd -P -- "$1" 2>/dev/null || return 1
  find . '(' -path ./venv -o -path ./.git -o -name __pycache__ ')' -prune -o \
    -type f ! -name '*.pyc' ! -path './ai_cache.db*' -print0 |
    xargs -0 -r sha256sum -z -- | sed -z 's/%/%25/g; s/\n/%0A/g' | tr '\0' '\n'
}

# --- Run by the reader --------------------------------------------------------------------------------------------------------

# folder_check ARCHIVE MEMBERS BYTES: look at each member of a tar archive before anything is extracted. Print key=value lines;
# `problem` if it must not be.
folder_check() {
  local archive=$1 status
  tar --quoting-style=escape --numeric-owner -P -tvf "$archive" 2>"$archive.stderr" | most=$2 bytes=$3 awk "$FOLDER_CHECK_AWK"
  status=("${PIPESTATUS[@]}")
  # 3: awk has said what is wrong, and read no more.
  ((status[0] == 0 || status[1] == 3)) ||
    printf 'code=integrity\nproblem=The archive cannot be read: %s\n' "$(head -c 200 -- "$archive.stderr" | tr -s '[:cntrl:] ' ' ')"
  rm -f -- "$archive.stderr"
}

# shellcheck disable=SC2016 # fields of awk
readonly FOLDER_CHECK_AWK='
  function refuse(code, words) {
    if (!refused) print "code=" code "\nproblem=" substr(words, 1, 300)
    refused = 1
    exit 3
  }
  BEGIN { most = ENVIRON["most"] + 0; bytes = ENVIRON["bytes"] + 0; config = "yes" }
  {
    kind = substr($0, 1, 1)
    if (!match($0, /^[^ ]+ +[0-9]+\/[0-9]+ +[0-9,]+ +[-0-9]+ [0-9:.]+ /)) refuse("not-a-backup", "The archive has a member that cannot be listed: " $0)
    name = substr($0, RLENGTH + 1)
    if (kind == "l") sub(/ -> .*$/, "", name)
    if (kind == "h") {
      # Another name of a file before it is extracted as a file of its own.
      goal = name
      sub(/^.* link to /, "", goal)
      sub(/ link to .*$/, "", name)
      if (!(goal in files)) refuse("not-a-backup", "The archive holds a hard link to what is no file before it: " name)
    }
    if (kind == "-") files[name]
    if (kind == "b" || kind == "c") refuse("not-a-backup", "The archive holds a device: " name)
    if (kind !~ /[-dlh]/) refuse("not-a-backup", "The archive holds what is no file, folder or link: " name)
    if (kind == "-" && substr($1, 2, 9) ~ /[sStT]/) refuse("not-a-backup", "The archive holds a file with set-user-ID, set-group-ID or sticky bit: " name)
    plain = name
    gsub(/\\\\/, "", plain)
    if (plain ~ /\\([abfnrtv]|0[0-3][0-7]|177)/) refuse("not-a-backup", "The archive holds a name with control characters: " name)
    if (name ~ /^\//) refuse("not-a-backup", "The archive holds an absolute name: " name)
    if (("/" name "/") ~ /\/\.\.\//) refuse("not-a-backup", "The archive holds a name that leads out of it: " name)
    if (++members > most) refuse("not-a-backup", "The archive has more than " most " members.")
    if (kind == "-") total += $3
    if (total > bytes) refuse("no-space", "The files in the archive are larger than the space that can be used.")
    if (name !~ /^(\.\/)?config(\/|$)/ && name != "./") config = ""
  }
  END { if (!refused) printf "members=%d\nbytes=%.0f\nconfig=%s\n", members, total, config }'

# folder_unpack ARCHIVE INSIDE APPLICATION: extract it to ./sealed/tree, which nobody else can enter whatever its modes are, from its folder INSIDE if that is not empty, and compare what is
# there with the archive. Without what is kept apart, if APPLICATION is not empty. Prints what is wrong; status 0 if nothing is.
folder_unpack() {
  local archive=$1 inside=$2 differs apart=()
  [[ $3 == '' ]] || apart=(--anchored --no-wildcards --exclude=./venv --exclude=venv)
  mkdir -m 700 -- sealed sealed/unpacked || return 1
  tar -xpf "$archive" -C sealed/unpacked --no-same-owner --delay-directory-restore "${apart[@]}" 2>"$archive.stderr" || {
    printf 'It could not be extracted: %s\n' "$(head -c 200 -- "$archive.stderr" | tr -s '[:cntrl:] ' ' ')"
    return 1
  }
  differs=$(cd sealed/unpacked && tar --quoting-style=escape -df "../../$archive" "${apart[@]}" 2>&1 |
    grep -vE ': (Uid|Gid|Mod time) differs$' | head -c 200)
  if [[ $differs != '' ]]; then
    printf 'What was extracted is not what is in the archive: %s\n' "$differs"
    return 1
  fi
  # A file has one name only: whatever changes it later changes no other.
  find sealed/unpacked -type f -links +1 -exec cp -pT -- '{}' sealed/single \; -exec mv -fT -- sealed/single '{}' \; || return 1
  rm -f -- "$archive" "$archive.stderr"
  if [[ $inside == '' ]]; then mv -nT -- sealed/unpacked sealed/tree; else
    mv -nT -- "sealed/unpacked/$inside" sealed/tree
  fi
  [[ -d sealed/tree && ! -L sealed/tree ]] || { echo 'The archive holds no folder.'; return 1; }
}

# folder_links FOLDER: print the links in it that lead out of it, as folder_live_links does.
folder_links() {
  local top paths=() goals=() texts=() i
  cd -P -- "$1" && top=$(pwd -P) || return 1
  mapfile -d '' -t paths < <(find . -type l -print0)
  ((${#paths[@]} <= 5000)) || { echo 'too many'; return 0; }
  mapfile -d '' -t texts < <(find . -type l -printf '%p\t%l\0')
  mapfile -d '' -t goals < <(find . -type l -print0 | xargs -0 -r realpath -mz -- 2>/dev/null)
  for i in "${!paths[@]}"; do
    # Without a goal for each, none is known.
    [[ ${#goals[@]} == "${#paths[@]}" && (${goals[$i]} == "$top" || ${goals[$i]} == "$top"/*) ]] || printf '%s\0\n' "${texts[$i]}"
  done | encode_listing
}

# folder_differences: print what differs between the two lists on stdin: the first hundred names, and requirements.txt.
folder_differences() {
  awk '
    function tell(kind, path) { if (path == "./requirements.txt" || ++told <= 100) print kind " " substr(path, 1, 300) }
    $0 == "live" || $0 == "staged" { list = $0; next }
    $0 == "" { next }
    { hash = substr($0, 1, 64); path = substr($0, 67) }
    list == "live" { live[path] = hash; next }
    !(path in live) { onlyBackup++; tell("backup", path); next }
    { if (live[path] != hash) { changed++; tell("changed", path) } delete live[path] }
    END {
      for (path in live) { onlyLive++; tell("live", path) }
      print "onlyLive " onlyLive + 0 "\nonlyBackup " onlyBackup + 0 "\nallChanged " changed + 0
    }'
}
