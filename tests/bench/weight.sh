#!/bin/sh
# What one provider adds to a program that has reqwest with the same TLS:
# crates, CPU time of a clean release build, size of the program.
#
#     tests/bench/weight.sh [provider...]
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset CARGO_TARGET_DIR

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
    (
        cd "$scratch/$1"
        cargo fetch --quiet
        crates=$(cargo tree -e normal --prefix none --no-dedupe | sed 's/ (.*//' | sort -u | wc -l)
        # The time of the shell's children: user and system, not the wall.
        cpu=$({ cargo build --release --quiet --offline && times; } | tail -1)
        size=$(wc -c <target/release/scratch)
        echo "| $1 | $((crates - 1)) | $cpu | $size |"
    )
}

echo "| program | crates | build, user and system CPU | bytes |"
echo "|---|---|---|---|"
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
[ $# -gt 0 ] || set -- aura magickpen chatgpt4online
for provider in "$@"; do
    case $provider in
    aura) type=Aura ;;
    magickpen) type=MagickPen ;;
    chatgpt4online) type=Chatgpt4Online ;;
    esac
    project "$provider" "chatwire-$provider = { path = \"$root/crates/$provider\", features = [\"rustls\"] }
chatwire-core = { path = \"$root/crates/core\" }" "
use chatwire_core::{ChatRequest, Provider as _, ReplyEvent};

#[tokio::main(flavor = \"current_thread\")]
async fn main() {
    let provider = chatwire_$provider::$type::new().unwrap();
    let mut reply = provider.stream(&ChatRequest::new(\"Hello\")).await.unwrap();
    while let Some(event) = reply.next().await {
        if let ReplyEvent::Text(text) = event.unwrap() {
            print!(\"{text}\");
        }
    }
}"
done
