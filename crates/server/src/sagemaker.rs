//! Where SageMaker puts things.

use std::{env, net::Ipv4Addr, path::PathBuf};

/// The folder that SageMaker mounts; `SAGEMAKER_BASE_DIR` where that is set, else `/opt/ml`.
pub fn base_folder() -> PathBuf {
    let said = env::var_os("SAGEMAKER_BASE_DIR").filter(|folder| !folder.is_empty());
    said.map_or_else(|| PathBuf::from("/opt/ml"), PathBuf::from)
}

/// Loopback, or every interface in a container of SageMaker's.
pub(crate) fn default_host() -> Ipv4Addr {
    let in_container = env::var_os("SAGEMAKER_BIND_TO_PORT").is_some() || base_folder().is_dir();
    if in_container { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST }
}
