# --- The manifests of a system backup --------------------------------------------------------------------------------------------

# manifest_text: print MANIFEST.txt in the runbook's layout. Counts are those of the copy, not of the live database.
manifest_text() {
  local table label
  printf '%s\n' 'CVD System Backup Manifest' '==========================' "Backup Date: $(date)" "Backup ID: $A_STAMP"
  host_name
  printf '%s\n' "Hostname: $REPLY" "System: $(uname -a)" '' 'Backup Contents:'
  folder=$A_FOLDER awk -F '\t' '
    function human(n,   i) {
      for (i = 0; n >= 1024 && i < 4; i++) n /= 1024
      return (i && n < 10 ? sprintf("%.1f", n) : sprintf("%d", n)) substr("KMGT", i, i ? 1 : 0)
    }
    $1 == "f" { print ENVIRON["folder"] "/" $7 " (" human($5) ")" }' members
  printf '%s\n' '' 'Database Record Counts:'
  for table in users devices service_orders; do
    case $table in users) label=Users ;; devices) label=Devices ;; *) label='Service Orders' ;; esac
    table_rows "$table" ${CHECK_TABLES[@]+"${CHECK_TABLES[@]}"}
    printf '%s\n' "$label: ${REPLY:-Unable to count}"
  done
}

# manifest_json: print manifest.json: what a restore needs to know, and every member with its hash, mode and owner.
manifest_json() {
  local line value key pairs=() links=() packages=() facts='' services owner user group
  host_name
  pairs=(format:=1 id="$A_STAMP" takenAt:="$A_TAKEN_AT" host="$REPLY" kit="$KIT_SHA256")
  encode_path "$ROOT"
  pairs+=(root="$REPLY")
  value=$(side_says 10 64 owner site_commit)
  [[ ! $value =~ ^[0-9a-f]{40,64}$ ]] || pairs+=(commit="$value")
  name_in /etc/passwd "$OWNER_UID"
  user=$REPLY
  name_in /etc/group "$DATA_GID"
  group=$REPLY
  json_object user="$user" uid:="$OWNER_UID" group="$group" gid:="$DATA_GID"
  owner=$REPLY
  while IFS= read -r line; do
    key=${line%%=*} value=${line#*=}
    case $key in
      machine | python | nginx | venv) [[ ! $value =~ ^[A-Za-z0-9._+-]{1,60}$ ]] || facts+="${facts:+,}\"$key\":\"$value\"" ;;
      link)
        [[ $value =~ ^([A-Za-z0-9._/%-]{1,2000})\ ([A-Za-z0-9._/%-]{1,2000})$ ]] || continue
        json_object path="${BASH_REMATCH[1]}" target="${BASH_REMATCH[2]}"
        links+=("$REPLY") ;;
      package)
        [[ $value =~ ^([A-Za-z0-9.+_-]{1,100})\ ([A-Za-z0-9.+:~_-]{1,100})$ ]] || continue
        json_object name="${BASH_REMATCH[1]}" version="${BASH_REMATCH[2]}"
        packages+=("$REPLY") ;;
    esac
  done <facts
  services_json
  services=$REPLY
  json_array ${links[@]+"${links[@]}"}
  pairs+=(owner:="$owner" services:="$services" links:="$REPLY" versions:="{$facts}")
  json_array ${packages[@]+"${packages[@]}"}
  pairs+=(packages:="$REPLY")
  tables_json ${CHECK_TABLES[@]+"${CHECK_TABLES[@]}"}
  json_object sha256="$S_DATABASE_SHA256" size:="$CHECK_SIZE" userVersion:="$CHECK_USER_VERSION" tables:="$REPLY"
  pairs+=(database:="$REPLY")
  encode_path "${POLICY[health]}"
  pairs+=(health="$REPLY")
  json_object "${pairs[@]}"
  printf '%s,"members":[\n' "${REPLY%\}}"
  members_hash_of manifest.people
  manifest=$REPLY file_size=$(stat -c %s manifest.people) top=$S_TOP uid=$OWNER_UID gid=$DATA_GID awk -F '\t' '
    function line(type, mode, uid, gid, size, sha256, path, target) {
      return "{\"path\":\"" path "\",\"type\":\"" type "\",\"mode\":\"" mode "\",\"uid\":" uid ",\"gid\":" gid ",\"size\":" size \
        (sha256 == "-" ? "" : ",\"sha256\":\"" sha256 "\"") (target == "" ? "" : ",\"target\":\"" target "\"") "}"
    }
    { print line($1, $2, $3, $4, $5, $6, $7, $8) "," }
    END { print line("f", "640", ENVIRON["uid"], ENVIRON["gid"], ENVIRON["file_size"], ENVIRON["manifest"], ENVIRON["top"] "/MANIFEST.txt", "") }' members
  printf ']}\n'
}
