# --- A tree that is in use, and a tar archive of it ------------------------------------------------------------------------
#
# For owner_do, in the owner's part of the work folder. A tree is listed before and after it is read: what changed meanwhile
# is read again. A listing holds lines of TYPE MODE UID GID SIZE MTIME CTIME DEVICE:INODE PATH, TAB-separated, where TYPE is
# find's letter or `!` if the owner cannot read it, and PATH is `./…` with newlines and % as in encode_listing.

TREE_FOLDER='' # absolute
TREE_NAMES=()  # what belongs to the part, as `./NAME` below the folder, or `.` for all
TREE_LEAVE=()  # find's expression for what is left out
TREE_RENAME=() # tar's option that turns `./NAME` into the member's name

# tree_of PART [PREFIX]: set the TREE_ globals as the runbook's archives have it. In a system backup, some members' names begin
# with PREFIX.
tree_of() {
  local prefix=''
  [[ ! ${2-} =~ ^cvd_system_[0-9]+_[0-9]+/config$ ]] || prefix=$2/
  TREE_NAMES=(.) TREE_LEAVE=(-false) TREE_RENAME=()
  case $1 in
    application)
      TREE_FOLDER=$ROOT/app
      TREE_LEAVE=(-name venv -o -name __pycache__ -o -name '*.pyc' -o -name .git -o -name ai_cache.db -o -name 'ai_cache.db-*')
      ;;
    config)
      TREE_FOLDER=$ROOT/config
      TREE_RENAME=("--transform=flags=r;s,^\\.,${prefix}config,")
      ;;
    systemd)
      TREE_FOLDER=${POLICY[units]}
      TREE_LEAVE=(-path './*.d/*' ! -name '*.conf')
      TREE_RENAME=("--transform=flags=r;s,^\\./,$prefix,")
      tree_units
      ;;
    nginx)
      real_path "${POLICY[nginx_site]}"
      TREE_FOLDER=${REPLY%/*} TREE_NAMES=()
      [[ ! -f $REPLY ]] || TREE_NAMES=("./${REPLY##*/}")
      TREE_RENAME=("--transform=flags=r;s,^.*\$,${prefix}nginx-cvd.conf,")
      ;;
    venv)
      TREE_FOLDER=$ROOT/app TREE_NAMES=()
      [[ ! -d $ROOT/app/venv ]] || TREE_NAMES=(./venv)
      ;;
  esac
}

# tree_units: TREE_NAMES = the unit files and folders of drop-ins of the services in the policy.
tree_units() {
  local service unit
  TREE_NAMES=()
  services_load
  for service in ${SERVICES[@]+"${SERVICES[@]}"}; do
    service=${service%.service}
    for unit in "$service.service" "${service%%@*}@.service"; do
      [[ $unit != *@.service || $service == *@* ]] || continue
      [[ ! -e $TREE_FOLDER/$unit && ! -L $TREE_FOLDER/$unit ]] || TREE_NAMES+=("./$unit")
      [[ ! -d $TREE_FOLDER/$unit.d ]] || TREE_NAMES+=("./$unit.d")
    done
  done
}

# tree_list: print the listing. Follows no links; reads no file.
tree_list() {
  local line='\t%m\t%U\t%G\t%s\t%T@\t%C@\t%D:%i\t%p\0\n'
  {
    cd -P -- "$TREE_FOLDER" && find "${TREE_NAMES[@]}" '(' "${TREE_LEAVE[@]}" ')' -prune -o \
      '(' -type d ! '(' -readable -executable ')' -o -type f ! -readable ')' -printf "!$line" -o -printf "%y$line"
  } 2>/dev/null | encode_listing
}

# tree_facts PART: print what is known before it is read, as key=value lines.
tree_facts() {
  local line
  tree_of "$1"
  if [[ ! -e $TREE_FOLDER ]] || ((${#TREE_NAMES[@]} == 0)); then echo state=missing; return; fi
  if [[ ! -d $TREE_FOLDER ]]; then echo state=not-folder; return; fi
  if [[ ! -r $TREE_FOLDER || ! -x $TREE_FOLDER ]]; then echo state=no-rights; return; fi
  while IFS= read -r line; do
    [[ $line == '!'* ]] || { printf '%s\n' "$line"; continue; }
    tree_encode "${line#!}"
    printf 'unreadable=%s\n' "$REPLY"
  done < <(tree_list | awk -F '\t' "$TREE_AWK"'
    { entries++ }
    $1 == "f" { bytes += $5 }
    $1 == "!" && ++unreadable <= 10 { print "!" path_of($0) }
    END { printf "entries=%d\nbytes=%.0f\nunreadableCount=%d\nstate=there\n", entries, bytes, unreadable }')
}

# tree_words TYPES KEY LISTING: print `KEY=PATH` for the first ten members of these types, percent-encoded.
tree_words() {
  local path
  while IFS= read -r path; do
    tree_encode "$path"
    printf '%s=%s\n' "$2" "$REPLY"
  done < <(types=$1 awk -F '\t' "$TREE_AWK"'index(ENVIRON["types"], $1) && n++ < 10 { print path_of($0) }' "$3")
}

# shellcheck disable=SC2016 # awk's own variables
readonly TREE_AWK='
function path_of(line,   i) {
  for (i = 0; i < 8; i++) line = substr(line, index(line, "\t") + 1)
  return line
}
'

tree_name() { # PATH-OF-A-LISTING: REPLY = the path
  REPLY=${1//%0A/$'\n'}
  REPLY=${REPLY//%25/%}
}

# tree_encode PATH-OF-A-LISTING: REPLY = the absolute path, percent-encoded.
tree_encode() {
  tree_name "$1"
  encode_path "$TREE_FOLDER/${REPLY#./}"
  REPLY=${REPLY:0:1000}
}

readonly TREE_PASSES=4 TREE_TRIES=5

# tree_pack PART [PREFIX]: write the part to tree.tar; print key=value lines. What changes between two listings is read again on its
# own, and a database is copied like the live one. Status 21 cannot read, 22 a database is locked, 23 disk full,
# 24 anything else; then `complaint=` says more.
tree_pack() {
  local pass
  tree_of "$1" "${2-}"
  rm -f changing unsteady raw && touch changing unsteady raw || return 23
  tree_list >before
  for ((pass = 1; pass <= TREE_PASSES; pass++)); do
    ! grep -q $'^!\t' before || { tree_words '!' unreadable before; return 21; }
    tree_databases >databases
    tree_write || return
    tree_list >after
    tree_differences >differing
    [[ -s differing ]] || break
    sed -n 's/^changed\t//p' differing >>changing
    mv -f after before
  done
  ((pass <= TREE_PASSES)) || sed -n 's/^\(changed\|other\)\t//p' differing >>unsteady
  printf 'members=%s\ndatabases=%s\n' "$(wc -l <written)" "$(wc -l <databases)"
  tree_words scpbD skipped before
  tree_say_paths unsteady
  tree_say_paths raw
}

tree_say_paths() { # FILE-AND-KEY
  local path
  while IFS= read -r path; do
    tree_encode "$path"
    printf '%s=%s\n' "$1" "$REPLY"
  done < <(sort -u "$1" | head -n 10)
}

# tree_databases: print the paths in `before` that are SQLite databases by their header.
tree_databases() {
  local path header
  while IFS= read -r path; do
    tree_name "$path"
    header=''
    IFS= read -r -d '' -n 16 header 2>/dev/null <"$TREE_FOLDER/${REPLY#./}"
    [[ $header != 'SQLite format 3' ]] || printf '%s\n' "$path"
  done < <(awk -F '\t' "$TREE_AWK"'
    FILENAME == "raw" { raw[$0]; next }
    $1 == "f" && $5 >= 100 && !(path_of($0) in raw) { print path_of($0) }' raw before)
}

# tree_differences: print `changed TAB PATH` for each file of which `before` and `after` differ, and `other TAB PATH` for
# what came, went or changed its kind. Leaves out what is copied on its own. Of a folder only rights count: its times change
# with each name in it.
tree_differences() {
  awk -F '\t' "$TREE_AWK"'
    function facts() { return $1 == "d" ? $1 FS $2 FS $3 FS $4 : substr($0, 1, length($0) - length(path)) }
    FILENAME == "databases" { apart[$0]; apart[$0 "-wal"]; apart[$0 "-shm"]; apart[$0 "-journal"]; next }
    FILENAME == "changing" { apart[$0]; next }
    { path = path_of($0) }
    path in apart { next }
    FILENAME == "before" { was[path] = facts(); type[path] = $1; next }
    !(path in was) { print "other\t" path; next }
    was[path] != facts() { print ($1 == "f" && type[path] == "f" ? "changed" : "other") "\t" path }
    { delete was[path] }
    END { for (path in was) print "other\t" path }' databases changing before after
}

# tree_write: make tree.tar of `before`.
tree_write() {
  local owners whose
  rm -rf tree.tar stage owners written && mkdir stage owners && : >written || return 23
  tree_stage || return
  tree_tar --create -C "$TREE_FOLDER" < <(awk -F '\t' "$TREE_AWK"'
    FILENAME == "databases" { apart[$0]; apart[$0 "-wal"]; apart[$0 "-shm"]; apart[$0 "-journal"]; next }
    FILENAME == "changing" { apart[$0]; next }
    $1 ~ /^[fdl]$/ && !(path_of($0) in apart) { print path_of($0) }' databases changing before | tree_escaped) || return
  for owners in owners/*; do
    whose=${owners#*/}
    tree_tar --append "--owner=${whose%.*}" "--group=${whose#*.}" -C stage < <(tree_escaped <"$owners") || return
  done
}

# tree_tar ARG...: run tar on the names on stdin, which may vanish meanwhile. Adds the names of the members to `written`.
tree_tar() {
  local status
  tar --file=tree.tar --format=gnu --hard-dereference --no-recursion --verbose --index-file=index \
    ${TREE_RENAME[@]+"${TREE_RENAME[@]}"} "$@" --files-from=- 2>tar.log
  status=$?
  cat index >>written
  ((status != 0)) || return 0
  grep -vE ': (Cannot (stat|open|readlink): No such file or directory|File removed before we read it|file changed as we read it|File shrank by [0-9]+ bytes?; padding with zeros)$|failure status due to previous errors' \
    tar.log >complaints || return 0
  printf 'complaint=%s\n' "$(head -n 1 complaints | head -c 300 | tr -s '[:cntrl:] ' ' ')"
  ! grep -qE 'No space left|quota|File too large' complaints || return 23
  ! grep -q 'Permission denied' complaints || return 21
  return 24
}

# tree_escaped: turn paths of a listing into the escapes that tar reads from a list of names.
tree_escaped() { sed 's/\\/\\\\/g; s/%0A/\\n/g; s/%25/%/g'; }

# tree_stage: copy the databases and what keeps changing to stage/, each with its rights, and note whose they are. tar names
# an owner for a whole run, so there is one list per owner: owners/UID.GID.
tree_stage() {
  local path
  while IFS= read -r path; do
    tree_stage_database "$path" || return
  done <databases
  while IFS= read -r path; do
    tree_stage_file "$path" || return
  done < <(awk '
    FILENAME == "raw" { raw[$0]; next }
    FILENAME == "databases" { if (!($0 in raw)) apart[$0]; next }
    !($0 in apart) && !seen[$0]++' raw databases changing)
}

tree_stage_database() { # PATH
  local path=$1 file said
  tree_name "$path"
  file=$TREE_FOLDER/${REPLY#./}
  rm -f copy.db copy.db-journal
  if said=$(database_copy_run "$file") && [[ -f copy.db && ! -e copy.db-journal ]]; then
    tree_staged "$path" copy.db
    return
  fi
  case $said in
    *locked* | *busy* | '')
      encode_path "$file"
      printf 'complaint=%s\n' "$REPLY"
      return 22
      ;;
    *'disk is full'* | *'No space'*) return 23 ;;
  esac
  # It has the header of a database, and this sqlite3 cannot read it: copy it as the file that it is.
  printf '%s\n' "$path" >>raw
  printf '%s\n' "$path" "$path-wal" "$path-journal" >>changing
}

tree_stage_file() { # PATH
  local file turn stamp
  tree_name "$1"
  file=$TREE_FOLDER/${REPLY#./}
  for ((turn = 0; turn < TREE_TRIES; turn++)); do
    [[ -f $file && ! -L $file ]] || return 0
    stamp=$(stat -c '%s %Y %Z %i %y' -- "$file" 2>/dev/null)
    dd if="$file" of=copy.file iflag=nofollow,nonblock bs=1M status=none 2>copy.log || {
      [[ ! -e $file ]] && return 0
      printf 'complaint=%s\n' "$(head -c 300 copy.log | tr -s '[:cntrl:] ' ' ')"
      ! grep -qE 'No space left|quota|File too large' copy.log || return 23
      return 24
    }
    [[ $(stat -c '%s %Y %Z %i %y' -- "$file" 2>/dev/null) != "$stamp" ]] || { tree_staged "$1" copy.file; return; }
  done
  # It is written to all the time. Take what was read last, and say so.
  printf '%s\n' "$1" >>unsteady
  tree_staged "$1" copy.file
}

tree_staged() { # PATH COPY
  local file name owner mode
  tree_name "$1"
  name=${REPLY#./} file=$TREE_FOLDER/${REPLY#./}
  read -r owner mode < <(stat -c '%u.%g %a' -- "$file" 2>/dev/null)
  [[ $owner =~ ^[0-9]{1,10}\.[0-9]{1,10}$ && $mode =~ ^[0-7]{1,4}$ ]] || return 0 # it is gone
  touch -r "$file" -- "$2" 2>/dev/null
  mkdir -p -- "stage/./${name%"${name##*/}"}" && mv -f -- "$2" "stage/$name" && chmod -- "$mode" "stage/$name" || return 23
  printf '%s\n' "$1" >>"owners/$owner"
}
