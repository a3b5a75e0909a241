# --- The command line -------------------------------------------------------------------------------------------------------

readonly OPERATION_COMMANDS=' database verify restore undo recover delete '
FOLLOW_STDIN='' # not empty if stdin belongs to a console: its end means that nobody listens any more
KIT_FILE=''

main() {
  local events='' words=() help_text
  if [[ ${1-} == --side ]]; then
    side_main "${@:2}"
    exit
  fi
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
  policy_load
  services_load
  say_hello_unless_followed
  case $COMMAND in
    database | verify | restore | undo | recover | delete)
      # The check may replace relative paths by absolute ones: the worker has another working folder.
      ARGUMENTS=(${words[@]+"${words[@]}"})
      "check_$COMMAND" ${words[@]+"${words[@]}"}
      operation_start ${ARGUMENTS[@]+"${ARGUMENTS[@]}"}
      [[ $READABLE_FD == '' ]] || say_readable "operation $REPLY (it continues if this window closes)"
      follow_operation "$REPLY" 0
      ;;
    inspect | plan | operations | follow | cancel | policy | hold | release | show)
      "run_$COMMAND" ${words[@]+"${words[@]}"}
      ;;
    *) usage_error "There is no command '$COMMAND'." ;;
  esac
}

# An operation says hello itself; its followers must not repeat it.
say_hello_unless_followed() {
  [[ $OPERATION_COMMANDS == *" $COMMAND "* || $COMMAND == follow ]] || say_hello
}

# KIT_SHA256 is the hash that the console requested, or that of this file. The launcher has verified a stored kit, so do not
# hash it again.
kit_identity() {
  KIT_SHA256=${CVD_BACKUP_KIT_SHA256:-}
  [[ $KIT_FILE == '' || $KIT_FILE == "$STATE/kit/$KIT_SHA256/cvd-backup" ]] || KIT_SHA256=$(sha256sum <"$KIT_FILE" | cut -c1-64)
  KIT_SHA256=${KIT_SHA256:-unknown}
}

run_help() {
  case ${1-} in
    inspect) help_text='inspect
  Shows everything about this site: system, tools, disk, database, services, health, backups, problems.
  Changes nothing, waits for nothing.' ;;
    database) help_text='database [--scheduled]
  Makes a backup of the live database: cvd_backup_TIME.db.gz (cvd_auto_TIME.db.gz with --scheduled) in ROOT/backups.
  It is a consistent copy, verified, with a fingerprint. The application keeps writing while it is made.' ;;
    verify) help_text='verify FILE... | --last N | --all
  Reads backups from the first byte to the last and compares them with their fingerprints.
  Verdicts: verified, failed, inconclusive. A backup that was never verified is "never".' ;;
    plan) help_text='plan restore database FILE [--site-is-down]
  Shows what a restore of FILE would change, table by table, and whether it is possible. Changes nothing.' ;;
    restore) help_text='restore database FILE --confirm HOST --reason TEXT [--accept-schema] [--site-is-down] [--expect-sha256 HEX] [--expect-machine ID]
  Restores a backup: extracts and verifies it first, then stops the service, keeps the live database as a safety
  copy, and starts the service again. Ends with the restored database verified and healthy, or rolled back.
  --accept-schema: restore although the backup lacks parts of the live schema.
  Refused while the health check fails, unless you give --site-is-down; the health probe must then be set and correct.' ;;
    undo) help_text='undo OPERATION --confirm HOST --reason TEXT [--site-is-down]
  Restores the safety copy that a restore kept.' ;;
    recover) help_text='recover
  Completes or rolls back an interrupted restore (power failure, killed process). Runs automatically at boot.' ;;
    delete) help_text='delete FILE... --confirm HOST [--reason TEXT]
  Deletes files that are not backups (unfinished, empty or unknown ones) by their exact names in ROOT/backups.
  Keeps backups, files on hold, links, folders, and whatever changed in the last ten minutes.' ;;
    operations) help_text='operations [--limit N]
  Lists the operations of this site, newest first.' ;;
    follow) help_text='follow OPERATION [--from OFFSET]
  Shows the events of an operation, from the start or from a byte offset, until it ends.' ;;
    cancel) help_text='cancel OPERATION
  Cancels an operation, and shows the state it left.' ;;
    policy) help_text='policy [--try] [KEY=VALUE ...]
  Shows the settings of this site, or changes them. A change of health or health_status runs the health check and
  shows the answer; with --try it changes nothing.' ;;
    show) help_text='show FILE
  Shows what was recorded when a backup was made, and every verdict since.' ;;
    hold | release) help_text='hold FILE | release FILE
  hold marks a backup so that rotation never deletes it; release removes the mark.' ;;
    *) help_text='cvd-backup [--events] [--root DIR] [--who TEXT] [--reason TEXT] COMMAND ...

  inspect      show everything about this site
  database     back up the database
  verify       verify backups
  show         show everything about one backup
  plan         show what a restore would change
  restore      restore a backup, as a transaction
  undo         undo a restore
  recover      finish an interrupted restore
  delete       delete files that are not backups
  operations   list operations and how they ended
  follow       follow an operation
  cancel       cancel an operation
  policy       show or change settings
  hold         keep a backup from rotation       release   remove the hold
  help COMMAND, version

Exit codes: 0 success, 1 failed or rolled back, 2 usage error, 4 refused.' ;;
  esac
  printf '%s\n' "$help_text"
  exit 0
}

main "$@"
