//! Compiles the .proto files with protox, so that no `protoc` has to be installed.

use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir("nakamoto/v1")?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|e| e == "proto"));
    files.sort();
    println!("cargo:rerun-if-changed=nakamoto/v1");
    let descriptors = protox::compile(&files, ["."])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), prost_bytes(&descriptors))?;
    let mut config = prost_build::Config::new();
    config.enable_type_names();
    let codec = "crate::codec::BoundedCodec";
    tonic_prost_build::configure().bytes(".").codec_path(codec).compile_fds_with_config(descriptors, config)?;
    assert!(Path::new(&out).join("nakamoto.v1.rs").exists());
    Ok(())
}

fn prost_bytes(message: &impl prost::Message) -> Vec<u8> {
    message.encode_to_vec()
}
