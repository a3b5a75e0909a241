# --- Parts: what a restore can bring back -----------------------------------------------------------------------------------

readonly PARTS=(database application config systemd nginx) # in the order in which they are staged
readonly ROOT_FILE_NAME='^[A-Za-z0-9@:._-]{1,120}(/[A-Za-z0-9@:._-]{1,120})?$' # of a unit file, a drop-in, the nginx site
readonly RESTORABLE='^(database|application|config|systemd|system)$' # kinds of backups that can be restored

# part_path PART: REPLY = where it lies, without links: what a restore replaces; for the unit files, their folder.
part_path() {
  local path
  case $1 in
    database) REPLY=$DATABASE_FILE; return ;;
    application) path=$ROOT/app ;;
    config) path=$ROOT/config ;;
    systemd) path=${POLICY[units]} ;;
    nginx) path=${POLICY[nginx_site]} ;;
    *) REPLY=''; return ;;
  esac
  real_path "$path" || REPLY=$path
}

# part_folder PART: REPLY = the folder in which a restore gives names.
part_folder() {
  part_path "$1"
  [[ $1 == systemd ]] || REPLY=${REPLY%/*}
}

# part_units: UNITS_OURS = the names of the unit files that the services in the policy have.
UNITS_OURS=()
part_units() {
  local service
  UNITS_OURS=()
  for service in ${SERVICES[@]+"${SERVICES[@]}"}; do
    service=${service%.service}
    UNITS_OURS+=("$service.service")
    [[ $service != *@* ]] || UNITS_OURS+=("${service%%@*}@.service")
  done
}

# work_places: PLACES = the folders in which work folders are made.
PLACES=()
work_places() {
  local part
  PLACES=("$BACKUPS" "$BACKUPS/app" "$BACKUPS/system")
  for part in "${PARTS[@]}"; do
    part_folder "$part"
    [[ $REPLY == '' || " ${PLACES[*]} " == *" $REPLY "* ]] || PLACES+=("$REPLY")
  done
}

part_title() { # PART: REPLY = what it is called
  case $1 in
    application) REPLY=Application ;;
    config) REPLY=Configuration ;;
    systemd) REPLY='Unit files' ;;
    nginx) REPLY='nginx site' ;;
    system) REPLY=System ;;
    *) REPLY=Database ;;
  esac
}
