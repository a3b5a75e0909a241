# --- The list of backups --------------------------------------------------------------------------------------------------
#
# Made in bulk, without a process for each file: a site may hold ten thousand. One line a backup, fields TAB-separated:
#   SORT-MS PATH KIND ORIGIN SIZE MODIFIED-MS TAKEN-MS VERDICT VERIFIED-MS REASON HOLD FINGERPRINT
# PATH and REASON are percent-encoded; TAKEN-MS and VERIFIED-MS are `-` where unknown; HOLD and FINGERPRINT are 0 or 1.

# backups_found: the files that may be backups, as NUL-terminated LISTING records.
backups_found() {
  local folder database not_database=()
  # A plain file only: find opens it, and would wait for ever for a named pipe.
  [[ ! -f $DATABASE ]] || not_database=(! -samefile "$DATABASE")
  for folder in "$BACKUPS" "$BACKUPS/app" "$BACKUPS/system"; do
    [[ -d $folder ]] || continue
    find -H "$folder" -mindepth 1 -maxdepth 1 -type f ! -name '.*' \
      \( -name '*.db' -o -name '*.db.*' -o -name '*.tar.gz' -o -name '*.tgz' \) \
      ! -name '*-wal' ! -name '*-shm' ! -name '*-journal' ${not_database[@]+"${not_database[@]}"} \
      -printf "$LISTING" 2>/dev/null
  done
  # Beside the database, only what carries its name and an ending of its own: the safety copies.
  for database in "$DATABASE" "$DATABASE_FILE"; do
    [[ -d ${database%/*} && ! ${database%/*} -ef $BACKUPS ]] || continue
    find -H "${database%/*}" -mindepth 1 -maxdepth 1 -type f -name "$(glob_literal "${database##*/}").*" \
      ! -name '*-wal' ! -name '*-shm' ! -name '*-journal' -printf "$LISTING" 2>/dev/null
    [[ $DATABASE != "$DATABASE_FILE" ]] || break
  done
}

glob_literal() { printf '%s' "$1" | sed 's/[][*?\\]/\\&/g'; }

# shellcheck disable=SC2016 # awk's own variables
readonly BACKUP_LINES_AWK='
function millis(stamp,   at) {
  if (stamp ~ /^-/) return "0"
  at = index(stamp, ".")
  if (at == 0) return stamp "000"
  return substr(stamp, 1, at - 1) substr(substr(stamp, at + 1) "000", 1, 3)
}
function named_time(name,   best, rest, d) {
  best = ""
  rest = name
  while (match(rest, /[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][_-][0-9][0-9][0-9][0-9][0-9][0-9]/)) {
    best = substr(rest, RSTART, RLENGTH)
    rest = substr(rest, RSTART + 1)
  }
  if (best == "") return "-"
  d = substr(best, 1, 4) " " substr(best, 5, 2) " " substr(best, 7, 2) " " \
    substr(best, 10, 2) " " substr(best, 12, 2) " " substr(best, 14, 2)
  if (substr(best, 1, 4) < 1980 || substr(best, 5, 2) + 0 < 1 || substr(best, 5, 2) + 0 > 12 || substr(best, 7, 2) + 0 < 1 ||
    substr(best, 7, 2) + 0 > 31 || substr(best, 10, 2) + 0 > 23 || substr(best, 12, 2) + 0 > 59 || substr(best, 14, 2) + 0 > 60)
    return "-"
  return sprintf("%.0f000", mktime(d))
}
function classify(path, name) {
  kind = "database"; origin = "foreign"
  if (name ~ /^cvd_backup_[0-9]+_[0-9]+(_[0-9]+)?\.db(\.gz)?$/) origin = "manual"
  else if (name ~ /^cvd_auto_[0-9]+_[0-9]+(_[0-9]+)?\.db(\.gz)?$/) origin = "scheduled"
  else if (name ~ /\.db\.pre-restore\./) origin = "safety"
  else if (name ~ /\.(tar\.gz|tgz)$/) {
    kind = path ~ /\/system\/[^\/]*$/ ? "system" : "application"
    if (match(name, /^cvd_(app|config|systemd|system)_[0-9]+_[0-9]+/)) {
      origin = "manual"
      split(name, word, "_")
      kind = word[2] == "app" ? "application" : word[2]
    } else if (name ~ /^current_app_/) { kind = "application"; origin = "safety" }
  }
}
BEGIN { FS = OFS = "\t" }
/\ttorn$/ { next }
$1 == "made" && NF == 7 { made[$2] = $3 OFS $4; made_kind[$2] = $5; made_origin[$2] = $6; made_at[$2] = $7; next }
$1 == "verdict" && NF == 9 { judged[$2] = $3 OFS $4; verdict[$2] = $5; at[$2] = $6; reason[$2] = $9; next }
$1 == "hold" && NF == 5 { held[$2] = 1; next }
$1 == "release" && NF == 5 { delete held[$2]; next }
$1 == "fingerprint" { printed[$2] = 1; next }
$1 ~ /^[0-9]+$/ && NF == 4 {
  path = $4
  if (path in seen) next
  seen[path] = 1
  name = path
  sub(/.*\//, "", name)
  stamp = $1 OFS $2
  classify(path, name)
  taken = named_time(name)
  if (made[path] == stamp) {
    kind = made_kind[path]; origin = made_origin[path]
    if (made_at[path] ~ /^[0-9]+$/) taken = made_at[path]
  }
  modified = millis($2)
  known = path in judged && judged[path] == stamp
  print taken == "-" ? modified : taken, path, kind, origin, $1, modified, taken, \
    known ? verdict[path] : "never", known ? at[path] : "-", known ? reason[path] : "", \
    path in held ? 1 : 0, name in printed ? 1 : 0
}'

# backup_lines: reads LISTING records on stdin, writes lines of the list, newest first.
backup_lines() {
  {
    catalog_lines
    find "$STATE/fingerprints" -mindepth 1 -maxdepth 1 -type f -printf 'fingerprint\t%f\n' 2>/dev/null
    encode_listing
  } | awk "$BACKUP_LINES_AWK" | sort -t $'\t' -k1,1nr -k2,2
}

# shellcheck disable=SC2016 # awk's own variables
readonly BACKUP_JSON_AWK='
BEGIN {
  FS = "\t"
  for (i = 0; i < 256; i++) {
    c = i == 0 ? "" : sprintf("%c", i)
    plain[sprintf("%02X", i)] = i < 32 || i == 127 ? sprintf("\\u%04x", i) : c == "\"" || c == "\\" ? "\\" c : c
  }
}
function decoded(text,   out, at) {
  out = ""
  while ((at = index(text, "%")) > 0) {
    out = out substr(text, 1, at - 1) plain[substr(text, at + 1, 2)]
    text = substr(text, at + 3)
  }
  return out text
}
function number(text) { return text ~ /^[0-9]+$/ ? text : "null" }
{
  printf "%s{\"path\":\"%s\",\"kind\":\"%s\",\"origin\":\"%s\",\"size\":%s,\"modifiedAt\":%s,\"takenAt\":%s,\"verdict\":\"%s\",\"verifiedAt\":%s,\"reason\":\"%s\",\"hold\":%s,\"fingerprint\":%s}",
    (NR == 1 ? "" : ","), $2, $3, $4, $5, $6, number($7), $8, number($9), decoded($10), ($11 ? "true" : "false"), ($12 ? "true" : "false")
}'

backup_lines_json() { awk "$BACKUP_JSON_AWK"; }

# backups_json: REPLY = array of all backups, newest first.
backups_json() { REPLY="[$(owner_do backups_found 2>/dev/null | backup_lines | backup_lines_json)]"; }

# backup_entry_json PATH: REPLY = the entry of one file (absolute path), or null if it is not there.
backup_entry_json() {
  REPLY=$(find -H "$1" -maxdepth 0 -type f -printf "$LISTING" 2>/dev/null | backup_lines | backup_lines_json)
  REPLY=${REPLY:-null}
}

# backup_kind PATH: REPLY = its kind; that of its name where it is not there any more.
backup_kind() {
  IFS=$'\t' read -r _ _ REPLY _ < <(printf '0\t0\t0\t%s\0' "$1" | backup_lines)
}

# backup_resolve FILE: REPLY = the absolute path under which the list has this backup. Status 1 if there is no such file.
backup_resolve() {
  backup_find "$1" || return 1
  [[ $REPLY == *//* || $REPLY == */./* || $REPLY == */../* ]] || return 0
  REPLY=$(realpath -s -- "$REPLY" && printf .)
  REPLY=${REPLY%$'\n.'}
}
