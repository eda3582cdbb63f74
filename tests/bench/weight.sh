#!/usr/bin/env bash
# What one provider adds to a program that has reqwest with the same TLS:
# crates, CPU time of a clean release build, size of the program.
#
#     tests/bench/weight.sh [provider...]
#     tests/bench/weight.sh --crates      # only counts, and fails above the targets
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset CARGO_TARGET_DIR

# How many crates more than reqwest a provider may have.
target() {
    case $1 in
    aura) echo 14 ;;
    chatgpt4online) echo 18 ;;
    magickpen) echo 32 ;;
    ai-sdk) echo 14 ;;
    esac
}

project() { # name, dependencies, main
    mkdir -p "$scratch/$1/src"
    cat >"$scratch/$1/Cargo.toml" <<END
[workspace]

[package]
name = "scratch"
version = "0.1.0"
edition = "2024"

[dependencies]
tokio = { version = "1.44", default-features = false, features = ["macros", "rt"] }
$2

[profile.release]
strip = "debuginfo"
END
    printf '%s\n' "$3" >"$scratch/$1/src/main.rs"
    # The versions that the workspace is tested with.
    cp "$root/Cargo.lock" "$scratch/$1/"
    (cd "$scratch/$1" && cargo tree --quiet -e normal --prefix none --no-dedupe) |
        sed 's/ (.*//' | sort -u | grep -v '^scratch ' >"$scratch/$1.crates"
}

# The number of crates, the time of the shell's children (user and system, not
# the wall), and the size.
measure() { # name
    (
        cd "$scratch/$1"
        cargo fetch --quiet
        cpu=$({ cargo build --release --quiet --offline && times; } | tail -1)
        size=$(wc -c <target/release/scratch)
        echo "| $1 | $(wc -l <"$scratch/$1.crates") | $cpu | $size |"
    )
}

project reqwest 'reqwest = { version = "0.13", default-features = false, features = ["rustls-no-provider"] }
rustls = { version = "0.23", default-features = false, features = ["ring", "std", "tls12"] }' '
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let request = reqwest::Client::new().post("https://example.com").body("Hello");
    let mut response = request.send().await.unwrap();
    while let Some(chunk) = response.chunk().await.unwrap() {
        print!("{}", String::from_utf8_lossy(&chunk));
    }
}'

only_crates=no
if [[ ${1:-} == --crates ]]; then
    only_crates=yes
    shift
fi
[[ $# -gt 0 ]] || set -- aura chatgpt4online magickpen ai-sdk
for provider in "$@"; do
    case $provider in
    aura) type=Aura ;;
    magickpen) type=MagickPen ;;
    chatgpt4online) type=Chatgpt4Online ;;
    ai-sdk) type=AiSdk ;;
    esac
    project "$provider" "chatwire-$provider = { path = \"$root/crates/$provider\", features = [\"rustls\"] }
chatwire-core = { path = \"$root/crates/core\" }" "
use chatwire_core::{ChatRequest, Provider as _, ReplyEvent};

#[tokio::main(flavor = \"current_thread\")]
async fn main() {
    let provider = chatwire_${provider//-/_}::$type::builder().base_url(\"https://example.com\");
    let provider = provider.build().unwrap();
    let mut reply = provider.stream(&ChatRequest::new(\"Hello\")).await.unwrap();
    while let Some(event) = reply.next().await {
        if let ReplyEvent::Text(text) = event.unwrap() {
            print!(\"{text}\");
        }
    }
}"
done

if [[ $only_crates == no ]]; then
    echo "| program | crates | build, user and system CPU | bytes |"
    echo "|---|---|---|---|"
    for program in reqwest "$@"; do measure "$program"; done
    exit
fi

failed=0
for provider in "$@"; do
    more=$(comm -13 "$scratch/reqwest.crates" "$scratch/$provider.crates" | wc -l)
    echo "$provider: $more crates more than reqwest, at most $(target "$provider")"
    [[ $more -le $(target "$provider") ]] || failed=1
    twice=$(cut -d' ' -f1 "$scratch/$provider.crates" | uniq -d)
    if [[ -n $twice ]]; then
        echo "$provider has two versions of: $twice"
        failed=1
    fi
done
exit $failed
