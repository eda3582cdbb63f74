//! OpenAI-compatible HTTP server over chatwire providers
