//! Mock servers of the three chatwire protocols, scripted and faulty on demand
