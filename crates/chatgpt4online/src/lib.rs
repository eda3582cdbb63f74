//! Streaming client for chatgpt4online: any WordPress site with the AI Engine plugin
