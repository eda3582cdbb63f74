//! Streaming client for the MagickPen chat protocol
