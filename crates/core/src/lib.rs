//! Messages, the streaming provider trait, HTTP policy and decoders that the chatwire providers share
