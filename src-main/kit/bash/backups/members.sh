# --- The members of an archive -----------------------------------------------------------------------------------------------
#
# For reader_do: what tar says of an archive that may be hostile, as lines of TYPE MODE UID GID SIZE SHA256 PATH TARGET,
# TAB-separated. TYPE is f, d or l; SHA256 is `-` unless it is a file; PATH and TARGET are percent-encoded, without a slash at
# the end. What cannot be restored safely is a line of `!`, a word and the path; what a restore must be asked about is one of
# `?`, a word and the path.

# How tar lists: one line per member, numbers for owners, every odd byte and every blank escaped.
readonly MEMBERS_LIST=(--list --verbose --numeric-owner --quoting-style=escape '--quote-chars= ')
readonly MEMBERS_MOST=1000000

# shellcheck disable=SC2016 # awk's own variables
readonly MEMBERS_AWK='
BEGIN {
  for (i = 1; i < 256; i++) code[sprintf("%c", i)] = sprintf("%%%02X", i)
  for (i = 1; i < 256; i++) octal[sprintf("%03o", i)] = sprintf("%%%02X", i)
  n = split("a b f n r t v", letter, " ")
  split("07 08 0C 0A 0D 09 0B", meant, " ")
  for (i = 1; i <= n; i++) octal[letter[i]] = "%" meant[i]
}
# unescaped TEXT [PLAIN]: percent-encode what tar or sha256sum escaped, or what is PLAIN.
function unescaped(text, plain,   out, i, c, digits) {
  if (text !~ /[^A-Za-z0-9._\/-]/) return text
  out = ""
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c != "\\" || plain) { out = out (c ~ /[A-Za-z0-9._\/-]/ ? c : code[c]); continue }
    digits = substr(text, i + 1, 3)
    c = substr(text, i + 1, 1)
    if (digits in octal) { out = out octal[digits]; i += 3 }
    else { out = out (c in octal ? octal[c] : code[c]); i++ }
  }
  return out
}
# octal_of RIGHTS: `rwsr-xr-t` as digits.
function octal_of(rights,   special, out, i, three) {
  special = 0
  for (i = 0; i < 3; i++) {
    three = substr(rights, 1 + i * 3, 3)
    if (three ~ /[sStT]$/) special += i == 0 ? 4 : i == 1 ? 2 : 1
    out = out (three ~ /^r/ ? 4 : 0) + (three ~ /^.w/ ? 2 : 0) + (three ~ /[xst]$/ ? 1 : 0)
  }
  return (special ? special : "") out
}
'

# shellcheck disable=SC2016 # awk's own variables
readonly MEMBERS_JUDGE_AWK='
function refuse(word, path) { if (refused++ < 20) print "!\t" word "\t" substr(path, 1, 1000) }
function doubt(word, path) { if (doubted++ < 20) print "?\t" word "\t" substr(path, 1, 1000) }
# leaves PATH TARGET: whether a link leads out of the folder that the archive makes.
function leaves(path, target,   depth, part, n, i) {
  if (target ~ /^\//) return 1
  n = split(path, part, "/")
  depth = 0
  for (i = 1; i < n; i++) if (part[i] != "." && part[i] != "") depth++
  n = split(target, part, "/")
  for (i = 1; i <= n; i++) {
    if (part[i] == "..") { if (--depth < 0) return 1 }
    else if (part[i] != "." && part[i] != "") depth++
  }
  return 0
}
function key_of(path) { sub(/^(\.\/)+/, "", path); gsub(/\/(\.?\/)+/, "/", path); return path }
{
  if (!match($0, /^[-dlhcbpsCDLMNVS][-rwxsStT][-rwxsStT][-rwxsStT][-rwxsStT][-rwxsStT][-rwxsStT][-rwxsStT][-rwxsStT][-rwxsStT] [0-9]+\/[0-9]+ +[0-9]+(,[0-9]+)? [^ ]+ [^ ]+ /)) {
    refuse("odd", "line" NR)
    next
  }
  rest = substr($0, RLENGTH + 1)
  type = substr($0, 1, 1)
  split($2, owner, "/")
  target = ""
  if (type == "l") mark = " -> "
  else if (type == "h") mark = " link to "
  else mark = ""
  if (mark != "") {
    at = index(rest, mark)
    target = unescaped(substr(rest, at + length(mark)))
    rest = substr(rest, 1, at - 1)
  }
  path = unescaped(rest)
  if (type == "d") sub(/\/+$/, "", path)
  if (path == "") path = "/"
  key = key_of(path)
  count++
  if (count > most) { refuse("many", path); exit }
  if (type == "h") {
    # Another name of a file before it.
    if (!(key_of(target) in kind) || kind[key_of(target)] != "f") { refuse("hard-link", path); next }
  } else if (type ~ /[cb]/) refuse("device", path)
  else if (type !~ /[-dl]/) doubt("special", path)
  if (path ~ /^\//) refuse("absolute", path)
  else if (("/" path "/") ~ /\/\.\.\//) refuse("climbs", path)
  if (key in kind) refuse("twice", path)
  kind[key] = type == "-" || type == "h" ? "f" : type
  if (type == "l") {
    links++
    if (leaves(path, target)) doubt("leads-out", path)
  }
  mode = octal_of(substr($0, 2, 9))
  if (mode ~ /^[4-7]...$/ && type == "-") doubt("set-uid", path)
  else if (mode ~ /^[2367]...$/ && type == "-") doubt("set-gid", path)
  bytes += type == "-" ? $3 : 0
  if (type ~ /[-dl]/) print (type == "-" ? "f" : type) "\t" mode "\t" owner[1] "\t" owner[2] "\t" (type == "-" ? $3 : 0) "\t-\t" path "\t" target
}
END {
  if (links) for (key in kind) {
    n = split(key, part, "/")
    above = part[1]
    for (i = 2; i <= n; i++) {
      if (above in kind && kind[above] == "l") { refuse("through-link", key); break }
      above = above "/" part[i]
    }
  }
  printf "=\t%d\t%.0f\t%d\t%d\n", count, bytes, refused, doubted
}
'

# members_judge LIST: print the members that tar listed; the last line is `=`, how many, their bytes, how many are refused and
# how many doubtful.
members_judge() { awk -v "most=$MEMBERS_MOST" "$MEMBERS_AWK$MEMBERS_JUDGE_AWK" "$1"; }

# members_listed TAR: have its members judged, in the file `judged`; status 1 if tar cannot list it: see `complaints`.
members_listed() {
  # A list is longer than the names in it: each odd byte takes four.
  (ulimit -f 1048576 && exec tar "${MEMBERS_LIST[@]}" --file="$1") >listed 2>complaints && members_judge listed >judged
}

# members_say TAR: print its members with the hash of each file, and the line `=` at the end; without hashes if there is
# something to refuse. A line `% WORD` instead of it says why nothing is known.
members_say() {
  local bytes refused
  if ! members_listed "$1"; then
    printf '%% %s\n' "$(tail -n 1 complaints | head -c 300 | tr -s '[:cntrl:] ' ' ')"
    return 1
  fi
  IFS=$'\t' read -r _ _ bytes refused _ < <(tail -n 1 judged)
  [[ $bytes =~ ^[0-9]{1,18}$ && $refused =~ ^[0-9]{1,9}$ ]] || { echo '% no list'; return 1; }
  if ((refused > 0)); then
    grep $'^[!=]\t' judged
    return 1
  fi
  ((bytes <= EXTRACT_LIMIT)) || { printf '%% space %s\n' "$bytes"; return 1; }
  members_hash "$1" || return
  awk -F '\t' "$MEMBERS_AWK"'
    function key_of(path) { sub(/^(\.\/)+/, "", path); return path }
    FILENAME == "hashes" {
      # sha256sum escapes a name, and says so, only where it has to.
      plain = !sub(/^\\/, "")
      hash[key_of(unescaped(substr($0, 67), plain))] = substr($0, 1, 64)
      next
    }
    $1 == "f" { $0 = $1 FS $2 FS $3 FS $4 FS $5 FS (key_of($7) in hash ? hash[key_of($7)] : "-") FS $7 FS $8 }
    { print }' hashes judged
}

# members_hash TAR: write the hash of each file in it to `hashes`. The archive is unpacked for that, with no rights of its
# own; nothing in it leads through a link.
members_hash() {
  mkdir tree || return 1
  (ulimit -f $((EXTRACT_LIMIT / 1024 + 1)) && exec tar --extract --file="$1" -C tree --no-same-owner --no-same-permissions \
    --touch --warning=no-timestamp 2>complaints) || {
    printf '%% %s\n' "$(tail -n 1 complaints | head -c 300 | tr -s '[:cntrl:] ' ' ')"
    members_clear
    return 1
  }
  chmod -R u+rwX tree
  (cd tree && find . -type f -print0 | xargs -0 -r sha256sum --) >hashes 2>/dev/null
  members_clear
}

members_clear() {
  chmod -R u+rwX tree 2>/dev/null
  rm -rf tree
}
