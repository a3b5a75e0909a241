# --- What a changing command is given, and its confirmation ----------------------------------------------------------------

R_WORDS=() R_CONFIRM='' R_EXPECT_SHA256='' R_ACCEPT_SCHEMA='' R_AT='' R_KEEP_VENV='' R_REBUILD_VENV='' R_PARTS=''
R_ACCEPT_FILES='' R_NEW_SERVER='' R_OWNER='' R_ONLY=()
SITE_IS_DOWN='' # not empty if a person confirmed that the site is down and that the configured probe is right

# Parse the arguments of restore, undo and delete into R_* and SITE_IS_DOWN: WHAT [...] --confirm HOST --reason TEXT
# [--site-is-down] [--accept-schema] [--accept-files] [--keep-venv|--rebuild-venv] [--at TIME] [--parts LIST]
# [--new-server] [--owner USER:GROUP] [--only PATH]... [--expect-sha256 HEX] [--expect-machine ID].
restore_arguments() {
  local confirm='' machine='' given=()
  R_EXPECT_SHA256='' R_ACCEPT_SCHEMA='' R_KEEP_VENV='' R_REBUILD_VENV='' R_AT='' R_PARTS='' R_ACCEPT_FILES=''
  R_NEW_SERVER='' R_OWNER='' R_ONLY=() SITE_IS_DOWN=''
  while (($# > 0)); do
    case $1 in
      --site-is-down)
        SITE_IS_DOWN=yes
        shift
        ;;
      --confirm | --reason | --expect-sha256 | --expect-machine | --at | --owner | --parts | --only)
        (($# >= 2)) || usage_error "$1: a value is missing"
        case $1 in
          --confirm) confirm=$2 ;;
          --reason) REASON=$2 ;;
          --expect-sha256) R_EXPECT_SHA256=$2 ;;
          --at) R_AT=$2 ;;
          --owner)
            [[ $2 =~ $OWNER_NAMES ]] || usage_error "--owner: USER:GROUP, not '$2'"
            R_OWNER=$2
            ;;
          --parts) R_PARTS=${2//,/ } ;;
          --only) R_ONLY+=("$2") ;;
          --expect-machine) machine=$2 ;;
        esac
        shift 2
        ;;
      --accept-schema)
        R_ACCEPT_SCHEMA=yes
        shift
        ;;
      --accept-files)
        R_ACCEPT_FILES=yes
        shift
        ;;
      --new-server)
        R_NEW_SERVER=yes
        shift
        ;;
      --keep-venv)
        R_KEEP_VENV=yes
        shift
        ;;
      --rebuild-venv)
        R_REBUILD_VENV=yes
        shift
        ;;
      *)
        given+=("$1")
        shift
        ;;
    esac
  done
  [[ $R_ACCEPT_FILES == '' || $R_EXPECT_SHA256 != '' ]] ||
    usage_error '--accept-files: also give --expect-sha256, the SHA-256 that the plan shows: what was read must be what is restored'
  [[ $R_KEEP_VENV == '' || $R_REBUILD_VENV == '' ]] || usage_error '--keep-venv and --rebuild-venv: give one of them'
  [[ $machine == '' || $machine == "$(</etc/machine-id)" ]] ||
    fail wrong-site 'This is not the machine that was meant.' 'nothing was changed' \
      'check the address of the site'
  R_WORDS=(${given[@]+"${given[@]}"})
  R_CONFIRM=$confirm
}

# host_confirm WORDS: require the name of this server in R_CONFIRM; ask for it at a terminal.
host_confirm() {
  local host
  host=$(hostname)
  if [[ $R_CONFIRM == '' && $READABLE_FD == 1 && -t 0 ]]; then
    printf '%s Type the name of this server (%s) to continue: ' "$1" "$host"
    IFS= read -r R_CONFIRM
  fi
  [[ $R_CONFIRM == "$host" ]] ||
    fail not-confirmed "The confirmation must be the name of this server, $host." 'nothing was changed' \
      "give it: --confirm $host"
}
