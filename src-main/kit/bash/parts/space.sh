# --- The room that a restore needs, summed for each file system -------------------------------------------------------------------

P_SPACE=null
P_NEEDED=() # `DEVICE BYTES` of each part
# plan_space FOLDER NEEDED TITLE: P_SPACE = space.
plan_space() {
  local problem=$EXTRACT_PROBLEM code=$EXTRACT_CODE path status words device one needed=0
  # A folder that is to be created lies where the one above it does.
  nearest_folder "$1"
  set -- "$REPLY" "$2" "$3"
  device=$(stat -c %d -- "$1" 2>/dev/null)
  # What the parts before it need on the same file system counts, too.
  P_NEEDED+=("$device $2")
  for one in "${P_NEEDED[@]}"; do
    [[ ${one% *} == "$device" ]] || continue
    one=${one#* }
    [[ ! $one =~ $WHOLE_NUMBER ]] || needed=$((needed + one))
  done
  set -- "$1" "$needed" "$3"
  # The same rule as in the restore, which refuses while it extracts.
  extract_space "$1" "$2"
  status=$?
  extract_needs "$2"
  words=$REPLY
  if ((status == 0)); then found space passed "$3" "$words"; else found space failed "$3" "$words" 'make space'; fi
  EXTRACT_PROBLEM=$problem EXTRACT_CODE=$code
  encode_path "$1"
  path=$REPLY
  json_object needed:="$2" free:=$((EXTRACT_LIMIT > 0 ? EXTRACT_LIMIT : 0)) path="$path"
  P_SPACE=$REPLY
}
