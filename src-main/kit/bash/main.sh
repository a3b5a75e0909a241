# --- The command line -------------------------------------------------------------------------------------------------------

FOLLOW_STDIN='' # not empty if stdin belongs to a console: its end means that nobody listens any more
KIT_FILE=''

main() {
  local events='' words=()
  [[ ! -f ${BASH_SOURCE[0]-} ]] || { real_path "${BASH_SOURCE[0]}" && KIT_FILE=$REPLY; }
  leave_terminal "$@"
  if [[ ${1-} == --params-fd ]]; then
    # Used by the console: the arguments are NUL-terminated records on a descriptor, never part of a command line.
    [[ ${2-} =~ ^[0-9]{1,3}$ ]] || exit 2
    local params_fd=$2
    mapfile -d '' -t words <&"$params_fd"
    exec {params_fd}<&-
    FOLLOW_STDIN=yes
  else
    words=("$@")
  fi
  READABLE_FD=1
  while ((${#words[@]} > 0)); do
    case ${words[0]} in
      --events) events=yes; words=("${words[@]:1}") ;;
      --root | --who | --reason | --token)
        ((${#words[@]} >= 2)) || usage_error "${words[0]}: a value is missing"
        case ${words[0]} in
          --root) ROOT_OPTION=${words[1]} ;;
          --who) WHO=${words[1]} ;;
          --reason) REASON=${words[1]} ;;
          --token) TOKEN=${words[1]} ;;
        esac
        words=("${words[@]:2}")
        ;;
      *) break ;;
    esac
  done
  if [[ $events != '' ]]; then EVENTS_FD=1 READABLE_FD=''; fi
  kit_identity
  if [[ $WHO == '' ]]; then
    user_name "$EUID"
    WHO=${SUDO_USER:-$REPLY}
    host_name
    WHO+=@$REPLY
  fi
  COMMAND=${words[0]:-help}
  words=("${words[@]:1}")
  [[ $ROOT_OPTION == '' || $ROOT_OPTION == /* ]] || usage_error "--root: an absolute path, not '$ROOT_OPTION'"
  [[ $TOKEN =~ ^[A-Za-z0-9-]{0,64}$ ]] || usage_error '--token: at most 64 letters, digits and dashes'
  case $COMMAND in
    work) work "${words[@]}" ;;
    help | --help | -h) run_help ${words[@]+"${words[@]}"} ;;
    version | --version) say_readable "cvd-backup $KIT_SHA256"; exit 0 ;;
  esac
  if [[ ${words[0]-} == --help ]]; then run_help "$COMMAND"; fi
  command_known "$COMMAND" || usage_error "There is no command '$COMMAND'."
  policy_load
  services_load
  [[ $COMMAND == recover ]] || state_refuse_newer
  [[ $COMMAND != policy ]] || ON_RESULT=timers_follow_policy
  if [[ ${COMMAND_KIND[$COMMAND]} == answer ]]; then
    # `follow` shows an operation's own hello.
    [[ $COMMAND == follow ]] || say_hello
    "run_$COMMAND" ${words[@]+"${words[@]}"}
  else
    # The check may replace relative paths by absolute ones: the worker has another working folder.
    ARGUMENTS=(${words[@]+"${words[@]}"})
    "check_$COMMAND" ${words[@]+"${words[@]}"}
    operation_start ${ARGUMENTS[@]+"${ARGUMENTS[@]}"}
    [[ $READABLE_FD == '' ]] || say_readable "operation $REPLY (it continues if this window closes)"
    follow_operation "$REPLY" 0
  fi
}

# command_known NAME: status 0 if the table of commands has it.
command_known() { [[ $1 =~ ^[a-z]{1,20}$ && ${COMMAND_KIND[$1]+known} == known ]]; }

# KIT_SHA256 is the hash that the console requested, or that of this file. The launcher has verified a stored kit, so do not
# hash it again.
kit_identity() {
  KIT_SHA256=${CVD_BACKUP_KIT_SHA256:-}
  [[ $KIT_FILE == '' || $KIT_FILE == "$STATE/kit/$KIT_SHA256/cvd-backup" ]] || KIT_SHA256=$(sha256sum <"$KIT_FILE" | cut -c1-64)
  KIT_SHA256=${KIT_SHA256:-unknown}
}

run_help() {
  if command_known "${1-}"; then printf '%s\n' "${COMMAND_HELP[$1]}"; else printf '%s\n' "$COMMANDS_HELP"; fi
  exit 0
}

main "$@"
