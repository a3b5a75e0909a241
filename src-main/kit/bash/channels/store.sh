# --- The files of the channels ---------------------------------------------------------------------------------------------------

CHANNELS=()        # names
CHANNEL_PROBLEM='' # why a file cannot be used, in a clause

# channels_list: CHANNELS = the names of all channels, also of those whose files cannot be used. Starts no process.
channels_list() {
  local path
  CHANNELS=()
  for path in "$STATE"/channels/*; do
    [[ ${path##*/} =~ $CHANNEL_NAMES ]] && ((${#CHANNELS[@]} < CHANNELS_MOST)) || continue
    CHANNELS+=("${path##*/}")
  done
}

channel_exists() { [[ $1 =~ $CHANNEL_NAMES && (-e $STATE/channels/$1 || -L $STATE/channels/$1) ]]; }

# channel_load NAME: set CHANNEL; status 1 and CHANNEL_PROBLEM if its file cannot be used.
channel_load() {
  CHANNEL=() CHANNEL_PROBLEM=''
  channel_take "$STATE/channels/$1" || { CHANNEL_PROBLEM="its file cannot be used: $REPLY"; return 1; }
  CHANNEL[level]=${CHANNEL[level]-all}
  case ${CHANNEL[form]} in
    webhook) CHANNEL[preset]=${CHANNEL[preset]-json} ;;
    smtp)
      CHANNEL[tls]=${CHANNEL[tls]-starttls}
      case ${CHANNEL[tls]} in
        tls) CHANNEL[port]=${CHANNEL[port]-465} ;;
        starttls) CHANNEL[port]=${CHANNEL[port]-587} ;;
        *) CHANNEL[port]=${CHANNEL[port]-25} ;;
      esac
      ;;
  esac
  channel_incomplete
  [[ $REPLY == '' ]] || { CHANNEL_PROBLEM="its file cannot be used: $REPLY"; return 1; }
}

channel_take() { # FILE
  local line key lines=() last=''
  [[ -d $STATE/channels && ! -L $STATE/channels && -O $STATE/channels ]] || { REPLY='the folder of the channels belongs to another user'; return 1; }
  [[ -f $1 && ! -L $1 && -O $1 && -r $1 ]] || { REPLY='it is not a plain file of this login'; return 1; }
  mapfile -t -n 40 lines <"$1"
  for line in ${lines[@]+"${lines[@]}"}; do
    key=${line%%=*}
    REPLY='it is damaged'
    [[ $last != end ]] || return 1
    last=$line
    [[ $line != end ]] || continue
    [[ $line == *=* && $key =~ ^[a-z]{1,20}$ && ${CHANNEL[$key]+known} != known ]] || return 1
    if [[ $key == form ]]; then
      channel_keys "${line#*=}"
      [[ $REPLY != '' ]] || { REPLY='its form is not known'; return 1; }
    else
      channel_problem "${CHANNEL[form]-}" "$key" "${line#*=}"
      # Not the value: a person may have put a secret where it does not belong.
      [[ $REPLY == '' || $REPLY == 'a channel of the form '* ]] || REPLY="the value of $key is not one that it may have"
      [[ $REPLY == '' ]] || return 1
    fi
    CHANNEL[$key]=${line#*=}
  done
  REPLY='it is damaged'
  [[ $last == end && ${CHANNEL[form]-} != '' ]]
}

# channel_save NAME: write CHANNEL. Call it with the lock of the channels.
channel_save() {
  local key text="form=${CHANNEL[form]}"$'\n'
  for key in "${!CHANNEL[@]}"; do
    [[ $key == form || ${CHANNEL[$key]} == '' ]] || text+="$key=${CHANNEL[$key]}"$'\n'
  done
  write_whole "$STATE/channels/$1" "$text"$'end\n'
}

# channels_lock: make the folder, and hold it until this process ends; status 1 if another process does for too long.
channels_lock() {
  local fd
  mkdir -p -- "$STATE/channels" && chmod 700 -- "$STATE/channels" && exec {fd}<"$STATE/channels" && flock -w 10 "$fd" || return 1
  # Of a process that was killed.
  rm -f -- "$STATE"/channels/.*.new.*
}
