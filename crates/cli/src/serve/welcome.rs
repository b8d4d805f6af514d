//! What a server says once it is ready.

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use hotplate::{Endpoint, Endpoints, Engine, ModelFolder, Tier, Variant};
use hotplate_server::{Memory, Server};

use super::example;
use crate::fall_back;

/// The most models that get a line to try.
const EXAMPLES: usize = 3;

/// Tells people what is served (standard error) and programs where (standard output).
///
/// Programs come last, since they begin to ask, or to stop the server, as soon as they know.
/// Nobody may be listening to either, which is no reason not to serve.
pub(super) fn print(
    endpoints: &Endpoints,
    path: &Path,
    server: &Server,
    warm_in: Duration,
    memory: Option<Memory>,
) {
    let address = server.address();
    let mut people = io::stderr().lock();
    let _ = write_models(endpoints, warm_in, &mut people);
    if let Some(memory) = memory {
        let _ = writeln!(people, "{memory}");
    }
    if let Some(admin) = server.admin_address() {
        let _ = writeln!(people, "admin API on http://{admin}/endpoints");
    }
    let _ = write_examples(endpoints, path, address, &mut people);
    if let Some(aws) = server.aws_address() {
        let _ = writeln!(people, "AWS's clients: endpoint_url=\"http://{aws}\"");
    }
    let mut programs = io::stdout().lock();
    let _ = writeln!(programs, "listening on http://{address}").and_then(|()| programs.flush());
}

fn write_models(endpoints: &Endpoints, warm_in: Duration, out: &mut impl Write) -> io::Result<()> {
    let models: Vec<(String, &Engine)> = endpoints.iter().flat_map(|one| models(one)).collect();
    let width = models.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, engine) in &models {
        writeln!(out, "{name:width$}  {}", describe(engine))?;
    }
    for line in models.iter().filter_map(|(_, engine)| fall_back::line(engine)) {
        writeln!(out, "{line}")?;
    }
    let models = counted(models.len(), "model");
    writeln!(out, "{models} warm in {} ms", warm_in.as_millis())
}

/// What answers for an endpoint, or watches, and what to call each.
fn models(endpoint: &Endpoint) -> Vec<(String, &Engine)> {
    let name = endpoint.name();
    if let ([only], None) = (endpoint.variants(), endpoint.shadow()) {
        return vec![(name.to_owned(), only.engine())];
    }
    let share = |variant: &Variant| format!("{:.3}%", 100.0 * endpoint.share(variant));
    let variants = endpoint.variants().iter().map(|variant| {
        (format!("{name}/{} ({})", variant.name(), share(variant)), &**variant.engine())
    });
    let shadow = endpoint.shadow().map(|shadow| shadow.variant()).into_iter();
    let shadow =
        shadow.map(|variant| (format!("{name}/{} (shadow)", variant.name()), &**variant.engine()));
    variants.chain(shadow).collect()
}

fn engine(endpoint: &Endpoint) -> &Engine {
    endpoint.variants()[0].engine()
}

fn describe(engine: &Engine) -> String {
    let golden = match engine.golden_rows() {
        0 => "no golden rows".to_owned(),
        rows => format!("{} reproduced", counted(rows, "golden row")),
    };
    let schema = engine.signature().schema();
    let row = match schema.is_table() {
        true => counted(schema.columns().len(), "column"),
        false => format!("{} a row", counted(schema.inputs().len(), "tensor")),
    };
    let slots = counted(engine.instances(), "slot");
    let slots = match engine.tier() {
        Tier::Attended => format!("{slots} with threads of their own"),
        _ => slots,
    };
    let device = engine.placement().device;
    format!("{} on {device}, {row}, {slots}, {golden}", engine.backend())
}

fn write_examples(
    endpoints: &Endpoints,
    path: &Path,
    address: SocketAddr,
    out: &mut impl Write,
) -> io::Result<()> {
    let folders = folders(path);
    let only = endpoints.only().is_some();
    let address = reachable(address);
    let mut heading = "try:\n";
    for endpoint in endpoints.iter().take(EXAMPLES) {
        let engine = engine(endpoint);
        let folder = folders.iter().find(|(name, _)| name == engine.name());
        let Some(data) = example::data(engine, folder.map(|(_, folder)| folder.as_path())) else {
            continue;
        };
        let target = match only {
            true => "invocations".to_owned(),
            false => format!("models/{}/invoke", endpoint.name()),
        };
        let content_type = "Content-Type: application/json";
        writeln!(
            out,
            "{heading}  curl -s http://{address}/{target} -H '{content_type}' --data {data}"
        )?;
        heading = "";
    }
    Ok(())
}

/// The folder of each model by the model's name.
fn folders(path: &Path) -> Vec<(String, PathBuf)> {
    let found = ModelFolder::find(path).map(|folder| vec![folder]);
    let found = found.or_else(|_| ModelFolder::below(path)).unwrap_or_default();
    found
        .iter()
        .filter_map(|model| Some((model.name().to_owned(), model.file().parent()?.to_owned())))
        .collect()
}

/// An address that a client on this machine can connect to.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_interface_is_reached_through_loopback() {
        let reached = |address: &str| reachable(address.parse().unwrap()).to_string();
        assert_eq!(reached("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(reached("[::]:80"), "[::1]:80");
        assert_eq!(reached("10.0.0.1:80"), "10.0.0.1:80");
    }
}
