//! What keeps the workspace in order and no other tool checks.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    manifest_path: String,
    rust_version: Option<String>,
    license: Option<String>,
    description: Option<String>,
    readme: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
    /// Empty: must not be published.
    publish: Option<Vec<String>>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

impl Package {
    fn is_published(&self) -> bool {
        self.publish.is_none()
    }
}

fn metadata() -> Metadata {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version=1",
            "--locked",
            "--manifest-path",
        ])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"))
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

impl Metadata {
    fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| self.workspace_members.contains(&package.id))
    }
}

/// `1.88` and `1.88.0` are the same version.
fn version(text: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> = text.split('.').map(|n| n.parse().unwrap()).collect();
    numbers.resize(3, 0);
    numbers
}

/// clippy's `incompatible_msrv` keeps the declared Rust version for our own
/// code; this keeps it for what is locked.
#[test]
fn no_dependency_needs_a_newer_rust() {
    let metadata = metadata();
    let declared = metadata.members().next().unwrap().rust_version.clone();
    let declared = version(&declared.unwrap());
    let newer: Vec<_> = metadata
        .packages
        .iter()
        .filter_map(|package| Some((&package.name, package.rust_version.as_deref()?)))
        .filter(|(_, needs)| version(needs) > declared)
        .collect();
    assert!(newer.is_empty(), "{newer:?}");
}

#[test]
fn every_published_crate_has_what_a_registry_shows() {
    let metadata = metadata();
    for package in metadata.members().filter(|package| package.is_published()) {
        let name = &package.name;
        assert_eq!(
            package.license.as_deref(),
            Some("MIT OR Apache-2.0"),
            "{name}"
        );
        assert_eq!(package.readme.as_deref(), Some("README.md"), "{name}");
        assert!(package.description.is_some(), "{name}");
        assert!((1..=5).contains(&package.keywords.len()), "{name}");
        assert!((1..=5).contains(&package.categories.len()), "{name}");
        let directory = Path::new(&package.manifest_path).parent().unwrap();
        for file in ["README.md", "LICENSE-MIT", "LICENSE-APACHE"] {
            let text = std::fs::read_to_string(directory.join(file)).unwrap_or_default();
            assert!(text.len() > 100, "{name} has no {file}");
        }
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name}");
        assert!(manifest.contains("[package.metadata.docs.rs]"), "{name}");
    }
}

/// Which of our crates each may depend on: arrows point one way.
#[test]
fn arrows_point_one_way() {
    const BELOW: [(&str, &[&str]); 12] = [
        ("chatwire-core", &[]),
        ("chatwire-mock", &[]),
        ("chatwire-browser", &["chatwire-core"]),
        ("chatwire-ai-sdk", &["chatwire-browser", "chatwire-core"]),
        ("chatwire-aura", &["chatwire-browser", "chatwire-core"]),
        (
            "chatwire-chatgpt4online",
            &["chatwire-browser", "chatwire-core"],
        ),
        ("chatwire-magickpen", &["chatwire-core"]),
        ("chatwire-structured", &["chatwire-core"]),
        (
            "chatwire",
            &[
                "chatwire-ai-sdk",
                "chatwire-aura",
                "chatwire-chatgpt4online",
                "chatwire-core",
                "chatwire-magickpen",
                "chatwire-structured",
            ],
        ),
        (
            "chatwire-gateway",
            &["chatwire", "chatwire-core", "chatwire-structured"],
        ),
        (
            "chatwire-config",
            &["chatwire", "chatwire-gateway", "chatwire-structured"],
        ),
        (
            "chatwire-cli",
            &[
                "chatwire",
                "chatwire-config",
                "chatwire-core",
                "chatwire-gateway",
                "chatwire-mock",
            ],
        ),
    ];
    let metadata = metadata();
    for package in metadata.members().filter(|package| package.is_published()) {
        let (_, below) = BELOW
            .iter()
            .find(|(name, _)| *name == package.name)
            .unwrap_or_else(|| panic!("{} has no place in the house", package.name));
        for dependency in &package.dependencies {
            let ours = dependency.name.starts_with("chatwire");
            if ours && dependency.kind.is_none() {
                let (from, to) = (&package.name, &dependency.name);
                assert!(below.contains(&to.as_str()), "{from} depends on {to}");
            }
        }
    }
}

#[test]
fn the_provider_of_the_step_list_stays_short() {
    let example = include_str!("../../../crates/core/examples/new_provider.rs");
    assert!(example.lines().count() <= 180);
    let steps = include_str!("../../../CONTRIBUTING.md");
    for step in 1..=5 {
        assert!(example.contains(&format!("// Step {step}:")), "{step}");
        assert!(steps.contains(&format!("\n{step}. **")), "{step}");
    }
}
