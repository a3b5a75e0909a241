# --- Deleting what the rule says, in batches ------------------------------------------------------------------------------------
#
# Of each batch, the owner says what lies there. What is still the file that was listed and is not in use is recorded as intended,
# unless somebody has put it on hold; the owner deletes it; and what the owner answers is recorded.

readonly ROTATE_BATCH=100
RT_DELETED=()   # encoded paths, as JSON
RT_REMAINING=() # what was to be deleted and is still there, and why, as JSON
RT_WHY=''       # the first of these, in words
RT_FAILED=''    # not empty if one of them will not go away by itself
RT_ANSWERS=()   # of the owner

# rotate_settle: for each deletion that was begun and not recorded as done, delete what is left, or forget it.
rotate_settle() {
  local lines=()
  mapfile -t lines < <(state_rows "$ROTATION_OPEN" </dev/null 2>/dev/null)
  ((${#lines[@]} > 1)) || return 0
  [[ ${lines[-1]} == whole ]] || return 0
  unset 'lines[-1]'
  rotate_by_owner_watched settle "${lines[@]}"
  rotate_record settle "${lines[@]}"
  # They belong to that rotation.
  RT_DELETED=() RT_REMAINING=() RT_WHY='' RT_FAILED=''
}

# rotate_delete: delete what ROTATION says, in batches: recorded as intended, deleted, recorded as done.
rotate_delete() {
  local decision path modified inode companions lines=()
  step delete "Delete $RT_DUE of $((RT_KEPT + RT_DUE))"
  while IFS=$'\t' read -r decision path _ _ _ _ _ _ modified inode _ companions; do
    [[ $decision == delete ]] || continue
    lines+=("$path"$'\t'"$modified/$inode"$'\t'"$companions")
    ((${#lines[@]} < ROTATE_BATCH)) || { rotate_batch "${lines[@]}"; lines=(); }
  done < <(printf '%s' "$ROTATION")
  ((${#lines[@]} == 0)) || rotate_batch "${lines[@]}"
}

# rotate_batch LINE...: lines PATH MODIFIED/INODE COMPANIONS.
rotate_batch() {
  local line path rest number=0 place places=() due=()
  heed_cancel "backups deleted before that: ${#RT_DELETED[@]}"
  progress "${#RT_DELETED[@]}" "$RT_DUE" files
  rotate_by_owner_watched look "$@"
  for line in "$@"; do
    number=$((number + 1))
    path=${line%%$'\t'*} rest=${line#*$'\t'}
    rotate_answer "$number"
    rotate_same "$REPLY" "${rest%%$'\t'*}" || { rotate_stays "$path" "${REPLY/#[fd]\/*/it has changed}"; continue; }
    due+=("$path"$'\t'"$REPLY"$'\t'"${rest#*$'\t'}")
    place=${REPLY#?/} rest=${place#*/}
    places+=("${place%%/*}:${rest%%/*}")
  done
  ((${#due[@]} == 0)) || rotate_leave_used due places
  ((${#due[@]} > 0)) || return 0
  now_ms
  state_change "$ROTATION_INTEND" rotation_intended "$REPLY" "${due[@]}" ||
    fail "$STATE_CODE" "The deletion could not be recorded. $STATE_PROBLEM" "backups deleted before that: ${#RT_DELETED[@]}"
  failpoint rotate-intended
  rotate_leave_held due
  ((${#due[@]} > 0)) || return 0
  rotate_by_owner_watched delete "${due[@]}"
  failpoint rotate-deleted
  rotate_record delete "${due[@]}"
}

# rotate_leave_held LINES: take out of the array LINES what somebody has put on hold since it was decided, before or after it was
# recorded as intended.
rotate_leave_held() {
  local -n held_lines=$1
  local line clear all=("${held_lines[@]}") stays=()
  clear=$'\n'$(state_rows "$ROTATION_CLEAR" </dev/null 2>/dev/null)$'\n'
  held_lines=()
  for line in "${all[@]}"; do
    if [[ $clear == *$'\n'"$line"$'\n'* ]]; then held_lines+=("$line"); continue; fi
    stays+=("${line%%$'\t'*}")
    rotate_stays "${line%%$'\t'*}" 'it is on hold now'
  done
  ((${#stays[@]} == 0)) || state_change "$ROTATION_DONE" rotation_done 0 "${stays[@]}" ||
    fail "$STATE_CODE" "What stays could not be recorded. $STATE_PROBLEM" "backups deleted before that: ${#RT_DELETED[@]}" ''
}

# rotate_leave_used LINES PLACES: take out of the array LINES what a program has open or works in; PLACES are their devices and inodes.
rotate_leave_used() {
  local -n used_lines=$1 used_places=$2
  local i path line all=("${used_lines[@]}")
  # One look for all of them is enough if nothing is open.
  holders_of ${used_places[@]+"${used_places[@]}"}
  [[ ${#HOLDERS[@]} -gt 0 || ${all[*]} == *$'\t'd/* ]] || return 0
  used_lines=()
  for i in "${!all[@]}"; do
    line=${all[$i]}
    path=${line%%$'\t'*} line=${line#*$'\t'}
    decode_path "$path"
    if [[ $line == d/* ]]; then holders_below "$REPLY"; else holders_of "${used_places[$i]}"; fi
    if ((${#HOLDERS[@]} > 0)); then rotate_stays "$path" "it is open in $(holders_words)"; else used_lines+=("${all[$i]}"); fi
  done
}

# rotate_same IDENTITY MODIFIED/INODE: status 0 if it is what was listed. A folder has no size, and changes its time with its content.
rotate_same() {
  local inode=${2##*/} stamp
  [[ ! $1 =~ ^d/[0-9]{1,20}/([0-9]{1,20})$ || ${BASH_REMATCH[1]} != "$inode" ]] || return 0
  [[ $1 =~ ^f/[0-9]{1,20}/([0-9]{1,20})/[0-9]{1,18}/([0-9]{1,15})\.([0-9]{3})[0-9]*$ && ${BASH_REMATCH[1]} == "$inode" ]] || return 1
  stamp=${BASH_REMATCH[2]}${BASH_REMATCH[3]}
  [[ $stamp == "${2%/*}" ]]
}

# rotate_by_owner_watched MODE LINE...: have the owner do it; the answers are in the file `answers`.
rotate_by_owner_watched() {
  printf '%s\n' "${@:2}" >lines || fail no-space "The disk of $STATE is full." "backups deleted before that: ${#RT_DELETED[@]}" ''
  in_background rotate_by_owner "$1"
  WATCH_SECONDS=$SQL_SECONDS watch "backups deleted before that: ${#RT_DELETED[@]}; the next rotation finishes what was begun" '' "$REPLY" || true
  mapfile -t RT_ANSWERS <answers
}

rotate_by_owner() { owner_do rotate_files "$1" <lines 2>/dev/null | head -c 1048576 >answers; }

# rotate_answer NUMBER: REPLY = what the owner said of that line; empty if it said nothing, or what it cannot say.
rotate_answer() {
  REPLY=${RT_ANSWERS[$1 - 1]-}
  [[ $REPLY =~ ^[0-9]{1,4}\ ([a-z\ ]{1,100}|[fd]/[0-9./]{1,100})$ && ${REPLY%% *} == "$1" ]] || { REPLY='it is not known what happened to it'; return; }
  REPLY=${REPLY#* }
}

# rotate_record delete|settle LINE...: record what the owner answered.
rotate_record() {
  local line path number=0 said='' gone=() stays=()
  for line in "${@:2}"; do
    number=$((number + 1))
    path=${line%%$'\t'*}
    rotate_answer "$number"
    case $REPLY in
      deleted | other) gone+=("$path") ;;
      there) stays+=("$path") ;;
      partly)
        decode_path "$path"
        say warning "A part of ${REPLY##*/} could not be deleted: ${REPLY%/*}/.${REPLY##*/}.deleting. The next rotation tries again."
        ;;
      'it is not known what happened to it') [[ $1 == settle ]] || rotate_stays "$path" "$REPLY" ;;
      *) [[ $1 == settle ]] || { stays+=("$path"); rotate_stays "$path" "$REPLY"; } ;;
    esac
  done
  state_change "$ROTATION_DONE" rotation_done "${#gone[@]}" ${gone[@]+"${gone[@]}"} ${stays[@]+"${stays[@]}"} ||
    fail "$STATE_CODE" "What was deleted could not be recorded. $STATE_PROBLEM" 'the next rotation records it' ''
  for path in ${gone[@]+"${gone[@]}"}; do
    json_string "$path"
    RT_DELETED+=("$REPLY")
    decode_path "$path"
    audit_line rotated succeeded "$REPLY"
    said+=${said:+$'\n'}$REPLY
  done
  [[ $said == '' ]] || append_line "$STATE/audit" "$said"
}

# rotate_stays PATH WHY: it was to be deleted, and is still there.
rotate_stays() {
  local name words
  decode_path "$1"
  name=${REPLY##*/}
  json_object path="$1" why="$2"
  RT_REMAINING+=("$REPLY")
  ((${#RT_REMAINING[@]} > 5)) || RT_WHY+="${RT_WHY:+; }$name: $2"
  # What changes or is in use is kept, as it should be; what cannot be deleted will not go away by itself.
  words='^it (has changed|is gone|is open in |is on hold)'
  [[ $2 =~ $words ]] || RT_FAILED=yes
}
