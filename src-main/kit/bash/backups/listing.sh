# --- The list of backups --------------------------------------------------------------------------------------------------
#
# Built in bulk: ten thousand files take as many processes as one. One half lists the folders, which belong to the
# application's user. The other looks up in STATE/state.db what is known of each file, and trusts no line of the list: its cost
# grows with the files that there are, not with what is known. It prints, TAB-separated,
# backups first, newest first:
#   backup SORT-MS PATH KIND ORIGIN SIZE MODIFIED-MS TAKEN-MS VERDICT VERIFIED-MS REASON HOLD FINGERPRINT CANDIDATE FUTURE COMPANIONS FOLDER
#   other  MODIFIED-MS PATH CLASS SIZE
#   unlisted 0 PATH        the first folder that cannot be read
#   cut 0                  there are more files than are listed, or the listing did not come to its end
# PATH and REASON are percent-encoded. TAKEN-MS and VERIFIED-MS are `-` if unknown. HOLD, FINGERPRINT, CANDIDATE, FUTURE
# and FOLDER are 0 or 1. COMPANIONS are paths separated by commas. The newest backup is the first CANDIDATE: of the database, not left
# by a restore, not empty, not dated in the future. CLASS is unfinished, unsupported or unknown. A FOLDER is a safety copy of the
# application or the configuration: undo brings it back, nothing else; its size is not known, and 0 stands for it.

# For each listed file, what is known of it, then `whole`, then the list as it was, then `end`. Listed paths are looked up as they
# are: those of an honest list are percent-encoded.
readonly STATE_LISTED="
CREATE TEMP TABLE asked (path TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT OR IGNORE INTO asked SELECT substr(rest, instr(rest, char(9)) + 1) FROM (
  SELECT substr(rest, instr(rest, char(9)) + 1) AS rest FROM (
    SELECT substr(line, instr(line, char(9)) + 1) AS rest FROM listed WHERE length(line) <= 16448));
CREATE TEMP TABLE named (name TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT OR IGNORE INTO named
  WITH RECURSIVE part (rest, turn) AS (SELECT path, 0 FROM asked UNION ALL
    SELECT substr(rest, instr(rest, '/') + 1), turn + 1 FROM part WHERE instr(rest, '/') > 0 AND turn < 64)
  SELECT rest FROM part WHERE instr(rest, '/') = 0;
SELECT 'made', path, size, modified, kind, origin, taken_at FROM asked JOIN backup USING (path);
SELECT 'verdict', path, size, modified, verdict, at, reason FROM asked JOIN verdict USING (path)
  WHERE n = (SELECT max(n) FROM verdict newer WHERE newer.path = asked.path);
SELECT 'hold', path FROM asked JOIN hold USING (path);
SELECT 'fingerprint', name, size, taken_at FROM named JOIN fingerprint USING (name);
SELECT 'loss', max(at) FROM loss;
SELECT 'whole';
SELECT line FROM listed ORDER BY rowid;
SELECT 'end';
"

# Input: what STATE_LISTED prints if `known` is yes, else only the list.
# shellcheck disable=SC2016 # awk's own variables
readonly LISTING_JOIN_AWK='
function number(text) { return length(text) <= 15 && text ~ /^(0|[1-9][0-9]*)$/ }
function millis(stamp,   at) {
  if (stamp ~ /^-/) return "0"
  at = index(stamp, ".")
  stamp = at == 0 ? stamp "000" : substr(stamp, 1, at - 1) substr(substr(stamp, at + 1) "000", 1, 3)
  sub(/^0+/, "", stamp) # JSON allows no leading zeros
  return stamp == "" ? "0" : stamp
}
function encoded(text) {
  if (length(text) > 16384 || text ~ /[^A-Za-z0-9._\/%-]/) return 0
  gsub(/%[0-9A-F][0-9A-F]/, "", text)
  return text !~ /%/
}
function name_of(path) { sub(/.*\//, "", path); return path }
function folder_of(path) { sub(/\/[^\/]*$/, "", path); return path }
# Without its ending: a companion may repeat the ending of its backup, or not.
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
# folder_of_part PATH LIVE: is it what a restore kept of that folder?
function folder_of_part(path, live) {
  return substr(path, 1, length(live) + 13) == live ".pre-restore." && substr(path, length(live) + 14) ~ /^[0-9]+_[0-9]+(\.[0-9a-f]+)?$/
}
BEGIN { for (i = 1; i < 256; i++) code[sprintf("%c", i)] = sprintf("%%%02X", i) }
BEGIN { FS = OFS = "\t"; FUTURE = ENVIRON["now"] + SKEW * 1000; folder = ENVIRON["folder"] }
known == "yes" && !told {
  if ($1 == "made") { made[$2] = $3 OFS $4; made_kind[$2] = $5; made_origin[$2] = $6; made_at[$2] = $7 }
  else if ($1 == "verdict") { judged[$2] = $3 OFS $4; verdict[$2] = $5; at[$2] = $6; reason[$2] = $7 }
  else if ($1 == "hold") held[$2] = 1
  else if ($1 == "fingerprint") { printed[$2] = $3; if ($4 != "") printed_at[$2] = $4 }
  else if ($1 == "loss") loss = $2
  else if ($1 == "aside") aside = aside substr($0, 7) "\n"
  else if ($1 == "whole") told = 1
  next
}
{ ended = $0 == "end" }
# The listing comes from an untrusted user: skip lines that do not match, and lines longer than a path can be.
length($0) > 16448 { next }
NF >= 4 && number($1) && length($2) <= 32 && $2 ~ /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/ && $3 ~ /^[0-9]+$/ && $4 ~ /^\// {
  path = path_of($0)
  if (path in seen || !encoded(path) || length(name_of(path)) > 765) next
  # Each file takes about a kilobyte of memory here.
  bytes_listed += length($0)
  if (++count > FILES_MOST || bytes_listed > LISTING_MOST) { cut = ended = 1; exit }
  seen[path] = 1
  class = any ? "backup" : class_of(name_of(path))
  size[path] = $1
  stamp[path] = $2
  if (class == "backup") { place[path] = 1; if (!(stem_of(path) in by_stem)) by_stem[stem_of(path)] = path }
  else others[path] = class
}
$1 == "cut" { cut = 1 }
$1 == "d" && NF >= 4 && length($2) <= 32 && $2 ~ /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/ && $4 ~ /^\// {
  path = path_of($0)
  if (path in seen || !encoded(path) || ++count > FILES_MOST) next
  seen[path] = 1
  class = folder_of_part(path, ENVIRON["application"]) ? "application" : folder_of_part(path, ENVIRON["config"]) ? "config" : ""
  if (class != "") { kept[path] = class; stamp[path] = $2 }
}
$1 == "-1" && NF >= 4 && $4 ~ /^\// && unlisted == "" {
  path = path_of($0)
  if (encoded(path)) unlisted = path
}
END {
  if (known == "yes" && !(told && ended)) { print unread = "unread"; exit }
  for (path in others) {
    owner = others[path] == "companion" ? backup_of(path) : ""
    if (owner != "") {
      if (companion_count[owner]++ < 100) companions[owner] = companions[owner] (companions[owner] == "" ? "" : ",") path
      continue
    }
    class = others[path]
    # An armoured file is a signature beside what it signs; alone, it is an encrypted backup.
    if (class == "companion") class = path ~ /\.asc$/ && tail_of(plain_name(name_of(path))) != "%" ? "unsupported" : "unknown"
    if (path ~ /-(wal|shm|journal)$/ && path == ENVIRON["live"] substr(path, match(path, /-[a-z]*$/))) continue
    # Much of what lies beside the database is not ours: skip it.
    if (substr(path, 1, length(folder) + 1) == folder "/") keep_or_print("other" OFS millis(stamp[path]) OFS path OFS class OFS size[path])
  }
  for (path in place) backup_line(path, name_of(path), size[path] OFS stamp[path])
  for (path in kept) folder_line(path, kept[path], millis(stamp[path]))
  if (unlisted != "" && !whole) print "unlisted" OFS 0 OFS unlisted
  if (cut && !whole) print "cut" OFS 0
}
function keep_or_print(line) { if (whole) record[++records] = line; else print line }
function backup_line(path, name, was,   taken, modified, sort_ms, judgment, future, candidate) {
  kind_of(path, name)
  modified = millis(stamp[path])
  # Use our record, then our fingerprint, then the file name, then the folder name, then the modification time.
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
  keep_or_print("backup" OFS sort_ms OFS path OFS kind OFS origin OFS size[path] OFS modified OFS taken OFS \
    (judgment ? verdict[path] : "never") OFS (judgment ? at[path] : "-") OFS \
    (judgment && encoded(reason[path]) ? reason[path] : "") OFS (path in held ? 1 : 0) OFS \
    (name in printed ? 1 : 0) OFS candidate OFS future OFS companions[path] OFS 0)
}
function folder_line(path, class, modified,   taken) {
  taken = moment_of(name_of(path), int(modified / 1000), 1)
  if (taken != "-") taken = sprintf("%.0f000", taken)
  keep_or_print("backup" OFS (taken == "-" ? modified : taken) OFS path OFS class OFS "safety" OFS 0 OFS modified OFS taken OFS \
    "never" OFS "-" OFS "" OFS 0 OFS 0 OFS 0 OFS 0 OFS "" OFS 1)
}'

# listing_joined [any]: turn lines of folders_listed on stdin into the list. With `any`, every file counts as a backup:
# somebody chose it by its path.
listing_joined() {
  local list
  LISTED=$(cat)
  list=$(listing_awk "${1:+any=1}" "$LISTING_RULES_AWK$LISTING_JOIN_AWK")
  [[ $list != unread ]] || list=$(LISTING_KNOWN=lost listing_awk "${1:+any=1}" "$LISTING_RULES_AWK$LISTING_JOIN_AWK")
  [[ $list == '' ]] || printf '%s\n' "$list" | sort -t $'\t' -k1,1 -k2,2nr -k3,3
}

LISTED=''        # lines of folders_listed
LISTING_KNOWN='' # `lost` if what is known cannot be read

# listing_awk ASSIGNMENT PROGRAM: run awk with the variables of LISTING_JOIN_AWK on LISTED and on what is known. If it prints
# `unread`, that could not be read. Replaces the process.
listing_awk() {
  local now folder live application config known=lost input
  now_ms
  now=$REPLY
  encode_path "$BACKUPS"
  folder=$REPLY
  encode_path "$DATABASE_FILE"
  live=$REPLY
  part_path application
  encode_path "$REPLY"
  application=$REPLY
  part_path config
  encode_path "$REPLY"
  config=$REPLY
  state_look
  [[ $STATE_KIND != none ]] || known=none
  [[ $STATE_KIND != @(known|old) || $LISTING_KNOWN == lost ]] || ! hash sqlite3 2>/dev/null || known=yes
  exec {input}< <(printf '%s\n' "$LISTED")
  if [[ $known == yes ]]; then
    exec {input}< <(state_sqlite listed "$STATE_ASIDE_SQL$STATE_LISTED" 2>/dev/null <&"$input")
  fi
  live_names
  now=$now folder=$folder live=$live application=$application config=$config live_names=$REPLY exec awk -v "known=$known" -v "${1:-any=}" \
    -v "FILES_MOST=$FILES_MOST" -v "LISTING_MOST=$LISTING_MOST" "$2" <&"$input"
}

# More files than this are not listed: somebody may have made them to exhaust the memory of this server. The list then ends
# with `cut`. LISTING_MOST is in bytes.
FILES_MOST=50000
readonly LISTING_MOST=33554432

# backup_list: print the list of the whole site.
backup_list() {
  {
    side_says 120 67108864 owner folders_listed
    # It was killed, or what it said was cut off.
    (($? <= 128)) || printf 'cut\n'
  } | listing_joined
}

# file_listed PATH: print the line of one file, whatever its name; nothing if it does not exist.
file_listed() { find -H "$1" -maxdepth 0 -type f -printf "$LISTING" 2>/dev/null | encode_found | listing_joined any; }

# backup_entry_json PATH: REPLY = the entry of one file (absolute path), or null if it does not exist.
backup_entry_json() {
  REPLY=$(file_listed "$1" | backups_json)
  REPLY=${REPLY:-null}
}

# backup_kind PATH: REPLY = its kind; judged by its name if the file has gone.
backup_kind() {
  IFS=$'\t' read -r _ _ _ REPLY _ < <(printf '0\t0\t0\t%s\0\n' "$1" | encode_found | listing_joined any)
}

# backup_class NAME: REPLY = backup, companion, unfinished, unsupported or unknown, judged by the name alone.
backup_class() {
  local name
  encode_path "${1##*/}"
  name=$REPLY
  live_names
  REPLY=$(name=$name live_names=$REPLY awk "$LISTING_RULES_AWK"'BEGIN { print class_of(ENVIRON["name"]) }')
}

# live_names: REPLY = the names of the live database, encoded, one a line.
live_names() {
  local name
  encode_path "${DATABASE##*/}"
  name=$REPLY
  encode_path "${DATABASE_FILE##*/}"
  REPLY=$name$'\n'$REPLY
}

unlisted_words() { # FOLDER: REPLY = what is not known
  REPLY='the owner of the CVD data'
  ((EUID == 0)) || REPLY='this login'
  REPLY="The backups in $1 are not known: $REPLY cannot read that folder."
}
