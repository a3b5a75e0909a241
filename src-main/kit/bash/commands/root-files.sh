# --- Files of root's in a backup: compared by root when it is made -------------------------------------------------------------
#
# The owner of the CVD data copies the unit files and the nginx site into a backup, and could write something else there. So root
# hashes its own files, and compares. A restore takes such a file for what root had only if this was done.

# root_files_compared FOLDER: REPLY = yes if each file of root's in `members` below that folder is the same as the live one, and
# nobody but root can exchange that; else empty.
root_files_compared() {
  local part member live hash count=0
  REPLY=''
  # The owner could have written what it read back itself.
  [[ $WORK_UNPROVEN == '' ]] || return 0
  while IFS=$'\t' read -r part member hash; do
    part_folder "$part"
    live=$REPLY/$member
    if [[ $part == nginx ]]; then
      part_path nginx
      live=$REPLY
    fi
    REPLY=''
    root_has "$live" "$hash" || return 0
    count=$((count + 1))
  done < <(folder=$1 awk -F '\t' '
    index($7, ENVIRON["folder"]) == 1 && $1 != "d" {
      name = substr($7, length(ENVIRON["folder"]) + 1)
      if (name == "nginx-cvd.conf") print "nginx\t-\t" $6
      else if (name ~ /^[^\/]+\.service(\.d\/[^\/]+)?$/) print "systemd\t" name "\t" $6
    }' members)
  REPLY=''
  ((count == 0)) || REPLY=yes
}

# root_has FILE SHA256: status 0 if that is the hash of it, and nobody but root can exchange it.
root_has() {
  local said
  ((EUID == 0)) || return 0
  path_owner "${1%/*}"
  [[ $REPLY == '0 0' && -f $1 && ! -L $1 && $(stat -c %u -- "$1" 2>/dev/null) == 0 ]] || return 1
  said=$(sha256sum <"$1")
  [[ $said == "$2 "* ]]
}
