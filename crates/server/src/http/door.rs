/// Where a connection came in, which says what it may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// What SageMaker asks of a container.
    Container,
    /// Changes of what is served.
    Admin,
}

impl Door {
    /// The flag that says its port.
    pub(super) const fn flag(self) -> &'static str {
        match self {
            Self::Container => "--port",
            Self::Admin => "--admin-port",
        }
    }
}
