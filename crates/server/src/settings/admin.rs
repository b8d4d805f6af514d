//! The keys of `[admin]`.

use hotplate::config::{FilePath, Port, Secret, Text};

hotplate::settings! {
    /// The admin API, which changes what is served; on a listener of its own.
    pub struct Admin = "admin" {
        /// Port to listen on, 0 for a free one.
        port: Port, otherwise "none: there is no admin API", like "8081";
        /// Address or host name to listen on.
        host: Text, otherwise "127.0.0.1", like "\"127.0.0.1\"";
        /// What its clients must send in Authorization: Bearer TOKEN.
        token: Secret, otherwise "what token_file holds", like "\"a long secret\"";
        /// A file that holds the token, so that no one else sees it.
        token_file: FilePath, otherwise "none", like "\"admin.token\"";
    }
}
