# --- The list of backups --------------------------------------------------------------------------------------------------
#
# Made in bulk, with as many processes for ten thousand files as for one, and in two halves. One looks at the folders, which
# belong to the user of the application, and prints what is there. The other joins that with what we know, in STATE, and
# takes no line for granted. It prints, TAB-separated, backups first, newest first:
#   backup SORT-MS PATH KIND ORIGIN SIZE MODIFIED-MS TAKEN-MS VERDICT VERIFIED-MS REASON HOLD FINGERPRINT CANDIDATE FUTURE COMPANIONS
#   other  MODIFIED-MS PATH CLASS SIZE
# PATH and REASON are percent-encoded; TAKEN-MS and VERIFIED-MS are `-` where unknown; HOLD, FINGERPRINT, CANDIDATE and
# FUTURE are 0 or 1; COMPANIONS are paths with commas between them. The newest backup is the first that is a CANDIDATE:
# of the database, not what a restore left, not empty, not dated in the future. CLASS is unfinished, unsupported or unknown.

# folders_listed: the plain files among the backups, and beside the database those that carry its name and an ending of
# their own, a line each: SIZE, modification time, inode, path as encode_listing leaves it. Folders one level down are looked
# into, links are not. A pure function of the paths of the site: it reads nothing of STATE.
folders_listed() { folders_found 2>/dev/null | encode_listing; }

# folders_found: in a process of its own.
folders_found() {
  local folder=${DATABASE%/*} beside database not_database=() walk=()
  # A plain file only: find opens it, and would wait for ever for a named pipe.
  [[ ! -f $DATABASE ]] || not_database=(! -samefile "$DATABASE")
  walk=('(' -type d -name '.*' -prune -o -type f ${not_database[@]+"${not_database[@]}"} -printf "$LISTING" ')')
  if folders_are_apart "$folder"; then
    # The usual site, in one walk.
    glob_literal "$folder"
    beside=$REPLY
    glob_literal "${DATABASE##*/}"
    exec find -H "$BACKUPS" "$folder" -mindepth 1 -maxdepth 2 \
      '(' -path "$beside/*" '(' -type d -prune -o -type f -name "$REPLY.*" -printf "$LISTING" ')' ')' -o \
      ! -path "$beside/*" "${walk[@]}"
  fi
  find -H "$BACKUPS" -mindepth 1 -maxdepth 2 "${walk[@]}"
  for folder in "$BACKUPS/app" "$BACKUPS/system"; do
    [[ -L $folder && -d $folder ]] || continue
    find -H "$folder" -mindepth 1 -maxdepth 1 -type f ${not_database[@]+"${not_database[@]}"} -printf "$LISTING"
  done
  for database in "$DATABASE" "$DATABASE_FILE"; do
    [[ -d ${database%/*} && ! ${database%/*} -ef $BACKUPS ]] || continue
    glob_literal "${database##*/}"
    find -H "${database%/*}" -mindepth 1 -maxdepth 1 -type f -name "$REPLY.*" -printf "$LISTING"
    [[ $DATABASE != "$DATABASE_FILE" ]] || break
  done
}

# folders_are_apart FOLDER: are that of the database and that of the backups two, none in the other, and no links lead elsewhere?
folders_are_apart() {
  [[ -d $1 && -d $BACKUPS && ! $1 -ef $BACKUPS && $DATABASE == "$DATABASE_FILE" && ! -L $BACKUPS/app && ! -L $BACKUPS/system ]] &&
    [[ $1/ != "$BACKUPS/"* && $BACKUPS/ != "$1/"* ]]
}

# glob_literal TEXT: REPLY = a pattern that matches this text only.
glob_literal() {
  REPLY=${1//\\/\\\\}
  REPLY=${REPLY//\[/\\[}
  REPLY=${REPLY//\*/\\*}
  REPLY=${REPLY//\?/\\?}
}

# What is read: the catalog, the fingerprints (as grep prints them), then what was listed; `from` says which. Of the catalog
# it is known how large it was: where it does not end with a line's end, its last line was cut off, and one that was added
# since is for the next who looks.
# shellcheck disable=SC2016 # awk's own variables
readonly LISTING_JOIN_AWK='
function number(text) { return length(text) <= 15 && text ~ /^(0|[1-9][0-9]*)$/ }
function millis(stamp,   at) {
  if (stamp ~ /^-/) return "0"
  at = index(stamp, ".")
  stamp = at == 0 ? stamp "000" : substr(stamp, 1, at - 1) substr(substr(stamp, at + 1) "000", 1, 3)
  sub(/^0+/, "", stamp) # no number of JSON begins so
  return stamp == "" ? "0" : stamp
}
function encoded(text) {
  if (length(text) > 16384 || text ~ /[^A-Za-z0-9._\/%-]/) return 0
  gsub(/%[0-9A-F][0-9A-F]/, "", text)
  return text !~ /%/
}
function name_of(path) { sub(/.*\//, "", path); return path }
function folder_of(path) { sub(/\/[^\/]*$/, "", path); return path }
# Without its own ending: a companion may carry the name of its backup with the ending, or without.
function stem_of(path) { sub(/\.(db3?|sqlite3?)(\.gz)?$|\.tgz$|\.tar\.gz$/, "", path); return path }
function backup_of(path,   i, name) {
  for (i = 0; i < 3; i++) {
    name = name_of(path)
    if (name ~ /^git_version_/) {
      sub(/^git_version_/, "cvd_app_", name)
      path = folder_of(path) "/" name
    }
    if (!sub(/-(wal|shm|journal)$/, "", path) && !sub(/\.[^.\/]*$/, "", path)) return ""
    if (path in place) return path
    if (path in by_stem) return by_stem[path]
  }
  return ""
}
function known(line,   f, n) {
  if (line ~ /\ttorn$/) return
  n = split(line, f, FS)
  if (f[1] == "made" && n == 7 && number(f[7])) { made[f[2]] = f[3] OFS f[4]; made_kind[f[2]] = f[5]; made_origin[f[2]] = f[6]; made_at[f[2]] = f[7] }
  else if (f[1] == "verdict" && n == 9 && number(f[6])) { judged[f[2]] = f[3] OFS f[4]; verdict[f[2]] = f[5]; at[f[2]] = f[6]; reason[f[2]] = f[9] }
  else if (f[1] == "hold" && n == 5) held[f[2]] = 1
  else if (f[1] == "release" && n == 5) delete held[f[2]]
}
function path_of(line,   path, out, i, c) {
  path = substr(line, length($1 OFS $2 OFS $3 OFS) + 1)
  if (path !~ /[^A-Za-z0-9._\/%-]/) return path
  out = ""
  for (i = 1; i <= length(path); i++) {
    c = substr(path, i, 1)
    out = out (c ~ /[A-Za-z0-9._\/%-]/ ? c : code[c])
  }
  return out
}
BEGIN { for (i = 1; i < 256; i++) code[sprintf("%c", i)] = sprintf("%%%02X", i) }
BEGIN { FS = OFS = "\t"; FUTURE = ENVIRON["now"] + SKEW * 1000; folder = ENVIRON["folder"] }
from == "catalog" {
  if (catalog_lines++) known(newest_line)
  newest_line = $0
  catalog_bytes += length($0) + 1
  next
}
catalog_lines { if (catalog_bytes <= catalog_size) known(newest_line); catalog_lines = 0 }
from == "fingerprints" {
  if (!match($0, /:(size|takenAt)=[0-9]+$/)) next
  name = name_of(substr($0, 1, RSTART - 1))
  split(substr($0, RSTART + 1), pair, "=")
  if (pair[1] == "size") printed[name] = pair[2]
  else if (number(pair[2])) printed_at[name] = pair[2]
  next
}
# What was listed comes from a user that is not trusted: what is not such a line is none.
NF >= 4 && number($1) && length($2) <= 32 && $2 ~ /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/ && $3 ~ /^[0-9]+$/ && $4 ~ /^\// {
  path = path_of($0)
  if (path in seen || !encoded(path)) next
  if (++count > 200000) exit
  seen[path] = 1
  class = any ? "backup" : class_of(name_of(path))
  size[path] = $1
  stamp[path] = $2
  if (class == "backup") { place[path] = 1; if (!(stem_of(path) in by_stem)) by_stem[stem_of(path)] = path }
  else others[path] = class
}
END {
  for (path in others) {
    owner = others[path] == "companion" ? backup_of(path) : ""
    if (owner != "") { companions[owner] = companions[owner] (companions[owner] == "" ? "" : ",") path; continue }
    class = others[path]
    # Armoured text is a signature beside what it signs; alone, it is what was encrypted.
    if (class == "companion") class = path ~ /\.asc$/ && tail_of(plain_name(name_of(path))) != "%" ? "unsupported" : "unknown"
    if (path ~ /-(wal|shm|journal)$/ && path == ENVIRON["live"] substr(path, match(path, /-[a-z]*$/))) continue
    # Beside the database lies much that is none of ours.
    if (substr(path, 1, length(folder) + 1) == folder "/") tell("other" OFS millis(stamp[path]) OFS path OFS class OFS size[path])
  }
  for (path in place) backup_line(path, name_of(path), size[path] OFS stamp[path])
}
function tell(line) { if (whole) told[++tellings] = line; else print line }
function backup_line(path, name, was,   taken, modified, sort_ms, judgment, future, candidate) {
  kind_of(path, name)
  modified = millis(stamp[path])
  # Our record, then our fingerprint, then the name, then the name of its folder; the modification time where none tells.
  if (made[path] == was) { kind = made_kind[path]; origin = made_origin[path]; taken = made_at[path] }
  else if (name in printed_at && printed[name] == size[path]) taken = printed_at[name]
  else {
    taken = moment_of(name, int(modified / 1000), origin == "safety")
    if (taken == "-") taken = moment_of(name_of(folder_of(path)), int(modified / 1000), 0)
    if (taken != "-") taken = sprintf("%.0f000", taken)
  }
  judgment = path in judged && judged[path] == was && verdict[path] ~ /^(verified|failed|inconclusive)$/
  sort_ms = taken == "-" ? modified : taken
  future = sort_ms + 0 > FUTURE ? 1 : 0
  candidate = kind == "database" && origin != "safety" && size[path] > 0 && !future ? 1 : 0
  tell("backup" OFS sort_ms OFS path OFS kind OFS origin OFS size[path] OFS modified OFS taken OFS \
    (judgment ? verdict[path] : "never") OFS (judgment ? at[path] : "-") OFS \
    (judgment && encoded(reason[path]) ? reason[path] : "") OFS (path in held ? 1 : 0) OFS \
    (name in printed ? 1 : 0) OFS candidate OFS future OFS companions[path])
}'

# listing_joined [any]: reads lines of folders_listed on stdin, writes the list. With `any` all that is listed counts as a
# backup: it was chosen by its path.
listing_joined() {
  file_size "$STATE/catalog"
  listing_awk "$REPLY" "${1:+any=1}" "$LISTING_RULES_AWK$LISTING_JOIN_AWK" | sort -t $'\t' -k1,1 -k2,2nr -k3,3
}

# listing_awk CATALOG-SIZE ASSIGNMENT PROGRAM: in a process of its own: what LISTING_JOIN_AWK needs to know, and what it is to read; stdin is the listing.
listing_awk() {
  local now folder live prints sources=()
  now_ms
  now=$REPLY
  encode_path "$BACKUPS"
  folder=$REPLY
  encode_path "$DATABASE_FILE"
  live=$REPLY
  live_names
  [[ ! -r $STATE/catalog ]] || sources+=(from=catalog "$STATE/catalog")
  if [[ -d $STATE/fingerprints ]]; then
    exec {prints}< <(exec grep -rsE '^(takenAt|size)=[0-9]{1,15}$' "$STATE/fingerprints")
    sources+=(from=fingerprints "/dev/fd/$prints")
  fi
  now=$now folder=$folder live=$live live_names=$REPLY exec awk -v "catalog_size=$1" -v "${2:-any=}" "$3" \
    ${sources[@]+"${sources[@]}"} from=listing -
}

# backup_list: the list of the whole site.
backup_list() { side_says 120 67108864 owner folders_listed | listing_joined; }

# file_listed PATH: the line of one file, whatever its name is; nothing if it is not there.
file_listed() { find -H "$1" -maxdepth 0 -type f -printf "$LISTING" 2>/dev/null | encode_listing | listing_joined any; }

# backup_entry_json PATH: REPLY = the entry of one file (absolute path), or null if it is not there.
backup_entry_json() {
  REPLY=$(file_listed "$1" | backups_json)
  REPLY=${REPLY:-null}
}

# backup_kind PATH: REPLY = its kind; that of its name where it is not there any more.
backup_kind() {
  IFS=$'\t' read -r _ _ _ REPLY _ < <(printf '0\t0\t0\t%s\0\n' "$1" | encode_listing | listing_joined any)
}

# backup_class NAME: REPLY = backup, companion, unfinished, unsupported or unknown, by the name alone.
backup_class() {
  local name
  encode_path "${1##*/}"
  name=$REPLY
  live_names
  REPLY=$(name=$name live_names=$REPLY awk "$LISTING_RULES_AWK"'BEGIN { print class_of(ENVIRON["name"]) }')
}

# live_names: REPLY = the names of the live database, encoded, a line each.
live_names() {
  local name
  encode_path "${DATABASE##*/}"
  name=$REPLY
  encode_path "${DATABASE_FILE##*/}"
  REPLY=$name$'\n'$REPLY
}
