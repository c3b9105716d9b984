#!/usr/bin/env bash
# Installs the cross compiler where it is missing, then measures a scenario: ./run.sh [SCENARIO]
set -euo pipefail
cd "$(dirname "$0")"
. tools/packages.sh
need_cross_compiler
# The profile of the tests, so that nothing is compiled twice.
cargo run --locked -- run "${1:-scenarios/vww.yaml}"
