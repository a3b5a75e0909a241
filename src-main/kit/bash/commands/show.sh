# --- show: what was recorded when a backup was made, and every verdict since --------------------------------------------------

# show FILE
run_show() {
  local file=${1-} entry fingerprint=null archive=null
  state_say_lost
  [[ $file != '' ]] || usage_error 'show: which backup?'
  backup_find "$file" || fail not-found "There is no backup '$file'." 'nothing was changed'
  file=$REPLY
  backup_entry_json "$file"
  entry=$REPLY
  if fingerprint_load "$file"; then
    fingerprint_json
    fingerprint=$REPLY
    show_fingerprint
  elif fingerprint_load "$file" archive; then
    archive_fingerprint_json
    archive=$REPLY
    human_bytes "${FP[size]}"
    say_readable "sha256 ${FP[sha256]}, $REPLY; ${FP[members]} members"
  fi
  show_history "$file"
  json_object backup:="$entry" fingerprint:="$fingerprint" archive:="$archive" history:="$REPLY"
  succeed 'Everything known about this backup.' "$REPLY"
}

show_fingerprint() {
  local line size
  human_bytes "${FP[size]}"
  size=$REPLY
  human_bytes "${FP[databaseSize]}"
  say_readable "sha256 ${FP[sha256]}, $size; database $REPLY, user_version ${FP[userVersion]}"
  for line in ${FP_TABLES[@]+"${FP_TABLES[@]}"}; do
    count_line "$line"
    say_readable "table $T_NAME: $T_ROWS rows"
  done
}

# show_history PATH: REPLY = array of the file's verdicts, newest first, at most a hundred.
show_history() {
  local fields=() verdict at size mtime stamp current item items=()
  file_stamp "$1"
  stamp=$REPLY
  while IFS=$'\t' read -r -a fields; do
    size=${fields[1]-} mtime=${fields[2]-} verdict=${fields[3]-} at=${fields[4]-}
    [[ $verdict =~ ^(verified|failed|inconclusive)$ && $at =~ ^[0-9]{1,15}$ ]] || continue
    # A verdict is current while the file is still the one that was read.
    current=false
    [[ $stamp != "$size"$'\t'"$mtime" ]] || current=true
    decode_path "${fields[7]-}"
    say_readable "$verdict: $REPLY"
    json_object verdict="$verdict" at:="$at" basis="${fields[5]-}" sha256="${fields[6]-}" reason="$REPLY" current:="$current"
    item=$REPLY
    items+=("$item")
  done < <(backup_verdicts "$1")
  json_array ${items[@]+"${items[@]}"}
}
