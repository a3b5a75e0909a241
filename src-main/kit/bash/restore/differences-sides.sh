# --- Differences within a file: the owner's and the reader's part -------------------------------------------------------------

readonly DIFFERENCES_FILE=1048576 DIFFERENCES_TEXT=65536 # bytes of a file that is compared, and of what is shown

# differences_send PART PATH: for the owner. Print what the live file is, as `KIND SIZE`, and its bytes if it is a plain file. No
# link is followed below the folder, and a named pipe does not block.
differences_send() {
  local path=$2
  part_path "$1"
  cd -P -- "$REPLY" 2>/dev/null || { echo 'none 0'; return; }
  if ! only_reached . "$path" || [[ -L $path ]]; then echo 'link 0'
  elif [[ -d $path ]]; then echo 'folder 0'
  elif [[ ! -e $path ]]; then echo 'none 0'
  elif [[ ! -f $path ]]; then echo 'other 0'
  elif [[ ! -r $path ]]; then echo 'unreadable 0'
  else
    printf 'file %s\n' "$(stat -c %s -- "$path" 2>/dev/null)"
    dd if="./$path" iflag=nofollow,nonblock,fullblock bs=65536 count=17 status=none 2>/dev/null | head -c $((DIFFERENCES_FILE + 1))
  fi
}

# differences_of PATH SHOW: for the reader. Compare the live file from stdin with the one in sealed/tree; hide secrets unless SHOW is
# not empty. Print key=value lines, an empty line, and the differences.
differences_of() {
  local path=$1 kind size live backup hidden=0 state binary='' cut='' large=''
  # A child must not take the rest of stdin.
  IFS=' ' read -r kind size || return 1
  live=$kind
  [[ $size =~ $WHOLE_NUMBER ]] || size=0
  printf 'live=%s\nliveSize=%s\n' "$kind" "$size"
  head -c $((DIFFERENCES_FILE + 1)) >live.file
  backup_kind_of "$path"
  backup=$REPLY size=0
  if [[ $backup == file ]]; then
    size=$(stat -c %s -- "sealed/tree/$path")
    head -c $((DIFFERENCES_FILE + 1)) <"sealed/tree/$path" >backup.file
  else
    : >backup.file
  fi
  printf 'backup=%s\nbackupSize=%s\n' "$backup" "$size"
  for size in live.file backup.file; do
    file_size "$size"
    ((REPLY <= DIFFERENCES_FILE)) || large=yes
  done
  if [[ ! "$live $backup" =~ ^(file|none)\ (file|none)$ ]]; then state=none
  elif [[ $large != '' ]]; then state=large
  else
    [[ $(tr -d '\0' <live.file | wc -c) == "$(stat -c %s live.file)" && $(tr -d '\0' <backup.file | wc -c) == "$(stat -c %s backup.file)" ]] ||
      binary=yes
    if [[ $live == "$backup" ]] && cmp -s live.file backup.file; then state=same
    elif [[ $binary != '' ]]; then state=binary
    else
      state=text
      if [[ $2 == '' ]]; then
        hidden=$(differences_hide "$path") || return 1
        [[ $hidden =~ $WHOLE_NUMBER ]] || return 1
      fi
      diff -u --label live --label backup live.file backup.file >diff.text
      (($? < 2)) || return 1
      file_size diff.text
      ((REPLY <= DIFFERENCES_TEXT)) || cut=yes
    fi
  fi
  printf 'state=%s\nhidden=%s\ncut=%s\n\n' "$state" "$hidden" "$cut"
  [[ $state != text ]] || if [[ $cut == '' ]]; then cat diff.text; else head -c "$DIFFERENCES_TEXT" diff.text | sed '$d'; fi
}

backup_kind_of() { # PATH: REPLY = what it is in sealed/tree
  local path=sealed/tree/$1
  if ! only_reached sealed/tree "$1" || [[ -L $path ]]; then REPLY='link'
  elif [[ -d $path ]]; then REPLY='folder'
  elif [[ -f $path ]]; then REPLY='file'
  else REPLY='none'; fi
}

# differences_hide PATH: replace each secret in live.file and backup.file by words that say whether it is the same in both. Print how
# many were hidden. Of a file such as .env, every value is one; of others, the rest of the line behind a name that sounds like
# one, the password in an address, and private keys.
differences_hide() {
  local every=''
  [[ ! ${1##*/} =~ ^(\.env.*|.*\.env|.*\.env\..*|env)$ ]] || every=yes
  awk -v "every=$every" "$DIFFERENCES_AWK" live.file backup.file || return 1
  : >>live.hidden && : >>backup.hidden
  mv -f live.hidden live.file && mv -f backup.hidden backup.file
}

# shellcheck disable=SC2016 # awk's own variables
readonly DIFFERENCES_AWK='
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
function shown(side, line,   upper, head, tail, out) {
  if (every) {
    if (match(line, /^[ \t]*#?[ \t]*(export[ \t]+)?[A-Za-z_][A-Za-z0-9_.-]*[ \t]*[=:][ \t]*/)) return one(side, substr(line, 1, RLENGTH), substr(line, RLENGTH + 1))
    if (line ~ /^[ \t\r]*$/) return line
    if (line ~ /^[ \t]*#/ && toupper(line) !~ words) return line
    return one(side, "", line)
  }
  if (line ~ /-----BEGIN [A-Z ]*PRIVATE KEY-----/) { private[side] = 1; return line }
  if (line ~ /-----END [A-Z ]*PRIVATE KEY-----/) { private[side] = 0; return line }
  if (private[side]) return one(side, "", line)
  if (match(toupper(line), named)) return one(side, substr(line, 1, RSTART + RLENGTH - 1), substr(line, RSTART + RLENGTH))
  out = ""
  while (match(line, /:\/\/[^\/@ \t"]*:[^\/@ \t"]+@/)) {
    head = substr(line, 1, RSTART + RLENGTH - 2)
    tail = substr(line, RSTART + RLENGTH - 1)
    match(head, /:[^:]*$/)
    out = out one(side, substr(head, 1, RSTART), substr(head, RSTART + 1))
    line = tail
  }
  return out line
}
function one(side, before, value) {
  if (learning) { take(side, key_of(before), value); return "" }
  return before hide(side, key_of(before), value)
}
BEGIN {
  words = "SECRET|PASSW|PWD|TOKEN|KEY|CREDENTIAL|DSN|SALT|AUTH|PRIVATE"
  named = "[A-Z0-9_.-]*(" words ")[A-Z0-9_.-]*[\"\047\\]]*([ \t]*[=:]+>?[ \t]*|[ \t]+[\"\047])"
  while ((getline line < ARGV[1]) > 0) { live[++lives] = line }
  while ((getline line < ARGV[2]) > 0) { backup[++backups] = line }
  for (learning = 1; learning >= 0; learning--) {
    private[1] = private[2] = 0
    for (i = 1; i <= lives; i++) { text = shown(1, live[i]); if (!learning) print text > "live.hidden" }
    for (i = 1; i <= backups; i++) { text = shown(2, backup[i]); if (!learning) print text > "backup.hidden" }
  }
  print hidden + 0
  exit
}'
