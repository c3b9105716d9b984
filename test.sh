#!/usr/bin/env bash
# Installs what the tests need where it is missing (the cross compiler, and QEMU to compare with), then runs them all.
set -euo pipefail
cd "$(dirname "$0")"
. tools/packages.sh
need_cross_compiler
need qemu-system-arm qemu-system-arm
cargo fmt --check
cargo test --locked
