//! The node as a program of its own.

fn main() -> anyhow::Result<()> {
    mockamoto_node::main_with_args(std::env::args_os())
}
