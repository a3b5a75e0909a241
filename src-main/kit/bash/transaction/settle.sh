# --- settle: have systemd and nginx read their files again ------------------------------------------------------------------------
#
# In both directions, and any number of times: systemd has read the units before recovery at boot puts one back.

SETTLE_PROBLEM='' # why the files are refused, in a sentence without its end
TX_NGINX=''       # the state of nginx before the transaction, if that replaces its site

# settle [back]: status 1, and SETTLE_PROBLEM, if the files are refused.
settle() {
  local said
  SETTLE_PROBLEM=''
  rows_of systemd
  if ((${#ROWS[@]} > 0)); then
    if [[ ${POLICY[service_manager]} == program ]]; then settle_program systemd; else systemctl daemon-reload >&2; fi || {
      SETTLE_PROBLEM='systemd cannot read the unit files'
      return 1
    }
  fi
  rows_of nginx
  ((${#ROWS[@]} > 0)) || return 0
  if [[ ${POLICY[service_manager]} == program ]]; then
    settle_program nginx || SETTLE_PROBLEM='nginx does not accept its site'
  elif ! said=$(nginx -t 2>&1); then
    printf '%s\n' "$said" >&2
    said=${said%%$'\n'*}
    SETTLE_PROBLEM="nginx -t says: ${said:0:300}"
  elif [[ ${1-} == back && $TX_NGINX == inactive ]]; then
    systemctl stop nginx >&2
  else
    systemctl reload-or-restart nginx >&2 || SETTLE_PROBLEM='nginx does not accept its site'
  fi
  [[ $SETTLE_PROBLEM == '' ]]
}

settle_program() { close_for_child setsid --wait "${POLICY[service_program]}" reload "$1" </dev/null; }

# settle_look: note what nginx does, before anything changes.
settle_look() {
  TX_NGINX=''
  rows_of nginx
  ((${#ROWS[@]} > 0)) && [[ ${POLICY[service_manager]} == systemd ]] || return 0
  TX_NGINX=active
  systemctl --quiet is-active nginx >&2 || TX_NGINX=inactive
}
