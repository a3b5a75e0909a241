# --- Single files of root's: the reader's part -------------------------------------------------------------------------------
#
# Pure functions of their paths and stdin, in the reader's folder; never run as root.

# files_unpack ARCHIVE: extract a backup of unit files that folder_check has judged to ./picked.
files_unpack() { mkdir picked && tar -xpf "$1" -C picked --no-same-owner && rm -f -- "$1"; }

# files_pick FOLDER PART: give what belongs to the part a name of its own in this folder, and remove the rest. Print lines
# `file NUMBER MODE NAME`, where NAME is `UNIT`, `UNIT.d/DROP-IN` or the name of the nginx site in a backup; `odd PATH` for what
# is no plain file of at most 256 KiB, or one too many.
files_pick() {
  local folder=picked${1:+/$1} part=$2 path name number=0 mode
  while IFS= read -r -d '' path; do
    name=${path#"$folder"/}
    case $part:$name in
      nginx:nginx-cvd.conf) ;;
      systemd:*) [[ $name =~ ^[^/]+\.service(\.d/[^/]+\.conf)?$ ]] || continue ;;
      *) continue ;;
    esac
    file_size "$path"
    mode=$(stat -c %a -- "$path")
    if [[ ! $name =~ $ROOT_FILE_NAME || -L $path || ! -f $path || -L ${path%/*} ]] || ((REPLY > 262144 || number >= 200)); then
      encode_path "$name"
      printf 'odd %s\n' "${REPLY:0:300}"
      continue
    fi
    number=$((number + 1))
    cp -T -- "$path" "file.$number" || return 1
    printf 'file %s %s %s\n' "$number" "$mode" "$name"
  done < <(find "$folder" -mindepth 1 -maxdepth 2 ! -type d -print0 2>/dev/null | sort -z)
  chmod -R u+rwX picked 2>/dev/null
  rm -rf picked
}

# file_difference FILE: print what differs between stdin, the live file, and FILE, at most 16 KiB of it. Secrets are hidden.
file_difference() {
  head -c 262144 >live.file && cp -T -- "$1" backup.file && secrets_hide unit >/dev/null || return 1
  LC_ALL=C diff -u --label live --label backup live.file backup.file | tr -d '\0' | head -c 16384
  rm -f live.file backup.file
}

# nginx_paths FILE: print the files that an nginx site needs, one a line, without patterns and variables.
nginx_paths() {
  sed -nE 's/#.*$//; s/^[[:space:]]*(ssl_certificate|ssl_certificate_key|ssl_dhparam|ssl_trusted_certificate|ssl_client_certificate|auth_basic_user_file|include)[[:space:]]+"?([^;"[:space:]]+)"?[[:space:]]*;.*$/\2/p' "$1" |
    grep -vE '[*?$[]|^(data|engine):' | sed -E 's,^([^/]),/etc/nginx/\1,' | sort -u | head -n 100
}
