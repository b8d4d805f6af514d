/// Where a connection came in, which says what it may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// What SageMaker asks of a container.
    Container,
    /// Changes of what is served.
    Admin,
    /// What AWS's clients ask of SageMaker.
    Aws,
}

impl Door {
    /// The flag that says its port.
    pub(super) const fn flag(self) -> &'static str {
        match self {
            Self::Container => "--port",
            Self::Admin => "--admin-port",
            Self::Aws => "--aws-endpoint",
        }
    }
}
