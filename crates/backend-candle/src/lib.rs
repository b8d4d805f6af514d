//! Text models and small networks from safetensors files, through candle.
mod frame;
mod tokens;
