# --- Staging: the steps of a part, and the private folder beside the live thing -----------------------------------------------------

RESTORE_PARTS=() # what this restore brings back
PART_STEP=''     # ending of the steps' names, where there are several parts

part_begin() { # PART
  PART_STEP=''
  ((${#RESTORE_PARTS[@]} == 1)) || PART_STEP=-$1
}

# part_step NAME TITLE: begin a step of the part.
part_step() { step "$1$PART_STEP" "$2"; }

# enter_stage FOLDER: make a work folder in it and enter it. The folder is held to the end.
enter_stage() {
  enter_work_dir "$1" || fail no-database "No private folder can be made in $1, or it belongs to somebody else." \
    "$NOTHING_CHANGED" 'look at the folder and its owner'
}

# leave_stage FOLDER: all is staged and in the table. From here on names are relative to the folders of the table, and the
# transaction removes the private folder.
leave_stage() {
  ON_FAIL=transaction_forget
  STAGES+=("$WORK_PARENT_FD ${WORK_DIR##*/}")
  cd -P "/proc/self/fd/$WORK_PARENT_FD" && WORK_DIR='' WORK_FD='' WORK_PARENT_FD='' && [[ . -ef $1 ]] ||
    fail internal "$1 was moved away." "$NOTHING_CHANGED"
}
