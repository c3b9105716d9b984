#!/usr/bin/env bash
# Installs the cross compiler where it is missing, then runs every test.
set -euo pipefail
cd "$(dirname "$0")"
if ! command -v arm-none-eabi-gcc >/dev/null; then
  echo "installing the cross compiler: gcc-arm-none-eabi libnewlib-arm-none-eabi"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends gcc-arm-none-eabi libnewlib-arm-none-eabi
fi
cargo fmt --check
cargo test --locked
