/// Where a connection came in, which says what it may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// What SageMaker asks of a container.
    Container,
    /// What AWS's clients ask of SageMaker.
    Aws,
}
