//! Text models and small networks from safetensors files, through candle.

#![expect(dead_code, unused_imports, reason = "models that use the layers come next")]

mod cpu;
mod device;
mod network;
#[cfg(test)]
mod oracle;
