//! Configuration files: what `config show` prints has no secret, and can be read
//! again.
#![no_main]

use chatwire_config::Config;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    match Config::parse(&text) {
        Ok(config) => {
            config.has_secrets();
            let shown = config.to_redacted_toml();
            assert!(shown.parse::<toml::Table>().is_ok(), "{shown}");
            for name in config.endpoint_names() {
                assert!(!name.is_empty());
            }
        }
        Err(errors) => assert!(!errors.to_string().is_empty()),
    }
});
