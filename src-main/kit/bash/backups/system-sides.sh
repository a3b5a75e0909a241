# --- System backups: what the owner and the reader do ------------------------------------------------------------------------

# system_info: describe this server for people, as the runbook does; for owner_do. What cannot be found out is left out.
system_info() {
  local service
  services_load
  {
    echo '=== System Information ==='
    uname -a
    cat /etc/os-release
    printf '\n%s\n' '=== Installed Packages ==='
    dpkg -l 2>/dev/null | grep -E '(python|nginx|sqlite)' || rpm -qa 2>/dev/null | grep -E '(python|nginx|sqlite)'
    printf '\n%s\n' '=== System Services ==='
    for service in ${SERVICES[@]+"${SERVICES[@]}"} nginx; do systemctl status "$service" --no-pager; done
    printf '\n%s\n' '=== Network Configuration ==='
    ip addr show
    printf '\n%s\n' '=== Disk Usage ==='
    df -h
    printf '\n%s\n' '=== Memory Info ==='
    free -h
    printf '\n%s\n' '=== Current Processes ==='
    ps aux | awk '/python|nginx|gunicorn/ && !/awk/'
  } 2>/dev/null
}

# system_facts: print what a restore elsewhere has to know, as key=value lines; for owner_do.
system_facts() {
  local service unit folder link version
  services_load
  printf 'machine=%s\n' "$(uname -m)"
  version=$(python3 --version 2>&1) && printf 'python=%s\n' "${version#Python }"
  version=$(nginx -v 2>&1) && printf 'nginx=%s\n' "${version##*/}"
  [[ ! -f $ROOT/app/venv/pyvenv.cfg ]] || printf 'venv=%s\n' "$(sed -n 's/^version\(_info\)\? *= *//p' "$ROOT/app/venv/pyvenv.cfg" | head -n 1 | head -c 60)"
  for service in ${SERVICES[@]+"${SERVICES[@]}"}; do
    unit=${service%.service}.service
    for link in "${POLICY[units]}"/*.wants/"$unit" "${POLICY[units]}"/*.requires/"$unit"; do system_link "$link"; done
  done
  folder=${POLICY[nginx_site]%/*}
  for link in "${folder%/*}"/sites-enabled/*; do [[ ! $link -ef ${POLICY[nginx_site]} ]] || system_link "$link"; done
  { dpkg-query -W -f '${Package} ${Version}\n' 2>/dev/null || rpm -qa --qf '%{NAME} %{VERSION}-%{RELEASE}\n' 2>/dev/null; } |
    grep -E '^(lib)?(python3|nginx|sqlite|gunicorn)' | head -n 300 | sed 's/^/package=/'
}

system_link() {
  local link
  [[ -L $1 ]] || return 0
  encode_path "$1"
  link=$REPLY
  encode_path "$(readlink -- "$1")"
  printf 'link=%s %s\n' "$link" "$REPLY"
}

# system_keep NAME: keep stdin as a file; for reader_do.
system_keep() { cat >"$1"; }

# system_assemble TOP OWNER GROUP: make tree.tar with the runbook's tree, from what lies here; for reader_do. What is put into
# it is removed, so that there is no more than one copy of each. The other tar archives bring their members' own owners.
system_assemble() {
  local top=$1 one
  rm -rf stage && mkdir -p "stage/$top"/{database,application,config,system} &&
    mv database.gz "stage/$top/database/cvd.db.gz" && mv application.gz "stage/$top/application/app.tar.gz" || return 1
  [[ ! -e venv.gz ]] || mv venv.gz "stage/$top/application/venv.tar.gz" || return 1
  [[ ! -s info ]] || mv info "stage/$top/system/system_info.txt" || return 1
  chmod -R u=rwX,g=rX,o= stage
  tar --create --file=tree.tar --format=gnu --owner="$2" --group="$3" --remove-files -C stage "$top" 2>assemble.log || return 1
  rm -rf stage
  for one in config.tar systemd.tar nginx.tar; do
    [[ ! -e $one ]] || { tar --concatenate --file=tree.tar "$one" 2>>assemble.log && rm -f "$one"; } || return 1
  done
}

# system_append TOP OWNER GROUP NAME...: put these files into tree.tar.
system_append() {
  local top=$1 owner=$2 group=$3
  shift 3
  mkdir -p "stage/$top" && mv -- "$@" "stage/$top" && chmod 640 "stage/$top"/* &&
    tar --append --file=tree.tar --format=gnu --owner="$owner" --group="$group" -C stage "${@/#/$top/}" 2>assemble.log || return 1
  rm -rf stage
}
