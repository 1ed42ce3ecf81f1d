# To be sourced by bash with `set -o pipefail`.

stage() {  # stage COMMAND...: run it; fail if it fails, or if it did nothing
    local output
    output=$(mktemp)
    echo "== $*"
    "$@" 2>&1 | tee "$output"  # with no || behind it, which would have a function go on after errors
    # what did something says so; make is silent here, so that its commands do not stand for that
    if ! grep -q "[^[:space:]]" "$output"; then
        echo "this stage did nothing: $*" >&2
        rm "$output"
        return 1
    fi
    rm "$output"
}
