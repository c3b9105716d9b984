# Sourced by run.sh and test.sh: installs the cross compiler where it is missing, and says so.
if ! command -v arm-none-eabi-gcc >/dev/null; then
  echo "installing the cross compiler: gcc-arm-none-eabi libnewlib-arm-none-eabi" >&2
  as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo"
  fi
  $as_root apt-get update -qq
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    gcc-arm-none-eabi libnewlib-arm-none-eabi >&2
fi
