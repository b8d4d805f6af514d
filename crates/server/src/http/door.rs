/// Where a connection came in, which says what it may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// What SageMaker asks of a container.
    Container,
}
