# Sourced by run.sh and test.sh: `need COMMAND PACKAGE…` installs Debian packages where COMMAND, a program or a folder, is
# missing, and says so.
need() {
  local command="$1"
  shift
  if command -v "$command" >/dev/null || [ -d "$command" ]; then
    return
  fi
  echo "installing $*, since $command is missing" >&2
  local as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo"
  fi
  $as_root apt-get update -qq
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

need_cross_compiler() {
  need arm-none-eabi-gcc gcc-arm-none-eabi libnewlib-arm-none-eabi
}
