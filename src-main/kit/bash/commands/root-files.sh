# --- Files of root's: what root itself had when a backup was made ----------------------------------------------------------------
#
# The owner of the CVD data copies the unit files and the nginx site into a backup, and could write something else there. So root
# reads its own files, and records their names and hashes in the fingerprint. A restore takes a file for what root had by that list alone.

# root_files KIND: REPLY = `NAME=SHA256` of each file that root has, separated by blanks, NAME as in a backup; empty if anybody
# but root could have written one of them. The unit files, and for a system backup the nginx site.
root_files() {
  local folder unit path words=''
  REPLY=''
  [[ $EUID == 0 && $1 =~ ^(systemd|system)$ ]] || return 0
  part_folder systemd
  folder=$REPLY
  part_units
  for unit in ${UNITS_OURS[@]+"${UNITS_OURS[@]}"}; do
    for path in "$folder/$unit" "$folder/$unit.d"/*.conf; do
      [[ -e $path || -L $path ]] || continue
      root_file_hash "$path" "${path#"$folder"/}" || { REPLY=''; return 0; }
      words+="${words:+ }$REPLY"
    done
  done
  if [[ $1 == system ]]; then
    part_path nginx
    path=$REPLY
    if [[ -e $path ]]; then
      root_file_hash "$path" nginx-cvd.conf || { REPLY=''; return 0; }
      words+="${words:+ }$REPLY"
    fi
  fi
  REPLY=$words
}

# root_file_hash PATH NAME: REPLY = NAME=SHA256; status 1 if it is no plain file of root's, in a folder that only root controls.
root_file_hash() {
  local said name=$2
  path_owner "${1%/*}"
  [[ $REPLY == '0 0' && -f $1 && ! -L $1 && $name =~ $ROOT_FILE_NAME && $(stat -c %u -- "$1" 2>/dev/null) == 0 ]] || return 1
  said=$(sha256sum <"$1")
  [[ $said =~ ^([0-9a-f]{64})\ .*$ ]] || return 1
  REPLY=$name=${BASH_REMATCH[1]}
}
