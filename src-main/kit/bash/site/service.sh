# --- Services --------------------------------------------------------------------------------------------------------------

SERVICES=()
SERVICE_LOAD=()    # LoadState of each: loaded, not-found, masked, bad-setting, error; or unknown
SERVICE_ACTIVE=()  # active, inactive, failed, activating, …
SERVICE_ENABLED=() # enabled, disabled, static, …; unknown if it cannot be found out
DEPENDENTS=()      # running units that systemd stops together with ours but does not start again

services_load() {
  words_of "${POLICY[service]}"
  SERVICES=(${WORDS[@]+"${WORDS[@]}"})
}

# words_of TEXT: WORDS = its words.
WORDS=()
words_of() {
  local rest=$1 word
  WORDS=()
  while [[ $rest == *[![:blank:]]* ]]; do
    rest=${rest#"${rest%%[![:blank:]]*}"}
    word=${rest%%[[:blank:]]*}
    WORDS+=("$word")
    rest=${rest:${#word}}
  done
}

# services_read: set SERVICE_LOAD, SERVICE_ACTIVE, SERVICE_ENABLED and DEPENDENTS. Under systemd, at most two processes for
# any number of services.
services_read() {
  local name other tied=() properties=()
  SERVICE_LOAD=() SERVICE_ACTIVE=() SERVICE_ENABLED=() DEPENDENTS=()
  ((${#SERVICES[@]} > 0)) || return 0
  if [[ ${POLICY[service_manager]} == program ]]; then
    for name in "${SERVICES[@]}"; do
      program_read "$name"
      SERVICE_LOAD+=("$UNIT_LOAD") SERVICE_ACTIVE+=("$UNIT_ACTIVE") SERVICE_ENABLED+=(unknown)
    done
    return 0
  fi
  for name in Names LoadState ActiveState UnitFileState ConsistsOf BoundBy RequiredBy; do properties+=("--property=$name"); done
  units_read "${properties[@]}" -- "${SERVICES[@]}"
  for name in "${SERVICES[@]}"; do
    unit_find "$name"
    SERVICE_LOAD+=("$UNIT_LOAD") SERVICE_ACTIVE+=("$UNIT_ACTIVE") SERVICE_ENABLED+=("$UNIT_ENABLED")
    words_of "$UNIT_TIED"
    for other in ${WORDS[@]+"${WORDS[@]}"}; do
      [[ $other != *.service || " ${tied[*]-} ${SERVICES[*]} " == *" ${other%.service} "* ]] || tied+=("${other%.service}")
    done
  done
  ((${#tied[@]} > 0)) || return 0
  units_read --property=Names --property=ActiveState -- "${tied[@]/%/.service}"
  for name in "${tied[@]}"; do
    unit_find "$name"
    [[ $UNIT_ACTIVE != active ]] || DEPENDENTS+=("$name")
  done
}

# units_read ARG...: UNITS = the paragraphs of `systemctl show`, one a unit.
UNITS=()
units_read() {
  local line paragraph=''
  UNITS=()
  while IFS= read -r line; do
    if [[ $line != '' ]]; then
      paragraph+=$line$'\n'
    elif [[ $paragraph != '' ]]; then
      UNITS+=("$paragraph") paragraph=''
    fi
  done < <(systemctl show "$@" 2>/dev/null)
  [[ $paragraph == '' ]] || UNITS+=("$paragraph")
}

# unit_find NAME: set UNIT_LOAD, UNIT_ACTIVE, UNIT_ENABLED, UNIT_TIED from its paragraph in UNITS. Match by name: systemd
# prints no paragraph for an invalid name.
UNIT_LOAD=unknown UNIT_ACTIVE=unknown UNIT_ENABLED=unknown UNIT_TIED=''
unit_find() {
  local name=$1 paragraph line names
  UNIT_LOAD=unknown UNIT_ACTIVE=unknown UNIT_ENABLED=unknown UNIT_TIED=''
  for paragraph in ${UNITS[@]+"${UNITS[@]}"}; do
    names=$'\n'$paragraph
    [[ $names == *$'\nNames='* ]] || continue
    names=${names#*$'\nNames='}
    names=" ${names%%$'\n'*} "
    [[ $names == *" $name "* || $names == *" $name.service "* ]] || continue
    while [[ $paragraph != '' ]]; do
      line=${paragraph%%$'\n'*} paragraph=${paragraph#*$'\n'}
      case $line in
        LoadState=?*) UNIT_LOAD=${line#*=} ;;
        ActiveState=?*) UNIT_ACTIVE=${line#*=} ;;
        UnitFileState=?*) UNIT_ENABLED=${line#*=} ;;
        ConsistsOf=* | BoundBy=* | RequiredBy=*) UNIT_TIED+=" ${line#*=}" ;;
      esac
    done
    return 0
  done
}

# service_programs FOLDER: PROGRAMS = the names of the programs in that folder which the services start, as systemd knows them.
PROGRAMS=()
service_programs() {
  local paragraph name
  PROGRAMS=()
  [[ ${POLICY[service_manager]} == systemd ]] && ((${#SERVICES[@]} > 0)) || return 0
  units_read --property=ExecStart -- "${SERVICES[@]}"
  for paragraph in ${UNITS[@]+"${UNITS[@]}"}; do
    while [[ $paragraph == *"{ path=$1/"* ]]; do
      paragraph=${paragraph#*"{ path=$1/"}
      name=${paragraph%% ;*}
      [[ ! $name =~ ^[A-Za-z0-9._+-]{1,100}$ ]] || PROGRAMS+=("$name")
    done
  done
}

# program_read NAME: set UNIT_LOAD and UNIT_ACTIVE from the policy's program. Its exit codes are those common to status
# commands: 0 running, 1 to 3 not running, others unknown.
program_read() {
  UNIT_LOAD=unknown UNIT_ACTIVE=unknown
  [[ -x ${POLICY[service_program]} ]] || return 0
  # In braces: bash says of a program that was killed by a signal that it was.
  { "${POLICY[service_program]}" status "$1"; } >/dev/null 2>&1
  case $? in
    0) UNIT_LOAD=loaded UNIT_ACTIVE=active ;;
    1 | 2 | 3) UNIT_LOAD=loaded UNIT_ACTIVE=inactive ;;
  esac
}

# services_states: SERVICE_STATES = the state of each service: active, inactive, failed, activating, …; for one that is not
# running and could not be started, the reason: not-found, masked, bad-setting, error, unknown. One process under systemd.
SERVICE_STATES=()
services_states() {
  local name
  SERVICE_STATES=()
  [[ ${POLICY[service_manager]} == program ]] ||
    units_read --property=Names --property=LoadState --property=ActiveState -- "${SERVICES[@]}"
  for name in "${SERVICES[@]}"; do
    if [[ ${POLICY[service_manager]} == program ]]; then program_read "$name"; else unit_find "$name"; fi
    state_of "$UNIT_LOAD" "$UNIT_ACTIVE"
    SERVICE_STATES+=("$REPLY")
  done
}

# runs STATE: one that reloads its settings goes on running.
runs() { [[ $1 == active || $1 == reloading || $1 == refreshing ]]; }

state_of() { # LOAD ACTIVE: REPLY = as services_states
  REPLY=$2
  [[ $1 == loaded || $2 == deactivating ]] || runs "$2" || REPLY=$1
}

# service_problem INDEX: REPLY = why a restore could not stop and start this service, or empty; SERVICE_FIX = what to do.
# Call services_read first.
SERVICE_FIX=''
service_problem() {
  local name=${SERVICES[$1]} load=${SERVICE_LOAD[$1]}
  SERVICE_FIX="set the right name: cvd-backup policy service=…"
  case $load in
    loaded) REPLY='' ;;
    not-found) REPLY="There is no service $name on this server." ;;
    masked)
      REPLY="The service $name is masked: it cannot be started."
      SERVICE_FIX="systemctl unmask $name; or ${SERVICE_FIX}"
      ;;
    bad-setting | error)
      REPLY="The unit of the service $name is faulty ($load): it cannot be started."
      SERVICE_FIX="look why: systemctl status $name"
      ;;
    *)
      REPLY="It is not known whether there is a service $name."
      if [[ ${POLICY[service_manager]} == program ]]; then
        REPLY="The service program (${POLICY[service_program]:-none is set}) knows no service $name."
        SERVICE_FIX='set them: cvd-backup policy service_program=… service=…'
      fi
      ;;
  esac
}

# services_do start|stop [NAME...]: stop all (or these) in the policy's order, or start them in reverse, then the units
# stopped with them. One process each: systemctl does not keep the order of several.
services_do() {
  local verb=$1 name order=() status=0 names=("${SERVICES[@]}")
  shift
  (($# == 0)) || names=("$@")
  for name in "${names[@]}"; do
    if [[ $verb == stop ]]; then order+=("$name"); else order=("$name" ${order[@]+"${order[@]}"}); fi
  done
  for name in "${order[@]}"; do
    if [[ ${POLICY[service_manager]} == program ]]; then
      # The application must not inherit our locks, which it would hold for as long as it lives, nor our session, because a
      # process of our session does not count as a holder.
      close_for_child setsid --wait "${POLICY[service_program]}" "$verb" "$name" </dev/null || status=1
    else
      systemctl "$verb" -- "$name" >&2 || status=1
    fi
  done
  # They wait for our services by themselves, so do not wait for them.
  [[ $verb == stop ]] || ((${#DEPENDENTS[@]} == 0)) || systemctl --no-block start -- "${DEPENDENTS[@]}" >&2
  return "$status"
}

# services_reset_failures: reset the start and failure counters, which could block the next start.
services_reset_failures() {
  [[ ${POLICY[service_manager]} == program ]] || systemctl reset-failed -- "${SERVICES[@]}" 2>/dev/null
}

# close_for_child PROGRAM ARG...: run it without our lock and event descriptors.
close_for_child() (
  drop_descriptors
  exec "$@" >&2
)

services_json() { # uses what services_read found
  local index list=() state
  for index in "${!SERVICES[@]}"; do
    state_of "${SERVICE_LOAD[$index]}" "${SERVICE_ACTIVE[$index]}"
    state=$REPLY
    json_object name="${SERVICES[$index]}" manager="${POLICY[service_manager]}" state="$state" enabled="${SERVICE_ENABLED[$index]}"
    list+=("$REPLY")
  done
  json_array ${list[@]+"${list[@]}"}
}
