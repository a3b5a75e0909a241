# --- JSON -------------------------------------------------------------------------------------------------------------

# REPLY = TEXT as a JSON string. Bytes above 127 pass as they are; the reader decodes UTF-8 leniently.
json_string() {
  local text=$1 out='' char code i
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  if [[ $text == *[[:cntrl:]]* ]]; then
    for ((i = 0; i < ${#text}; i++)); do
      char=${text:i:1}
      case $char in
        $'\n') out+='\n' ;;
        $'\t') out+='\t' ;;
        [[:cntrl:]])
          printf -v code '%04x' "'$char"
          out+="\\u$code"
          ;;
        *) out+=$char ;;
      esac
    done
    text=$out
  fi
  REPLY="\"$text\""
}

# REPLY = a JSON object of `key=text` (a string) and `key:=json` (as it stands) arguments.
json_object() {
  local pair key value out=''
  for pair in "$@"; do
    key=${pair%%[:=]*}
    value=${pair#"$key"}
    if [[ $value == :=* ]]; then
      REPLY=${value#:=}
    else
      json_string "${value#=}"
    fi
    out+="${out:+,}\"$key\":$REPLY"
  done
  REPLY="{$out}"
}

# REPLY = a JSON array of the JSON texts given.
json_array() {
  local IFS=,
  REPLY="[$*]"
}

# REPLY = TEXT as a JSON string, or null when it is empty.
json_text_or_null() {
  if [[ $1 == '' ]]; then REPLY=null; else json_string "$1"; fi
}

# ZERO_LED: a line of an answer, KEY=NUMBER, that begins with 0 and goes on. Nothing of ours writes a number so: bash takes it for
# an octal one, and ends what it does where it has an 8, and to a reader of JSON it is a fault.
readonly ZERO_LED='^[A-Za-z]+=-?0[0-9]'
readonly WHOLE_NUMBER='^(0|[1-9][0-9]{0,14})$'

# REPLY = NUMBER if it is a plain integer, else null.
json_number_or_null() {
  if [[ $1 =~ ^-?(0|[1-9][0-9]{0,17})$ ]]; then REPLY=$1; else REPLY=null; fi
}
