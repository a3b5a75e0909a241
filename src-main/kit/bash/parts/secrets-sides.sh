# --- Secrets in what is shown: the reader's part ----------------------------------------------------------------------------

# secrets_hide PATH: replace each secret in live.file and backup.file by words that say whether it is the same in both. Print how
# many were hidden. Of a file such as .env, every value is one; of others, the rest of the line behind a name that sounds like
# one, the password in an address, and private keys.
secrets_hide() {
  local every=''
  [[ ! ${1##*/} =~ ^(\.env.*|.*\.env|.*\.env\..*|env)$ ]] || every=yes
  awk -v "every=$every" "$SECRETS_AWK" live.file backup.file || return 1
  : >>live.hidden && : >>backup.hidden
  mv -f live.hidden live.file && mv -f backup.hidden backup.file
}

# shellcheck disable=SC2016 # awk's own variables
readonly SECRETS_AWK='
function key_of(text) { gsub(/[ \t#]|export/, "", text); return text }
# hide SIDE KEY VALUE: the value, as words.
function hide(side, key, value) {
  if (value == "" || value == "\r") return value
  hidden++
  if (((key SUBSEP value) in of_live) && ((key SUBSEP value) in of_backup)) return "<hidden: the same in both>"
  return side == 1 ? "<hidden: the live value>" : "<hidden: the value of the backup>"
}
function take(side, key, value) { if (side == 1) of_live[key, value]; else of_backup[key, value] }
# shown SIDE LINE: the line with its secrets hidden; only noted if learning.
function shown(side, line,   at, colon, head, indent, out, tail) {
  if (every) {
    if (match(line, /^[ \t]*#?[ \t]*(export[ \t]+)?[A-Za-z_][A-Za-z0-9_.-]*[ \t]*[=:][ \t]*/)) return one(side, substr(line, 1, RLENGTH), substr(line, RLENGTH + 1))
    if (line ~ /^[ \t\r]*$/) return line
    if (line ~ /^[ \t]*#/ && toupper(line) !~ words) return line
    return one(side, "", line)
  }
  if (line ~ /-----BEGIN [A-Z ]*PRIVATE KEY-----/) { private[side] = 1; return line }
  if (line ~ /-----END [A-Z ]*PRIVATE KEY-----/) { private[side] = 0; return line }
  if (private[side]) return one(side, "", line)
  # A value that stands on the lines below its name, further to the right.
  match(line, /^[ \t]*/)
  if (block[side] != "" && line !~ /^[ \t\r]*$/) {
    if (RLENGTH > block[side] + 0) return one(side, substr(line, 1, RLENGTH), substr(line, RLENGTH + 1))
    block[side] = ""
  }
  indent = RLENGTH
  if (match(toupper(line), named)) {
    head = substr(line, 1, RSTART + RLENGTH - 1)
    tail = substr(line, RSTART + RLENGTH)
    if (tail !~ /^[|>]?[-+0-9]*[ \t\r]*$/ || head !~ /^[ \t-]*["\047]?[A-Za-z0-9_.-]+["\047]?[ \t]*[:=]+[ \t]*$/) return one(side, head, tail)
    block[side] = indent
    return line
  }
  out = ""
  while (match(line, /:\/\/[^\/@: \t"]*:[^\/ \t"]+@/)) {
    at = RSTART
    head = substr(line, at, RLENGTH)
    tail = substr(line, at + RLENGTH - 1)
    colon = 3 + index(substr(head, 4), ":")
    out = out one(side, substr(line, 1, at + colon - 1), substr(head, colon + 1, length(head) - colon - 1))
    line = tail
  }
  return out line
}
function one(side, before, value) {
  if (learning) { take(side, key_of(before), value); return "" }
  return before hide(side, key_of(before), value)
}
BEGIN {
  words = "SECRET|PASS|PWD|TOKEN|KEY|CREDENTIAL|DSN|SALT|AUTH|PRIVATE"
  named = "[A-Z0-9_.-]*(" words ")[A-Z0-9_.-]*[\"\047\\]]*([ \t]*[=:]+>?[ \t]*|[ \t]+[\"\047])|AUTHORIZATION[ \t]+"
  while ((getline line < ARGV[1]) > 0) { live[++lives] = line }
  while ((getline line < ARGV[2]) > 0) { backup[++backups] = line }
  for (learning = 1; learning >= 0; learning--) {
    private[1] = private[2] = 0
    block[1] = block[2] = ""
    for (i = 1; i <= lives; i++) { text = shown(1, live[i]); if (!learning) print text > "live.hidden" }
    for (i = 1; i <= backups; i++) { text = shown(2, backup[i]); if (!learning) print text > "backup.hidden" }
  }
  print hidden + 0
  exit
}'
