//! Streaming client for Aura: any openchat-ui or Chatbot-UI server
