# --- differences: what differs within one file of the application or the configuration ----------------------------------------
#
# The owner reads the live file, the reader extracts the backup and compares. Secrets are hidden by the reader, unless they are
# asked for: then the audit has it before they are shown.

DIFF_STATE='' DIFF_LIVE='' DIFF_BACKUP='' DIFF_LIVE_SIZE=0 DIFF_BACKUP_SIZE=0 DIFF_HIDDEN=0 DIFF_CUT='' DIFF_TEXT=''

# differences application|config FILE PATH [--show-secrets]
run_differences() {
  local show='' given=() part file path
  while (($# > 0)); do
    if [[ $1 == --show-secrets ]]; then show=yes; else given+=("$1"); fi
    shift
  done
  [[ ${#given[@]} -eq 3 && ${given[0]} =~ ^(application|config)$ ]] || usage_wrong
  path_below "${given[2]}" || usage_error "a file below the folder, such as .env, not '${given[2]:0:200}'"
  part=${given[0]} path=$REPLY
  backup_find "${given[1]}" || fail not-found "There is no backup '${given[1]}'." "$PLAN_UNCHANGED" 'look at the list: cvd-backup inspect'
  file=$REPLY
  state_writable || fail no-rights "This login cannot keep a work folder: $STATE cannot be written." "$PLAN_UNCHANGED"
  answer_alone
  enter_scratch || fail internal "A work folder could not be made in $STATE/work." "$PLAN_UNCHANGED"
  step stage 'Extract the backup in a scratch folder'
  folder_extract "$part" "$file" "$PLAN_UNCHANGED"
  step compare 'Compare the file with the live one'
  if [[ $show != '' ]]; then
    audit secrets-shown succeeded "$part $path of $file" ||
      fail internal 'That secrets are shown could not be recorded in the audit.' 'no secrets were shown' 'look at the room in the state folder'
  fi
  in_background differences_pump "$part" "$path" "$show"
  local WATCH_SECONDS=120
  watch "$PLAN_UNCHANGED" '' "$REPLY" && differences_take || fail internal 'The two files could not be compared.' "$PLAN_UNCHANGED"
  [[ $DIFF_LIVE != none || $DIFF_BACKUP != none ]] ||
    fail not-found "Neither the backup nor the live folder has the file $path." "$PLAN_UNCHANGED"
  differences_answer "$part" "$path" "$show"
}

differences_pump() { # PART PATH SHOW
  owner_do differences_send "$1" "$2" 2>/dev/null | reader_do differences_of "$2" "$3" 2>/dev/null | head -c 131072 >said
  return "${PIPESTATUS[1]}"
}

# differences_take: set the DIFF_ globals from what the reader said; status 1 if that is no answer.
differences_take() {
  local line value
  DIFF_STATE='' DIFF_TEXT=''
  {
    while IFS= read -r line && [[ $line != '' ]]; do
      value=${line#*=}
      case $line in
        state=*) [[ ! $value =~ ^(same|text|binary|large|none)$ ]] || DIFF_STATE=$value ;;
        live=*) [[ ! $value =~ ^(file|none|link|folder|other|unreadable)$ ]] || DIFF_LIVE=$value ;;
        backup=*) [[ ! $value =~ ^(file|none|link|folder)$ ]] || DIFF_BACKUP=$value ;;
        liveSize=*) [[ ! $value =~ $WHOLE_NUMBER ]] || DIFF_LIVE_SIZE=$value ;;
        backupSize=*) [[ ! $value =~ $WHOLE_NUMBER ]] || DIFF_BACKUP_SIZE=$value ;;
        hidden=*) [[ ! $value =~ $WHOLE_NUMBER ]] || DIFF_HIDDEN=$value ;;
        cut=*) DIFF_CUT=$value ;;
      esac
    done
    IFS= read -r -d '' DIFF_TEXT
  } <said
  [[ $DIFF_STATE != '' && $DIFF_LIVE != '' && $DIFF_BACKUP != '' ]]
}

differences_answer() { # PART PATH SHOW
  local line live backup masked=true cut=false words text
  [[ $3 == '' ]] || masked=false
  [[ $DIFF_CUT == '' ]] || cut=true
  case $DIFF_STATE in
    same) words='The file is the same in both.' ;;
    text) words='The file differs.' ;;
    binary) words='The file differs; it is not text.' ;;
    large) words='The file is too large to be shown: more than 1 MiB.' ;;
    none) words="It is no plain file, or cannot be read: live $DIFF_LIVE, in the backup $DIFF_BACKUP." ;;
  esac
  if [[ $READABLE_FD != '' && $DIFF_TEXT != '' ]]; then
    while IFS= read -r line; do say_readable "$line"; done < <(printf '%s' "$DIFF_TEXT")
  fi
  ((DIFF_HIDDEN == 0)) || words+=' Secrets are hidden; to see them: --show-secrets.'
  [[ $cut == false ]] || words+=' Only the beginning is shown.'
  json_object kind="$DIFF_LIVE" size:="$DIFF_LIVE_SIZE"
  live=$REPLY
  json_object kind="$DIFF_BACKUP" size:="$DIFF_BACKUP_SIZE"
  backup=$REPLY
  differences_text_json
  text=$REPLY
  encode_path "$2"
  json_object part="$1" path="$REPLY" state="$DIFF_STATE" live:="$live" backup:="$backup" masked:=$masked hidden:="$DIFF_HIDDEN" \
    cut:=$cut text:="$text"
  succeed "$words" "$REPLY"
}

# differences_text_json: REPLY = DIFF_TEXT as a JSON string. Line by line: of a long text, each character would cost its length.
differences_text_json() {
  local line out=''
  while IFS= read -r line || [[ $line != '' ]]; do
    json_string "$line"
    REPLY=${REPLY#\"}
    out+=${REPLY%\"}'\n'
  done < <(printf '%s' "$DIFF_TEXT")
  REPLY="\"$out\""
}
