//! Chat backends that need no API key, behind one streaming trait
