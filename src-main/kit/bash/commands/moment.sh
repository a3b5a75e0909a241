# --- moment: which backup a restore with --at would bring back ------------------------------------------------------------------

# moment KIND TIME
run_moment() {
  local state choice choices=() backup=null at=null
  [[ $# == 2 && $1 =~ ^(database|application|config|systemd|system)$ ]] || usage_wrong
  moment_look "$2"
  state=$REPLY
  case $state in
    at) ;;
    twice)
      say_readable "$2 occurs twice on this server: ${AT_CHOICES[0]} or ${AT_CHOICES[1]}."
      for choice in "${AT_CHOICES[@]}"; do
        json_string "$choice"
        choices+=("$REPLY")
      done ;;
    never) say_readable "$2 does not exist on this server, as the clocks were set forward then." ;;
    *) usage_error "'$2' is not a time; $AT_FORM." ;;
  esac
  if [[ $state == at ]]; then
    backup_look "$1"
    state=none
    if [[ $AT_FILE != '' ]]; then
      state=found
      say_readable "The newest backup that is not later: ${AT_FILE##*/}."
      encode_path "$AT_FILE"
      json_string "$REPLY"
      backup=$REPLY
    else
      say_readable 'No usable backup is that old.'
    fi
    [[ $AT_NEXT == '' ]] || say_readable "The next later one: ${AT_NEXT##*/}, from $(moment_words "${AT_NEXT%% *}")."
    ((${#AT_SKIPPED[@]} == 0)) || say_readable "Skipped, as their verification failed: ${AT_SKIPPED[*]##*/}."
    at_json
    at=$REPLY
  fi
  json_array ${choices[@]+"${choices[@]}"}
  json_object state="$state" backup:="$backup" at:="$at" choices:="$REPLY"
  succeed 'The backup that this moment means.' "$REPLY"
}
