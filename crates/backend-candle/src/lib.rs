//! Text models and small networks from safetensors files, through candle.
