# --- A new backup, whatever it is of: its place, and its name --------------------------------------------------------------------

N_SHA256='' N_COPY_SHA256='' N_SIZE=0 # of the written file, and of what was compressed

# backups_folder FOLDER UNCHANGED: have the owner make it if it is not there; fails unless this login can write to it.
backups_folder() {
  [[ -d $1 ]] || side_says 10 1 owner backups_make_folder "$1" >/dev/null
  [[ -d $1 ]] || fail no-rights "The folder $1 cannot be made." "$2" 'look who owns the folder above it'
  [[ -w $1 ]] || fail no-rights "This login cannot write to $1." "$2" 'log in as root or with sudo'
}

# backups_make_folder FOLDER: for owner_do.
backups_make_folder() { umask 022 && mkdir -p -- "$1"; }

# backups_space FOLDER BYTES UNCHANGED: REPLY = how many bytes are free; fails if they are fewer.
backups_space() {
  local needed=$2 free
  [[ $needed =~ $WHOLE_NUMBER ]] || needed=0
  free_bytes "$1"
  free=$REPLY
  ((free >= needed)) || fail no-space "There is not enough space in $1: $((needed + 1048575 >> 20)) MB are needed, $((free >> 20)) MB are free." \
    "$3" 'remove old backups, or make the file system larger'
  REPLY=$free
}

# new_backup_begin FOLDER BYTES UNCHANGED: enter a work folder there. REPLY = how many bytes are free.
new_backup_begin() {
  local free
  backups_space "$1" "$2" "$3"
  free=$REPLY
  compressor_choose "$3"
  enter_work_dir "$1" || fail internal "A private folder could not be made in $1." "$3"
  REPLY=$free
}

# new_backup_take MODE UNCHANGED: take over what the reader wrote, as backup.gz with its owner and mode; set the N_ globals.
new_backup_take() {
  reader_word reader/backup.sha256
  N_SHA256=$REPLY
  reader_word reader/copy.sha256
  N_COPY_SHA256=$REPLY
  [[ "$N_SHA256 $N_COPY_SHA256" =~ ^[0-9a-f]{64}\ [0-9a-f]{64}$ ]] || fail internal 'The SHA-256 of the backup could not be computed.' "$2"
  mv -nT -- reader/backup.gz backup.gz && chmod "$1" backup.gz && { ((EUID != 0)) || chown -- "$OWNER_UID:$DATA_GID" backup.gz; } ||
    fail internal 'The owner of the backup could not be set.' "$2"
  file_size backup.gz
  N_SIZE=$REPLY
}

# new_backup_name UNCHANGED NAMER RECORDER: give backup.gz the name that NAMER leaves in REPLY, once RECORDER has written its
# fingerprint. REPLY = its path. Never replaces a file, nor the fingerprint of a backup that has the name.
new_backup_name() {
  local folder=/proc/self/fd/$WORK_PARENT_FD file tries=0
  while :; do
    "$2"
    file=$REPLY
    if [[ ! -e $folder/${file##*/} && ! -L $folder/${file##*/} ]]; then
      "$3" "$file" || fail "$STATE_CODE" "The fingerprint could not be recorded. $STATE_PROBLEM" "$1"
      sync_paths backup.gz
      publish backup.gz "$folder/${file##*/}" && break
    fi
    # The name is taken: by a backup of the same second, or of the hour that repeats in autumn.
    ((tries++ < 5)) || fail internal "The backup could not be given the name $file." "$1"
    sleep 1
  done
  sync_paths "$folder/." || fail internal 'The folder of the backups could not be written to disk.' ''
  REPLY=$file
}

# new_backup_record FILE KIND ORIGIN TAKEN-AT WORDS: record that it was made, and read back: WORDS.
new_backup_record() {
  local size modified proven=''
  file_stamp "/proc/self/fd/$WORK_PARENT_FD/${1##*/}"
  size=${REPLY%$'\t'*} modified=${REPLY#*$'\t'}
  ! work_proves "$1" || proven=yes
  now_ms
  state_write new_backup_rows "$1" "$size" "$modified" "$2" "$3" "$4" "$proven" "$REPLY" "$5" ||
    say warning "$STATE_PROBLEM Verify the backup to record it."
}

new_backup_rows() { # FILE SIZE MODIFIED KIND ORIGIN TAKEN-AT PROVEN NOW WORDS
  state_record made "${@:1:6}"
  [[ $7 == '' ]] || state_record verdict "${@:1:3}" verified "$8" fingerprint "${FP[sha256]}" "$9"
}
