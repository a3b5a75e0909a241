# --- A tree: the owner's and the reader's part -------------------------------------------------------------------------------
#
# Pure functions of their paths and stdin, in the current folder; never run as root.

# What a backup of the application leaves out. A restore keeps the live one.
readonly FOLDER_APART=(venv .git)

# --- Run by the owner ---------------------------------------------------------------------------------------------------------

# folder_send FOLDER PART: print its files as an archive; of the application without what is kept apart.
folder_send() {
  local apart=()
  [[ $2 != application ]] || apart=(--exclude=./venv --exclude=./.git)
  cd -P -- "$1" 2>/dev/null || exit 15
  tar -cf - ${apart[@]+"${apart[@]}"} . || exit 11
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

# folder_check ARCHIVE: look at each member before anything is extracted. Print key=value lines; `unreadable` with tar's words, or
# `refused` with a word of member_words and a path, if it must not be.
folder_check() {
  if ! members_listed "$1"; then
    printf 'unreadable=%s\n' "$(tail -n 1 complaints | head -c 200 | tr -s '[:cntrl:] ' ' ')"
    return
  fi
  # A link that leads out may be one that the live folder has, too.
  awk -F '\t' '
    BEGIN { config = "yes" }
    $1 == "=" { printf "members=%d\nbytes=%.0f\nconfig=%s\n", $2, $3, config; exit }
    $1 == "?" && $2 == "leads-out" { next }
    $1 ~ /^[!?]$/ { if (!refused++) print "refused=" $2 " " $3; next }
    $7 ~ /%(0[0-9A-F]|1[0-9A-F]|7F)/ { if (!refused++) print "refused=control " substr($7, 1, 1000) }
    $7 !~ /^(\.\/)?config(\/|$)/ && $7 != "." { config = "" }' judged
  rm -f -- listed judged complaints
}

# folder_unpack ARCHIVE INSIDE APPLICATION: extract it to ./sealed/tree, which nobody else can enter whatever its modes are, from
# its folder INSIDE if that is not empty, and compare what is there with the archive. Without what is kept apart, if APPLICATION
# is not empty. Prints what is wrong; status 0 if nothing is.
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

# folder_differences: print what differs between the two lists on stdin: the first hundred names, and what pip reads.
folder_differences() {
  awk -v "requirements=${REQUIREMENTS//\\/\\\\}" '
    function name(kind, path) { if ((path ~ requirements && ++pip <= 20) || ++named <= 100) print kind " " substr(path, 1, 300) }
    $0 == "live" || $0 == "staged" { list = $0; next }
    $0 == "" { next }
    { hash = substr($0, 1, 64); path = substr($0, 67) }
    list == "live" { live[path] = hash; next }
    !(path in live) { onlyBackup++; name("backup", path); next }
    { if (live[path] != hash) { changed++; name("changed", path) } delete live[path] }
    END {
      for (path in live) { onlyLive++; name("live", path) }
      print "onlyLive " onlyLive + 0 "\nonlyBackup " onlyBackup + 0 "\nallChanged " changed + 0
    }'
}
