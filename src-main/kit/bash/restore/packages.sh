# --- Programs that a restored site needs, and how this distribution installs them ----------------------------------------------

PACKAGES=()      # that are missing, by the names of this distribution

# packages_look PART...: PACKAGES = what is missing for these parts.
packages_look() {
  local part need=()
  PACKAGES=()
  package_tool
  command -v curl >/dev/null || need+=(curl)
  for part in "$@"; do
    case $part in
      database) command -v sqlite3 >/dev/null || if [[ $PACKAGE_TOOL == apt-get ]]; then need+=(sqlite3); else need+=(sqlite); fi ;;
      nginx) [[ ${POLICY[service_manager]} == program ]] || command -v nginx >/dev/null || need+=(nginx) ;;
      application)
        if ! command -v python3 >/dev/null; then need+=(python3); fi
        # Debian keeps the part of venv that brings pip in a package of its own.
        [[ $PACKAGE_TOOL != apt-get || $VENV_WANTED == '' ]] || python_makes_venv || need+=(python3-venv)
        ;;
    esac
  done
  PACKAGES=(${need[@]+"${need[@]}"})
}

python_makes_venv() { python3 -I -c 'import ensurepip, venv' >/dev/null 2>&1; }

# check_programs: the programs that the parts of this restore need are installed.
check_programs() {
  local title='The programs that the site needs are installed' fix
  [[ $SYSTEM_FILE != '' ]] || return 0
  packages_look ${RESTORE_PARTS[@]+"${RESTORE_PARTS[@]}"}
  if ((${#PACKAGES[@]} == 0)); then
    found packages passed "$title" "${RESTORE_PARTS[*]-}"
    return
  fi
  install_words "${PACKAGES[@]}"
  fix=${REPLY:-install them}
  found packages failed "$title" "missing: ${PACKAGES[*]}" "$fix; or have it done: cvd-backup packages" missing-packages \
    "Programs are missing on this server: ${PACKAGES[*]}."
  [[ $PLANNING == '' ]] || packages_said
}
P_PACKAGES=null # what `packages` would do now

# packages_said: P_PACKAGES = what `packages` would install, which looks for every part, and its exact commands.
packages_said() {
  local wanted=$VENV_WANTED missing
  VENV_WANTED=yes
  packages_look "${PARTS[@]}"
  VENV_WANTED=$wanted
  texts_json "${PACKAGES[@]}"
  missing=$REPLY
  packages_commands "${PACKAGES[@]}"
  texts_json ${PACKAGE_COMMANDS[@]+"${PACKAGE_COMMANDS[@]}"}
  json_object missing:="$missing" commands:="$REPLY"
  P_PACKAGES=$REPLY
}

# --- packages: install them, as an operation of its own --------------------------------------------------------------------------

check_packages() {
  restore_arguments "$@"
  ((${#R_WORDS[@]} == 0)) || usage_wrong
  host_confirm 'Packages of this distribution will be installed.'
}

run_packages() {
  local status
  lock_site
  step look 'Look what is missing'
  VENV_WANTED=yes
  packages_look "${PARTS[@]}"
  step_done missing="${PACKAGES[*]-}"
  ((${#PACKAGES[@]} > 0)) || succeed 'Nothing is missing.' '{"installed":[]}'
  ((EUID == 0)) || fail no-rights 'Only root can install packages.' 'nothing was changed' 'log in as root or with sudo'
  install_words "${PACKAGES[@]}"
  [[ $REPLY != '' ]] || fail missing-packages "This distribution's way to install packages is not known: ${PACKAGES[*]} are missing." \
    'nothing was changed' 'install them by hand'
  step install "Install: ${PACKAGES[*]}"
  in_background packages_install
  WATCH_SECONDS=1800 watch 'packages may be installed in part' '' "$REPLY"
  status=$?
  ((status == 0)) || fail missing-packages "The packages could not be installed: $(tail -n 1 "$OPERATION_DIR/stderr" 2>/dev/null | head -c 300)" \
    'packages may be installed in part' "try it by hand: $PACKAGE_TOOL install ${PACKAGES[*]}"
  step_done installed="${PACKAGES[*]}"
  texts_json "${PACKAGES[@]}"
  succeed "Installed: ${PACKAGES[*]}." "{\"installed\":$REPLY}"
}

# packages_commands PACKAGE...: PACKAGE_COMMANDS = what installs them without questions; none if it is not known. After package_tool.
# apt knows no packages before it has read their lists.
packages_commands() {
  case $PACKAGE_TOOL in
    '') PACKAGE_COMMANDS=() ;;
    apt-get) PACKAGE_COMMANDS=('apt-get -qq update' "apt-get -qq -y install $*") ;;
    zypper) PACKAGE_COMMANDS=("zypper --non-interactive install $*") ;;
    *) PACKAGE_COMMANDS=("$PACKAGE_TOOL -y install $*") ;;
  esac
}
PACKAGE_COMMANDS=()

# packages_install: exactly these commands. The status is that of the last one.
packages_install() {
  local command
  export DEBIAN_FRONTEND=noninteractive
  packages_commands "${PACKAGES[@]}"
  for command in ${PACKAGE_COMMANDS[@]+"${PACKAGE_COMMANDS[@]}"}; do
    words_of "$command"
    "${WORDS[@]}" </dev/null >&2
  done
}
