# --- What counts as a backup, and when it was taken --------------------------------------------------------------------------
#
# The rules of the list, as awk functions of one encoded path at a time. They open no file and start no process. A name shows
# what a file may be; verification shows what it is.

# shellcheck disable=SC2016 # awk's own variables
readonly LISTING_RULES_AWK='
function endings(class, words,   list, n, i) {
  n = split(words, list, " ")
  for (i = 1; i <= n; i++) ending[list[i]] = class
}
function rules_begin(   word) {
  endings("companion", "asc b2 b3 blake2 blake3 cksum crc crc32 err idx index info json list log lst manifest md md5 md5sum " \
    "meta minisig nfo out p7s par2 sha1 sha1sum sha224 sha256 sha256sum sha384 sha512 sha512sum sig sign signature sum txt " \
    "xml yaml yml")
  endings("unfinished", "crdownload download filepart incomplete inprogress new part partial progress swp temp tmp " \
    "unfinished")
  endings("unsupported", "7z aes age br bz bz2 cpio dump enc gpg iso lz lz4 lzma lzo p7m pgp qcow2 rar sql tar xz z zip zst " \
    "zstd")
  # After the name of a database or archive, allow only numbers, dates and words that mean "an older one of these".
  word = "(after|auto|backup|bak|before|copy|daily|gz|hourly|manual|monthly|old|orig|original|post|pre|prev|previous|" \
    "rejected|restore|restored|safety|save|saved|stray|weekly|yearly|v?[0-9]+(t[0-9]+z?)?)"
  # Only one way to match each name: where groups overlap, awk tries them all, and a name of 80 characters takes for ever.
  TAIL = "^([._-]" word "([_-][a-z0-9]+|[.]" word ")*)?$"
}

# plain_name NAME: in lower case, without escapes: people put blanks (`%20`) and colons (`%3A`) between words.
function plain_name(name) {
  name = tolower(name)
  gsub(/%20/, "_", name)
  gsub(/%3a/, "-", name)
  gsub(/%[0-9a-f][0-9a-f]/, "%", name)
  return name
}

# tail_of NAME: what follows the last ending of a database or archive; `%` if it has no such ending.
function tail_of(name,   tail, rest, i) {
  for (i = 1; i <= lives; i++)
    if (substr(name, 1, length(live[i]) + 1) == live[i] ".") return substr(name, length(live[i]) + 1)
  tail = "%"
  rest = name
  while (match(rest, /\.(db3?|sqlite3?|tgz|tar\.gz)/)) {
    rest = substr(rest, RSTART + RLENGTH)
    if (rest == "" || rest ~ /^[._-]/) tail = rest
  }
  return tail
}

# class_of NAME: backup, companion, unfinished, unsupported or unknown. The caller checks that a companion has its backup.
function class_of(name,   tail, piece, n, i, class) {
  name = plain_name(name)
  if (name ~ /^\./) return tail_of(substr(name, 2)) == "%" ? "unknown" : "unfinished"
  if (name ~ /-(wal|shm|journal)$/) return "companion"
  tail = tail_of(name)
  class = tail != "%" && tail ~ TAIL ? "backup" : ""
  # In `.bak-before-new-index` people say what it was made for: of such words only the last may name what the file is.
  if (class != "") {
    n = split(tail, piece, ".")
    for (i = 1; i <= n; i++) {
      sub(/([_-][0-9]+)+$/, "", piece[i])
      sub(/^.*[_-]/, "", piece[i])
    }
  } else n = split(tail, piece, /[._-]/)
  for (i = 1; i <= n; i++) {
    if (!(piece[i] in ending)) continue
    if (ending[piece[i]] == "unfinished") return "unfinished"
    class = ""
  }
  if (class != "") return class
  sub(/\.gz$/, "", name)
  n = split(name, piece, ".")
  return n > 1 && piece[n] in ending ? ending[piece[n]] : "unknown"
}

# is_archive NAME: judged by its last ending of a database or archive.
function is_archive(name) {
  name = plain_name(name)
  return sub(/.*\.(tar\.gz|tgz)/, "", name) && name !~ /\.(db3?|sqlite3?)([._-]|$)/
}

# kind_of PATH NAME: set kind and origin.
function kind_of(path, name,   word) {
  kind = "database"; origin = "foreign"
  if (name ~ /\.(pre-restore|rejected|stray)\.[0-9]/) origin = "safety"
  else if (name ~ /^cvd_backup_[0-9]+_[0-9]+(_[0-9]+)?\.db(\.gz)?$/) origin = "manual"
  else if (name ~ /^cvd_auto_[0-9]+_[0-9]+(_[0-9]+)?\.db(\.gz)?$/) origin = "scheduled"
  else if (is_archive(name)) {
    kind = path ~ /\/system\/[^\/]*$/ ? "system" : "application"
    if (match(name, /^cvd_(app|config|systemd|system)_[0-9]+_[0-9]+/)) {
      origin = "manual"
      split(name, word, "_")
      kind = word[2] == "app" ? "application" : word[2]
    } else if (name ~ /^current_app_/) { kind = "application"; origin = "safety" }
  }
}

# Seconds since 1970 of a moment in UTC. Not mktime: it does not report which of two readings it chose.
function utc_seconds(y, mo, d, h, mi, s,   era, yoe, doy) {
  if (mo <= 2) y--
  era = int(y / 400)
  yoe = y - era * 400
  doy = int((153 * (mo + (mo > 2 ? -3 : 9)) + 2) / 5) + d - 1
  return (era * 146097 + yoe * 365 + int(yoe / 4) - int(yoe / 100) + doy - 719468) * 86400 + h * 3600 + mi * 60 + s
}
function month_days(y, m) {
  if (m == 2) return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) ? 29 : 28
  return m == 4 || m == 6 || m == 9 || m == 11 ? 30 : 31
}

# offset_at SECONDS: seconds by which the local time of this server was ahead of UTC then.
function offset_at(at,   z) {
  z = strftime("%z", at)
  return (z ~ /^-/ ? -1 : 1) * (substr(z, 2, 2) * 3600 + substr(z, 4, 2) * 60)
}

# moment_of NAME MODIFIED SAFETY: the last moment in the name, in seconds, or `-`.
function moment_of(name, modified, safety,   rest, best, stamp, zone, part, before, last) {
  gsub(/%2B/, "+", name)
  gsub(/%3A/, ":", name)
  gsub(/%[0-9A-F][0-9A-F]/, "%", name)
  best = "-"
  rest = name
  last = ""
  while (match(rest, STAMP)) {
    stamp = substr(rest, RSTART, RLENGTH)
    before = RSTART == 1 ? last : substr(rest, RSTART - 1, 1)
    last = substr(rest, RSTART, 1)
    zone = substr(rest, RSTART + RLENGTH)
    rest = substr(rest, RSTART + 1)
    if (before ~ /[0-9]/ || zone ~ /^[0-9]/) continue
    part = stamp
    gsub(/[^0-9]/, "", part)
    stamp = moment_in(part, zone, modified, safety)
    if (stamp != "-") best = stamp
  }
  return best
}

function moment_in(digits, zone, modified, safety,   y, mo, d, h, mi, s, at) {
  y = substr(digits, 1, 4) + 0; mo = substr(digits, 5, 2) + 0; d = substr(digits, 7, 2) + 0
  h = substr(digits, 9, 2) + 0; mi = substr(digits, 11, 2) + 0; s = substr(digits, 13, 2) + 0
  if (y < 1980 || mo < 1 || mo > 12 || d < 1 || d > month_days(y, mo) || h > 23 || mi > 59 || s > 59) return "-"
  at = utc_seconds(y, mo, d, h, mi, s)
  if (zone ~ /^Z/) return at
  if (zone ~ /^[+-](0[0-9]|1[0-4]):?(00|15|30|45)/ && zone !~ /^.[0-9][0-9]:?[0-9][0-9][0-9]/) {
    sub(/:/, "", zone)
    return at - (zone ~ /^-/ ? -1 : 1) * (substr(zone, 2, 2) * 3600 + substr(zone, 4, 2) * 60)
  }
  return local_moment(at, modified, safety)
}

# local_moment CIVIL MODIFIED SAFETY: the moment at which local time read CIVIL. An hour occurs twice in autumn and one is
# skipped in spring; then the modification time decides. A backup is named at its start and written later: take the later
# reading that is not after the modification (within SKEW, as some are named at the end). A safety copy is named after its
# last write: take the earlier reading that is not before the modification.
function local_moment(civil, modified, safety,   early, late, one, other, low, high) {
  early = offset_at(civil - 86400)
  late = offset_at(civil + 86400)
  if (early == late) return civil - early
  one = civil - early
  other = civil - late
  if (offset_at(one) == early && offset_at(other) != late) return one
  if (offset_at(one) != early && offset_at(other) == late) return other
  low = one < other ? one : other
  high = one < other ? other : one
  if (safety) return low >= modified - SKEW ? low : high
  return high <= modified + SKEW ? high : low
}
BEGIN {
  SKEW = 300
  TWO = "[0-9][0-9]"
  STAMP = TWO TWO "-?" TWO "-?" TWO "[_T%.-]" TWO "[-:.]?" TWO "[-:.]?" TWO
  rules_begin()
  # Older copies of the live database may have any ending that a backup may have.
  lives = split(ENVIRON["live_names"], live, "\n")
  for (i = 1; i <= lives; i++) live[i] = plain_name(live[i])
}
'
