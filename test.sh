#!/usr/bin/env bash
# Runs every test; needs nothing but a Rust toolchain.
set -euo pipefail
cd "$(dirname "$0")"
cargo fmt --check
cargo test --locked
