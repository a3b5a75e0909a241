# --- The checks before a restore ---------------------------------------------------------------------------------------------
#
# One list: `plan` prints what each check finds, and `restore` refuses by it.

FOUND_PART='' # the part that is being checked, where there are several
PLANNING='' # not empty: findings are collected instead of ending the operation
PLAN_CHECKS=()
PLAN_POSSIBLE=true
readonly NOTHING_CHANGED='The site runs as before; nothing was changed.'
readonly ANSWERS_WITHOUT_SERVICE='find out which program answers; if it is another service, set it: cvd-backup policy service=…'

# found CHECK STATE TITLE EVIDENCE [FIX [CODE MESSAGE [ACCEPTED]]]: what a check found. STATE is passed, warning, failed, or ask:
# a warning that a person has to accept, and has if ACCEPTED is not empty. A restore ends with CODE and MESSAGE, or says it.
found() {
  local unchanged=$NOTHING_CHANGED state=$2 fix=${5-} FOUND_CODE=${6-} message=${7-} ask=false
  # A site that is down does not run as before.
  [[ $1 != health ]] || unchanged='nothing was changed'
  if [[ $PLANNING == '' ]]; then
    [[ $state != ask || ${8-} == '' ]] || state=warning
    case $state in
      failed | ask) fail "$FOUND_CODE" "$message" "$unchanged" "$fix" ;;
      warning) [[ $message == '' ]] || say warning "$message" ;;
    esac
    return 0
  fi
  [[ $state != failed ]] || PLAN_POSSIBLE=false
  [[ $state != ask ]] || state=warning ask=true
  say_readable "$(printf '  %-8s %-30s %s' "$state" "$3" "$4${fix:+ -> $fix}")"
  json_object check="$1" part="$FOUND_PART" state="$state" title="$3" evidence="$4" fix="$fix" acknowledge:="$ask"
  PLAN_CHECKS+=("$REPLY")
}

check_rights() { # FOLDER...
  local title='This login has the required permissions' words='' message='' who folder
  user_name "$EUID"
  who=$REPLY
  for folder in "$@"; do
    [[ ! -w $folder && $words == '' ]] || continue
    words="cannot write to $folder" message="This login cannot write to $folder."
  done
  if [[ ${POLICY[service_manager]} != program ]] && ((EUID != 0)); then
    words+=${words:+; }'cannot control the service' message=${message:-Only root can stop and start the service.}
  fi
  if [[ $words == '' ]]; then
    found rights passed "$title" "$who writes to $* and controls the service"
  else
    found rights failed "$title" "$who $words" 'log in as root or with sudo' no-rights "$message"
  fi
}

# check_services: every service can be stopped and started. TX_WERE = those that are running.
check_services() {
  local title='The services can be stopped and started' index words='' problems='' fix='' comes=''
  TX_WERE=''
  services_read
  for index in "${!SERVICES[@]}"; do
    service_problem "$index"
    if [[ $REPLY != '' && ${SERVICE_LOAD[$index]} == not-found && " ${RESTORE_PARTS[*]-} " == *' systemd '* ]]; then
      comes=yes
      REPLY="${SERVICES[$index]} is not there yet; the backup has unit files"
    elif [[ $REPLY != '' ]]; then
      problems+="${problems:+ }$REPLY"
      fix=${fix:-$SERVICE_FIX}
    else
      [[ ${SERVICE_ACTIVE[$index]} == inactive ]] || TX_WERE+="${TX_WERE:+ }${SERVICES[$index]}"
      REPLY="${SERVICES[$index]} is ${SERVICE_ACTIVE[$index]}"
    fi
    words+="${words:+; }$REPLY"
  done
  if ((${#SERVICES[@]} == 0)); then
    found service failed "$title" 'no service is set' 'set it: cvd-backup policy service=…' service 'No service is set for this site.'
  elif [[ $problems != '' ]]; then
    found service failed "$title" "$words" "$fix" service "$problems"
  elif [[ $comes != '' ]]; then
    found service warning "$title" "$words"
  elif all_run; then
    found service passed "$title" "$words"
  else
    found service warning "$title" "$words" 'the restore starts them; look why they do not run'
  fi
}

all_run() {
  local state
  for state in ${SERVICE_ACTIVE[@]+"${SERVICE_ACTIVE[@]}"}; do runs "$state" || return 1; done
}

# check_health: a probe that fails before the restore would fail after it too, and the site would be stopped for nothing.
# Continue only if a probe is configured and a person confirmed that the site is down. Sets TX_HEALTHY_BEFORE.
check_health() {
  local title='The health check passes' words
  TX_HEALTHY_BEFORE=no
  health_settled && TX_HEALTHY_BEFORE=yes
  health_words
  words=$REPLY
  if [[ $TX_HEALTHY_BEFORE == yes ]]; then
    # Another program answers: a rollback would not know what to start again.
    services_run || {
      found health failed "$title" "$words, but its service is not active: ${SERVICES[*]-}" "$ANSWERS_WITHOUT_SERVICE" \
        service "The site answers, but its service is not active: ${SERVICES[*]-}."
      return
    }
    found health passed "$title" "$words"
  elif [[ $HEALTH_CONFIGURED == false ]]; then
    found health failed "$title" "$words" 'set it: cvd-backup policy health=http://127.0.0.1:5000/api/health' \
      health-unknown "No health probe is known for this site: $words."
  elif [[ $SITE_IS_DOWN != '' ]] && new_server_needed; then
    found health warning "$title" "$words; the site is not on this server yet" \
      'if it does not answer at this address when it is there, what was restored is taken away again' \
      '' "$words. The site is not on this server yet; it has to answer there in the end."
  elif [[ $SITE_IS_DOWN != '' ]]; then
    found health warning "$title" "$words; you confirmed that the site is down and that this probe is correct" \
      'if the address is wrong, the restore will be rolled back' \
      '' "$words. The site was confirmed to be down; the restore continues with this probe."
  else
    found health failed "$title" "$words" \
      'if the address is wrong, set it: cvd-backup policy health=…; if it is right and the site is down, say so: --site-is-down' \
      health-fails "The site is not healthy before the restore: $words."
  fi
}

# services_run: status 1 if services_read found every service inactive.
services_run() {
  local state
  for state in ${SERVICE_ACTIVE[@]+"${SERVICE_ACTIVE[@]}"}; do [[ $state == inactive ]] || return 0; done
  return 1
}

# check_database_holders: nobody but the service has the database open.
check_database_holders() {
  local title='No other program has the database open' all words='' count
  holders_find
  all=(${HOLDERS[@]+"${HOLDERS[@]}"})
  count=${#HOLDERS[@]}
  holders_strange
  if ((${#HOLDERS[@]} > 0)); then
    words=$(holders_words)
    found holders failed "$title" "$words" 'end these programs, then restore again' holders \
      "The database is open in programs that do not belong to the service: $words."
  elif ((EUID != 0)); then
    found holders warning "$title" 'only root sees the processes of others'
  else
    found holders passed "$title" "only the service: $count of its processes"
  fi
  HOLDERS=(${all[@]+"${all[@]}"})
}

# check_folder_holders PART: who works in the tree. A stranger goes on with the old one, under its new name.
check_folder_holders() {
  local title='No other program works in the folder' all words count
  part_path "$1"
  holders_below "$REPLY"
  all=(${HOLDERS[@]+"${HOLDERS[@]}"})
  count=${#HOLDERS[@]}
  holders_strange
  if ((${#HOLDERS[@]} > 0)); then
    words=$(holders_words)
    found holders warning "$title" "$words" 'they will go on in the old folder, under the name of the safety copy' '' \
      "Programs that do not belong to the service work in the folder, and go on in the old folder: $words."
  else
    found holders passed "$title" "only the service: $count of its processes"
  fi
  HOLDERS=(${all[@]+"${all[@]}"})
}

# holders_strange: HOLDERS = those of HOLDERS that do not belong to the service.
holders_strange() {
  local entry strangers=()
  for entry in ${HOLDERS[@]+"${HOLDERS[@]}"}; do
    [[ $entry != *$'\t'*$'\t\t'* ]] || strangers+=("$entry")
  done
  HOLDERS=(${strangers[@]+"${strangers[@]}"})
}

# check_unfinished: no earlier restore waits for its recovery. A restore has the lock already; a plan looks who has it.
check_unfinished() {
  local title='No other operation runs'
  [[ $PLANNING == '' ]] || lock_json
  if [[ $PLANNING != '' && $REPLY == '{"held":true'* ]]; then
    lock_holder
    found lock failed "$title" "$(tr '\n' ' ' <"$REPLY" 2>/dev/null)" 'wait until it has ended'
  elif [[ -e $STATE/unfinished ]]; then
    found lock failed "$title" 'an earlier restore was interrupted and is not finished' 'run: cvd-backup recover' \
      checks-failed 'An earlier restore was interrupted and is not finished.'
  else
    found lock passed "$title" 'the lock is free'
  fi
}

# check_database_target: a restore writes to the target of the database's path. It must not become a way to write anywhere as
# root, or over another service's database: the folder must be the owner's.
check_database_target() {
  local title='The database can be replaced where it is' folder=${DATABASE_FILE%/*} set='set it: cvd-backup policy database=…'
  if [[ $PLANNING != '' ]] && new_has "$folder"; then
    found target passed "$title" "to be created: $DATABASE_FILE"
  elif [[ ! -d $folder ]]; then
    found target failed "$title" "the folder does not exist: $folder" "$set" no-database "The folder of the database does not exist: $folder"
  elif [[ $LIVE_STATE == not-plain ]]; then
    found target failed "$title" "$DATABASE_FILE is not a file" '' no-database "$DATABASE_FILE is not a file."
  elif ! (hold_place "$folder"); then
    found target failed "$title" "$DATABASE leads to $DATABASE_FILE, and the folder of that belongs to somebody else" \
      'remove the link; or, if it is meant, set: cvd-backup policy database=…' no-database \
      "$DATABASE leads to $DATABASE_FILE, and the folder of that belongs to somebody else."
  else
    found target passed "$title" "$DATABASE_FILE"
  fi
}
