# --- What a restore creates for itself, and removes again -----------------------------------------------------------------------
#
# The journal names each thing before it is created (`creating`) and after (`created`, with its identity). A rollback removes it
# if it is still what was created: a folder that is empty, a user that runs nothing. What belongs to that user goes back to root.

# create_begin KIND NAME...: journal the intent, on disk.
create_begin() {
  TX_DIR=$OPERATION_DIR
  ON_FAIL=transaction_forget
  encode_path "$2"
  must_journal creating "$1 $REPLY"
}

create_done() { # KIND NAME IDENTITY
  encode_path "$2"
  must_journal created "$1 $REPLY $3"
}

# folder_create FOLDER [owner]: make it, as root's or by the owner of the CVD data, where it is missing. The one above it exists.
folder_create() {
  create_begin folder "$1"
  if [[ ${2-} == owner ]]; then
    side_says 10 1 owner backups_make_folder "$1" >/dev/null
  else
    mkdir -m 755 -- "$1" && sync_paths "${1%/*}"
  fi
  [[ -d $1 && ! -L $1 ]] || fail internal "The folder $1 could not be made." "$NOTHING_CHANGED"
  id_of "$1"
  create_done folder "$1" "$REPLY"
  failpoint created-folder
}

# group_create GROUP, user_create USER GROUP HOME: a system group, and a system user who cannot log in.
group_create() {
  create_begin group "$1"
  groupadd --system -- "$1" >&2 || fail internal "The group $1 could not be made." "$NOTHING_CHANGED" 'look at: getent group'
  id_in /etc/group "$1"
  create_done group "$1" "${REPLY:-0}"
}

user_create() {
  local shell
  shell=$(command -v nologin) || shell=/bin/false
  create_begin user "$1"
  useradd --system --no-user-group --gid "$2" --home-dir "$3" --no-create-home --shell "$shell" -- "$1" >&2 ||
    fail internal "The user $1 could not be made." "$NOTHING_CHANGED" 'look at: getent passwd'
  id_in /etc/passwd "$1"
  create_done user "$1" "${REPLY:-0}"
  failpoint created-user
}

# created_remove JOURNAL: remove what was created, the last first.
created_remove() {
  local line lines=() i kind name id
  while IFS= read -r line; do
    [[ $line != created=* || $line == *"$TORN" ]] || lines=("${line#created=}" ${lines[@]+"${lines[@]}"})
  done 2>/dev/null <"$1"
  for ((i = 0; i < ${#lines[@]}; i++)); do
    IFS=' ' read -r kind name id < <(printf '%s\n' "${lines[$i]}")
    decode_path "$name"
    name=$REPLY
    case $kind in
      folder) id_of "$name"; [[ $REPLY != "$id" ]] || rmdir -- "$name" 2>/dev/null ;;
      user)
        if user_is_idle "$name" "$id"; then
          created_take_back "$id" "${lines[@]}"
          userdel -- "$name" >&2
          identities_load
        else
          say warning "The user $name stays: it runs programs, or is another one now."
        fi
        ;;
      group) ! id_in /etc/passwd "$name" && id_in /etc/group "$name" && [[ $REPLY == "$id" ]] && groupdel -- "$name" >&2 ;;
    esac
  done
  return 0
}

# user_is_idle USER UID: status 0 if it is the user that was created, and runs nothing.
user_is_idle() {
  id_in /etc/passwd "$1" && [[ $REPLY == "$2" && $2 != 0 ]] || return 1
  [[ $(find /proc -maxdepth 1 -uid "$2" -print -quit 2>/dev/null) == '' ]]
}

# created_take_back UID CREATED...: give root what belongs to the user in folders that were made for it or given to it. That user
# runs nothing, so nobody exchanges anything meanwhile.
created_take_back() {
  local uid=$1 one
  shift
  for one in "$@"; do
    [[ $one =~ ^(folder|given)\  ]] || continue
    one=${one#* }
    decode_path "${one%% *}"
    [[ ! -d $REPLY || -L $REPLY ]] || find "$REPLY" -xdev -uid "$uid" -execdir chown -h -- 0:0 {} +
  done
}
