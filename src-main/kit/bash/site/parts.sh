# --- Parts: what a restore can bring back -----------------------------------------------------------------------------------

readonly RESTORABLE='^(database|application|config)$' # by a command of its own

# part_path PART: REPLY = where it lies, without links: what a restore replaces.
part_path() {
  case $1 in
    database) REPLY=$DATABASE_FILE ;;
    application) real_path "$ROOT/app" || REPLY=$ROOT/app ;;
    config) real_path "$ROOT/config" || REPLY=$ROOT/config ;;
    *) REPLY='' ;;
  esac
}

# work_places: PLACES = the folders in which work folders are made.
PLACES=()
work_places() {
  local part
  PLACES=("$BACKUPS" "$BACKUPS/app" "$BACKUPS/system")
  for part in database application config; do
    part_path "$part"
    REPLY=${REPLY%/*}
    [[ $REPLY == '' || " ${PLACES[*]} " == *" $REPLY "* ]] || PLACES+=("$REPLY")
  done
}

part_title() { # PART: REPLY = what it is called
  case $1 in
    application) REPLY=Application ;;
    config) REPLY=Configuration ;;
    *) REPLY=Database ;;
  esac
}
