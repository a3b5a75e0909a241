# --- Lists of members, taken from the reader and kept ------------------------------------------------------------------------
#
# STATE/state.db holds the list of an archive that we made, with its fingerprint, which has the list's hash.

M_COUNT=0 M_BYTES=0 M_PRIVATE='' # members, bytes of the files, not empty if others than the group may not read all of it
M_PROBLEM=''                     # why there is no list, or empty
M_CODE=ok                        # ok; refused: by what the archive holds; no-space; internal
M_DOUBTS=()                      # `WORD PATH` of what a restore must be asked about

members_by_reader() { # TAR
  reader_do members_say "$1" 2>/dev/null | head -c 1073741824 >members.said
  return "${PIPESTATUS[0]}"
}

# members_take [refusals]: put what the reader said into the file `members`, which is ours, and set the M_ globals. Takes no
# line that is not one of a list. Status 1 if there is no whole list.
members_take() {
  local word path figures
  M_COUNT=0 M_BYTES=0 M_PRIVATE='' M_PROBLEM='' M_CODE=ok M_DOUBTS=()
  : >members
  while IFS=$'\t' read -r word path figures; do
    case $word in
      '!') members_refused "$path" "$figures" ;;
      '?') M_DOUBTS+=("$path $figures") ;;
      '%') M_CODE=internal M_PROBLEM=$path ;;
      '=') [[ ! "$path $figures" =~ ^([0-9]{1,9})\ ([0-9]{1,18})\ (yes)?$ ]] ||
        M_COUNT=${BASH_REMATCH[1]} M_BYTES=${BASH_REMATCH[2]} M_PRIVATE=${BASH_REMATCH[3]} ;;
    esac
  done < <(awk -F '\t' -v "gid=$DATA_GID" "$MEMBERS_TAKE_AWK" members.said)
  case $M_PROBLEM in
    space\ *) M_CODE=no-space M_PROBLEM='There is not enough space to unpack it.' ;;
    *'No space left'* | *'File too large'* | *quota*) M_CODE=no-space M_PROBLEM='The disk became full while it was unpacked.' ;;
  esac
  [[ $M_PROBLEM == '' ]]
}

# shellcheck disable=SC2016 # awk's own variables
readonly MEMBERS_TAKE_AWK='
function may(rights, bits) { return bits == "x" ? rights ~ /[1357]/ && rights ~ /[4567]/ : rights ~ /[4567]/ }
function name(text) { return text !~ /[^A-Za-z0-9._\/%-]/ }
over { next }
NF == 8 && /^[fdl]\t[0-7]+\t[0-9]+\t[0-9]+\t[0-9]+\t/ && name($7) && $7 != "" && name($8) && ($1 == "f" ? length($6) == 64 && $6 !~ /[^0-9a-f]/ : $6 == "-") {
  print > "members"
  count++
  bytes += $5
  rights = substr("0000" $2, length($2) + 1)
  if ($1 != "l" && !($4 == gid && may(substr(rights, 3, 1), $1 == "d" ? "x" : "r")) && !may(substr(rights, 4, 1), $1 == "d" ? "x" : "r"))
    private = "yes"
  next
}
NF == 3 && $1 ~ /^[!?]$/ && $2 ~ /^[a-z-]+$/ && name($3) { print $1 "\t" $2 "\t" $3; next }
NF == 5 && $1 == "=" && $2 == count + 0 { over = whole = 1; next }
NF == 5 && $1 == "=" { over = 1; next }
/^% / { print "%\t" substr($0, 3, 300); over = 1; unable = 1; next }
{ odd = 1; over = 1 }
END {
  if (odd || !over) print "%\t" "its list of members is not one"
  else if (whole) printf "=\t%d\t%.0f %s\n", count, bytes, private
}'

members_refused() { # WORD PATH
  [[ $M_CODE == ok ]] || return 0
  M_CODE=refused
  [[ $1 != many ]] || M_CODE=internal
  member_words "$1" "$2"
  M_PROBLEM=$REPLY
}

# member_words WORD PATH: REPLY = what is wrong with a member, in a sentence.
member_words() {
  local name
  decode_path "$2"
  name=${REPLY:0:200}
  case $1 in
    absolute) REPLY="Its member $name has an absolute path." ;;
    climbs) REPLY="Its member $name leads out of the archive's folder by '..'." ;;
    device) REPLY="Its member $name is a device." ;;
    hard-link) REPLY="Its member $name is a hard link to a file that is not before it in the archive." ;;
    twice) REPLY="Its member $name is in it twice." ;;
    control) REPLY="Its member $name has control characters in its name." ;;
    through-link) REPLY="Its member $name lies behind a symbolic link of the archive." ;;
    many) REPLY="it has more than $MEMBERS_MOST members" ;;
    leads-out) REPLY="its symbolic link $name leads out of the archive's folder" ;;
    set-uid) REPLY="its file $name runs with the rights of its owner (set-uid)" ;;
    set-gid) REPLY="its file $name runs with the rights of its group (set-gid)" ;;
    special) REPLY="its member $name is not a file, folder or link" ;;
    *) REPLY='Its list of members cannot be read.' ;;
  esac
}

# members_recall BACKUP: write the list of this backup to the file `recorded`, as it was; an empty one if there is none.
members_recall() {
  state_look
  if [[ $STATE_KIND == old ]]; then
    encode_path "${1##*/}"
    cat -- "$STATE/members/$REPLY" >recorded 2>/dev/null
    return
  fi
  state_record asked "${1##*/}" | state_rows "SELECT type, mode, uid, gid, size, sha256, path, target FROM said JOIN member ON name = a
    WHERE word = 'asked' ORDER BY n;" | sed '/^whole$/d' >recorded
}

# members_rows NAME: print the file `members` as rows of `said`.
members_rows() {
  encode_path "$1"
  state_record members "$1"
  name=$REPLY awk -v OFS='\t' '{ print "member", ENVIRON["name"], NR, $0, "", "", "" }' members
}

# members_hash_of FILE: REPLY = its SHA-256; the file is opened here, and read by the reader.
members_hash_of() {
  REPLY=$(reader_do sha256 2>/dev/null <"$1" | head -c 64)
  [[ $REPLY =~ ^[0-9a-f]{64}$ ]]
}

# members_compare: compare `members` with `recorded`. REPLY = the first difference in a sentence; status 0 if there is none.
members_compare() {
  local word path
  if cmp -s -- members recorded; then REPLY=''; return 0; fi
  # Only to name the first difference. A list that somebody has swollen must not fill the memory.
  file_size members
  if ((REPLY > 67108864)); then REPLY='Its members are not those that were backed up.'; return 1; fi
  IFS=$'\t' read -r word path < <(awk -F '\t' '
    FILENAME == "members" { now[$7] = $0; next }
    found { next }
    !($7 in now) { found = 1; print "missing\t" $7; next }
    now[$7] != $0 {
      found = 1
      split(now[$7], other, FS)
      print (other[6] != $6 || other[5] != $5 ? "content" : "rights") "\t" $7
      next
    }
    { delete now[$7] }
    END { if (!found) for (one in now) { print "more\t" one; exit } }' members recorded)
  decode_path "${path:0:1000}"
  case $word in
    missing) REPLY="Its member $REPLY is missing." ;;
    content) REPLY="Its member $REPLY is not what was backed up." ;;
    rights) REPLY="The kind, owner or mode of its member $REPLY is not what was backed up." ;;
    more) REPLY="It has a member $REPLY that was not backed up." ;;
    *) REPLY='' ;;
  esac
  [[ $REPLY == '' ]]
}
